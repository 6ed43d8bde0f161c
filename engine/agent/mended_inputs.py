"""A faulty input is read right at once, at a reduced size, while its repair is tested.

Where a diagnosis says which inputs are at fault and how to read them (re-scaled ones in their old units, a faulty feed
not at all), the champion need not stand aside: it trades through the mended inputs at `MENDED_SIZE`, less than it held
before the fault was found. That is a safe act, reversible and lower in risk; the full size comes back by promotion
alone. The mend belongs to one model, and is the same adjustment that a promoted repair makes (`changed_spec`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from engine.agent.safe_act_words import is_mend
from engine.sandbox.candidate import changed_spec
from engine.sandbox.market_history import to_prediction

if TYPE_CHECKING:
    from engine.agent.champions import LoadedModel
    from engine.agent.diagnosis import Diagnosis
    from engine.agent.reference import ChampionReference
    from engine.core.trading_types import Prediction
    from engine.signals.features import FeatureVector
    from models.champion import Champion
    from storage.model_registry import ModelRecord

MENDED_SIZE: Final = 0.5
LARGEST_FACTOR: Final = 10.0  # a re-scaling by more, or by less than one tenth, is no change of units to be undone
REFINED_BARS: Final = (16, 32, 64, 128)  # after the change: when estimates are taken anew
AS_READ: Final = "{} as read"


def mend_of(diagnosis: Diagnosis, reference: ChampionReference) -> dict[str, Any] | None:
    """The adjustments that read the faulty inputs right: {"restandardise": {input: {"offset", "scale"}}} or
    {"quarantine": [inputs]}.

    None where the diagnosis does not say how, or where more than half of the champion's inputs, those that it does not
    read already among them, would be faulty.
    """
    names = set(diagnosis.affected)
    alive = {name for name, away in zip(reference.feature_names, reference.quarantined, strict=True) if not away}
    if not names or not names <= alive or 2 * len(alive - names) < len(reference.feature_names):
        return None
    if diagnosis.cause == "data_feed" and diagnosis.recommended == "quarantine_feature":
        return {"quarantine": sorted(names)}
    repairs = diagnosis.estimates.get("restandardise", {})
    if diagnosis.cause != "feature_drift" or set(repairs) != names:
        return None
    mend = {"restandardise": {name: dict(repairs[name]) for name in sorted(names)}}
    if not is_mend(mend):
        return None
    scales = [repairs[name]["scale"] / reference.input_scale[reference.index_of(name)] for name in names]
    return mend if all(1.0 / LARGEST_FACTOR <= scale <= LARGEST_FACTOR for scale in scales) else None


def mended_size(act: Mapping[str, Any], champion: ModelRecord | None) -> float:
    """Share of its size that the champion may trade under a stored mend: 0 where the mend is another model's, or cannot
    be read as one of this model's inputs."""
    size = act.get("size_multiplier")
    if champion is None or act.get("model_id") != champion.model_id or not isinstance(size, int | float):
        return 0.0
    if not 0.0 <= size <= MENDED_SIZE or not _is_mend_of(act.get("adjustments"), champion.config["features"]):
        return 0.0
    return float(size)


def _is_mend_of(adjustments: Any, features: Iterable[str]) -> bool:
    return is_mend(adjustments) and all(set(inputs) <= set(features) for inputs in adjustments.values())


class MendedChampions:
    """The champion as it reads mended inputs; each mend is built once. `read_as` says what the last forecast read in
    place of the values that were delivered, by input; None where an input was not read."""

    def __init__(self) -> None:
        self._key = ""
        self._mended: Champion | None = None
        self.read_as: dict[str, float | None] = {}

    def predict(self, loaded: LoadedModel, act: Mapping[str, Any] | None, vector: FeatureVector) -> Prediction:
        """The champion's forecast from one vector under the safe act in force (its stored row)."""
        champion = self.champion(loaded, act)
        self.read_as = {} if champion is loaded.champion or act is None else _read_as(act["adjustments"], vector)
        row = champion.predict_vector(
            vector.names, vector.values, vector.stale, vector.value("volatility_ewma"), ts=vector.ts
        )
        return to_prediction(row)

    def champion(self, loaded: LoadedModel, act: Mapping[str, Any] | None) -> Champion:
        """The champion under the safe act in force: mended where the act is a mend of this very model, else as it is. A
        mend that cannot be read leaves it as it is too; it then holds nothing (`mended_size`)."""
        if act is None or act.get("act") != "mend_inputs" or act.get("model_id") != loaded.model_id:
            return loaded.champion
        adjustments = act.get("adjustments")
        if adjustments is None or not _is_mend_of(adjustments, loaded.champion.spec.features):
            return loaded.champion
        key = json.dumps([loaded.model_id, adjustments], sort_keys=True)
        if key != self._key or self._mended is None:
            from models.champion import Champion

            spec = changed_spec(loaded.champion.spec, {"adjustments": adjustments})
            self._key, self._mended = key, Champion(loaded.model_id, spec, loaded.champion.model)
        return self._mended


def _read_as(adjustments: Mapping[str, Any], vector: FeatureVector) -> dict[str, float | None]:
    read: dict[str, float | None] = dict.fromkeys(adjustments.get("quarantine", ()))
    for name, item in adjustments.get("restandardise", {}).items():
        value = (vector.value(name) - item["offset"]) / item["scale"]
        read[name] = value if math.isfinite(value) else None
    return read
