"""The edge: what is left when inputs and market are as in training.

When the edge is lost while a rival cause is some way to its own threshold, the verdict waits for at most
`confirm_bars`: a rival that is true shows itself within them.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.agent.detectors.base import Reading
from engine.agent.observer import Observer
from engine.agent.triage.interface import NOT_MINE, WAIT, RuleState, TriageRule, Verdict
from engine.agent.triage.lost_edge.edge_diagnosis import alarmed_edge


class LostEdge(TriageRule):
    """Evidence of a lost edge, named overfit, decay or concept drift."""

    name = "lost_edge"
    causes = frozenset({"overfit", "decay", "concept_drift"})
    detectors = ("edge_evidence", "feature_variance", "volatility")
    held_as = "edge"

    def judge(
        self, decisive: Sequence[Reading], breached: Sequence[Reading], observer: Observer, state: RuleState
    ) -> Verdict:
        """See `TriageRule.judge`."""
        found = self.opening(breached)
        if not found:
            return NOT_MINE
        if state.waited_bars < observer.config.confirm_bars and self._has_rival(decisive, observer):
            return WAIT
        return alarmed_edge(found[0], decisive, observer)

    def _has_rival(self, decisive: Sequence[Reading], observer: Observer) -> bool:
        support = observer.config.support_fraction
        return any(item.detector in self.detectors[1:] and item.fullness >= support for item in decisive)
