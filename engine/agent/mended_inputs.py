"""A faulty input is read right at once, at a reduced size, while its repair is tested.

Where a diagnosis says which inputs are at fault and how to read them (re-scaled ones in their old units, a faulty feed
not at all), the champion need not stand aside: it trades through the mended inputs at `MENDED_SIZE`, less than it held
before the fault was found. That is a safe act, reversible and lower in risk; the full size comes back by promotion
alone. The mend belongs to one model, and is the same adjustment that a promoted repair makes (`changed_spec`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from engine.kernel.errors import InputError
from engine.sandbox.candidate import changed_spec

if TYPE_CHECKING:
    from engine.agent.champions import LoadedModel
    from engine.agent.diagnosis import Diagnosis
    from engine.agent.reference import ChampionReference
    from models.champion import Champion

MENDED_SIZE: Final = 0.5
LARGEST_FACTOR: Final = 10.0  # a re-scaling by more, or by less than one tenth, is no change of units to be undone
REFINED_BARS: Final = (16, 32, 64, 128)  # after the change: when estimates are taken anew


def mend_of(diagnosis: Diagnosis, reference: ChampionReference) -> dict[str, Any] | None:
    """The adjustments that read the faulty inputs right: {"restandardise": {input: {"offset", "scale"}}} or
    {"quarantine": [inputs]}.

    None where the diagnosis does not say how, or where fewer than half of the inputs that the champion still reads
    would be sound.
    """
    names = set(diagnosis.affected)
    alive = [name for name, away in zip(reference.feature_names, reference.quarantined, strict=True) if not away]
    if not names or not names <= set(alive) or 2 * len(names) > len(alive):
        return None
    if diagnosis.cause == "data_feed" and diagnosis.recommended == "quarantine_feature":
        return {"quarantine": sorted(names)}
    repairs = diagnosis.estimates.get("restandardise", {})
    if diagnosis.cause != "feature_drift" or set(repairs) != names:
        return None
    if not all(_is_sane(repairs[name], reference, reference.index_of(name)) for name in names):
        return None
    return {"restandardise": {name: dict(repairs[name]) for name in sorted(names)}}


def _is_sane(repair: Mapping[str, float], reference: ChampionReference, index: int) -> bool:
    offset, scale = float(repair.get("offset", math.nan)), float(repair.get("scale", math.nan))
    factor = scale / reference.input_scale[index]
    return math.isfinite(offset) and math.isfinite(factor) and 1.0 / LARGEST_FACTOR <= factor <= LARGEST_FACTOR


class MendedChampions:
    """The champion as it reads mended inputs; each mend is built once."""

    def __init__(self) -> None:
        self._key = ""
        self._mended: Champion | None = None

    def champion(self, loaded: LoadedModel, act: Mapping[str, Any] | None) -> Champion:
        """The champion under the safe act in force (its stored row): mended where the act is a mend of this very model,
        else as it is. A row whose mend cannot be read leaves it as it is too; it then holds nothing
        (`mended_size`)."""
        adjustments = _adjustments(act, loaded.model_id)
        if adjustments is None:
            return loaded.champion
        key = json.dumps([loaded.model_id, adjustments], sort_keys=True)
        if key != self._key or self._mended is None:
            from models.champion import Champion

            spec = changed_spec(loaded.champion.spec, {"adjustments": adjustments})
            self._key, self._mended = key, Champion(loaded.model_id, spec, loaded.champion.model)
        return self._mended


def mended_size(act: Mapping[str, Any], model_id: str | None) -> float:
    """Share of its size that a model may trade under a stored mend: 0 where the mend is another model's or cannot be
    read."""
    return float(act["size_multiplier"]) if model_id and _adjustments(act, model_id) is not None else 0.0


def _adjustments(act: Mapping[str, Any] | None, model_id: str) -> dict[str, Any] | None:
    if act is None or act.get("act") != "mend_inputs" or act.get("model_id") != model_id:
        return None
    adjustments = act.get("adjustments")
    return adjustments if isinstance(adjustments, dict) and adjustments else None


def describe_mend(adjustments: Mapping[str, Any]) -> str:
    """What is mended, for the operator.

    >>> describe_mend({"quarantine": ["skew"]})
    'skew is not read'
    """
    repairs, away = adjustments.get("restandardise", {}), adjustments.get("quarantine", [])
    said = [f"{name} is read as (value - {item['offset']:.3g}) / {item['scale']:.3g}" for name, item in repairs.items()]
    said += [f"{name} is not read" for name in away]
    if not said:
        raise InputError("a mend without an input")
    return ", ".join(said)
