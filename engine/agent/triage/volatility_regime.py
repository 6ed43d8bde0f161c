"""Regime: returns are louder than in training. It changes how much to trade, not what the forecast says."""

from __future__ import annotations

from collections.abc import Sequence

from engine.agent.change_point import volatility_change
from engine.agent.detectors.base import Reading
from engine.agent.observer import Observer
from engine.agent.triage.conclusion import conclude
from engine.agent.triage.evidence_building import change_probability, cite_slope, cite_volatility
from engine.agent.triage.interface import NOT_MINE, RuleState, TriageRule, Verdict
from engine.agent.wording import moment


class VolatilityRegime(TriageRule):
    """Evidence of a jump of volatility, with the multiple of training that the detector names."""

    name = "volatility_regime"
    causes = frozenset({"regime_volatility"})
    detectors = ("volatility",)
    held_as = "regime_volatility"

    def judge(
        self, decisive: Sequence[Reading], breached: Sequence[Reading], observer: Observer, state: RuleState
    ) -> Verdict:
        """See `TriageRule.judge`."""
        found = self.opening(breached)
        if not found:
            return NOT_MINE
        reading, window = found[0], observer.champion_window
        change = window[volatility_change(window, observer.reference)].ts
        multiple = dict(reading.information)["multiple"]
        return conclude(
            observer,
            decisive,
            cause="regime_volatility",
            severity="WARNING",
            affected=("market",),
            recommended="resize_volatility",
            change_ts=change,
            confidence=change_probability(reading.value),
            summary=(
                f"Regime: volatility is about {multiple:.1f} times training since {moment(change)} (evidence "
                f"{reading.value:.1f} nats, limit {reading.threshold:.1f}); the forecasts still hold, the size does "
                "not."
            ),
            evidence=[
                cite_volatility(observer, change),
                cite_slope(observer, window[0].ts),  # the few bars since then alone say nothing of the edge
            ],
            estimates={"volatility_multiple": multiple},
        )
