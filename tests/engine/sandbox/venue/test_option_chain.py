"""Option chains: consistent prices, no static arbitrage, two-sided, and the quote table's layout."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from engine.sandbox.venue import displays
from engine.sandbox.venue.market_facts import HALF_TICK
from engine.sandbox.venue.option_chain_writer import HEADER, chains_text
from engine.sandbox.venue.option_quotes import ChainSnapshot, chain_snapshot
from engine.sandbox.venue.world import MarketWorld, WorldSettings, build_world


def assert_no_static_arbitrage(snapshot: ChainSnapshot) -> None:
    strikes = np.array([strike for strike, _, _ in snapshot.lines])
    spacing = np.diff(strikes)
    for side, sign in ((1, -1.0), (2, 1.0)):
        mids = np.array([line[side].mid for line in snapshot.lines])
        slopes = sign * np.diff(mids) / spacing
        assert np.all(slopes >= 0.0) and np.all(slopes <= 1.0)
        assert np.all(np.diff(mids, 2) > 0.0)


@pytest.mark.parametrize("fault", ["none", "feature"])
def test_chains_hold_no_static_arbitrage_and_quote_both_sides(fault: str) -> None:
    for seed in range(4):
        world = build_world(WorldSettings(seed, 400, 1600, fault))
        for bar in range(0, world.settings.bars, 17):
            snapshot = chain_snapshot(world, bar)
            assert_no_static_arbitrage(snapshot)
            assert len(snapshot.lines) == 9
            for strike, call, put in snapshot.lines:
                for quote in (call, put):
                    assert 0.0 <= quote.bid < quote.ask
                    assert quote.mid / HALF_TICK == pytest.approx(round(quote.mid / HALF_TICK))
                assert abs(strike - snapshot.future) <= 10.0


def test_most_bids_are_above_zero() -> None:
    world = build_world(WorldSettings(3, 400, 1600, "none"))
    bids = [
        quote.bid for bar in range(0, 2000, 29) for _, *quotes in chain_snapshot(world, bar).lines for quote in quotes
    ]
    assert np.mean(np.array(bids) > 0.0) > 0.99


def test_expiries_are_fridays_about_six_weeks_ahead() -> None:
    world = build_world(WorldSettings(3, 400, 3600, "none"))
    for bar in range(0, 4000, 55):
        expiry = chain_snapshot(world, bar).expiry
        assert expiry.weekday() == 4
        assert 42 <= (expiry - world.times.session[bar]).days <= 46


def test_open_interest_shows_the_ratio() -> None:
    world = build_world(WorldSettings(8, 50, 100, "none"))
    for bar in range(0, 150, 7):
        lines = chain_snapshot(world, bar).lines
        ratio = sum(put.open_interest for _, _, put in lines) / sum(call.open_interest for _, call, _ in lines)
        assert ratio == pytest.approx(float(world.chain.put_call_ratio[bar]), abs=1e-3)


def test_displays_never_show_the_impossible() -> None:
    wild = np.array([-50.0, -5.0, 0.0, 5.0, 50.0])
    assert np.all(displays.atm_iv(wild) > 0.15)
    assert np.all(displays.put_call_ratio(wild) > 0.2)
    assert np.all(np.abs(displays.close_location(wild)) <= 0.6)
    assert np.all(np.abs(displays.net_tone(wild)) <= 8.0)
    for display in (displays.atm_iv, displays.skew_slope, displays.put_call_ratio, displays.basis, displays.net_tone):
        assert np.all(np.diff(display(np.linspace(-3, 3, 61))) > 0.0)


def tables_of(text: str) -> list[list[list[str]]]:
    blocks: list[list[list[str]]] = []
    for line in csv.reader(text.splitlines()):
        if not line:
            blocks.append([])
        else:
            blocks[-1].append(line)
    return blocks


def test_a_file_holds_one_whole_quote_table_per_bar() -> None:
    world = build_world(WorldSettings(2, 20, 60, "none"))
    blocks = tables_of(chains_text(world, 5, 8))
    assert len(blocks) == 4
    for block in blocks:
        assert block[0][1].startswith("Last: ")
        assert block[1][0].startswith("Date: February 20, 2024 at ")
        assert block[2] == HEADER.split(",")
        assert len(block) == 3 + 9
        assert all(len(row) == 22 for row in block[3:])
    assert blocks[0][1][0] == "Date: February 20, 2024 at 10:00 AM EST"


@pytest.mark.real_data
def test_the_table_has_the_layout_of_a_real_one(real_data: Path) -> None:
    with gzip.open(
        real_data / "options" / "cboe_quotedata" / "SPX_2023-09-14.csv.gz", "rt", encoding="utf-8"
    ) as handle:
        real = [next(handle).rstrip("\n") for _ in range(5)]
    world: MarketWorld = build_world(WorldSettings(2, 20, 60, "none"))
    ours = chains_text(world, 0, 0).splitlines()
    assert ours[0] == real[0] == ""
    assert ours[3] == real[3]
    for line in (1, 2, 4):
        assert len(next(csv.reader([ours[line]]))) == len(next(csv.reader([real[line]])))
