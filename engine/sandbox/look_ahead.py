"""Proof against look-ahead: scramble what was published after t, rebuild everything, compare every decision up to t."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from engine.core.records import CotReport, FuturesBar, Headline, OptionChain, RawRecord
from engine.core.trading_types import Prediction
from engine.ingestion.record_reader import records_from_tables
from engine.kernel.canonical import canonical_json, finite_or_none
from engine.kernel.config_models import HydraConfig
from engine.sandbox.market_history import MarketHistory, expiry_days, history_from_records
from engine.sandbox.replay import replay
from engine.sandbox.table_scramble import scramble_tables

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN_CHARACTERS: Final = 400

Decide = Callable[[MarketHistory], Sequence[Prediction | None]]


@dataclass(frozen=True, slots=True)
class LookAheadResult:
    """Whether every line up to `at_ts` was the same; `compared` counts lines, `first_difference` shows the first
    leak. `scrambled_rows` counts by dataset where stored tables were scrambled."""

    clean: bool
    at_ts: int
    compared: int
    scrambled_records: int
    first_difference: str
    scrambled_rows: Mapping[str, int] = field(default_factory=dict)


def prove(records: Sequence[RawRecord], config: HydraConfig, decide: Decide, at_ts: int, seed: int) -> LookAheadResult:
    """Run `decide` and the replay on the records and on a copy scrambled after `at_ts`.

    Decision bars, features, models and decisions are rebuilt in both runs; up to `at_ts` every record, feature,
    prediction and decision line must be byte-identical. Flags of the records are taken as they are.
    """
    changed = scramble(records, at_ts, seed)
    scrambled = sum(before is not after for before, after in zip(records, changed, strict=True))
    return _compared(records, changed, config, decide, at_ts, scrambled, {})


def prove_tables(
    tables: Mapping[str, pa.Table], config: HydraConfig, decide: Decide, at_ts: int, seed: int
) -> LookAheadResult:
    """As `prove`, from the stored tables: they are scrambled after `at_ts`, and flags, rolls and records are read from
    the scrambled ones through the same reader. What the reader derived up to `at_ts` is compared as well."""
    changed, counts = scramble_tables(tables, at_ts, seed)
    left, right = records_from_tables(tables), records_from_tables(changed)
    return _compared(left, right, config, decide, at_ts, sum(counts.values()), counts)


def _compared(
    true: Sequence[RawRecord],
    changed: Sequence[RawRecord],
    config: HydraConfig,
    decide: Decide,
    at_ts: int,
    scrambled: int,
    by_dataset: Mapping[str, int],
) -> LookAheadResult:
    left = _trace(true, config, decide, at_ts)
    right = _trace(changed, config, decide, at_ts)
    difference = next((_shown(a, b) for a, b in zip(left, right, strict=False) if a != b), "")
    if not difference and len(left) != len(right):
        difference = f"{len(left)} lines against {len(right)}"
    return LookAheadResult(not difference, at_ts, len(left), scrambled, difference, by_dataset)


def _shown(left: str, right: str) -> str:
    """Two lines that differ, cut to where they do: an option chain is many screens long."""
    shared = min(len(left), len(right))
    place = next((index for index in range(shared) if left[index] != right[index]), shared)
    if max(len(left), len(right)) <= _SHOWN_CHARACTERS:
        return f"{left!r} against {right!r}"
    begin, end = max(0, place - _SHOWN_CHARACTERS // 2), place + _SHOWN_CHARACTERS // 2
    return f"{left[:80]!r} ... {left[begin:end]!r} against {right[begin:end]!r}"


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
    lines = [repr(record) for record in records if record.known_ts <= at_ts]
    for index, bar in enumerate(history.bars):
        if bar.known_ts > at_ts:
            break
        prediction = predictions[index]
        said = None if prediction is None else [prediction.expected_return, prediction.return_sd, prediction.usable]
        lines.append(
            canonical_json(
                [
                    bar.known_ts,
                    bar.contract,
                    list(bar.flags),
                    [finite_or_none(value) for value in history.values[index].tolist()],
                    said,
                ]
            )
        )
    return lines + [text for known_ts, text in outcome.decision_lines if known_ts <= at_ts]
