"""The Market screen as text: all at once at 160x50, page by page at 80x24, old and missing parts said plainly."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from rich.cells import cell_len

from engine.host.operations.market_picture import MarketPicture, PositioningPicture
from engine.host.operations.snapshot_types import UiSnapshot
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_MINUTE
from hydra_tui.market_crowd import direction_words
from hydra_tui.screen_text import painted_lines
from tests.hydra_tui.fake_bridge import app_on, snapshot_of, until
from tests.hydra_tui.fixture_market import (
    as_one_moment,
    picture_without_options,
    whole_picture,
    whole_positioning,
    with_divergence,
    with_much_evidence,
    with_text,
)
from tests.hydra_tui.fixture_workspace import HOSTILE, NOW, WALL

WIDE, NARROW = (160, 50), (80, 24)
SIZES = (WIDE, NARROW)
TITLES = ("Overview", "Smile", "Implied density", "Gamma by strike", "Term structure", "Composite", "Evidence", "COT")
PAGES = range(len(TITLES))


@cache
def snapshot_called(name: str) -> UiSnapshot:
    """A canned look, with another picture for each name."""
    with TemporaryDirectory() as folder:
        normal = snapshot_of(Path(folder), "normal")
    reports = whole_positioning(NOW)
    picture, positioning = {
        "whole": (whole_picture(NOW), reports),
        "old": (whole_picture(NOW, 50 * MICROS_PER_MINUTE), reports),
        "gone": (whole_picture(NOW, 2 * MICROS_PER_DAY), reports),
        "no options": (picture_without_options(NOW), reports),
        "old reports": (whole_picture(NOW), replace(reports, as_of_ts=NOW - 93 * MICROS_PER_DAY)),
        "nothing": (MarketPicture(), PositioningPicture()),
        "same moment": (as_one_moment(whole_picture(NOW)), reports),
        "a tick away": (as_one_moment(whole_picture(NOW), moved=0.025), reports),
        "two ticks away": (as_one_moment(whole_picture(NOW), moved=0.05), reports),
        "weak": (with_divergence(whole_picture(NOW), confidence=0.05), reports),
        "weak short": (with_divergence(whole_picture(NOW), confidence=0.05, direction=-1), reports),
        "much evidence": (with_much_evidence(whole_picture(NOW)), reports),
        "hostile": (with_text(whole_picture(NOW), HOSTILE), with_text(reports, HOSTILE)),
        "hostile, no options": (with_text(picture_without_options(NOW), HOSTILE), with_text(reports, HOSTILE)),
    }[name]
    return replace(normal, picture=picture, positioning=positioning)


def on_market(name: str, size: tuple[int, int], script: Callable[..., Awaitable[Any]]) -> Any:
    """Run `script(app, bridge, pilot)` on the Market screen."""

    async def run() -> Any:
        app, bridge, _ = app_on(snapshot_called(name))
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.latest is not None, "first snapshot")
            await pilot.press("5")
            await until(pilot, lambda: app.screen_name == "market" and bool(app.navigation.view.lists), "market")  # type: ignore[union-attr]
            await pilot.pause()
            return await script(app, bridge, pilot)

    return asyncio.run(run())


@cache
def dump(name: str, size: tuple[int, int], keys: str = "") -> list[str]:
    """The painted rows after some keys (E enter, X esc); every row fills the terminal exactly."""

    async def script(app: Any, bridge: Any, pilot: Any) -> list[str]:
        if keys:
            await pilot.press(*({"E": "enter", "X": "escape"}.get(key, key) for key in keys))
            await pilot.pause()
        return painted_lines(app)

    rows: list[str] = on_market(name, size, script)
    assert len(rows) == size[1] and {cell_len(row) for row in rows} == {size[0]}
    return rows


@cache
def pages(name: str) -> list[str]:
    """Every page at 80x24 as one text each."""

    async def script(app: Any, bridge: Any, pilot: Any) -> list[str]:
        found = []
        for _ in PAGES:
            rows = painted_lines(app)
            assert {cell_len(row) for row in rows} == {80} and len(rows) == 24
            found.append("\n".join(rows))
            await pilot.press("v")
        return found

    result: list[str] = on_market(name, NARROW, script)
    return result


def test_a_large_terminal_shows_everything_at_once() -> None:
    text = "\n".join(dump("whole", WIDE))
    for title in ("Smile", "Implied density", "Gamma by strike", "Term structure", "Realised", "COT", "Composite",
                  "Divergence"):  # fmt: skip
        assert f"┌─ {title}" in text
    for number in ("81.275", "27.14%", "-1.82/sd", "+1,284", "78.410", "28.68%", "+0.31", "+0.55", "+12.4%"):
        assert number in text
    assert "options bullish sentiment bearish" in text and "▲ LONG" in text and "options lean +1.72 sd" in text
    assert "assumed: dealers long calls (+), short puts (-)" in text and "k USD per 1 %" in text
    assert "▲ old 1h10" in text and "report 2026-11-17" in text and "known 11-19 15:00" in text


def test_a_small_terminal_shows_the_same_page_by_page() -> None:
    texts = pages("whole")
    for title, text in zip(TITLES, texts, strict=True):
        assert title in text and "81.275" in text and "X HALT" in text.splitlines()[-1]
    overview, smile, density, gamma, term, crowd, evidence, cot = texts
    assert (
        "ATM 27.14% ± 0.21%" in overview and "now at ~52%, F 81.100" in overview and "2 of 3 ended inside" in overview
    )
    assert "├──◆──┤" in smile and "no bid" in smile and "26.97%" in smile
    assert "[━" in density and "▲ now 81.275" in density and "5% 69.319 (68.92…69.72)" in density
    assert "OUTSIDE" in density and "66.900" in density
    assert "▒▒│" in gamma and "│█" in gamma and "zero at 78.410" in gamma
    assert "2027-03-07" in term and "107.0" in term and "26.86%" in term
    assert "crowd net +12.4%" in crowd and "rule: options lean up" in crowd and "silent" in crowd
    assert "cot mix +0.55" in overview and "COT         ● ok   3d10h  score +0.55" in overview
    assert "cot mix +0.55 in the composite" in cot and "cot mix: crowd net +12.4% of interest" in evidence
    assert "131 reports, -1.00 … +1.00" in cot and "157 reports" in cot and "4 weeks +3.1%" in cot


def test_v_comes_back_to_the_first_page() -> None:
    for size in SIZES:
        assert dump("whole", size, "v" * len(TITLES)) == dump("whole", size)


@pytest.mark.parametrize("size", SIZES)
def test_enter_opens_a_part_and_esc_goes_back(size: tuple[int, int]) -> None:
    opened = "\n".join(dump("whole", size, "E"))
    assert "┌─ Strike" in opened and "┌─ COT" not in opened
    assert dump("whole", size, "EX") == dump("whole", size)

    async def leave(app: Any, bridge: Any, pilot: Any) -> str:
        await pilot.press("escape")
        await until(pilot, lambda: app.screen_name == "desk", "esc on the first page leaves the screen")
        return str(app.screen_name)

    assert on_market("whole", size, leave) == "desk"


def test_the_row_of_the_overview_names_the_page() -> None:
    async def script(app: Any, bridge: Any, pilot: Any) -> list[str]:
        opened = []
        for _ in range(8):
            opened.append(app.navigation.view.row_to_open())
            await pilot.press("j")
        return opened

    names = [target.split(":")[1] for target in on_market("whole", NARROW, script)]
    assert names == ["smile", "term", "density", "density", "gamma", "crowd", "crowd", "cot"]


def test_the_cursor_begins_at_the_money_and_the_details_follow_it() -> None:
    assert "82.00 call" in pages("whole")[1]
    text = "\n".join(dump("whole", NARROW, "vjj"))
    assert (
        "86.00 call" in text and "P(ends below) ~74.2%  density 1h10 old, F 81.100" in text and "gamma +387,259" in text
    )
    assert "fit inside the quote" in text
    assert "FIT OUTSIDE THE QUOTE" in "\n".join(dump("whole", NARROW, "vG"))


def test_another_size_turns_to_its_first_page() -> None:
    async def script(app: Any, bridge: Any, pilot: Any) -> list[str]:
        await pilot.resize_terminal(*NARROW)
        await until(pilot, lambda: any("┌─ Overview" in row for row in painted_lines(app)), "overview")
        await pilot.resize_terminal(*WIDE)
        await until(pilot, lambda: any("> 82.00" in row for row in painted_lines(app)), "everything, with the keys")
        return painted_lines(app)

    assert on_market("whole", WIDE, script)[1:] == dump("whole", WIDE)[1:]


@pytest.mark.parametrize("size", [(120, 30), (100, 40), (200, 60), (149, 44)])
def test_every_row_fills_other_sizes_too(size: tuple[int, int]) -> None:
    dump("whole", size)
    dump("whole", size, "vv")


# -- two moments, weak directions, long evidence ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["same moment", "a tick away"])
def test_a_density_of_the_same_moment_as_the_chain_is_good(name: str) -> None:
    overview, smile, density = pages(name)[:3]
    assert re.search(r"density +● good +10s", overview) and "now at 52%, F 81." in overview
    assert "P(ends below) 55.7%  density 10s old, F 81." in smile
    assert "P(ends below) 51.9% (50.1…54.1%)  density 10s old, F 81." in density and "▲ old" not in density


@pytest.mark.parametrize(("name", "age"), [("whole", "1h10"), ("two ticks away", "10s")])
def test_probabilities_of_a_density_that_the_market_left_are_marked(name: str, age: str) -> None:
    for size in SIZES:
        text = "\n".join([*dump(name, size), *dump(name, size, "v"), *dump(name, size, "vv")])
        assert f"density ▲ old {age}" in text and "● good" not in text
        assert len(re.findall(rf"P\(ends below\) ~\d\d\.\d%.*density {age} old, F 81\.", text)) >= 2
        assert not re.search(r"P\(ends below\) \d", text)


def test_a_weak_direction_is_called_weak() -> None:
    for size in SIZES:
        weak, short = ("\n".join(dump(name, size)) for name in ("weak", "weak short"))
        assert "△ LONG weak" in weak and "▲ LONG" not in weak
        assert "▽ SHORT weak" in short and "▼ SHORT" not in short
    assert direction_words(whole_picture(NOW).divergence) == ("▲ LONG", "good")
    assert direction_words(with_divergence(whole_picture(NOW), confidence=0.0999).divergence)[1] == "dim"
    assert direction_words(with_divergence(whole_picture(NOW), confidence=None).divergence)[1] == "dim"
    assert direction_words(with_divergence(whole_picture(NOW), confidence=0.1).divergence) == ("▲ LONG", "good")


def test_a_threshold_says_whether_it_opens_or_closes() -> None:
    text = pages("whole")[TITLES.index("Evidence")]
    assert "options lean +1.72 sd (opens at 1.50)" in text and "crowd lean -1.39 sd (closes below 1.00)" in text
    assert "needs" not in "".join(pages("whole"))


def test_all_evidence_can_be_reached_by_keys() -> None:
    crowd = "v" * TITLES.index("Composite")
    assert "⏎ all evidence" in "\n".join(dump("much evidence", NARROW, crowd))
    opened = dump("much evidence", NARROW, crowd + "E")
    assert any("┌─ Evidence" in row for row in opened)
    seen = "\n".join([*opened, *dump("much evidence", NARROW, crowd + "E" + "j" * 25),
                      *dump("much evidence", NARROW, crowd + "EG")])  # fmt: skip
    for number in range(16):
        assert f"number {number} +{number}.00" in seen
    for headline in range(20):
        assert f"headline{headline}," in seen
    assert "▲ LONG" in "\n".join(dump("much evidence", NARROW, crowd + "EX")), "esc goes back to the first page"


def test_the_realised_table_has_a_legend() -> None:
    assert "at: % of first, newest density held below the price; inside 5–95% of first" in pages("whole")[2]
    assert "first at: % of first density below price" in "\n".join(dump("whole", WIDE))


# -- old, missing, foreign ----------------------------------------------------------------------------------------


def test_what_is_old_is_marked() -> None:
    for text in ("\n".join(dump("old", WIDE)), pages("old")[1]):
        assert "~81.275 50m" in text and "◌ STALE 50m" in text and "~26.97%" in text
        assert not re.search(r"(?<![~\d±] )(?<![~\d])2[5-9]\.\d\d%", text), "no volatility without its mark"
    assert "▲ now ~81.275 50m" in pages("old")[2], "the density may be young, the price in it is not"


def test_what_is_too_old_is_withheld_and_records_stay() -> None:
    text = "\n".join([*dump("gone", WIDE), *pages("gone")])
    assert "-- withheld 2d00h" in text and "withheld: 2d00h old, allowed 15m" in text
    for number in ("27.14", "26.97", "69.319", "1,284", "+0.31", "1.84", "28.68", "+355"):
        assert number not in text
    assert "+0.55" in text, "a report of three days ago is not old"
    assert "83.150" in text, "what an expiry came to is a record"


def test_reports_that_are_too_old_are_withheld_with_their_date() -> None:
    text = "\n".join(dump("old reports", WIDE))
    assert "withheld: 93d00h old, allowed 16d00h" in text and "newest report 2026-11-17" in text
    assert "+12.4%" not in text.partition("Commitments")[2]


@pytest.mark.parametrize("size", SIZES)
def test_a_silent_engine_makes_everything_old(size: tuple[int, int]) -> None:
    async def script(app: Any, bridge: Any, pilot: Any) -> str:
        bridge.wall_ts = WALL + 5_000_000
        app.show_now()
        await until(pilot, lambda: any("silent" in row for row in painted_lines(app)), "silence is said")
        half = "\n".join(painted_lines(app))
        bridge.wall_ts = WALL + 90_000_000
        app.show_now()
        await until(pilot, lambda: any("-- withheld" in row for row in painted_lines(app)), "withheld")
        return half + "\n".join(painted_lines(app)).partition("┌─ Market")[2]

    text = on_market("whole", size, script)
    assert "~81.275" in text and "◌ STALE silent 5.4s" in text
    assert "27.14%" not in text.partition("-- withheld")[2]


def test_a_market_without_options_says_why_and_shows_the_rest() -> None:
    sentence = "no option chain is stored for Simulated Lean Hogs"
    wide = "\n".join(dump("no options", WIDE))
    assert f"options ? none: {sentence}" in wide and wide.count(sentence) >= 4 and ":ingest FILE" in wide
    assert "+0.55" in wide and "+12.4%" in wide and "composite +0.31" in wide and "81.275" in wide
    assert "insufficient" in wide and "options or their quality are unknown" in wide
    overview, smile, density, gamma, term, crowd, evidence, cot = pages("no options")
    assert "brings one" in overview and overview.count("no option chain is stored") >= 5
    for text in (smile, density, gamma, term):
        assert sentence in text
    assert "composite +0.31" in crowd and "157 reports" in cot and "rule: options unknown" in evidence


def test_before_the_engine_has_drawn_anything_it_says_so() -> None:
    for text in [*pages("nothing")[:5], "\n".join(dump("nothing", WIDE))]:
        assert "the engine has not drawn this market yet" in text
    assert "no report is stored" in pages("nothing")[-1]


@pytest.mark.parametrize("name", ["hostile", "hostile, no options"])
def test_hostile_text_in_every_field_is_letters_only(name: str) -> None:
    texts = [*pages(name), "\n".join(dump(name, WIDE))]
    for text in texts:
        assert not {"\x1b", "\u202e", "\x07"} & set(text)
    assert any("[bold red]" in text for text in texts), "foreign text is shown as it is, as letters"


@pytest.mark.parametrize("size", SIZES)
def test_without_colour_the_words_and_marks_are_the_same(size: tuple[int, int], monkeypatch: Any) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    grey = dump.__wrapped__("whole", size)
    assert grey == dump("whole", size)
    text = "\n".join(grey)
    for mark in ("● ok", "▲ old", "▲ LONG"):
        assert mark in text


def test_numbers_are_whole_or_absent() -> None:
    """No beginning of a number stands where there was no room for all of it."""
    numbers = ("81.275", "69.319", "94.439", "27.14", "354,782", "78.410", "2026-11-17")
    for text in [*pages("whole"), *pages("old"), "\n".join(dump("whole", WIDE)), "\n".join(dump("whole", (100, 40)))]:
        for piece in re.findall(r"\d[\d,.-]*", text):
            for number in numbers:
                assert not (len(piece) >= 4 and number.startswith(piece) and piece != number), piece


def test_the_desk_paints_without_the_market_modules() -> None:
    import subprocess
    import sys

    code = "import sys, hydra_tui.app, hydra_tui.screens.desk; print('hydra_tui.market_options' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    heavy = ("numpy", "scipy", "textual_plot")
    code = f"import sys, hydra_tui.screens.market; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
