"""The rolls of the decision series: when, what each is worth, and how they stand against calendar and other prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.kernel.canonical import finite_or_none
from engine.kernel.errors import NotFoundError

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores

EVIDENCE_SERIES = "databento_1h"
_SAME_SCALE_TICKS = 2.4  # 0.06 cents of lean hogs: two clocks, one contract
_OTHER_SCALE_TICKS = 200.0  # 5 cents of lean hogs: two contracts


def data_rolls(stores: Stores, config: HydraConfig) -> dict[str, Any]:
    """Every roll of the decision series with its price difference, and precision and recall against the contract
    calendar and against the rolls that another series' prices show. NotFoundError without bars."""
    from engine.ingestion.calendars.contract_calendar import ContractCalendar
    from engine.ingestion.market_directory import is_reference
    from engine.ingestion.rolls.roll_evidence import observed_rolls, score_rolls
    from engine.ingestion.rolls.roll_store import (
        bars_of_series,
        contract_prices_at_close,
        last_full_hour,
        prices_elsewhere,
        session_day,
    )
    from engine.ingestion.rolls.roll_table import rolls_of

    market = config.market
    bars = bars_of_series(stores, market.market, market.decision_series)
    if not bars:
        raise NotFoundError(f"market {market.market} has no bars of series '{market.decision_series}'; ingest some")
    rolls = rolls_of(bars, prices_elsewhere(stores, market, bars))
    days = [(session_day(roll.event_ts, market), roll.to_contract) for roll in rolls]
    scores: dict[str, Any] = {}
    first, last = (session_day(bars[place].event_ts, market) for place in (0, -1))
    traded = {session_day(bar.event_ts, market) for bar in bars}
    if not is_reference(market):
        expected = {
            (min((day for day in traded if day >= begins), default=begins), contract)
            for begins, contract in ContractCalendar.of(market).roll_days(first, last)
        }
        hits = len(expected & set(days))
        scores["contract calendar"] = _score(hits, len(days), len(expected), 0)
    evidence = bars_of_series(stores, market.market, EVIDENCE_SERIES)
    observed = []
    if evidence and market.bar_seconds >= 86_400:
        tick = market.contract.tick_size
        observed = observed_rolls(
            {session_day(bar.event_ts, market): bar.close for bar in bars if bar.nearby == 1},
            contract_prices_at_close(evidence, market, last_hour=last_full_hour(market)),
            same_scale=_SAME_SCALE_TICKS * tick,
            other_scale=_OTHER_SCALE_TICKS * tick,
        )
        score = score_rolls(days, observed)
        scores[EVIDENCE_SERIES] = _score(score.confirmed, score.judged, score.observed, score.unjudged)
    shown = {roll.contract: roll for roll in observed}
    return {
        "market": market.market,
        "series": market.decision_series,
        "rolls": [
            {
                "day": day.isoformat(),
                "from": roll.from_contract,
                "to": roll.to_contract,
                "old_price": finite_or_none(roll.old_price),
                "new_price": finite_or_none(roll.new_price),
                "difference": finite_or_none(roll.difference),
                "ratio": finite_or_none(roll.ratio),
                "overlap": roll.overlap,
                "observed": None
                if (seen := shown.get(roll.to_contract)) is None
                else {"first": seen.first.isoformat(), "last": seen.last.isoformat(), "log_odds": seen.log_odds},
            }
            for (day, _), roll in zip(days, rolls, strict=True)
        ],
        "scores": scores,
    }


def _score(hits: int, judged: int, expected: int, unjudged: int) -> dict[str, Any]:
    return {
        "confirmed": hits,
        "judged": judged,
        "expected": expected,
        "unjudged": unjudged,
        "precision": hits / judged if judged else None,
        "recall": hits / expected if expected else None,
    }
