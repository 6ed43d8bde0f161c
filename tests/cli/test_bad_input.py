"""Bad input, one case each: one clear sentence, the documented exit code, nothing lost and nothing half written."""

from __future__ import annotations

import gzip
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import answer, check_one_sentence, contents, files_of, hydra

MARKET = "lean_hogs"


@pytest.fixture
def workspace(tmp_path: Path, daily_csv: Callable[..., Path]) -> Path:
    """A workspace that holds sixty days already."""
    root = tmp_path / "workspace"
    answer(hydra(root, "ingest", str(daily_csv(tmp_path / "good.csv", 60)), "--market", MARKET, "--json"))
    return root


def check_unchanged(root: Path, before: tuple[object, object]) -> None:
    """Catalogue, features and files are what they were, every hash verifies, and the good file adds nothing."""
    assert (contents(root, MARKET), files_of(root)) == before
    assert answer(hydra(root, "verify", "--json"))["ok"]
    again = answer(hydra(root, "ingest", str(root.parent / "good.csv"), "--market", MARKET, "--json"))
    assert (again["rows_added"], again["rows_duplicate"], again["feature_rows_added"]) == (0, 60, 0)


def test_a_truncated_archive(workspace: Path, daily_csv: Callable[..., Path]) -> None:
    before = contents(workspace, MARKET), files_of(workspace)
    whole = gzip.compress(daily_csv(workspace.parent / "more.csv", 400).read_bytes())
    cut = workspace.parent / "more.csv.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    check_one_sentence(hydra(workspace, "ingest", str(cut), "--market", MARKET), 3, "more.csv.gz", "truncated")
    check_unchanged(workspace, before)


@pytest.mark.parametrize("content", [bytes(range(256)) * 20, b"dear diary,\ntoday nothing happened\n", b""])
def test_a_wrong_type_of_file(workspace: Path, content: bytes) -> None:
    before = contents(workspace, MARKET), files_of(workspace)
    wrong = workspace.parent / "wrong.csv"
    wrong.write_bytes(content)
    check_one_sentence(hydra(workspace, "ingest", str(wrong), "--market", MARKET), 3, "wrong.csv")
    check_unchanged(workspace, before)


def test_prices_times_a_hundred(workspace: Path, daily_csv: Callable[..., Path]) -> None:
    before = contents(workspace, MARKET), files_of(workspace)
    big = daily_csv(workspace.parent / "cents.csv", 90, scale=100.0)
    check_one_sentence(hydra(workspace, "ingest", str(big), "--market", MARKET), 3, "cents.csv", "divide them by 100")
    check_unchanged(workspace, before)


@pytest.mark.parametrize(("scaled", "exit_code"), [(30, 3), (4, 0)])
def test_some_prices_times_a_hundred(
    scaled: int, exit_code: int, tmp_path: Path, daily_csv: Callable[..., Path]
) -> None:
    """The good rows are stored; where more than one row in twenty is bad, the program says so and does not end well."""
    mixed, big = daily_csv(tmp_path / "mixed.csv", 90), daily_csv(tmp_path / "cents.csv", 90, scale=100.0)
    lines, wrong = mixed.read_text(encoding="utf-8").splitlines(), big.read_text(encoding="utf-8").splitlines()
    mixed.write_text("\n".join([*lines[:-scaled], *wrong[-scaled:]]) + "\n", encoding="utf-8")
    done = hydra(tmp_path / "w", "ingest", str(mixed), "--market", MARKET)
    assert f"{90 - scaled} rows added, 0 duplicate, {scaled} quarantined" in done.stdout
    if exit_code:
        check_one_sentence(done, exit_code, "mixed.csv", f"{scaled} of 90 rows are in quarantine")
    else:
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("off_topic", "exit_code"), [(39, 0), (9, 3)])
def test_headlines_of_other_topics_count_as_read(off_topic: int, exit_code: int, tmp_path: Path) -> None:
    news = tmp_path / "news.csv"
    lines = [f"Chess round {number},2024-02-20" for number in range(off_topic)]
    news.write_text("\n".join(["title,date", *lines, "Pork rises,soon"]) + "\n", encoding="utf-8")
    done = hydra(tmp_path / "w", "ingest", str(news), "--market", MARKET)
    if exit_code:
        check_one_sentence(done, exit_code, "news.csv", f"1 of {off_topic + 1} rows are in quarantine")
    else:
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.real_data
def test_real_prices_times_a_hundred(real_data: Path, tmp_path: Path) -> None:
    lines = (real_data / "futures" / "yahoo_continuous" / "HE_to_2023.csv").read_text(encoding="utf-8").splitlines()
    scaled = lines[:3]
    for line in lines[3:]:
        day, *prices, volume = line.split(",")
        scaled.append(",".join([day, *(str(float(price) * 100.0) if price else "" for price in prices), volume]))
    big = tmp_path / "cents.csv"
    big.write_text("\n".join(scaled) + "\n", encoding="utf-8")
    check_one_sentence(hydra(tmp_path / "w", "ingest", str(big), "--market", MARKET), 3, "divide them by 100")
    assert files_of(tmp_path / "w") == {}


def test_a_good_file_beside_a_bad_one_is_stored(tmp_path: Path, daily_csv: Callable[..., Path]) -> None:
    good, bad = daily_csv(tmp_path / "good.csv", 60), tmp_path / "bad.csv"
    bad.write_text("nothing\n", encoding="utf-8")
    done = hydra(tmp_path / "w", "ingest", str(bad), str(good), "--market", MARKET)
    check_one_sentence(done, 3, "bad.csv")
    assert "60 rows added" in done.stdout


def test_a_file_whose_name_is_no_text(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / os.fsdecode(b"bad\xff.csv")).write_text("a,b\n", encoding="utf-8")
    check_one_sentence(hydra(tmp_path / "w", "ingest", str(folder), "--market", MARKET), 3, "bad\ufffd.csv")


def test_readonly_is_not_for_verbs(tmp_path: Path, daily_csv: Callable[..., Path]) -> None:
    good = daily_csv(tmp_path / "good.csv", 60)
    done = hydra(tmp_path / "w", "--readonly", "ingest", str(good), "--market", MARKET)
    check_one_sentence(done, 2, "--readonly")
    assert not (tmp_path / "w").exists()


def test_a_missing_file(tmp_path: Path) -> None:
    done = hydra(tmp_path / "w", "ingest", "absent.csv", "--market", MARKET)
    check_one_sentence(done, 3, "absent.csv", "no such file")


def test_an_unknown_market_names_the_nearest(tmp_path: Path) -> None:
    check_one_sentence(
        hydra(tmp_path / "w", "--market", "lean_hog", "status"), 2, "lean_hog", "did you mean 'lean_hogs'"
    )
    check_one_sentence(hydra(tmp_path / "w", "status", "--market", "wheat"), 2, "wheat", "lean_hogs")
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("risk.max_position_lot=3", ("command line", "risk.max_position_lot", "did you mean 'max_position_lots'")),
        ("risk.max_position_lots=-3", ("command line", "risk.max_position_lots", "greater than 0")),
        ("risky.limit=3", ("command line", "risky", "did you mean 'risk'")),
        ("max_position_lots", ("KEY=VALUE",)),
    ],
)
def test_a_bad_setting_on_the_command_line(setting: str, words: tuple[str, ...], tmp_path: Path) -> None:
    check_one_sentence(hydra(tmp_path / "w", "--set", setting, "config", "show"), 2, *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("risk: {max_position_lot: 3}", ("config.yaml", "did you mean 'max_position_lots'")),
        ("risk: {max_position_lots: many}", ("config.yaml", "max_position_lots", "integer")),
        ("risk: [", ("config.yaml", "not valid YAML")),
        ("- 3", ("config.yaml", "sections")),
    ],
)
def test_a_bad_setting_in_the_operators_file(text: str, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "config.yaml").write_text(text, encoding="utf-8")
    check_one_sentence(hydra(tmp_path / "w", "config", "show"), 2, *words)


def test_a_replay_that_ends_before_it_begins(tmp_path: Path) -> None:
    span = ("--from", "2023-01-01", "--to", "2020-01-01")
    done = hydra(tmp_path / "w", "sandbox", "replay", *span, "--market", MARKET)
    check_one_sentence(done, 2, "from is after to", "2023-01-01", "2020-01-01")
    assert not (tmp_path / "w").exists()


def test_a_bad_setting_in_the_environment(tmp_path: Path) -> None:
    for name, words in {
        "HYDRA_RISK__MAX_POSITION_LOT": ("HYDRA_RISK__MAX_POSITION_LOT", "did you mean 'max_position_lots'"),
        "HYDRA_RISKY__LIMIT": ("HYDRA_RISKY__LIMIT", "did you mean 'risk'"),
    }.items():
        check_one_sentence(hydra(tmp_path / "w", "config", "show", environment={name: "3"}), 2, *words)


@pytest.mark.parametrize("verb", [("ingest", "good.csv"), ("run",)])
def test_a_workspace_that_cannot_be_written(
    verb: tuple[str, ...], tmp_path: Path, daily_csv: Callable[..., Path]
) -> None:
    daily_csv(tmp_path / "good.csv", 5)
    (tmp_path / "file").write_text("not a folder\n", encoding="utf-8")
    done = hydra(tmp_path / "file" / "w", "--market", MARKET, *verb)
    check_one_sentence(done, 6, "cannot write to the workspace")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "good.csv"]


def test_a_disk_that_fills_while_the_workspace_is_made(tmp_path: Path, daily_csv: Callable[..., Path]) -> None:
    good = daily_csv(tmp_path / "good.csv", 60)
    done = hydra(tmp_path / "w", "ingest", str(good), "--market", MARKET, largest_file=60_000)
    check_one_sentence(done, 6, "disk")
    assert answer(hydra(tmp_path / "w", "ingest", str(good), "--market", MARKET, "--json"))["rows_added"] == 60


def test_a_disk_that_fills_while_a_file_is_stored(workspace: Path, daily_csv: Callable[..., Path]) -> None:
    with sqlite3.connect(workspace / "state" / "hydra.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = contents(workspace, MARKET), files_of(workspace)
    more = daily_csv(workspace.parent / "more.csv", 3000)
    done = hydra(workspace, "ingest", str(more), "--market", MARKET, largest_file=20_000)
    check_one_sentence(done, 6)
    check_unchanged(workspace, before)
    assert answer(hydra(workspace, "ingest", str(more), "--market", MARKET, "--json"))["rows_added"] == 2940


def test_errors_are_json_where_json_is_asked_for(tmp_path: Path) -> None:
    done = hydra(tmp_path / "w", "status", "--market", "wheat", "--json")
    check_one_sentence(done, 2, "wheat")
    assert '"exit_code": 2' in done.stdout
