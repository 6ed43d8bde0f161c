"""Chain features: which expiry speaks, and what is missing when."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from engine.core.records import OptionChain, RawRecord
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.option_density import OptionDensity
from engine.signals.option_snapshot import SnapshotSelector
from engine.signals.option_surface import OptionSurface, put_call_open_interest_ratio

MarketBuilder = Callable[..., list[RawRecord]]


def first_chain(market_records: MarketBuilder) -> OptionChain:
    return next(record for record in market_records(1) if isinstance(record, OptionChain))


def readings(config: HydraConfig, *chains: OptionChain) -> dict[str, tuple[float, str]]:
    surface = OptionSurface(config, SnapshotSelector())
    return {item.feature: (item.value, item.quality) for chain in chains for item in surface.on_chain(chain)}


def test_open_interest_ratio_is_missing_without_calls(market_records: MarketBuilder) -> None:
    chain = first_chain(market_records)
    no_calls = tuple(dataclasses.replace(q, open_interest=0.0 if q.right == "C" else 5.0) for q in chain.quotes)
    unknown = tuple(dataclasses.replace(q, open_interest=math.nan) for q in chain.quotes)
    assert put_call_open_interest_ratio(chain) > 0.0
    assert math.isnan(put_call_open_interest_ratio(dataclasses.replace(chain, quotes=no_calls)))
    assert math.isnan(put_call_open_interest_ratio(dataclasses.replace(chain, quotes=unknown)))


def test_the_nearest_expiry_with_life_speaks(simulated: HydraConfig, market_records: MarketBuilder) -> None:
    chain = first_chain(market_records)
    dying = dataclasses.replace(chain, expiry_ts=chain.event_ts + MICROS_PER_DAY)
    later = dataclasses.replace(chain, expiry_ts=chain.expiry_ts + 60 * MICROS_PER_DAY)
    alone = readings(simulated, chain)
    together = readings(simulated, dying, chain, later)
    assert together["atm_iv"] == alone["atm_iv"]
    assert together["vol_term_spread"][0] < 0.0, "the same prices over a longer life mean less volatility"


def test_missing_says_why(simulated: HydraConfig, market_records: MarketBuilder) -> None:
    chain = first_chain(market_records)
    unknown = readings(simulated, dataclasses.replace(chain, style="unknown"))
    assert math.isnan(unknown["atm_iv"][0]) and unknown["atm_iv"][1] == "unknown_style"
    american = dataclasses.replace(chain, style="american", underlying_price=math.nan)
    assert readings(simulated, american)["skew_slope"][1] == "no_forward"
    parity = readings(simulated, dataclasses.replace(chain, underlying_price=math.nan))
    known = readings(simulated, chain)
    assert abs(parity["atm_iv"][0] - known["atm_iv"][0]) < 0.01


def test_the_density_is_fitted_at_its_turn(simulated: HydraConfig, market_records: MarketBuilder) -> None:
    chains = [record for record in market_records(112) if isinstance(record, OptionChain)]
    surface = OptionSurface(simulated, SnapshotSelector())
    density = OptionDensity(simulated, surface)
    fitted = []
    for index, chain in enumerate(chains):
        surface.on_chain(chain)
        if density.on_chain(chain):
            fitted.append(index)
    assert fitted == [0, 55, 110]
