"""Daily series of one market against each other, for verbs, the data screen and the health of feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from engine.kernel.canonical import finite_or_none

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores

_KEPT_DISAGREEMENTS: Final = 20


def data_compare(stores: Stores, config: HydraConfig) -> dict[str, Any]:
    """Agreement of every pair of daily series, newest disagreements first; no pairs where there is one series."""
    from engine.core.records import FuturesBar
    from engine.ingestion.quality.cross_source import compare_daily_series
    from engine.ingestion.record_tables import rows_from_table

    market = config.market
    table = stores.lake.read(market.market, "futures_bar")
    bars = [row for row in rows_from_table("futures_bar", table) if isinstance(row, FuturesBar)]
    return {
        "market": market.market,
        "tick": market.contract.tick_size,
        "pairs": [
            {
                "first": pair.first,
                "second": pair.second,
                "common_sessions": pair.common_sessions,
                "within_a_tick": pair.within_a_tick,
                "agreement": finite_or_none(pair.agreement),
                "recent_agreement": finite_or_none(pair.recent_agreement),
                "disagreements": [
                    {
                        "day": one.day.isoformat(),
                        "first_close": one.first_close,
                        "second_close": one.second_close,
                        "first_contract": one.first_contract,
                        "second_contract": one.second_contract,
                        "other_contract": one.other_contract,
                        "ticks": one.ticks,
                    }
                    for one in reversed(pair.disagreements)
                ],
            }
            for pair in compare_daily_series(bars, market)
        ],
    }


def keep_comparison(stores: Stores, config: HydraConfig, *, now_ts: int) -> None:
    """Note the comparison for the health of feeds and the screens, which do not read the lake. Each pair's
    newest 20 disagreements are kept."""
    from engine.ingestion.quality.data_quality import COMPARISON_VIEW

    document = data_compare(stores, config)
    for pair in document["pairs"]:
        pair["disagreements"] = pair["disagreements"][:_KEPT_DISAGREEMENTS]
    stores.state.put_view(f"{COMPARISON_VIEW}:{config.market.market}", document, now_ts)
