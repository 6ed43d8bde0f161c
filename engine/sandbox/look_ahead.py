"""Proof against look-ahead: scramble what was published after t, rebuild everything, compare every decision up to t."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.core.records import CotReport, FuturesBar, Headline, OptionChain, RawRecord
from engine.core.trading_types import Prediction
from engine.kernel.canonical import canonical_json, finite_or_none
from engine.kernel.config_models import HydraConfig
from engine.sandbox.market_history import MarketHistory, expiry_days, history_from_records
from engine.sandbox.replay import replay

Decide = Callable[[MarketHistory], Sequence[Prediction | None]]


@dataclass(frozen=True, slots=True)
class LookAheadResult:
    """Whether every line up to `at_ts` was the same; `compared` counts lines, `first_difference` shows the first
    leak."""

    clean: bool
    at_ts: int
    compared: int
    scrambled_records: int
    first_difference: str


def prove(records: Sequence[RawRecord], config: HydraConfig, decide: Decide, at_ts: int, seed: int) -> LookAheadResult:
    """Run `decide` and the replay on the records and on a copy scrambled after `at_ts`.

    Rolls, features, models and decisions are all rebuilt in both runs; up to `at_ts` every feature, prediction and
    decision line must be byte-identical.
    """
    changed = scramble(records, at_ts, seed)
    scrambled = sum(before is not after for before, after in zip(records, changed, strict=True))
    left = _trace(records, config, decide, at_ts)
    right = _trace(changed, config, decide, at_ts)
    difference = next((f"{a!r} against {b!r}" for a, b in zip(left, right, strict=False) if a != b), "")
    if not difference and len(left) != len(right):
        difference = f"{len(left)} lines against {len(right)}"
    return LookAheadResult(not difference, at_ts, len(left), scrambled, difference)


def scramble(records: Sequence[RawRecord], after_ts: int, seed: int) -> list[RawRecord]:
    """The same records with every number and text that was published after `after_ts` replaced by chance; times
    stay."""
    chance = random.Random(seed)
    return [_scrambled(record, chance) if record.known_ts > after_ts else record for record in records]


def _scrambled(record: RawRecord, chance: random.Random) -> RawRecord:
    factor = chance.uniform(0.5, 2.0)
    if isinstance(record, FuturesBar):
        prices = sorted(record.close * factor * chance.uniform(0.95, 1.05) for _ in range(4))
        first, last = chance.sample(prices, 2)
        return replace(record, low=prices[0], high=prices[3], open=first, close=last, volume=record.volume * factor)
    if isinstance(record, OptionChain):
        quotes = tuple(
            replace(
                quote,
                bid=quote.bid * factor,
                ask=quote.ask * factor,
                last=quote.last * factor,
                open_interest=quote.open_interest * chance.uniform(0.1, 10.0),
            )
            for quote in record.quotes
        )
        return replace(record, quotes=quotes)
    if isinstance(record, CotReport):
        positions = tuple(
            replace(item, long=item.long * chance.uniform(0.1, 10.0), short=item.short * factor)
            for item in record.positions
        )
        return replace(record, positions=positions)
    words = record.title.split()
    chance.shuffle(words)
    return (
        replace(record, title=" ".join([*words, chance.choice(["surge", "slump", "rally", "glut"])]))
        if isinstance(record, Headline)
        else record
    )


def _trace(records: Sequence[RawRecord], config: HydraConfig, decide: Decide, at_ts: int) -> list[str]:
    history = history_from_records(records, config)
    predictions = decide(history)
    outcome = replay(history.bars, predictions, config, days_to_expiry=expiry_days(history.bars, config))
    lines = []
    for index, bar in enumerate(history.bars):
        if bar.known_ts > at_ts:
            break
        prediction = predictions[index]
        said = None if prediction is None else [prediction.expected_return, prediction.return_sd, prediction.usable]
        lines.append(
            canonical_json([bar.known_ts, [finite_or_none(value) for value in history.values[index].tolist()], said])
        )
    return lines + [text for known_ts, text in outcome.decision_lines if known_ts <= at_ts]
