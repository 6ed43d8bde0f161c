"""`hydra data rolls`, `compare`, `schedule`, `sources`: what an operator asks of data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import answer, check_one_sentence, hydra

MARKET = ("--market", "lean_hogs")
INVESTING = (
    '"Date","Price","Open","High","Low","Vol.","Change %"\n'
    '"02/15/2024","82.30","82.00","83.00","81.00","9.10K","1%"\n'
    '"02/14/2024","75.00","75.00","76.00","74.00","9.00K","1%"\n'
)
YAHOO = (
    "Price,Adj Close,Close,High,Low,Open,Volume\nTicker,HE=F,HE=F,HE=F,HE=F,HE=F,HE=F\nDate,,,,,,\n"
    "2024-02-14,75.0,75.0,76.0,74.0,75.0,900\n2024-02-15,82.5,82.5,83.0,81.0,82.0,900\n"
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "yahoo.csv").write_text(YAHOO)
    (folder / "Lean Hogs.csv").write_text(INVESTING)
    done = answer(hydra(folder / "w", "ingest", str(folder / "yahoo.csv"), str(folder / "Lean Hogs.csv"), "--json"))
    assert [entry["markets"] for entry in done["files"]] == [{"lean_hogs": 2}, {"lean_hogs": 2}]
    return folder / "w"


def test_rolls_say_what_each_is_worth_and_stand_against_the_calendar(workspace: Path) -> None:
    document = answer(hydra(workspace, "data", "rolls", *MARKET, "--json"))
    (roll,) = document["rolls"]
    assert (roll["day"], roll["from"], roll["to"], roll["difference"]) == ("2024-02-15", "HEG24", "HEJ24", 7.5)
    assert document["scores"]["contract calendar"]["precision"] == 1.0
    shown = hydra(workspace, "data", "rolls", *MARKET)
    assert "+7.500" in shown.stdout and "one session apart" in shown.stdout


def test_providers_are_compared_session_by_session(workspace: Path) -> None:
    (pair,) = answer(hydra(workspace, "data", "compare", *MARKET, "--json"))["pairs"]
    assert (pair["first"], pair["second"], pair["common_sessions"], pair["within_a_tick"]) == (
        "investing",
        "yahoo",
        2,
        1,
    )
    shown = hydra(workspace, "data", "compare", *MARKET)
    assert "2024-02-15" in shown.stdout and "8.0" in shown.stdout


def test_a_schedule_without_sources_says_where_to_list_them(workspace: Path) -> None:
    assert answer(hydra(workspace, "data", "schedule", *MARKET, "--json")) == []
    listed = hydra(workspace, "data", "schedule", *MARKET, environment={"HYDRA_LIVE__SOURCES": "[cftc, reddit]"})
    assert listed.returncode == 0 and "after each COT release" in listed.stdout and "now" in listed.stdout


def test_the_sources_are_listed(workspace: Path) -> None:
    names = [entry["source"] for entry in answer(hydra(workspace, "data", "sources", "--json"))]
    assert {"yahoo", "investing", "databento_dbn", "cot_legacy", "cboe_quotes"} <= set(names)


def test_a_market_without_bars_is_one_sentence(workspace: Path) -> None:
    check_one_sentence(hydra(workspace, "data", "rolls", "--market", "oats"), 5, "oats", "ingest")
