"""Random histories of a feature store beside a list of rows that is asked by scanning: obviously right, and slow."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.kernel.workspace_paths import WorkspacePaths
from storage.database import Database
from storage.feature_definitions import FeatureDefinition
from storage.feature_rows import MISSING_AGE_US, FeatureRows
from storage.feature_store import FeatureStore
from storage.snapshots import Snapshot, write_snapshot
from storage.stores import Stores

FEATURES = ("carry", "cot", "iv")
MAX_AGE = {"carry": 3, "cot": 8, "iv": 1}
HIGHEST_SOUND = 2.0  # a value above is out of range
LAST_EVENT, LAST_KNOWN = 12, 18


@dataclass(frozen=True)
class Fact:
    """One stored row."""

    feature: str
    event_ts: int
    known_ts: int
    value: float
    source: str
    version: int
    recorded_ts: int = 0

    def identity(self) -> tuple[object, ...]:
        value = None if math.isnan(self.value) else self.value
        return self.feature, self.event_ts, self.known_ts, self.source, self.version, value

    def beats(self, other: Fact) -> bool:
        """Newest event, then latest known, version, recorded, source, value (missing above all)."""
        return self._rank() > other._rank()

    def quality(self) -> str:
        return "out_of_range" if self.value > HIGHEST_SOUND else "ok"

    def _rank(self) -> tuple[object, ...]:
        missing = math.isnan(self.value)
        number = 0.0 if missing else self.value
        return self.event_ts, self.known_ts, self.version, self.recorded_ts, self.source, missing, number


class Oracle:
    """Every row of one market in a list; every question a scan."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def append(self, facts: Sequence[Fact]) -> int:
        added = 0
        for fact in facts:
            if all(fact.identity() != held.identity() for held in self.facts):
                self.facts.append(fact)
                added += 1
        return added

    def latest(self, as_of: int, recorded: int | None = None) -> dict[str, Fact]:
        answers: dict[str, Fact] = {}
        for fact in self.facts:
            if fact.known_ts > as_of or (recorded is not None and fact.recorded_ts > recorded):
                continue
            if fact.feature not in answers or fact.beats(answers[fact.feature]):
                answers[fact.feature] = fact
        return answers


class History:
    """One random history on a market of its own, so that thousands share one database."""

    def __init__(self, stores: Stores, market: str, chance: random.Random) -> None:
        self.stores = stores
        self.store = FeatureStore(stores.db, stores.paths, stores.events)
        self.market = market
        self.chance = chance
        self.oracle = Oracle()
        self.recorded_ts = 0

    def run(self, steps: int) -> None:
        """Take random steps; raises AssertionError at the first answer that differs from the oracle's."""
        acts: list[tuple[Callable[[], None], int]] = [
            (self.append, 6),
            (self.repeat, 1),
            (self.compact, 3),
            (self.ask, 2),
            (self.reopen, 1),
            (self.sweep, 1),
        ]
        for _ in range(steps):
            self.recorded_ts += 1
            (act,) = self.chance.choices([act for act, _ in acts], [weight for _, weight in acts])
            act()
        self.ask()
        self.audit()
        if self.chance.random() < 0.15:
            self.snapshot()

    def append(self) -> None:
        """New facts, late data, backfills and revisions, in random order."""
        shape = self.chance.choice(("any", "live", "backfill", "revise"))
        self._store([self._fact(shape) for _ in range(self.chance.randint(1, 9))])

    def repeat(self) -> None:
        """Facts that are stored already add nothing."""
        if self.oracle.facts:
            self._store(self.chance.choices(self.oracle.facts, k=3))

    def compact(self) -> None:
        """Sealing and merging change no answer: the same bytes before and after."""
        moments = np.arange(-1, LAST_KNOWN + 2)
        before, rows = self.store.matrix(self.market, moments, FEATURES), self.store.rows(self.market)
        self.store.compact(self.market, ts=self.recorded_ts)
        after = self.store.matrix(self.market, moments, FEATURES)
        assert self.store.tail_rows(self.market) == 0
        assert before.values.tobytes() == after.values.tobytes()
        assert before.age_us.tobytes() == after.age_us.tobytes()
        assert _same(rows, self.store.rows(self.market))

    def reopen(self) -> None:
        """A store without memory."""
        self.store = FeatureStore(self.stores.db, self.stores.paths, self.stores.events)

    def sweep(self) -> None:
        """Files that nothing needs go, while the caches of this store live on."""
        self.store.sweep_orphans()

    def ask(self) -> None:
        """The whole matrix, in random order of moments and columns, and single reads."""
        moments = np.arange(-1, LAST_KNOWN + 2)
        if self.chance.random() < 0.5:
            moments = np.array(self.chance.choices(moments.tolist(), k=9))
        names = self.chance.sample(FEATURES, self.chance.randint(1, len(FEATURES)))
        check_matrix(self.store.matrix(self.market, moments, names), self.oracle, moments.tolist())
        for as_of in (LAST_KNOWN + 1, self.chance.randint(-1, LAST_KNOWN)):
            self._check_reading(as_of, None)

    def audit(self) -> None:
        """What this system really had: known and recorded by then."""
        self._check_reading(self.chance.randint(0, LAST_KNOWN), self.chance.randint(0, self.recorded_ts))

    def snapshot(self) -> None:
        """A snapshot answers as the oracle did at its cut, and is the same one when it is written again."""
        cut = self.chance.randint(0, LAST_KNOWN)
        folder, name = write_snapshot(self.stores, self.market, cut, datasets=())
        at_cut = Oracle()
        at_cut.facts = [fact for fact in self.oracle.facts if fact.known_ts <= cut]
        moments = np.arange(-1, LAST_KNOWN + 2)
        check_matrix(Snapshot(folder).matrix(moments, FEATURES), at_cut, moments.tolist())
        self.store.compact(self.market, ts=self.recorded_ts)
        assert write_snapshot(self.stores, self.market, cut, datasets=()) == (folder, name)

    def _store(self, facts: Sequence[Fact]) -> None:
        stamped = [
            Fact(f.feature, f.event_ts, f.known_ts, f.value, f.source, f.version, self.recorded_ts) for f in facts
        ]
        added = self.store.append(_columns(self.market, stamped), recorded_ts=self.recorded_ts)
        assert added == self.oracle.append(stamped)

    def _fact(self, shape: str) -> Fact:
        chance = self.chance
        event, known = chance.randint(0, LAST_EVENT), chance.randint(0, LAST_KNOWN)
        feature = chance.choice(FEATURES)
        if shape == "live":
            event = min(self.recorded_ts, LAST_EVENT)
            known = event + chance.randint(0, 2)
        elif shape == "backfill":
            known = chance.randint(0, 4)
        elif shape == "revise" and self.oracle.facts:
            held = chance.choice(self.oracle.facts)
            feature, event, known = held.feature, held.event_ts, min(held.known_ts + chance.randint(0, 3), LAST_KNOWN)
        value = chance.choice([0.0, -1.5, 2.25, 1.0, math.nan])
        return Fact(feature, event, known, value, chance.choice("ab"), 1)

    def _check_reading(self, as_of: int, recorded: int | None) -> None:
        expected = self.oracle.latest(as_of, recorded)
        found = self.store.latest(self.market, as_of, recorded_as_of_ts=recorded)
        assert set(found) == set(expected)
        for name, fact in expected.items():
            reading = found[name]
            assert (reading.event_ts, reading.known_ts, reading.recorded_ts, reading.source, reading.quality) == (
                fact.event_ts,
                fact.known_ts,
                fact.recorded_ts,
                fact.source,
                fact.quality(),
            )
            assert np.array_equal([reading.value], [fact.value], equal_nan=True)
            assert reading.age_us == as_of - fact.event_ts
            assert reading.stale == (reading.age_us > MAX_AGE[name])


def check_matrix(found: object, oracle: Oracle, moments: Sequence[int]) -> None:
    """Every cell of a matrix against a scan."""
    for at, as_of in enumerate(moments):
        expected = oracle.latest(as_of)
        for column, name in enumerate(found.names):  # type: ignore[attr-defined]
            value, age, stale = (
                part[at, column]
                for part in (found.values, found.age_us, found.stale)  # type: ignore[attr-defined]
            )
            fact = expected.get(name)
            if fact is None:
                assert math.isnan(value) and age == MISSING_AGE_US and stale
            else:
                assert np.array_equal([value], [fact.value], equal_nan=True)
                assert age == as_of - fact.event_ts
                assert stale == (age > MAX_AGE[name])


def open_stores(root: Path) -> Stores:
    """A workspace with the three features registered."""
    paths = WorkspacePaths(root)
    paths.create()
    stores = Stores(paths, Database(paths.database))
    stores.features.register(
        FeatureDefinition(name, "1", "test", None, HIGHEST_SOUND, MAX_AGE[name], "test", "") for name in FEATURES
    )
    return stores


def _columns(market: str, facts: Sequence[Fact]) -> FeatureRows:
    return FeatureRows(
        market=market,
        feature=[fact.feature for fact in facts],
        event_ts=[fact.event_ts for fact in facts],
        known_ts=[fact.known_ts for fact in facts],
        value=[fact.value for fact in facts],
        quality=["ok"] * len(facts),
        source=[fact.source for fact in facts],
        version=[fact.version for fact in facts],
    )


def _same(left: object, right: object) -> bool:
    """Tables that agree where a missing value equals itself."""
    return repr(left.to_pylist()) == repr(right.to_pylist())  # type: ignore[attr-defined]
