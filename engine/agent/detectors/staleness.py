"""Is a feed dead? Equal values, event times that stand still, missing values, and the store's own verdict on age.

Idea: a continuous input never repeats bit for bit, so three equal values are a dead feed. Inputs that are rounded do
repeat, so each one's rule is measured in training: with a natural repeat share q, a run is suspicious when it is
longer than any seen, and longer than `log(stale_false_alarm) / log(q)`. The same holds for event times that do not
move. A value that stays at or beyond the edge of its training range while its event time moves is saturated, not
stale: that is the business of `feature_variance`.

>>> needed_run(share=0.0, longest=1, least=3, false_alarm=1e-6)
3
>>> needed_run(share=0.3, longest=6, least=3, false_alarm=1e-6)
13

Source: run lengths of a Bernoulli repeat; Balakrishnan and Koutras, Runs and Scans with Applications, 2002.
"""

from __future__ import annotations

import math
from typing import Any, Final

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.reference import ChampionReference
from engine.agent.wording import bars, moment
from engine.kernel.config_models import ObserverConfig

REPEAT, EVENT, MISSING, FLAGGED = 0.0, 1.0, 2.0, 3.0
MOVING: Final = (1, 1, 0, 0)  # runs of an input that shows no sign of standing still
KINDS = ("repeats one value", "has the same event time", "is missing", "is called too old by the store")


def needed_run(share: float, longest: int, least: int, false_alarm: float) -> int:
    """Equal values in a row that mean a dead feed, given the natural repeat share and longest natural run."""
    if share <= 0.0:
        return max(least, longest + 2)
    if share >= 0.9:
        return max(least, 4 * longest)
    return max(least, longest + 3, 1 + math.ceil(math.log(false_alarm) / math.log(share)))


class Staleness(Detector):
    """Runs of equal values, still event times, missing values and stale flags, per input."""

    name = "staleness"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        ref, width = self.reference, len(self.reference.feature_names)
        least, chance = self.config.stale_repeats, self.config.stale_false_alarm
        self._needed = [
            (
                needed_run(ref.repeat_share[i], ref.longest_repeat[i], least, chance),
                needed_run(ref.event_repeat_share[i], ref.longest_event_repeat[i], least, chance),
                needed_run(ref.missing_share[i], 1, least, chance),
                least,
            )
            for i in range(width)
        ]
        self._last: list[tuple[float | None, int]] = [(None, 0) for _ in range(width)]
        self._runs = [list(MOVING) for _ in range(width)]
        self._since = [[0, 0, 0, 0] for _ in range(width)]
        self._moving = [self._reading(index) for index in range(width)]  # but for its moment: nearly every bar's

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Count one bar."""
        seen = context.observation
        ts = seen.ts
        readings: list[Reading] = []
        rows = zip(seen.values, seen.event_ts_by_feature, seen.stale, self._last, self._moving, strict=True)
        for index, (value, event_ts, flagged, (last_value, last_event), moving) in enumerate(rows):
            if value != last_value and event_ts != last_event and not flagged and math.isfinite(value):
                self._runs[index], self._since[index] = list(MOVING), [ts, ts, ts, ts]
                self._last[index] = (value, event_ts)
                detector, subject, run, needed, breached, level, _, judged, facts = moving
                readings.append(Reading(detector, subject, run, needed, breached, level, ts, judged, facts))
            else:
                self._count(index, value, event_ts, flagged, ts)
                readings.append(self._reading(index))
        return tuple(readings)

    def _count(self, index: int, value: float, event_ts: int, flagged: bool, ts: int) -> None:
        runs, since = self._runs[index], self._since[index]
        last_value, last_event = self._last[index]
        known = math.isfinite(value)
        pinned = known and event_ts > last_event and not self._inside(index, value)
        still = (
            known and last_value is not None and value == last_value and not pinned,
            event_ts == last_event,
            not known,
            flagged,
        )
        for kind, same in enumerate(still):
            if not same:
                runs[kind], since[kind] = MOVING[kind], ts
            else:
                if runs[kind] == 0:
                    since[kind] = ts
                runs[kind] += 1
        self._last[index] = (value if known else None, event_ts)

    def _reading(self, index: int) -> Reading:
        runs, needed = self._runs[index], self._needed[index]
        worst = max(range(4), key=lambda kind: runs[kind] / needed[kind])
        judged = not self.reference.quarantined[index]
        return Reading(
            self.name,
            self.reference.feature_names[index],
            float(runs[worst]),
            float(needed[worst]),
            runs[worst] >= needed[worst] and judged,
            "CRITICAL",
            self._since[index][worst],
            judged,
            (("kind", float(worst)), ("natural", float(self._natural(index, worst)))),
        )

    def _inside(self, index: int, value: float) -> bool:
        low, high = self.reference.feature_low[index], self.reference.feature_high[index]
        edge = 0.02 * (high - low)
        return low + edge < value < high - edge

    def _natural(self, index: int, kind: int) -> int:
        ref = self.reference
        return (ref.longest_repeat[index], ref.longest_event_repeat[index], 0, 0)[kind]

    def companions(self) -> tuple[str, ...]:
        """Inputs that fell still in the same bar as a breached one: parts of one feed."""
        breached = [
            (index, kind)
            for index in range(len(self._runs))
            for kind in range(4)
            if self._runs[index][kind] >= self._needed[index][kind] and not self.reference.quarantined[index]
        ]
        starts = {self._since[index][kind] for index, kind in breached}
        names = []
        for index, name in enumerate(self.reference.feature_names):
            if any(item == index for item, _ in breached):
                names.append(name)
                continue
            shares = (self.reference.repeat_share[index], self.reference.event_repeat_share[index])
            for kind in (0, 1):
                run = self._runs[index][kind]
                unlikely = shares[kind] ** max(run - 1, 0) < 1e-3
                if run >= 3 and unlikely and self._since[index][kind] in starts:
                    names.append(name)
                    break
        return tuple(names)

    def moving(self, index: int) -> bool:
        """True where an input shows no sign of standing still: no run beyond training's, known, not called too old."""
        runs = self._runs[index]
        usual = self.reference.longest_repeat[index], self.reference.longest_event_repeat[index]
        return runs[0] <= usual[0] and runs[1] <= usual[1] and not runs[2] + runs[3]

    def describe(self, reading: Reading) -> str:
        """Which input stands still, for how long, and what is natural."""
        facts = dict(reading.information)
        natural = int(facts["natural"])
        usual = f", longest run in training {natural}" if natural else ""
        return (
            f"Input {reading.subject} {KINDS[int(facts['kind'])]} for {bars(int(reading.value))} since "
            f"{moment(reading.since_ts)} (limit {bars(int(reading.threshold))}{usual})."
        )

    def state(self) -> dict[str, Any]:
        """Runs, their starts and the last value of every input."""
        return {
            "last": [list(item) for item in self._last],
            "runs": [list(item) for item in self._runs],
            "since": [list(item) for item in self._since],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._last = [(item[0], int(item[1])) for item in state["last"]]
        self._runs = [list(item) for item in state["runs"]]
        self._since = [list(item) for item in state["since"]]
