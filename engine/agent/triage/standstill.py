"""The diagnosis of inputs that stand still, whichever rule has found them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.agent.detectors.base import Reading
from engine.agent.diagnosis import Diagnosis
from engine.agent.observer import Observer
from engine.agent.triage.conclusion import conclude
from engine.agent.triage.evidence_building import cite
from engine.agent.wording import bars, listing, moment

CERTAINTY: Final = 0.999
FORMULAS: Final = ("equal_values_run", "event_time_run", "missing_run", "flagged_run")  # by the reading's "kind"


def standstill_diagnosis(still: Sequence[Reading], decisive: Sequence[Reading], observer: Observer) -> Diagnosis:
    """`still` are readings of the staleness detector, one at least; inputs that fell still with them are affected."""
    reference = observer.reference
    quiet = {*observer.staleness.companions(), *(item.subject for item in still)}
    names = tuple(name for name in reference.feature_names if name in quiet)
    change = min(item.since_ts for item in still)
    evidence = []
    for item in still:
        facts = dict(item.information)
        natural = int(facts["natural"])
        in_training = f"in training never for more than {bars(natural)}" if natural > 1 else "in training it never did"
        evidence.append(
            cite(
                observer,
                f"standstill of {item.subject}",
                "bars",
                item.threshold,
                FORMULAS[int(facts["kind"])],
                change,
                {"index": reference.index_of(item.subject)},
                f"{item.subject} stands still for {{value:.0f}} bars; {in_training}",
            )
        )
    longest = int(max(item.value for item in still))
    return conclude(
        observer,
        decisive,
        cause="data_feed",
        severity="CRITICAL",
        affected=names,
        recommended="quarantine_feature",
        change_ts=change,
        confidence=CERTAINTY,
        summary=(
            f"Data feed: {listing(names)} stand{'s' if len(names) == 1 else ''} still since {moment(change)} "
            f"({bars(longest)}, limit {int(still[0].threshold)}); the champion is trading on old values."
        ),
        evidence=evidence,
        estimates={"features": list(names), "feed": "stale"},
    )
