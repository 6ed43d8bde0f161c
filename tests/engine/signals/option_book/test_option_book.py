"""What is kept of chains for those who draw them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from engine.core.records import FuturesBar, OptionChain, RawRecord
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_HOUR
from engine.signals.option_book import OptionBook
from engine.signals.option_density import OptionDensity
from engine.signals.option_snapshot import SnapshotSelector
from engine.signals.option_surface import OptionSurface

MarketBuilder = Callable[..., list[RawRecord]]


def chains_of(market_records: MarketBuilder, bars: int) -> list[OptionChain]:
    return [record for record in market_records(bars) if isinstance(record, OptionChain)]


def book_after(config: HydraConfig, *chains: OptionChain) -> OptionBook:
    surface = OptionSurface(config, SnapshotSelector())
    density = OptionDensity(config, surface)
    book = OptionBook(config, surface, density)
    for chain in chains:
        surface.on_chain(chain)
        assert book.on_chain(chain) == ()
    return book


def later(chain: OptionChain, days: int) -> OptionChain:
    return dataclasses.replace(chain, expiry_ts=chain.expiry_ts + days * MICROS_PER_DAY)


def test_it_has_no_features_and_begins_empty(simulated: HydraConfig) -> None:
    book = book_after(simulated)
    assert book.describe() == () and book.chains == () and book.reference is None and book.newest_ts == 0


def test_every_expiry_of_the_newest_moment_nearest_first(simulated: HydraConfig, market_records: MarketBuilder) -> None:
    (chain,) = chains_of(market_records, 1)
    book = book_after(simulated, later(chain, 30), chain, later(chain, 7))
    assert [one.expiry_ts for one in book.chains] == [chain.expiry_ts + days * MICROS_PER_DAY for days in (0, 7, 30)]
    assert book.newest_ts == chain.event_ts and book.chains_seen == 3


def test_the_reference_survives_the_chains_of_other_expiries(
    simulated: HydraConfig, market_records: MarketBuilder
) -> None:
    (chain,) = chains_of(market_records, 1)
    book = book_after(simulated, chain, later(chain, 7), later(chain, 30))
    assert book.reference is not None and book.reference.chain is chain


def test_expiries_that_passed_or_are_not_quoted_any_more_go(
    simulated: HydraConfig, market_records: MarketBuilder
) -> None:
    first, second = chains_of(market_records, 2)
    passing = dataclasses.replace(first, expiry_ts=second.event_ts)
    book = book_after(simulated, passing, first, later(first, 7), second)
    assert [one.expiry_ts for one in book.chains] == [first.expiry_ts, first.expiry_ts + 7 * MICROS_PER_DAY]
    stale = dataclasses.replace(second, event_ts=second.event_ts + 5 * MICROS_PER_HOUR)
    assert book_after(simulated, first, later(first, 7), stale).chains == (stale,)


def test_a_late_chain_does_not_replace_a_newer_one(simulated: HydraConfig, market_records: MarketBuilder) -> None:
    first, second = chains_of(market_records, 2)
    assert book_after(simulated, second, first).chains == (second,)


def test_the_newest_bar_is_kept(simulated: HydraConfig) -> None:
    book = book_after(simulated)
    bar = FuturesBar("simulated_hogs", "venue", "HEJ24", 1, 300, 1, 2, 80.0, 80.0, 80.0, 80.0, math.nan)
    assert book.on_decision_bar(bar, {}) == () and book.bar is bar
