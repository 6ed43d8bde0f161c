"""Evidence that the champion's edge is gone, in nats: the detector that decides on concept drift and decay.

Idea: if the edge is lost by a factor, realised returns move by `1 - loss` per unit predicted: loss 1 is a dead edge,
2 a full sign flip. For each loss in `LOSSES` the likelihood ratio of the standardised residual e under Student-t
noise is `f(e + loss * g) / f(e)`, g being the prediction in the same unit: a bar on which little was predicted says
little, and an outlier says no more than the t density lets it. The Shiryaev-Roberts sums `R = (R + 1) * ratio` are
averaged over the losses; `log R` above `edge_evidence_h` alarms, with a mean time to a false alarm of at least
`exp(edge_evidence_h)` bars while the density is right (an e-detector). A champion without a demonstrated edge has
none to lose and is not judged.

>>> round(loss_increment(residual=-1.0, forecast_shift=0.5, loss=2.0), 3)
0.863

Papers: Shin, Ramdas, Rinaldo, E-detectors, NEJSDS 2023; Pollak, Optimal detection of a change, Ann. Stat. 1985.
"""

from __future__ import annotations

import math
from typing import Any, Final

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.detectors.run_length import evidence_run_length
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment, once_in
from engine.kernel.config_models import ObserverConfig

LOSSES: Final = (1.0, 1.5, 2.0)
TAIL: Final = 5.0  # degrees of freedom of the residual's Student t
LARGEST_SHIFT: Final = 1.6  # a prediction beyond this many residual sd counts as this


def loss_increment(residual: float, forecast_shift: float, loss: float) -> float:
    """Log likelihood ratio of one standardised residual for an edge lost by `loss` against an intact one."""
    g = max(-LARGEST_SHIFT, min(LARGEST_SHIFT, forecast_shift))
    spread = TAIL - 2.0
    return -0.5 * (TAIL + 1.0) * math.log((spread + (residual + loss * g) ** 2) / (spread + residual * residual))


def add_bar(log_sum: float, increment: float) -> float:
    """Shiryaev-Roberts step in logs: `log((R + 1) * ratio)`."""
    return (log_sum + math.log1p(math.exp(-log_sum)) if log_sum > 0.0 else math.log1p(math.exp(log_sum))) + increment


def combine(log_sums: list[float]) -> float:
    """Log of the mean of the sums."""
    top = max(log_sums)
    return top + math.log(sum([math.exp(item - top) for item in log_sums]) / len(log_sums))


class EdgeEvidence(Detector):
    """e-detector of a lost edge over several sizes of loss."""

    name = "edge_evidence"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        self._log_sums = [-700.0 for _ in LOSSES]
        self._cusums = [0.0 for _ in LOSSES]
        self._since = [0 for _ in LOSSES]

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Add one scored bar."""
        ts = context.observation.ts
        if self._since[0] == 0:
            self._since = [ts for _ in LOSSES]
        if math.isfinite(context.residual):
            for index, loss in enumerate(LOSSES):
                increment = loss_increment(context.residual, context.forecast_shift, loss)
                self._log_sums[index] = add_bar(self._log_sums[index], increment)
                level = self._cusums[index] + increment
                self._cusums[index] = max(0.0, level)
                if level <= 0.0:
                    self._since[index] = ts
        best = self._log_sums.index(max(self._log_sums))
        value = max(0.0, combine(self._log_sums))
        h = self.config.edge_evidence_h
        breached = value > h and self.reference.has_edge
        return (
            Reading(
                self.name,
                "champion",
                value,
                h,
                breached,
                "CRITICAL",
                self._since[best],
                True,
                (("loss", LOSSES[best]),),
            ),
        )

    def expected_share(self, hazard_bars: float) -> float:
        """Expected share of the edge that is still there, in [0, 1], with one loss per `hazard_bars` bars expected.

        The posterior mean of `1 - loss` over "intact" and the sizes of loss (Shiryaev 1963): positions that shrink
        with it lose less while the verdict is still out."""
        prior = 1.0 / (hazard_bars * len(LOSSES))
        odds = [prior * math.exp(min(item, 60.0)) for item in self._log_sums]
        lost = sum([loss * item for loss, item in zip(LOSSES, odds, strict=True)]) / (1.0 + sum(odds))
        return min(1.0, max(0.0, 1.0 - lost))

    def describe(self, reading: Reading) -> str:
        """What is lost and how sure that is."""
        loss = dict(reading.information)["loss"]
        how = "its forecasts point the wrong way" if loss > 1.0 else "its forecasts no longer say anything"
        return (
            f"The champion's edge is gone: since {moment(reading.since_ts)} {how}; evidence "
            f"{reading.value:.1f} nats, limit {reading.threshold:.1f} nats ({once_in(self.false_alarm_bars())})."
        )

    def false_alarm_bars(self) -> float:
        """The e-detector's bound."""
        return evidence_run_length(self.config.edge_evidence_h)

    def state(self) -> dict[str, Any]:
        """Sums per size of loss."""
        return {"log_sums": list(self._log_sums), "cusums": list(self._cusums), "since": list(self._since)}

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._log_sums, self._cusums = list(state["log_sums"]), list(state["cusums"])
        self._since = [int(item) for item in state["since"]]
