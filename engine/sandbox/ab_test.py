"""Champion and candidate side by side on paper, bar by bar, until the evidence decides or time runs out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.core.records import FuturesBar
from engine.core.trading_types import MarketMemory, Prediction
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_HOUR
from engine.sandbox.statistics.e_process import BettingEProcess, promotion_threshold
from engine.sandbox.utility_score import score_differences
from engine.sandbox.virtual_trader import VirtualTrader

FloatArray = NDArray[np.float64]
Reference = Literal["champion", "aside"]
PaperStatus = Literal["running", "decided", "exhausted", "stopped"]
_EARLY_STOP_DRAWDOWN_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class PaperTrial:
    """State of one paper comparison; `on_bar` gives the next. JSON both ways, so that it survives a restart.

    Every bar feeds one score difference (`score_differences`) to an e-process, which may be looked at on every bar
    without cost. `candidates_charged` is how many candidates share the promotion budget.
    """

    candidate_id: str
    champion_id: str
    reference: Reference
    started_ts: int
    candidates_charged: int
    candidate: VirtualTrader
    champion: VirtualTrader
    e_process: BettingEProcess
    now_ts: int
    candidate_returns: tuple[float, ...] = ()
    champion_returns: tuple[float, ...] = ()
    known_ts: tuple[int, ...] = ()
    confidences: tuple[float, ...] = ()
    outcomes_up: tuple[float, ...] = ()
    pending_up: float | None = field(default=None)

    @staticmethod
    def begin(
        candidate_id: str,
        champion_id: str,
        reference: Reference,
        started_ts: int,
        candidates_charged: int,
        memory: MarketMemory,
        config: HydraConfig,
        e_process: BettingEProcess | None = None,
    ) -> PaperTrial:
        """Both flat, with what the market's memory knows. `e_process` carries evidence that is already out of sample
        (the prequential forecasts of a refitted candidate); repairs estimated on those bars begin anew."""
        trader = VirtualTrader.flat(config, memory)
        return PaperTrial(
            candidate_id,
            champion_id,
            reference,
            started_ts,
            candidates_charged,
            trader,
            trader,
            e_process or BettingEProcess(),
            started_ts,
        )

    @property
    def hours(self) -> float:
        """Hours of market time since the trial began."""
        return (self.now_ts - self.started_ts) / MICROS_PER_HOUR

    def on_bar(
        self,
        bar: FuturesBar,
        candidate: Prediction | None,
        champion: Prediction | None,
        config: HydraConfig,
        *,
        days_to_expiry: float | None = None,
    ) -> PaperTrial:
        """Trade one bar on both sides and weigh the difference."""
        own, own_return = self.candidate.on_bar(bar, candidate, config, days_to_expiry=days_to_expiry)
        old, old_return = self.champion.on_bar(bar, champion, config, days_to_expiry=days_to_expiry)
        difference = float(self._differences(np.array([own_return]), np.array([old_return]), config)[0])
        confidences, outcomes = self.confidences, self.outcomes_up
        moved = bar.close - self.candidate.state.last_price
        if self.pending_up is not None and moved and bar.contract == self.candidate.state.contract:
            confidences, outcomes = (*confidences, self.pending_up), (*outcomes, 1.0 if moved > 0 else 0.0)
        return PaperTrial(
            self.candidate_id,
            self.champion_id,
            self.reference,
            self.started_ts,
            self.candidates_charged,
            own,
            old,
            self.e_process.updated(difference),
            bar.known_ts,
            (*self.candidate_returns, own_return),
            (*self.champion_returns, old_return),
            (*self.known_ts, bar.known_ts),
            confidences,
            outcomes,
            _probability_up(candidate),
        )

    def status(self, config: HydraConfig) -> PaperStatus:
        """running; decided (time and evidence suffice); exhausted (time is up without evidence); stopped (drawdown)."""
        if self._drawdown() > _EARLY_STOP_DRAWDOWN_SHARE * config.risk.max_drawdown_fraction:
            return "stopped"
        threshold = promotion_threshold(self.candidates_charged, config.evaluator.e_process_alpha)
        if self.hours >= config.evaluator.paper_trading_hours and self.e_process.peak_e_value >= threshold:
            return "decided"
        return "exhausted" if self.hours >= config.evaluator.paper_trading_max_hours else "running"

    def statistics(self, config: HydraConfig) -> dict[str, Any]:
        """Figures for screens and events: hours, bars, means, e-value and its threshold, smallest effect it could
        see."""
        own, old = np.array(self.candidate_returns), np.array(self.champion_returns)
        difference = self._differences(own, old, config)
        count = len(difference)
        deviation = float(difference.std(ddof=1)) if count > 1 else 0.0
        return {
            "hours": round(self.hours, 3),
            "bars": count,
            "reference": self.reference,
            "mean_difference": float(difference.mean()) if count else None,
            "difference_sd": deviation if count > 1 else None,
            "minimum_detectable_difference": 2.8 * deviation / count**0.5 if count > 1 else None,
            "e_value": self.e_process.e_value,
            "peak_e_value": self.e_process.peak_e_value,
            "threshold": promotion_threshold(self.candidates_charged, config.evaluator.e_process_alpha),
            "candidate_return": float(np.prod(1.0 + own) - 1.0) if count else 0.0,
            "champion_return": float(np.prod(1.0 + old) - 1.0) if count else 0.0,
            "required_hours": config.evaluator.paper_trading_hours,
        }

    def _differences(self, own: FloatArray, old: FloatArray, config: HydraConfig) -> FloatArray:
        return score_differences(own, old, self.reference == "aside", config.risk.kelly_fraction)

    def _drawdown(self) -> float:
        state = self.candidate.state
        return 1.0 - state.equity_usd / state.peak_equity_usd

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "candidate_id": self.candidate_id,
            "champion_id": self.champion_id,
            "reference": self.reference,
            "started_ts": self.started_ts,
            "candidates_charged": self.candidates_charged,
            "candidate": self.candidate.to_json(),
            "champion": self.champion.to_json(),
            "e_process": self.e_process.to_json(),
            "now_ts": self.now_ts,
            "candidate_returns": list(self.candidate_returns),
            "champion_returns": list(self.champion_returns),
            "known_ts": list(self.known_ts),
            "confidences": list(self.confidences),
            "outcomes_up": list(self.outcomes_up),
            "pending_up": self.pending_up,
        }

    @staticmethod
    def from_json(document: dict[str, Any]) -> PaperTrial:
        """Inverse of `to_json`."""
        return PaperTrial(
            document["candidate_id"],
            document["champion_id"],
            document["reference"],
            document["started_ts"],
            document["candidates_charged"],
            VirtualTrader.from_json(document["candidate"]),
            VirtualTrader.from_json(document["champion"]),
            BettingEProcess.from_json(document["e_process"]),
            document["now_ts"],
            tuple(document["candidate_returns"]),
            tuple(document["champion_returns"]),
            tuple(document["known_ts"]),
            tuple(document["confidences"]),
            tuple(document["outcomes_up"]),
            document["pending_up"],
        )


def _probability_up(prediction: Prediction | None) -> float | None:
    if prediction is None or not prediction.usable:
        return None
    return prediction.confidence if prediction.expected_return >= 0.0 else 1.0 - prediction.confidence
