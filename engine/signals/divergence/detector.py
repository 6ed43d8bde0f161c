"""From one moment's readings to the one rule that fires, its confidence, its suggestion and its evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.signals.divergence.axes import Axes, DivergenceInput, DivergenceThresholds, Latches, read_axes
from engine.signals.divergence.divergence_type import DivergenceType, SuggestedBias
from engine.signals.divergence.evidence import EvidenceItem
from engine.signals.divergence.rules.registry import rule_of


@dataclass(frozen=True, slots=True)
class Divergence:
    """`direction` -1, 0 or +1 is the direction of `suggested_bias`; `gap` the size of what fired in standard deviations
    of the past (NaN where insufficient); `confidence` in [0, 1]; `rule` says in one sentence what fired; `evidence` has
    its numbers; `latches` is the state for the next moment. `magnitude` is the gap over its usual size before (NaN
    until the past is long enough: whoever keeps the past fills it in)."""

    type: DivergenceType
    direction: int
    gap: float
    confidence: float
    suggested_bias: SuggestedBias
    rule: str
    evidence: tuple[EvidenceItem, ...]
    latches: Latches
    magnitude: float = math.nan


def detect(values: DivergenceInput, latches: Latches, thresholds: DivergenceThresholds) -> Divergence:
    """Classify one moment given the latches of the moment before. Pure; never raises, whatever the numbers."""
    axes = read_axes(values, latches, thresholds)
    rule = rule_of(axes)
    direction = rule.direction(axes)
    return Divergence(
        type=rule.type,
        direction=direction,
        gap=rule.gap(axes),
        confidence=rule.confidence(axes),
        suggested_bias=rule.bias(direction),
        rule=rule.sentence(axes),
        evidence=_evidence(values, axes),
        latches=axes.now,
    )


def _evidence(values: DivergenceInput, axes: Axes) -> tuple[EvidenceItem, ...]:
    held, t = axes.held, axes.thresholds
    return (
        EvidenceItem("options_lean_sd", values.options, t.leave if held.options else t.enter),
        EvidenceItem("crowd_lean_sd", values.crowd, t.leave if held.crowd else t.enter),
        EvidenceItem("crowd_extreme_sd", values.crowd, t.extreme_leave if held.extreme else t.extreme_enter),
        EvidenceItem("tails_sd", values.tails, t.leave if held.tails else t.enter),
        EvidenceItem(
            "options_confidence",
            axes.options_confidence,
            t.confidence_leave if held.options_known else t.confidence_enter,
        ),
        EvidenceItem(
            "crowd_confidence", axes.crowd_confidence, t.confidence_leave if held.crowd_known else t.confidence_enter
        ),
        EvidenceItem("tails_confidence", axes.tails_confidence),
    )
