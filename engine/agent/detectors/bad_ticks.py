"""Does a feed deliver wrong values now and then? It counts what the tick guard refused.

One lone value far away can be anything; `bad_ticks` of one input within `bad_tick_window_bars` are a feed
at fault. A refused value counts when the input comes back; a level that stays is none.

>>> from engine.agent.tick_guard import LIMIT_JUMP, PATIENCE
>>> LIMIT_JUMP, PATIENCE
(8.0, 3)

Source: runs of rare events against a Bernoulli background; Balakrishnan and Koutras, Runs and Scans with Applications,
2002 (scan statistics).
"""

from __future__ import annotations

from typing import Any

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.reference import ChampionReference
from engine.agent.wording import bars, moment
from engine.kernel.config_models import ObserverConfig


class BadTicks(Detector):
    """Refused values per input within a window."""

    name = "bad_ticks"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        self._refused: dict[int, list[list[int]]] = {}  # input -> [bar, ts] of each refusal

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Count one bar; only inputs with refusals are told."""
        oldest = context.bar - self.config.bad_tick_window_bars
        ts = context.observation.ts
        for index in context.returned:
            self._refused.setdefault(index, []).append([context.bar, ts])
        readings = []
        for index, rows in list(self._refused.items()):
            rows[:] = [row for row in rows if row[0] > oldest]
            if not rows:
                del self._refused[index]
                continue
            count, limit = float(len(rows)), float(self.config.bad_ticks)
            breached = count >= limit and index in context.returned and not self.reference.quarantined[index]
            name = self.reference.feature_names[index]
            readings.append(Reading(self.name, name, count, limit, breached, "CRITICAL", rows[0][1], breached))
        return tuple(readings)

    def describe(self, reading: Reading) -> str:
        """Which feed and how often."""
        return (
            f"Input {reading.subject} delivered {int(reading.value)} lone values far away since "
            f"{moment(reading.since_ts)} (limit {int(reading.threshold)} in {bars(self.config.bad_tick_window_bars)}); "
            "they are not used."
        )

    def state(self) -> dict[str, Any]:
        """Refusals within the window."""
        return {"refused": {str(index): [list(row) for row in rows] for index, rows in self._refused.items()}}

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._refused = {int(index): [list(row) for row in rows] for index, rows in state["refused"].items()}
