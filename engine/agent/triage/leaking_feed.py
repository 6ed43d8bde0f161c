"""Data audit: a changed input knows the return that is still to come, which no honest one does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.agent.detectors.base import Reading
from engine.agent.diagnosis import Diagnosis
from engine.agent.future_knowledge import HONEST_CORRELATION, FutureKnowledge, future_knowledge
from engine.agent.observer import Observer
from engine.agent.triage.conclusion import conclude
from engine.agent.triage.evidence_building import cite
from engine.agent.triage.interface import NOT_MINE, WAIT, RuleState, TriageRule, Verdict
from engine.agent.wording import listing, moment

LEAK_BARS: Final = 41  # the longest window in which a leak is looked for
CERTAINTY: Final = 0.99


class LeakingFeed(TriageRule):
    """Looks at inputs whose innovations changed; waits at most `confirm_bars` while one merely looks like a leak."""

    name = "leaking_feed"
    causes = frozenset({"data_feed"})
    detectors = ("feature_variance",)

    def judge(
        self, decisive: Sequence[Reading], breached: Sequence[Reading], observer: Observer, state: RuleState
    ) -> Verdict:
        """See `TriageRule.judge`."""
        changed = self.opening(breached)
        if not changed:
            return NOT_MINE
        history, reference = list(observer.history)[-LEAK_BARS:], observer.reference
        known = {item.subject: future_knowledge(history, reference.index_of(item.subject)) for item in changed}
        sure = {name: found for name, found in known.items() if found.is_sure}
        if sure:
            return _diagnosis(sure, decisive, observer)
        suspected = any(found.suspect for found in known.values())
        return WAIT if suspected and state.waited_bars < observer.config.confirm_bars else NOT_MINE


def _diagnosis(leaks: Mapping[str, FutureKnowledge], decisive: Sequence[Reading], observer: Observer) -> Diagnosis:
    names = tuple(leaks)
    evidence = [
        cite(
            observer,
            f"{name} and the return of its bar",
            "correlation",
            HONEST_CORRELATION,
            "input_return_correlation",
            found.from_ts,
            {"index": observer.reference.index_of(name)},
            f"{name} has a correlation of {{value:+.2f}} with the return that is still to come",
        )
        for name, found in leaks.items()
    ]
    change = min(found.from_ts for found in leaks.values())
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
            f"Data feed: {listing(names)} knows the coming return too well since {moment(change)} (correlation "
            f"{evidence[0].value:+.2f}, at most {HONEST_CORRELATION:.2f} is believed); a feed that "
            "tells the future is broken."
        ),
        evidence=evidence,
        estimates={"features": list(names), "feed": "leak"},
    )
