"""Trade without an input that cannot be trusted, and take it back when it is sound again.

The rule reads a muted input as usual (0), which is its best guess. An input that stood still returns when the healer
says that it moves again. One that told the future returns when its innovations were those of training for `sound_bars`
bars in a row (rms within a factor of 1.5) and it no longer knows the returns of its own bar.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from engine.agent.diagnosis import Diagnosis
from engine.agent.healer import HealerDecision
from engine.agent.treatment.desk import ScoredBar, TreatmentDesk
from engine.agent.treatment.market_bar import MarketBar
from engine.agent.treatment.repairs.interface import Repair

SOUND_FACTOR: Final = 1.5
SUSPECT_CORRELATION: Final = 0.5


class QuarantineFeature(Repair):
    """Mutes inputs of a dead or false feed."""

    kind = "quarantine_feature"
    answers = frozenset({"data_feed"})

    def __init__(self) -> None:
        self._former: dict[int, float] = {}
        self._watched: dict[int, list[list[float]]] = {}  # feature -> rows of [squared innovation, input, return]

    def begin(self, diagnosis: Diagnosis, desk: TreatmentDesk) -> None:
        """Mute what is affected."""
        affected = [desk.index_of(name) for name in diagnosis.affected]
        for index in affected:
            desk.muted[index] = True
            if diagnosis.estimates.get("feed") == "leak":
                self._watched[index] = []
        desk.note(self.kind, "begun", diagnosis.summary, features=list(diagnosis.affected))
        desk.apply_input_repairs()

    def on_bar(self, bar: MarketBar, scored: ScoredBar | None, decision: HealerDecision, desk: TreatmentDesk) -> None:
        """Take inputs back that are sound again."""
        for act in decision.safe_acts:
            if act.act == "restore_input":
                places = [desk.index_of(name) for name in act.parameters["features"]]
                self._take_back([place for place in places if place not in self._watched], act.reason, desk)
        for index in list(self._watched):
            rows = self._watched[index]
            context = desk.healer.observer.last_context
            if scored is None or context is None or not math.isfinite(context.innovations[index]):
                continue
            former, self._former[index] = self._former.get(index, 0.0), float(context.inputs[index])
            rows.append([float(context.innovations[index]) ** 2, former, scored.scaled_return])
            del rows[: -desk.config.sound_bars]
            if len(rows) == desk.config.sound_bars and self._is_sound(rows):
                del self._watched[index]
                name = desk.rule.feature_names[index]
                self._take_back([index], f"{name} moved as in training on {len(rows)} bars in a row", desk)

    def _is_sound(self, rows: list[list[float]]) -> bool:
        rms = math.sqrt(sum(row[0] for row in rows) / len(rows))
        energy = math.sqrt(sum(row[1] ** 2 for row in rows) * sum(row[2] ** 2 for row in rows))
        knows = abs(sum(row[1] * row[2] for row in rows)) / energy if energy > 0.0 else 1.0
        return 1.0 / SOUND_FACTOR < rms < SOUND_FACTOR and knows < SUSPECT_CORRELATION

    def _take_back(self, places: list[int], reason: str, desk: TreatmentDesk) -> None:
        places = [place for place in places if desk.muted[place]]
        if not places:
            return
        desk.muted[places] = False
        names = [desk.rule.feature_names[place] for place in places]
        desk.note(self.kind, "ended", reason, features=names)
        desk.apply_input_repairs()

    def state(self) -> dict[str, Any]:
        """Inputs under watch."""
        return {
            "watched": {str(index): [list(row) for row in rows] for index, rows in self._watched.items()},
            "former": {str(index): value for index, value in self._former.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Inverse of `state`."""
        self._former = {int(index): float(value) for index, value in state["former"].items()}
        self._watched = {int(index): [list(row) for row in rows] for index, rows in state["watched"].items()}
