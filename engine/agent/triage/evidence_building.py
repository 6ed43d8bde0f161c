"""What the triage rules build their evidence from: cited numbers and the bases that several of them share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

from engine.agent.evidence import Evidence, compute
from engine.agent.observation import BarObservation
from engine.agent.observer import Observer
from engine.agent.reference import ChampionReference

PRIOR_BARS_BETWEEN_CHANGES: Final = 5000.0


def cite(
    observer: Observer,
    name: str,
    unit: str,
    threshold: float | None,
    formula: str,
    from_ts: int,
    inputs: dict[str, Any],
    says: str,
) -> Evidence:
    """The number of a formula from `from_ts` (event time, microseconds) to the last bar, both included.

    `says` is a format string with `{value}`. CalculationError where the formula is unknown or no bar lies there.
    """
    to_ts = observer.history[-1].ts
    value = compute(formula, inputs, from_ts, to_ts, observer.history)
    return Evidence(name, value, unit, threshold, formula, from_ts, to_ts, inputs, says.format(value=value))


def cite_slope(observer: Observer, from_ts: int, when: str = "") -> Evidence:
    """How far returns moved per unit of forecast: 1 as trained, 0 dead, -1 reversed. `when` precedes the name."""
    return cite(
        observer,
        f"{when}slope of return on forecast",
        "per unit",
        None,
        "slope_of_return_on_forecast",
        from_ts,
        {},
        "returns move {value:+.2f} per unit predicted (as trained: +1.00)",
    )


def cite_volatility(observer: Observer, from_ts: int) -> Evidence:
    """Rms return as a multiple of training volatility."""
    return cite(
        observer,
        "volatility",
        "x training",
        None,
        "return_volatility_ratio",
        from_ts,
        {"training_volatility": observer.reference.training_volatility},
        "returns are {value:.1f} times as volatile as in training",
    )


def innovation_basis(reference: ChampionReference, index: int) -> dict[str, Any]:
    """Inputs of the formulas that judge one input's level and innovations on its even scale."""
    return {
        "index": index,
        "offset": reference.input_offset[index],
        "scale": reference.input_scale[index],
        "even_scale": list(reference.even_scale[index]),
        "ar1": reference.feature_ar1[index],
        "innovation_sd": reference.innovation_sd[index],
    }


def bar_before(window: Iterable[BarObservation], ts: int) -> int:
    """Time stamp of the last bar before `ts`, or `ts` where there is none: an innovation needs its former bar."""
    earlier = [item.ts for item in window if item.ts < ts]
    return earlier[-1] if earlier else ts


def change_probability(evidence_nats: float) -> float:
    """Posterior probability of a change, from Shiryaev-Roberts evidence in nats and one change per 5,000 bars expected
    (Shiryaev, Theory of Probability and its Applications 1963).

    >>> round(change_probability(math.log(5000.0)), 12)
    0.5
    """
    return 1.0 / (1.0 + PRIOR_BARS_BETWEEN_CHANGES * math.exp(-min(evidence_nats, 700.0)))
