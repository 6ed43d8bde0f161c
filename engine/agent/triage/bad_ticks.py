"""Data audit: an input delivers lone values far away, which the tick guard refuses bar by bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.agent.detectors.base import Reading
from engine.agent.observer import Observer
from engine.agent.tick_guard import refusal_limits
from engine.agent.triage.conclusion import conclude
from engine.agent.triage.evidence_building import bar_before, cite, innovation_basis
from engine.agent.triage.interface import NOT_MINE, RuleState, TriageRule, Verdict
from engine.agent.wording import listing, moment

CERTAINTY: Final = 0.99


class BadTicks(TriageRule):
    """More refused values than a sound feed has."""

    name = "bad_ticks"
    causes = frozenset({"data_feed"})
    detectors = ("bad_ticks",)
    held_as = "bad_ticks"

    def judge(
        self, decisive: Sequence[Reading], breached: Sequence[Reading], observer: Observer, state: RuleState
    ) -> Verdict:
        """See `TriageRule.judge`."""
        ticks = self.opening(breached)
        if not ticks:
            return NOT_MINE
        reference = observer.reference
        names = tuple(item.subject for item in ticks)
        change = min(item.since_ts for item in ticks)
        limits = refusal_limits(reference)
        evidence = []
        for name in names:
            index = reference.index_of(name)
            evidence.append(
                cite(
                    observer,
                    f"wrong values of {name}",
                    "jumps",
                    None,
                    "far_jumps",
                    bar_before(observer.history, change),
                    {**innovation_basis(reference, index), "limit": limits[index]},
                    f"{name} jumped {{value:.0f}} times by more than {limits[index]:.1f} innovation sd",
                )
            )
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
                f"Data feed: {listing(names)} delivers lone values far away now and then since {moment(change)} "
                f"({int(max(item.value for item in ticks))}, limit {int(ticks[0].threshold)}); they are not used."
            ),
            evidence=evidence,
            estimates={"features": list(names), "feed": "ticks"},
        )
