"""The last step of every triage rule: its finding as a `Diagnosis`, with the causes that were looked at and refused."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.agent.detectors.base import AlertLevel, Reading
from engine.agent.diagnosis import Cause, Diagnosis, RejectedCause
from engine.agent.evidence import Evidence
from engine.agent.observer import Observer
from engine.agent.triage.evidence_building import cite

SHOCK_BARS: Final = 20
LOOKED_AT: Final[tuple[tuple[Cause, str, str], ...]] = (
    ("data_feed", "staleness", "no input stands still: longest run {value:.0f} of {limit:.0f} bars ({subject})"),
    ("feature_drift", "feature_variance", "inputs move as in training: {value:.1f} of {limit:.1f} nats ({subject})"),
    ("regime_volatility", "volatility", "volatility is as in training: {value:.1f} of {limit:.1f} nats"),
    ("regime_liquidity", "liquidity", "trading costs are as in training: strain {value:.1f} of {limit:.1f} sd"),
    ("concept_drift", "edge_evidence", "the forecasts' edge is not shown to be lost: {value:.1f} of {limit:.1f} nats"),
)


def conclude(
    observer: Observer,
    decisive: Sequence[Reading],
    *,
    cause: Cause,
    severity: AlertLevel,
    affected: tuple[str, ...],
    recommended: str,
    change_ts: int,
    confidence: float,
    summary: str,
    evidence: Sequence[Evidence],
    estimates: Mapping[str, Any],
) -> Diagnosis:
    """A diagnosis at the observer's last bar. Fields mean what they mean in `Diagnosis`; the bars since the change are
    counted here and end the evidence."""
    bars_since = cite(
        observer, "bars since the change", "bars", None, "bars", change_ts, {}, "{value:.0f} bars since then"
    )
    return Diagnosis(
        ts=observer.history[-1].ts,
        model_id=observer.reference.model_id,
        cause=cause,
        severity=severity,
        affected=affected,
        recommended=recommended,
        change_ts=change_ts,
        bars_since_change=sum(1 for item in observer.history if item.ts >= change_ts),
        confidence=confidence,
        summary=summary,
        evidence=(*evidence, bars_since),
        rejected=rejected_causes(cause, decisive, observer),
        estimates=estimates,
    )


def rejected_causes(cause: Cause, decisive: Sequence[Reading], observer: Observer) -> tuple[RejectedCause, ...]:
    """Every other cause with the number that refuses it: its detector's fullest reading, or for an external event the
    largest move of the last bars."""
    best: dict[str, Reading] = {}
    for item in decisive:
        if item.detector not in best or item.fullness > best[item.detector].fullness:
            best[item.detector] = item
    related = {cause, "concept_drift"} if cause in ("decay", "overfit") else {cause}
    rejected = []
    for rival, detector, why in LOOKED_AT:
        reading = best.get(detector)
        if rival in related or reading is None:
            continue
        if reading.breached:
            why = "explained by the cause found, which comes first: {value:.1f} of {limit:.1f} ({subject})"
        text = why.format(value=reading.value, limit=reading.threshold, subject=reading.subject)
        rejected.append(RejectedCause(rival, text))
    shock = max(
        (
            abs(item.realised_return)
            for item in list(observer.history)[-SHOCK_BARS:]
            if math.isfinite(item.realised_return)
        ),
        default=0.0,
    )
    sds = shock / observer.reference.training_volatility
    rejected.append(
        RejectedCause("external_event", f"largest move of the last {SHOCK_BARS} bars is {sds:.1f} training sd")
    )
    return tuple(rejected)
