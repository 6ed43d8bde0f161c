"""The edge: what is left when inputs and market are as in training.

When the edge is lost while a rival cause is some way to its own threshold, the verdict waits for at most
`confirm_bars`: a rival that is true shows itself within them. The bars that alarm look bad whatever happened, since it
is they that alarmed; so a proven champion's loss that could be a break or a fade waits for at most `naming_bars` more
before it is named. The alarm itself does not wait, and sizes follow the doubt meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.agent.break_or_fade import BREAK_NATS, FADE_NATS
from engine.agent.detectors.base import Reading
from engine.agent.observer import Observer
from engine.agent.triage.interface import NOT_MINE, WAIT, RuleState, TriageRule, Verdict
from engine.agent.triage.lost_edge.edge_diagnosis import alarmed_edge
from engine.agent.triage.lost_edge.edge_loss import edge_shape
from engine.agent.triage.lost_edge.overfit import OVERFIT_LIFE_BARS


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
        if state.waited_bars < observer.config.naming_bars and self._is_ambiguous(observer):
            return WAIT
        return alarmed_edge(found[0], decisive, observer)

    def _has_rival(self, decisive: Sequence[Reading], observer: Observer) -> bool:
        support = observer.config.support_fraction
        return any(item.detector in self.detectors[1:] and item.fullness >= support for item in decisive)

    def _is_ambiguous(self, observer: Observer) -> bool:
        is_young = observer.age_bars <= OVERFIT_LIFE_BARS
        return not is_young and FADE_NATS < edge_shape(observer).value < BREAK_NATS
