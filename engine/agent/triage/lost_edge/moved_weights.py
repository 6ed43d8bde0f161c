"""Which weights of a linear champion are to blame: what became of each since the change, as a multiple of what was
learned (`engine/agent/attribution.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.agent.evidence import Evidence
from engine.agent.observer import Observer
from engine.agent.triage.evidence_building import bar_before, cite

MOSTLY_GONE: Final = 0.25  # multiple of the trained weight


@dataclass(frozen=True, slots=True)
class MovedWeights:
    """`affected` with its evidence, the most changed first; `multipliers` of every input (1 = as trained, -1 =
    flipped), empty for a champion that is not linear."""

    affected: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    multipliers: dict[str, float]


def moved_weights(observer: Observer, change_ts: int) -> MovedWeights:
    """Inputs whose weight is mostly gone, or else the one that lost most; "champion" where it is not linear."""
    reference = observer.reference
    if reference.coefficients is None:
        return MovedWeights(("champion",), (), {})
    found: dict[str, Evidence] = {}
    before = bar_before(observer.history, change_ts)
    for index, name in enumerate(reference.feature_names):
        basis = {
            "index": index,
            "coefficients": list(reference.coefficients),
            "feature_mean": list(reference.feature_mean),
            "feature_sd": list(reference.feature_sd),
            "residual_sd": reference.residual_sd,
        }
        found[name] = cite(
            observer,
            f"weight of {name}",
            "x trained",
            None,
            "input_multiplier",
            before,
            basis,
            f"the weight of {name} is now {{value:+.1f}} times what was learned",
        )
    changed = sorted((name for name in found if found[name].value < MOSTLY_GONE), key=lambda name: found[name].value)
    affected = tuple(changed) or (min(found, key=lambda name: found[name].value),)
    return MovedWeights(
        affected, tuple(found[name] for name in affected), {name: item.value for name, item in found.items()}
    )
