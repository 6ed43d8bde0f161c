"""`hydra options chains`: a row for every chain and file, sums at the end, one sentence for what holds no chain."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click import Command
from click.testing import CliRunner, Result

from engine.signals.options_math.american import american_price
from engine.signals.options_math.black76 import price
from hydra_tui.commands.options_chains import chains
from hydra_tui.commands.options_surface import surface
from hydra_tui.session import Session

HEADINGS = "underlying,type,expiration,quotedate,strike,bid,ask,last,volume,openinterest,impliedvol,underlying_last"
YEARS = 91.0 / 365.0


def rows_of_chain(root: str, expiry: str, *, american: bool, volatility: float = 0.2) -> Iterator[str]:
    """A chain on 450 with a forward of 455 and 4 % interest, quoted on 2023-09-15."""
    for strike in range(380, 531, 10):
        for right in ("call", "put"):
            terms = (455.0, float(strike), YEARS, volatility, right == "call", 0.04)
            carry = math.log(455.0 / 450.0) / YEARS
            value = float(american_price(*terms, carry)[0] if american else price(*terms)[0])
            bid, ask = max(0.0, round(value - 0.05, 2)), round(value + 0.05, 2)
            yield f"{root},{right},{expiry},2023-09-15,{strike},{bid},{ask},0,5,10,{volatility},450.0"


def table(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([HEADINGS, *rows]) + "\n", encoding="utf-8")
    return path


def call(tmp_path: Path, *arguments: object) -> Result:
    session = Session(tmp_path / "workspace", None, {})
    return CliRunner().invoke(chains, [str(one) for one in arguments], obj=session)


def rows_in(result: Result) -> list[dict[str, Any]]:
    def refuse(word: str) -> float:
        raise AssertionError(f"{word} is no JSON")

    return [json.loads(line, parse_constant=refuse) for line in result.stdout.splitlines()]


@pytest.fixture
def european(tmp_path: Path) -> Path:
    lines = [*rows_of_chain("XSP", "2023-12-15", american=False), *rows_of_chain("XSP", "2023-09-14", american=False)]
    return table(tmp_path / "xsp.csv", *lines)


def test_one_row_per_chain_and_file_and_the_sums(tmp_path: Path, european: Path) -> None:
    result = call(tmp_path, european, "--json")
    assert result.exit_code == 0 and result.stderr == ""
    chain, file, total = rows_in(result)
    assert [row["row"] for row in (chain, file, total)] == ["chain", "file", "total"]
    assert (chain["market"], chain["style"], chain["outcome"]) == ("xsp", "european", "fitted")
    assert chain["forward"] == pytest.approx(455.0, abs=0.05) and chain["forward_from"] == "parity"
    assert chain["rate"] == pytest.approx(0.04, abs=0.01) and chain["rate_error"] > 0.0
    assert chain["two_sided"] == chain["accepted"] and chain["repriced_share"] >= 0.95
    assert chain["iv_difference"] < 0.2 and chain["liquid_strikes"] > 5
    assert file["expired_quotes"] == 32 and file["file"] == "xsp.csv"
    assert total["files"] == 1 and total["two_sided"] == file["two_sided"] == chain["two_sided"]
    assert not (tmp_path / "workspace").exists()


def test_text_says_the_same(tmp_path: Path, european: Path) -> None:
    result = call(tmp_path, european)
    assert result.exit_code == 0
    assert "parity" in result.stdout and "expired series: 32 quotes" in result.stdout
    assert "1 file, 1 chain (1 fitted)" in result.stdout and "100.0 % accepted" in result.stdout


def test_american_options_on_a_fund(tmp_path: Path) -> None:
    path = table(tmp_path / "spy.csv", *rows_of_chain("SPY", "2023-12-15", american=True))
    chain = rows_in(call(tmp_path, path, "--json"))[0]
    assert (chain["style"], chain["underlying"], chain["outcome"]) == ("american", "spot", "fitted")
    assert chain["forward_from"] == "american pairs" and chain["forward"] == pytest.approx(455.0, abs=0.5)
    assert abs(chain["forward"] - 455.0) <= 3.0 * chain["forward_error"]
    assert chain["rate_from"] in ("bounds", "american pairs") and abs(chain["rate"] - 0.04) <= 3.0 * chain["rate_error"]
    assert chain["repriced_share"] >= 0.95


def test_files_of_one_moment_share_the_rate(tmp_path: Path, european: Path) -> None:
    path = table(tmp_path / "spy.csv", *rows_of_chain("SPY", "2023-12-15", american=True))
    found = rows_in(call(tmp_path, path, european, "--json"))
    (american,) = (row for row in found if row["row"] == "chain" and row["market"] == "spy")
    if american["rate_from"] == "other expiries":
        assert american["rate"] == pytest.approx(0.04, abs=0.01)
    assert found[-1]["files"] == 2 and found[-1]["chains"] == 2


def test_a_style_that_nobody_says_can_be_given(tmp_path: Path) -> None:
    path = table(tmp_path / "xyz.csv", *rows_of_chain("XYZ", "2023-12-15", american=True))
    unknown = rows_in(call(tmp_path, path, "--json"))[0]
    assert unknown["outcome"] == "unknown style" and set(unknown["rejected"]) == {"unknown_style"}
    assert "--style american" in call(tmp_path, path).stdout
    assert "--style" not in call(tmp_path, path, "--style", "american").stdout
    told = rows_in(call(tmp_path, path, "--json", "--style", "american"))[0]
    assert told["outcome"] == "fitted" and told["accepted"] == told["two_sided"]


def test_bad_quotes_are_counted_with_their_reason(tmp_path: Path) -> None:
    good = list(rows_of_chain("XSP", "2023-12-15", american=False))
    crossed = "XSP,call,2023-12-15,2023-09-15,455,9,8,0,5,10,0.2,450.0"
    below = "XSP,call,2023-12-15,2023-09-15,385,20,21,0,5,10,0.2,450.0"
    found = rows_in(call(tmp_path, table(tmp_path / "xsp.csv", *good, crossed, below, crossed), "--json"))
    assert found[1]["set_aside"]["bid above ask"] == 2
    assert found[0]["rejected"]["below_intrinsic"] == 1
    assert found[0]["accepted"] == found[0]["two_sided"] - 1


def test_only_trades_are_no_quotes(tmp_path: Path) -> None:
    lines = [f"XSP,call,2023-12-15,2023-09-15,{strike},0,0,9.5,5,10,0,450.0" for strike in (440, 450, 460)]
    result = call(tmp_path, table(tmp_path / "xsp.csv", *lines), "--json")
    chain, file, _ = rows_in(result)
    assert result.exit_code == 0 and chain["outcome"] == file["outcome"] == "no quotes"
    assert chain["accepted_share"] is None and chain["iv_difference"] is None


def test_what_holds_no_chain_is_one_sentence(tmp_path: Path, european: Path, daily_csv: Any) -> None:
    bars = daily_csv(tmp_path / "HE_to_2016.csv", 30)
    other = tmp_path / "letter.csv"
    other.write_text("Dear reader,\nnothing here\n", encoding="utf-8")
    empty = tmp_path / "empty.csv"
    empty.touch()
    for path in (bars, other, empty, tmp_path / "absent.csv"):
        result = call(tmp_path, path)
        assert result.exit_code == 3 and result.stdout == ""
        assert result.stderr.startswith(f"hydra: Input: {path.name}: ") and result.stderr.count("\n") == 1
    beside = call(tmp_path, european, bars, "--json")
    assert beside.exit_code == 3 and [row["row"] for row in rows_in(beside)] == ["chain", "file", "total"]
    assert "holds" in beside.stderr and "no option chain" in beside.stderr


@pytest.mark.parametrize("verb", [chains, surface])
def test_a_folder_without_files_is_one_sentence(verb: Command, tmp_path: Path) -> None:
    (tmp_path / "nothing" / "deeper").mkdir(parents=True)
    session = Session(tmp_path / "workspace", None, {})
    result = CliRunner().invoke(verb, [str(tmp_path / "nothing")], obj=session)
    assert result.exit_code == 3 and result.stdout == ""
    assert result.stderr.startswith("hydra: Input: ") and "the folder holds no files" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_folder_is_read_whole(tmp_path: Path, european: Path) -> None:
    (tmp_path / "deeper").mkdir()
    table(tmp_path / "deeper" / "spy.csv", *rows_of_chain("SPY", "2023-12-15", american=True))
    found = rows_in(call(tmp_path, tmp_path, "--json"))
    assert [row["file"] for row in found if row["row"] == "file"] == ["spy.csv", "xsp.csv"]


def test_a_market_may_be_named(tmp_path: Path) -> None:
    path = table(tmp_path / "he.csv", *rows_of_chain("HE", "2023-10-13", american=True))
    found = rows_in(call(tmp_path, path, "--market", "lean_hogs", "--json"))[0]
    assert (found["market"], found["underlying"], found["style"]) == ("lean_hogs", "future", "american")
    assert found["forward_from"] == "listed future" and found["forward"] == 450.0
    wrong = call(tmp_path, path, "--market", "live_cattle")
    assert wrong.exit_code == 3 and "HE" in wrong.stderr
