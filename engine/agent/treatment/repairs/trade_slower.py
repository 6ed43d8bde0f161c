"""Go only part of the way to the target on each bar while trading is expensive; at full speed again when it is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.agent.diagnosis import Diagnosis
from engine.agent.healer import HealerDecision
from engine.agent.treatment.desk import ScoredBar, TreatmentDesk
from engine.agent.treatment.market_bar import MarketBar
from engine.agent.treatment.repairs.interface import FULL_SIZE, Repair, SizeRule

CALM_STRAIN: Final = 1.0  # standard deviations of training


class TradeSlower(Repair):
    """Slower and a little smaller in a drought."""

    kind = "trade_slower"
    answers = frozenset({"regime_liquidity"})

    def __init__(self) -> None:
        self._rule = FULL_SIZE
        self._calm_bars = 0

    def begin(self, diagnosis: Diagnosis, desk: TreatmentDesk) -> None:
        """Slow down at once."""
        self._rule = SizeRule(desk.config.drought_size, desk.config.drought_trading_rate)
        self._calm_bars = 0
        desk.healer.treat("regime_liquidity")
        desk.note(
            self.kind,
            "begun",
            diagnosis.summary,
            trading_rate=self._rule.trading_rate,
            size_multiplier=self._rule.share,
        )

    def on_bar(self, bar: MarketBar, scored: ScoredBar | None, decision: HealerDecision, desk: TreatmentDesk) -> None:
        """Back to full speed when the strain is gone for `calm_bars` bars."""
        if self._rule == FULL_SIZE:
            return
        calm = desk.healer.observer.liquidity_strain < CALM_STRAIN
        self._calm_bars = self._calm_bars + 1 if calm else 0
        if self._calm_bars >= desk.config.calm_bars:
            self._rule = FULL_SIZE
            desk.healer.untreat("regime_liquidity")
            desk.note(self.kind, "ended", f"spread and volume are as in training for {self._calm_bars} bars")

    def size_rule(self) -> SizeRule:
        """The slow rule while it lasts."""
        return self._rule

    def state(self) -> dict[str, Any]:
        """The rule in force."""
        return {
            "share": self._rule.share,
            "trading_rate": self._rule.trading_rate,
            "calm_bars": self._calm_bars,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Inverse of `state`."""
        self._rule = SizeRule(float(state["share"]), float(state["trading_rate"]))
        self._calm_bars = int(state["calm_bars"])
