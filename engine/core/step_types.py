"""What goes into one step of trading, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.core.decisions import Decision
from engine.core.records import FuturesBar
from engine.core.trading_types import Fill, Prediction, TraderState


@dataclass(frozen=True, slots=True)
class StepObservation:
    """Everything one step may know, all of it known at `bar.known_ts` at the latest.

    `fills` happened during the bar, for orders decided before it. `halted` is the halt row or file. `limits` overrides
    numbers of the risk settings by name. `stale_inputs` names dead inputs of the champion. `tradable` is False where
    the market takes no orders at all. `days_to_expiry` is None where the last trade day is unknown.
    """

    bar: FuturesBar
    fills: tuple[Fill, ...] = ()
    prediction: Prediction | None = None
    halted: bool = False
    limits: Mapping[str, float] = field(default_factory=dict)
    stale_inputs: tuple[str, ...] = ()
    tradable: bool = True
    days_to_expiry: float | None = None
    errors_last_hour: int = 0


@dataclass(frozen=True, slots=True)
class StepResult:
    """The state after the bar, the decisions in order, and the position aimed at (lots)."""

    state: TraderState
    decisions: tuple[Decision, ...]
    target_lots: int
