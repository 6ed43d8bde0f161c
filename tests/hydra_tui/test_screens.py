"""Seven screens in two sizes and five situations, read as text: exact width, the right words, no clipped number."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from rich.cells import cell_len

from engine.host.operations.action_registry import ACTIONS
from engine.host.operations.snapshot_types import SeriesPair, SourceRun, UiSnapshot
from hydra_tui.screen_text import painted_lines
from tests.hydra_tui.fake_bridge import app_on, snapshot_of, until
from tests.hydra_tui.fixture_workspace import CONFIG, SCENARIOS

KEYS = {"desk": "1", "inbox": "2", "models": "3", "risk": "4", "market": "5", "journal": "7", "data": "8"}
SIZES = ((80, 24), (160, 50))
TITLES = {
    "desk": "Needs you",
    "inbox": "Queue",
    "models": "Registry",
    "risk": "Limits",
    "market": "Divergence",
    "journal": "Journal",
    "data": "Feeds",
}


@cache
def canned(scenario: str) -> UiSnapshot:
    with TemporaryDirectory() as folder:
        return snapshot_of(Path(folder), scenario)


def all_screens(scenario: str, size: tuple[int, int]) -> dict[str, list[str]]:
    async def run() -> dict[str, list[str]]:
        app, _, _ = app_on(canned(scenario))
        found: dict[str, list[str]] = {}
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.latest is not None, "first snapshot")
            for name, key in KEYS.items():
                await pilot.press(key)
                await until(pilot, lambda name=name: app.screen_name == name, name)  # type: ignore[misc]
                await pilot.pause()
                found[name] = painted_lines(app)
        return found

    return asyncio.run(run())


@pytest.fixture(scope="module")
def dumps() -> dict[tuple[str, tuple[int, int]], dict[str, list[str]]]:
    return {(scenario, size): all_screens(scenario, size) for scenario in SCENARIOS for size in SIZES}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_row_fills_the_terminal_exactly(dumps, scenario, size):
    for name, rows in dumps[scenario, size].items():
        assert len(rows) == size[1], name
        assert {cell_len(row) for row in rows} == {size[0]}, name


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_header_says_state_market_mode_and_heartbeat_on_every_screen(dumps, scenario, size):
    word = {"lockdown": "■ LOCKDOWN", "crit": "■ HALTED", "first_run": "◌ STARTING"}.get(scenario, "● RUNNING")
    for name, rows in dumps[scenario, size].items():
        assert word in rows[0] and "SIM" in rows[0] and "♥" in rows[0] and "CT" in rows[0], name
        assert f"{name.title()}]" in rows[1] and "6 Lab" in rows[1]
        assert TITLES[name] in "\n".join(rows) or scenario == "lockdown", name


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_halt_is_always_in_the_footer(dumps, scenario, size):
    for name, rows in dumps[scenario, size].items():
        assert "X HALT" in rows[-1], name


NUMBERS = ("1,004,120", "+412", "+268", "81.275", "31.5/48 h")


@pytest.mark.parametrize("size", SIZES)
def test_numbers_are_whole_or_absent(dumps, size):
    for scenario in ("normal", "crit"):
        for name, rows in dumps[scenario, size].items():
            text = "\n".join(rows)
            for number in NUMBERS:
                for piece in re.findall(r"[-+~]?[\d,.]*\d[\d,.]*", text):
                    whole = number.split("/")[0].strip("+")
                    bare = piece.strip("~+,.")
                    clipped = len(bare) >= 4 and whole.startswith(bare) and bare != whole
                    assert not clipped, f"{name}: {piece} looks like a clipped {number}"


@pytest.mark.parametrize("size", SIZES)
def test_desk_shows_simulation_paper_progress_and_the_case(dumps, size):
    text = "\n".join(dumps["normal", size]["desk"])
    assert "SIMULATED MARKET" in text and "paper 31.5/48 h" in text
    for word in ("✓alert", "✓diagnosis", "✓experiment", "YOUR APPROVAL", "concept drift"):
        assert word in text


def champion_desk(size: tuple[int, int], *, edge: float, busy: bool, safe_act: str = "") -> str:
    """The Desk with a daily champion; `busy` keeps the open case and the candidates."""
    snapshot = canned("normal")
    yardstick = {"prediction_sd": 0.0009, "residual_sd": 0.00996, "edge_lower_bound": edge}
    models = tuple(
        replace(model, yardstick=yardstick) if model.status == "champion" else model
        for model in snapshot.models
        if busy or model.status == "champion"
    )
    changed = replace(snapshot, models=models, cases=snapshot.cases if busy else (), safe_act=safe_act)

    async def run() -> list[str]:
        app, _, _ = app_on(changed, replace(CONFIG, bars_per_year=252.0))
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.latest is not None, "first snapshot")
            await pilot.pause()
            return painted_lines(app)

    rows = asyncio.run(run())
    assert {cell_len(row) for row in rows} == {size[0]}
    return "\n".join(rows)


@pytest.mark.parametrize("size", SIZES)
def test_the_desk_tells_how_long_a_lost_edge_would_stay_unseen(dumps, size):
    short = {80: "flip 2.4 y  dead 9.7 y", 160: "flip seen in 2.4 y  dead edge 9.7 y"}[size[0]]
    sentence = "flipped edge seen in 613 bars (2.4 y), dead edge in 2,450 bars (9.7 y)"
    calm = champion_desk(size, edge=0.02, busy=False)
    assert short in calm and sentence in calm
    busy = champion_desk(size, edge=0.02, busy=True)
    assert short in busy and (sentence in busy) == (size[0] == 160)
    assert "ridge-7f21aa" in busy and "paper 31.5/48 h" in busy and "e-value 6.21" in busy
    assert "flip 0.8 d" in "\n".join(dumps["normal", (80, 24)]["desk"])


@pytest.mark.parametrize("size", SIZES)
def test_the_desk_says_what_the_champion_does_under_a_safe_act(size):
    text = champion_desk(size, edge=0.02, busy=False, safe_act="trades through mended inputs at half size: x3")
    assert "trades through" in text and "mended" in text
    assert "trades through" not in champion_desk(size, edge=0.02, busy=False)


@pytest.mark.parametrize("size", SIZES)
def test_the_desk_says_where_there_is_no_edge_to_lose(size):
    text = champion_desk(size, edge=0.0, busy=False)
    assert "no proven edge to lose" in text and "no proven edge: nothing to lose, nothing to notice" in text
    assert "flip" not in text


@pytest.mark.parametrize("size", SIZES)
def test_nothing_stale_looks_live(dumps, size):
    rows = dumps["stale", size]
    desk = "\n".join(rows["desk"])
    assert "~+412 50m" in desk and "~1,004,120 50m" in desk and "STALE" in desk
    assert "81.275" not in "\n".join(row for row in rows["risk"] if "last" in row and "~" not in row)
    assert "? STALE" in "\n".join(rows["risk"])
    assert "◌ STALE" in "\n".join(rows["data"])
    assert "+0.84" not in desk, "a signal three hours old must be withheld"


@pytest.mark.parametrize("size", SIZES)
def test_lockdown_shows_the_way_out(dumps, size):
    text = "\n".join(dumps["lockdown", size]["risk"])
    assert "only you can leave it" in text and "drawdown 25.4% > 25.0%" in text
    assert "[ ] cool-down 15 min" in text and "1 check open" in text
    assert "LOCKDOWN" in dumps["lockdown", size]["journal"][2]


@pytest.mark.parametrize("size", SIZES)
def test_first_run_says_what_it_waits_for(dumps, size):
    text = "\n".join(dumps["first_run", size]["desk"])
    assert "starting engine…" in text and "640 of 1,100" in text and "history" in text


@pytest.mark.parametrize("size", SIZES)
def test_hostile_text_is_letters_only(dumps, size):
    for name, rows in dumps["normal", size].items():
        text = "\n".join(rows)
        assert "\x1b" not in text and "\u202e" not in text and "\x07" not in text, name
    assert "[bold red]" in "\n".join(dumps["normal", size]["journal"])


def test_words_carry_the_state_without_colour(dumps):
    text = "\n".join(dumps["crit", (80, 24)]["desk"]) + "\n".join(dumps["crit", (80, 24)]["risk"])
    for word in ("■ CRIT", "▲ WARN", "▲ DECIDE", "■ TRIP", "● OK"):
        assert word in text


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_action_has_words_tier_and_verb(action):
    assert action.help and action.label and action.cli_verb and action.typed
    assert 0 <= action.tier <= 4
    assert action.tier == 0 or action.command_kind is not None


def test_the_age_of_running_is_not_shown_as_that_of_a_halt_file():
    snapshot = canned("normal")
    halted = replace(snapshot, engine=replace(snapshot.engine, halt_file=True))

    async def risk_of(shown: UiSnapshot) -> str:
        app, _, _ = app_on(shown)
        async with app.run_test(size=(160, 50)) as pilot:
            await until(pilot, lambda: app.latest is not None, "first snapshot")
            await pilot.press("4")
            await until(pilot, lambda: any("autonomy" in row for row in painted_lines(app)), "risk")
            return "\n".join(painted_lines(app))

    assert re.search(r"now RUNNING for \d", asyncio.run(risk_of(snapshot)))
    painted = asyncio.run(risk_of(halted))
    assert "now HALTED" in painted
    assert "HALTED for" not in painted


@pytest.mark.parametrize("size", SIZES)
def test_the_lower_list_of_the_data_screen_turns_its_page(size: tuple[int, int]) -> None:
    """Counts, rows, next runs, providers; each says which page comes next, and an empty one says why."""
    runs = (
        SourceRun("cftc", False, "2 min after each COT release", 1_795_000_000_000_000, "never", 0, ""),
        SourceRun("newsapi", True, "every 30 min", 0, "never", 0, "HYDRA_NEWSAPI_KEY is not set"),
    )
    pairs = (SeriesPair("investing", "yahoo", 1700, 0.9982, 0.95, ("2018-04-13 other contract",)),)
    shown = replace(canned("normal"), source_runs=runs, comparisons=pairs)
    wanted = (("Set aside", "by reason"), ("Set aside", "newest"), ("cftc", "off"), ("investing / yahoo", "95.0 %"))

    async def run() -> list[str]:
        app, _, _ = app_on(shown)
        pages = []
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.latest is not None, "first snapshot")
            await pilot.press("8")
            await until(pilot, lambda: app.screen_name == "data", "data")
            for words in wanted:
                await until(pilot, lambda w=words: all(x in "\n".join(painted_lines(app)) for x in w), words[0])  # type: ignore[misc]
                pages.append("\n".join(painted_lines(app)))
                await pilot.press("v")
            await until(pilot, lambda: "by reason" in "\n".join(painted_lines(app)), "the first page again")
        return pages

    assert len(asyncio.run(run())) == len(wanted)
