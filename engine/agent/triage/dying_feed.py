"""Data audit: an input moves otherwise than in training because it is about to stand still.

The innovations of a rounded input that dies are told from training's before its run of equal values is long enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.agent.detectors.base import Reading
from engine.agent.observer import Observer
from engine.agent.triage.interface import NOT_MINE, RuleState, TriageRule, Verdict
from engine.agent.triage.standstill import standstill_diagnosis

HALFWAY: Final = 0.5  # of the limit of its standstill
LEAST_RUN_BARS: Final = 5.0


class DyingFeed(TriageRule):
    """Changed innovations of an input that is half way to a standstill."""

    name = "dying_feed"
    causes = frozenset({"data_feed"})
    detectors = ("feature_variance", "staleness")

    def judge(
        self, decisive: Sequence[Reading], breached: Sequence[Reading], observer: Observer, state: RuleState
    ) -> Verdict:
        """See `TriageRule.judge`."""
        changed = {item.subject for item in self.opening(breached)}
        still = [
            item
            for item in decisive
            if item.detector == "staleness"
            and item.subject in changed
            and item.fullness >= HALFWAY
            and item.value >= LEAST_RUN_BARS
        ]
        return standstill_diagnosis(still, decisive, observer) if still else NOT_MINE
