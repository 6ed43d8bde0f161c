"""Regime: spreads are wide or volume is thin. It changes how fast to trade, not what the forecast says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.agent.detectors.base import Reading
from engine.agent.evidence import Evidence
from engine.agent.observer import Observer
from engine.agent.triage.conclusion import conclude
from engine.agent.triage.evidence_building import cite
from engine.agent.triage.interface import NOT_MINE, RuleState, TriageRule, Verdict
from engine.agent.wording import moment

CERTAINTY: Final = 0.99


class LiquidityRegime(TriageRule):
    """Smoothed tightness of spread and volume beyond training's."""

    name = "liquidity_regime"
    causes = frozenset({"regime_liquidity"})
    detectors = ("liquidity",)
    held_as = "regime_liquidity"

    def judge(
        self, decisive: Sequence[Reading], breached: Sequence[Reading], observer: Observer, state: RuleState
    ) -> Verdict:
        """See `TriageRule.judge`."""
        found = self.opening(breached)
        if not found:
            return NOT_MINE
        reading = found[0]
        change = reading.since_ts
        evidence = _cost_evidence(observer, change)
        said = " and ".join(item.says for item in evidence)
        return conclude(
            observer,
            decisive,
            cause="regime_liquidity",
            severity="WARNING",
            affected=("market",),
            recommended="trade_slower",
            change_ts=change,
            confidence=CERTAINTY,
            summary=(
                f"Regime: trading has become expensive since {moment(change)}: {said} (strain {reading.value:.1f} sd, "
                f"limit {reading.threshold:.1f}); trade slower, the forecasts still hold."
            ),
            evidence=evidence,
            estimates={},
        )


def _cost_evidence(observer: Observer, change_ts: int) -> list[Evidence]:
    """Spread and volume, each where training's varied."""
    reference = observer.reference
    evidence = []
    if reference.log_spread[1] > 0.0:
        evidence.append(
            cite(
                observer,
                "spread",
                "x training",
                None,
                "spread_ratio",
                change_ts,
                {"training_log_mean": reference.log_spread[0]},
                "the spread is {value:.1f} times training",
            )
        )
    if reference.log_volume[1] > 0.0:
        evidence.append(
            cite(
                observer,
                "volume",
                "x training",
                None,
                "volume_ratio",
                change_ts,
                {"training_log_mean": reference.log_volume[0]},
                "volume is {value:.2f} times training",
            )
        )
    return evidence
