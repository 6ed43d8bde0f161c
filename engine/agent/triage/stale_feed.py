"""Data audit: an input stands still. A dead feed explains everything after it, so it is asked first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.agent.detectors.base import Reading
from engine.agent.observer import Observer
from engine.agent.triage.interface import NOT_MINE, WAIT, RuleState, TriageRule, Verdict
from engine.agent.triage.standstill import standstill_diagnosis

FEED_GROUP_BARS: Final = 1  # a feed's inputs fall still together; one more bar shows the slower ones


class StaleFeed(TriageRule):
    """A standstill longer than training's, once the other inputs of the feed had time to show theirs."""

    name = "stale_feed"
    causes = frozenset({"data_feed"})
    detectors = ("staleness",)

    def judge(
        self, decisive: Sequence[Reading], breached: Sequence[Reading], observer: Observer, state: RuleState
    ) -> Verdict:
        """See `TriageRule.judge`."""
        still = self.opening(breached)
        if not still:
            return NOT_MINE
        if state.waited_bars < FEED_GROUP_BARS:
            return WAIT
        return standstill_diagnosis(still, decisive, observer)
