"""Undo a change of an input's units, keep the learned weights, and undo the undoing when the units come back.

The offset and scale are estimated from the last good value and what followed (`engine.agent.input_repair`), again on
every bar for the first `settling_bars`, since they grow more exact. Meanwhile the likelihood of the raw input is
compared with that of the repaired one under the input's own AR(1): where the raw one is better by `undo_nats` (a CUSUM,
Page 1954), the vendor has gone back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from engine.agent.diagnosis import Diagnosis
from engine.agent.even_scale import even_score
from engine.agent.healer import HealerDecision
from engine.agent.input_repair import estimate_rescaling
from engine.agent.treatment.desk import ScoredBar, TreatmentDesk
from engine.agent.treatment.market_bar import MarketBar
from engine.agent.treatment.repairs.interface import Repair

QUICK_BARS: Final = 80
EVERY_BARS: Final = 10
LARGEST_STEP: Final = 6.0


class RestandardiseFeature(Repair):
    """Re-scales inputs back to what the champion learned."""

    kind = "restandardise_feature"
    answers = frozenset({"feature_drift"})

    def __init__(self) -> None:
        self._since: dict[int, list[int]] = {}  # feature -> [start of the change (ts), bars under repair]
        self._undo: dict[int, float] = {}
        self._raw: dict[int, float] = {}

    def begin(self, diagnosis: Diagnosis, desk: TreatmentDesk) -> None:
        """Put the first estimates in force."""
        for name, repair in diagnosis.estimates["restandardise"].items():
            index = desk.index_of(name)
            desk.offset[index], desk.scale[index] = repair["offset"], repair["scale"]
            self._since[index] = [diagnosis.change_ts, 0]
            self._undo[index], self._raw[index] = 0.0, math.nan
        desk.note(self.kind, "begun", diagnosis.summary, repairs=dict(diagnosis.estimates["restandardise"]))
        desk.apply_input_repairs()

    def on_bar(self, bar: MarketBar, scored: ScoredBar | None, decision: HealerDecision, desk: TreatmentDesk) -> None:
        """Refine the estimates; end a repair whose cause has gone."""
        observer = desk.healer.observer
        for index, row in list(self._since.items()):
            row[1] += 1
            if self._vendor_went_back(index, bar, desk):
                self._end(index, desk)
                continue
            age = row[1]
            if age < QUICK_BARS or (age < desk.config.settling_bars and age % EVERY_BARS == 0):
                unrepaired = replace(
                    desk.reference,
                    input_offset=(0.0,) * len(desk.offset),
                    input_scale=(1.0,) * len(desk.scale),
                )
                offset, scale = estimate_rescaling(list(observer.history), row[0], unrepaired, index)
                desk.offset[index], desk.scale[index] = offset, scale
                observer.rescale_input(index, offset, scale)

    def _vendor_went_back(self, index: int, bar: MarketBar, desk: TreatmentDesk) -> bool:
        reference, value = desk.reference, bar.values[index]
        if not math.isfinite(value):
            return False
        scale = reference.even_scale[index]
        raw = even_score(value, scale)
        repaired = even_score((value - desk.offset[index]) / desk.scale[index], scale)
        former, self._raw[index] = self._raw[index], value
        if not math.isfinite(former):
            return False
        ar1 = reference.feature_ar1[index]
        sd = reference.innovation_sd[index] * float(desk.healer.observer.innovation_units[index])
        before_raw = even_score(former, scale)
        before = even_score((former - desk.offset[index]) / desk.scale[index], scale)
        as_raw = (raw - ar1 * before_raw) / sd
        as_repaired = (repaired - ar1 * before) / sd
        step = 0.5 * (as_repaired * as_repaired - as_raw * as_raw) + math.log(desk.scale[index])
        held = max(-LARGEST_STEP, min(LARGEST_STEP, step))
        self._undo[index] = max(0.0, self._undo[index] + held)
        return self._undo[index] > desk.config.undo_nats

    def _end(self, index: int, desk: TreatmentDesk) -> None:
        del self._since[index], self._undo[index], self._raw[index]
        desk.offset[index], desk.scale[index] = 0.0, 1.0
        name = desk.rule.feature_names[index]
        desk.note(self.kind, "ended", f"{name} has its old units again", features=[name])
        desk.apply_input_repairs()

    def state(self) -> dict[str, Any]:
        """Repairs in force and the evidence against them."""
        return {
            "since": {str(index): list(row) for index, row in self._since.items()},
            "undo": {str(index): value for index, value in self._undo.items()},
            "raw": {str(index): None if math.isnan(value) else value for index, value in self._raw.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Inverse of `state`."""
        self._since = {int(index): [int(item) for item in row] for index, row in state["since"].items()}
        self._undo = {int(index): float(value) for index, value in state["undo"].items()}
        self._raw = {int(i): math.nan if value is None else float(value) for i, value in state["raw"].items()}
