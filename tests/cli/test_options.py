"""`hydra options`: one object per row in row order, the mathematics behind unaltered, bad input told as documented."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.host.operations.bench_options_cases import chain
from engine.host.operations.option_prices import GREEKS
from engine.signals.options_math.black76 import greeks
from hydra_tui.command_line import run
from tests.cli.program import check_one_sentence, hydra

PRICE_HEADINGS = "forward,strike,years,rate,vol,right,style"
IV_HEADINGS = "forward,strike,years,rate,right,style"
CHAIN_TERMS = ("--forward", "80", "--years", "0.15", "--rate", "0.03", "--style", "european", "--tick", "0.025")
FLOW_TERMS = ("--forward", "80", "--years", "0.15", "--rate", "0.03", "--multiplier", "400")
VERBS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "price": (PRICE_HEADINGS, "80,82,0.25,0.04,0.3,P,european", ()),
    "iv": (f"{IV_HEADINGS},price", "80,82,0.25,0.04,P,european,5.5", ()),
    "density": ("strike,right,bid,ask", "80,C,2.5,3.0", CHAIN_TERMS),
    "flows": ("strike,right,iv,open_interest", "80,C,0.3,100", FLOW_TERMS),
    "plot": ("strike,right,bid,ask", "80,C,2.5,3.0", (*CHAIN_TERMS, "--out", "never-written.svg")),
}


def saved(folder: Path, *lines: str) -> str:
    path = folder / "options.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def rows_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """Call the program in this process and read its JSON lines."""
    code = run(["options", *arguments, "--json"])
    out = capsys.readouterr()
    assert (code, out.err) == (0, "")

    def refuse(word: str) -> float:
        raise AssertionError(f"{word} is no JSON")

    return [json.loads(line, parse_constant=refuse) for line in out.out.splitlines()]


# -- price --------------------------------------------------------------------------------------------------------


def test_prices_are_those_of_the_library_to_the_last_digit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = np.random.default_rng(3)
    count = 40
    forward, strike = draw.uniform(50, 120, count), draw.uniform(50, 120, count)
    years, rate, vol = draw.uniform(0.01, 2, count), draw.uniform(-0.01, 0.1, count), draw.uniform(0.05, 1.5, count)
    is_call = draw.random(count) < 0.5
    lines = [f"{f!r},{k!r},{t!r},{r!r},{v!r},{'C' if c else 'P'},european" for f, k, t, r, v, c in
             zip(*(item.tolist() for item in (forward, strike, years, rate, vol, is_call)), strict=True)]  # fmt: skip
    rows = rows_of(capsys, "price", saved(tmp_path, PRICE_HEADINGS, *lines))
    expected = greeks(forward, strike, years, vol, is_call, rate)
    assert [row["row"] for row in rows] == list(range(1, count + 1))
    assert {row["status"] for row in rows} == {"ok"}
    for name in ("price", *GREEKS):
        np.testing.assert_allclose([row[name] for row in rows], getattr(expected, name), rtol=1e-13, err_msg=name)


def test_american_rows_are_worth_at_least_the_european(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = "80,{k},0.75,0.08,0.3,{right},{style}"
    lines = [row.format(k=k, right=right, style=style)
             for k in (60, 80, 100) for right in "CP" for style in ("european", "american")]  # fmt: skip
    rows = rows_of(capsys, "price", saved(tmp_path, PRICE_HEADINGS, *lines))
    for european, american in zip(rows[::2], rows[1::2], strict=True):
        assert american["status"] == "ok" and american["price"] > european["price"]
        assert all(isinstance(american[name], float) for name in GREEKS)
        assert american["gamma"] > 0 and american["vega_per_vol"] > 0


@pytest.mark.parametrize(
    ("row", "status", "reason"),
    [
        ("80,-82,0.25,0.04,0.3,P,european", "invalid_input", "strike must be above 0, is -82"),
        ("80,82,0,0.04,0.3,P,european", "expired", "years is not above 0"),
        ("80,82,-0.1,0.04,0.3,P,american", "expired", "years is not above 0"),
        ("80,82,0.25,0.04,abc,P,european", "invalid_input", "vol 'abc' is not a number"),
        ("80,82,0.25,0.04,NaN,P,american", "invalid_input", "vol is missing"),
        ("80,82,,0.04,0.3,P,european", "invalid_input", "years is missing"),
        ("80,82,0.25,0.04,0,P,european", "invalid_input", "vol must be above 0"),
        ("80,82,0.25,0.04,0.3,X,european", "invalid_input", "right 'X' is neither C (call) nor P (put)"),
        ("80,82,0.25,0.04,0.3,P,bermudan", "invalid_input", "style 'bermudan' is neither american nor european"),
        ("80,82,0.25,0.04,0.3,P,", "invalid_input", "style is missing"),
        ("80,82", "invalid_input", "2 cells, the headings 7"),
        (",,,,,,", "invalid_input", "forward is missing"),
    ],
)
def test_a_bad_row_has_a_status_and_changes_no_other(
    row: str, status: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = VERBS["price"][1]
    alone = rows_of(capsys, "price", saved(tmp_path, PRICE_HEADINGS, good))[0]
    rows = rows_of(capsys, "price", saved(tmp_path, PRICE_HEADINGS, good, row, good))
    assert rows[1]["status"] == status and reason in rows[1]["reason"]
    assert {rows[1][name] for name in ("price", *GREEKS)} == {None}
    assert rows[0] == alone and rows[2] == {**alone, "row": 3}


# -- iv -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["european", "american"])
def test_volatility_comes_back(style: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = [
        (80, k, t, 0.05, v, right) for k in (70, 80, 92) for t in (0.1, 0.8) for v in (0.15, 0.5) for right in "CP"
    ]
    lines = [f"{f},{k},{t},{r},{v},{right},{style}" for f, k, t, r, v, right in inputs]
    prices = [row["price"] for row in rows_of(capsys, "price", saved(tmp_path, PRICE_HEADINGS, *lines))]
    asked = [f"{f},{k},{t},{r},{right},{style},{price!r}" for (f, k, t, r, _, right), price in
             zip(inputs, prices, strict=True)]  # fmt: skip
    rows = rows_of(capsys, "iv", saved(tmp_path, f"{IV_HEADINGS},price", *asked))
    found = [(row["iv"], row["status"]) for row in rows]
    tolerance = 1e-9 if style == "european" else 1e-4
    for (_, _, _, _, vol, _), (iv, status) in zip(inputs, found, strict=True):
        if status == "exercise_region":
            assert style == "american" and iv is None
        else:
            assert status == "ok" and iv == pytest.approx(vol, rel=tolerance)


def test_bid_and_ask_give_an_interval_and_the_worth_of_a_tick(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heading = f"{IV_HEADINGS},bid,ask,tick"
    (row,) = rows_of(capsys, "iv", saved(tmp_path, heading, "80,80,0.25,0.04,C,european,4.5,4.8,0.025"))
    assert row["status"] == "ok" and row["iv_bid"] < row["iv"] < row["iv_ask"]
    assert row["vol_per_tick"] == pytest.approx((row["iv_ask"] - row["iv_bid"]) * 0.025 / 0.3, rel=1e-3)
    (american,) = rows_of(capsys, "iv", saved(tmp_path, heading, "80,80,0.25,0.04,C,american,4.5,4.8,0.025"))
    assert american["status"] == "ok" and row["iv"] - 0.01 < american["iv"] < row["iv"]
    assert american["vol_per_tick"] == pytest.approx(row["vol_per_tick"], rel=0.01)


@pytest.mark.parametrize(
    ("quote", "status", "reason", "sides"),
    [
        ("0,0.4", "zero_price", "nobody bids", (False, False, True)),
        (",0.4", "invalid_input", "bid is missing", (False, False, True)),
        ("0.3,", "invalid_input", "ask is missing", (False, True, False)),
        ("0.5,0.4", "invalid_input", "bid 0.5 is above ask 0.4", (False, False, False)),
        ("-1,0.4", "invalid_input", "bid must not be negative, is -1", (False, False, False)),
        ("1,-5", "invalid_input", "ask must not be negative, is -5", (False, False, False)),
        ("0,0", "zero_price", "bid and ask are 0", (False, False, False)),
        ("99,101", "above_max", "no volatility", (False, False, False)),
        ("0.3,x", "invalid_input", "ask 'x' is not a number", (False, False, False)),
    ],
)
def test_quotes_that_give_no_volatility(
    quote: str, status: str, reason: str, sides: tuple[bool, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heading = f"{IV_HEADINGS},bid,ask"
    (row,) = rows_of(capsys, "iv", saved(tmp_path, heading, f"80,95,0.25,0.04,C,european,{quote}"))
    assert row["status"] == status and reason in row["reason"]
    assert tuple(row[name] is not None for name in ("iv", "iv_bid", "iv_ask")) == sides
    assert row["vol_per_tick"] is None


@pytest.mark.parametrize("style", ["european", "american"])
def test_a_negative_number_is_no_price_and_no_tick(
    style: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = f"80,82,.5,.04,C,{style}"
    lines = (f"{row},,-1,5,.1", f"{row},3,,,-0.1", f"{row},-3,,,", f"{row},3,,,.1")
    rows = rows_of(capsys, "iv", saved(tmp_path, f"{IV_HEADINGS},price,bid,ask,tick", *lines))
    assert [one["status"] for one in rows] == ["invalid_input"] * 3 + ["ok"]
    for one, name in zip(rows, ("bid", "tick", "price"), strict=False):
        assert f"{name} must not be negative" in one["reason"]
        assert one["iv"] is None and one["vol_per_tick"] is None
    assert rows[3]["reason"] is None and rows[3]["vol_per_tick"] > 0.0


def test_the_rounding_of_a_price_is_told_as_volatility(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    value = float(greeks(80.0, 40.0, 0.1, 0.3, True, 0.0).price)
    lines = ("80,82,.5,.04,C,european,5.5", f"80,40,.1,0,C,european,{value!r}", "80,82,.5,.04,C,american,5.5",
             "80,82,.5,.04,C,european,0")  # fmt: skip
    path = saved(tmp_path, f"{IV_HEADINGS},price", *lines)
    usual, deep, american, worthless = rows_of(capsys, "iv", path)
    vega = float(greeks(80.0, 82.0, 0.5, usual["iv"], True, 0.04).vega_per_vol)
    assert usual["iv_rounding"] == pytest.approx(0.5 * math.ulp(5.5) / vega, rel=1e-6)
    # Deep in the money the price holds few digits of the volatility, and the rounding covers what is lost.
    assert 1e-4 < deep["iv_rounding"] < 1e-3 and abs(deep["iv"] - 0.3) <= deep["iv_rounding"]
    assert american["status"] == "ok" and american["iv_rounding"] is None and worthless["iv_rounding"] is None
    assert run(["options", "iv", path]) == 0
    assert "iv_rounding" in capsys.readouterr().out


def test_a_price_below_intrinsic_and_one_that_is_all_intrinsic(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ("80,70,0.25,0,C,european,9.5", "80,70,0.25,0,C,european,10", "80,70,0.25,0.1,C,american,10")
    rows = rows_of(capsys, "iv", saved(tmp_path, f"{IV_HEADINGS},price", *lines))
    assert [row["status"] for row in rows] == ["below_intrinsic", "at_intrinsic", "exercise_region"]


def test_iv_needs_a_price_or_both_sides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["options", "iv", saved(tmp_path, f"{IV_HEADINGS},bid", "80,82,0.25,0.04,P,european,5")]) == 3
    assert "'price', or 'bid' and 'ask'" in capsys.readouterr().err


# -- density ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chain_lines() -> list[str]:
    """25 strikes on a flat smile, noisy, with open interest on some rows."""
    return [
        "strike,right,bid,ask,open_interest,volume",
        *(f"{q.strike:g},{'C' if q.is_call else 'P'},{q.bid:.3f},{q.ask:.3f},{'' if n % 5 == 0 else n * 10},"
          for n, q in enumerate(chain(4))),
    ]  # fmt: skip


CHAIN_PARITY = ("--years", "0.15", "--style", "european")


def test_a_density_is_one_object_that_holds_together(
    chain_lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terms = ("--forward", "80", "--rate", "0", *CHAIN_PARITY, "--tick", "0.025")
    (found,) = rows_of(capsys, "density", saved(tmp_path, *chain_lines), *terms)
    promised = "grid pdf cdf cdf_low cdf_high moments bounds methods rejected repaired quality two_sided_quotes"
    assert set(promised.split()) <= set(found)
    grid, pdf, cdf, low, high = (np.array(found[name]) for name in ("grid", "pdf", "cdf", "cdf_low", "cdf_high"))
    assert grid.size == pdf.size == cdf.size == low.size == high.size
    assert (pdf >= 0).all() and (np.diff(grid) > 0).all() and (np.diff(cdf) >= 0).all()
    assert (low <= cdf).all() and (cdf <= high).all() and low.min() >= 0 and high.max() <= 1
    assert np.trapezoid(pdf, grid) == pytest.approx(1.0, abs=1e-3)
    assert np.trapezoid(pdf * grid, grid) == pytest.approx(80.0, abs=0.05)
    for of in ("price", "log_return"):
        for name in ("mean", "variance", "skewness", "excess_kurtosis"):
            one = found["moments"][of][name]
            assert one["low"] <= one["value"] <= one["high"] and 0 <= one["share_outside"] <= 1
    bounds = found["bounds"]
    assert all(a <= b for a, b in zip(bounds["low"], bounds["high"], strict=True))
    assert sum(found["methods"].values()) == pytest.approx(1.0)
    assert (found["quality"], found["two_sided_quotes"], found["rejected"], found["rows"]) == ("good", 25, [], 50)


def test_rejected_rows_keep_their_number_and_change_nothing_else(
    chain_lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terms = ("--forward", "80", "--rate", "0", *CHAIN_PARITY)
    bad = {
        "80,C,0,30,5,": "duplicate",
        "-3,P,1,2,4,": "invalid_strike",
        "95,C,3,2,1,": "crossed",
        "96,P,1,,,": "no_ask",
        "97,Q,1,2,3,": "invalid_input",
        "98,C,x,2,3,": "invalid_input",
        "60,C,1,2,3,": "below_intrinsic",
        "1e300,P,1,2,3,": "far_strike",
        "99": "invalid_input",
    }
    (plain,) = rows_of(capsys, "density", saved(tmp_path, *chain_lines), *terms)
    head, *quotes = chain_lines
    (mixed,) = rows_of(capsys, "density", saved(tmp_path, head, *bad, *reversed(quotes)), *terms)
    assert [(one["row"], one["code"]) for one in mixed["rejected"]] == list(enumerate(bad.values(), start=1))
    assert all(one["reason"] for one in mixed["rejected"])
    assert {**mixed, "rejected": [], "rows": 0} == {**plain, "rows": 0}


def test_forward_and_rate_come_from_parity_where_they_are_not_given(
    chain_lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (found,) = rows_of(capsys, "density", saved(tmp_path, *chain_lines), *CHAIN_PARITY)
    assert found["forward_from"] == "put-call parity"
    assert found["forward"] == pytest.approx(80.0, abs=4 * found["forward_error"])
    assert found["rate"] == pytest.approx(0.0, abs=4 * found["rate_error"])
    american = ("--years", "0.15", "--style", "american", "--rate", "0.05")
    (found,) = rows_of(capsys, "density", saved(tmp_path, *chain_lines), *american)
    assert (found["rate"], found["rate_from"]) == (0.05, "given") and "de-Americanised" in found["forward_from"]
    assert found["forward"] == pytest.approx(80.0, abs=4 * found["forward_error"])


def test_one_quote_claims_no_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = rows_of(capsys, "density", saved(tmp_path, VERBS["density"][0], "80,C,2.5,3.0"), *CHAIN_TERMS)
    assert found["quality"] == "prior_only" and found["moments"]["price"]["skewness"]["value"] is None


def test_where_every_row_is_rejected_the_object_says_so_and_the_code_is_8(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path, VERBS["density"][0], "80,C,3,2", "82,X,1,2")
    assert run(["options", "density", path, *CHAIN_TERMS, "--json"]) == 8
    out = capsys.readouterr()
    found = json.loads(out.out)
    assert (found["quality"], found["grid"], [one["row"] for one in found["rejected"]]) == ("none", [], [1, 2])
    assert out.err.startswith("hydra: Calculation: ") and len(out.err.splitlines()) == 1
    picture = tmp_path / "none.svg"
    assert run(["options", "plot", path, *CHAIN_TERMS, "--out", str(picture)]) == 8
    assert not picture.exists()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--years", "0", "--style", "european"), "'--years': 0 is not above 0"),
        (("--years", "nan", "--style", "european"), "not finite"),
        (("--years", "soon", "--style", "european"), "'soon' is not a number"),
        (("--years", "1", "--style", "bermudan"), "--style"),
        (("--years", "1"), "--style"),
        (("--years", "1", "--style", "european", "--forward", "-80", "--rate", "0"), "-80 is not above 0"),
        (("--years", "1", "--style", "european", "--forward", "80"), "--rate"),
        (("--years", "1", "--style", "american"), "--rate"),
        (("--years", "1", "--style", "european", "--tick", "-1"), "-1 is less than 0"),
    ],
)
def test_bad_flags_end_with_2(
    flags: tuple[str, ...], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["options", "density", saved(tmp_path, *VERBS["density"][:2]), *flags]) == 2
    out = capsys.readouterr()
    assert out.out == "" and words in out.err


@pytest.mark.parametrize("verb", ["density", "plot"])
@pytest.mark.parametrize("forward", ["80e298", "1e-101"])
def test_a_forward_of_absurd_scale_is_refused(
    verb: str, forward: str, chain_lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terms = ("--forward", forward, "--years", "0.15", "--rate", "0.03", "--style", "european")
    out = ("--out", str(tmp_path / "picture.svg")) if verb == "plot" else ()
    assert run(["options", verb, saved(tmp_path, *chain_lines), *terms, *out]) == 3
    sentence = capsys.readouterr().err
    assert "forward must be between 1e-100 and 1e+100" in sentence and sentence.count("\n") == 1


def test_strikes_of_absurd_scale_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{strike}e298,{right},3e298,4e298" for strike in (78, 80, 82) for right in "CP"]
    path = saved(tmp_path, "strike,right,bid,ask", *lines)
    assert run(["options", "density", path, "--years", "0.15", "--style", "european"]) == 3
    assert "middle strike must be between" in capsys.readouterr().err


def test_too_few_pairs_for_parity(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["options", "density", saved(tmp_path, *VERBS["density"][:2]), *CHAIN_PARITY]) == 8
    assert "give --forward and --rate" in capsys.readouterr().err


def test_the_summary_for_people(chain_lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path, *chain_lines, "80,C,3,2,,")
    assert run(["options", "density", path, *CHAIN_PARITY]) == 0
    out = capsys.readouterr().out
    assert "quality good" in out and "methods: " in out and "rejected: 1 of 51 rows" in out and "{" not in out
    assert max(map(len, out.splitlines())) <= 120


# -- flows --------------------------------------------------------------------------------------------------------


def test_flows_have_units_and_a_sign_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        "strike,right,iv,open_interest",
        "78,P,0.3,100",
        "80,C,0.28,200",
        "84,C,,100",
        "86,C,0.3,",
        "x,C,0.3,4",
        "80,C,0.3,9,9",
    ]
    (found,) = rows_of(capsys, "flows", saved(tmp_path, *lines), *FLOW_TERMS, "--daily-volume", "30000")
    strike, is_call, vol, interest = np.array([78.0, 80.0]), np.array([False, True]), [0.3, 0.28], np.array([100, 200])
    gamma = greeks(80.0, strike, 0.15, vol, is_call, 0.03).gamma * interest
    assert found["gex_contracts"]["value"] == pytest.approx(gamma[1] - gamma[0])
    assert found["gex"]["value"] == pytest.approx((gamma[1] - gamma[0]) * 0.8 * 400 * 80)
    assert found["gross_gamma"]["value"] == pytest.approx(gamma.sum())
    # Row 3 has open interest but no volatility: it is rejected, and so are its contracts.
    assert found["put_call_ratio"]["value"] == pytest.approx(1 / 2)
    for name in ("gex", "gex_contracts", "vanna", "charm", "gross_gamma", "zero_gamma_levels", "put_call_ratio"):
        assert found[name]["unit"] and found[name]["sign_rule"]
    assert [one["row"] for one in found["rejected"]] == [3, 4, 5, 6] and found["options_used"] == 2
    mirror = ("--sign-rule", "calls_short_puts_long")
    (other,) = rows_of(capsys, "flows", saved(tmp_path, *lines), *FLOW_TERMS, *mirror)
    assert other["gex"]["value"] == -found["gex"]["value"] and other["gex"]["sign_rule"] == mirror[1]


def test_an_option_counts_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    headings, once = "strike,right,iv,open_interest", ("78,P,0.3,100", "80,C,0.28,200", "80,P,0.28,50")
    (single,) = rows_of(capsys, "flows", saved(tmp_path, headings, *once), *FLOW_TERMS)
    path = saved(tmp_path, headings, "78,P,,7", *once, "80.0,call,0.5,900", "78,P,0.3,100")
    (found,) = rows_of(capsys, "flows", path, *FLOW_TERMS)
    assert [(one["row"], one["reason"]) for one in found["rejected"]] == [
        (1, "iv is missing"), (5, "duplicate of row 3"), (6, "duplicate of row 2")
    ]  # fmt: skip
    varying = ("rows", "rejected", "source")
    assert {key: value for key, value in found.items() if key not in varying} == {
        key: value for key, value in single.items() if key not in varying
    }


def test_flows_without_a_usable_row_are_null_and_end_with_8(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path, "strike,right,iv,open_interest", "80,P,0.3,", "-80,C,0.3,5")
    assert run(["options", "flows", path, *FLOW_TERMS, "--json"]) == 8
    found = json.loads(capsys.readouterr().out)
    assert found["gex"]["value"] is None and found["put_call_ratio"]["value"] is None
    assert found["zero_gamma_levels"]["value"] == []


# -- plot ---------------------------------------------------------------------------------------------------------


def test_a_picture_is_the_same_bytes_twice(
    chain_lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path, *chain_lines)
    first, second, raster = (tmp_path / name for name in ("a.svg", "b.SVG", "c.png"))
    for target in (first, second, raster):
        (told,) = rows_of(capsys, "plot", path, *CHAIN_PARITY, "--out", str(target))
        assert told["panels"] == ["density", "CDF", "smile", "GEX by strike"]
    assert first.read_bytes() == second.read_bytes() and b"<dc:date>" not in first.read_bytes()
    assert raster.read_bytes().startswith(b"\x89PNG")


def test_a_picture_without_open_interest_has_no_gex(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "a.svg"
    lines = ("strike,right,bid,ask", "78,P,1.2,1.5", "80,C,2.5,3.0", "84,C,0.9,1.3", "88,C,0,0.4")
    (told,) = rows_of(capsys, "plot", saved(tmp_path, *lines), *CHAIN_TERMS, "--out", str(target))
    assert told["panels"] == ["density", "CDF", "smile"] and target.stat().st_size > 10_000


def test_pictures_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path, *VERBS["density"][:2])
    assert run(["options", "plot", path, *CHAIN_TERMS, "--out", str(tmp_path / "a.pdf")]) == 2
    assert ".svg or .png" in capsys.readouterr().err
    assert run(["options", "plot", path, *CHAIN_TERMS, "--out", str(tmp_path / "absent" / "a.svg")]) == 6
    assert "cannot be written" in capsys.readouterr().err


# -- bad tables, every verb ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ("is empty",)),
        (b"{headings}\n", ("headings but no rows",)),
        (b"a,b\n1,2\n", ("no column", "its columns are 'a', 'b'")),
        (b"{headings},strike\n{row},1\n", ("'strike' 2 times",)),
        (b"{headings}\n{row}\xff\n", ("not text in UTF-8", "line 2")),
        (b'{headings}\n"{row}\n', ("cannot be read as CSV",)),
    ],
)
def test_a_table_that_cannot_be_used(
    verb: str, content: bytes, words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    headings, row, terms = VERBS[verb]
    path = tmp_path / "options.csv"
    path.write_bytes(content.replace(b"{headings}", headings.encode()).replace(b"{row}", row.encode()))
    for as_json in ((), ("--json",)):
        assert run(["options", verb, str(path), *terms, *as_json]) == 3
        out = capsys.readouterr()
        assert len(out.err.strip().splitlines()) == 1 and "options.csv" in out.err
        assert all(word in out.err for word in words), out.err
        if as_json:
            assert json.loads(out.out)["error"]["exit_code"] == 3
        else:
            assert out.out == ""


@pytest.mark.parametrize("verb", VERBS)
def test_a_misspelt_column_names_the_nearest(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    headings, row, terms = VERBS[verb]
    assert run(["options", verb, saved(tmp_path, headings.replace("strike", "strikes"), row), *terms]) == 3
    assert "no column 'strike' (is its 'strikes' meant?)" in capsys.readouterr().err


@pytest.mark.parametrize("verb", VERBS)
def test_files_that_are_none(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    terms = VERBS[verb][2]
    assert run(["options", verb, str(tmp_path / "absent.csv"), *terms]) == 3
    assert "no such file" in capsys.readouterr().err
    assert run(["options", verb, str(tmp_path), *terms]) == 3
    assert "is a folder" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["price", "iv"])
def test_standard_input_and_a_table_for_people(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    headings, row, _ = VERBS[verb]
    for as_json in ((), ("--json",)):
        content = f"{headings}\n{row}\n{row.replace('82', '-82')}\n".encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert run(["options", verb, "-", *as_json]) == 0
        out = capsys.readouterr().out
        if as_json:
            assert [json.loads(line)["status"] for line in out.splitlines()] == ["ok", "invalid_input"]
        else:
            assert "row 2: strike must be above 0, is -82" in out and "2 rows: 1 ok, 1 invalid_input" in out
            assert "{" not in out


def test_nothing_is_asked_of_a_workspace_and_none_is_made(tmp_path: Path) -> None:
    headings, row, _ = VERBS["price"]
    workspace = tmp_path / "w"
    done = hydra(workspace, "options", "price", saved(tmp_path, headings, row), "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["status"] == "ok"
    check_one_sentence(hydra(workspace, "options", "price", saved(tmp_path, "a,b", "1,2")), 3, "no column 'forward'")
    assert not workspace.exists()


def test_ten_thousand_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    headings, row, _ = VERBS["price"]
    bad = row.replace("82", "x")
    rows = rows_of(capsys, "price", saved(tmp_path, headings, *([*[row] * 99, bad] * 100)))
    assert len(rows) == 10_000 and sum(row["status"] == "ok" for row in rows) == 9_900
    assert all(math.isfinite(row["price"]) for row in rows if row["status"] == "ok")


def test_the_group_loads_no_numbers_before_it_needs_them() -> None:
    code = "import sys, hydra_tui.commands.options_command; print({'numpy', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
