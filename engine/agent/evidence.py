"""Evidence: named numbers that anyone can recompute from the stored observations.

Each number says which formula gives it, over which window and with which inputs, so that `recompute` needs nothing but
the observations. The diagnostician computes its numbers through the same function: what cannot be recomputed cannot be
cited.

| formula | value |
|---|---|
| bars | observations in the window |
| slope_of_return_on_forecast | sum(y f) / sum(f^2) over scored bars: 1 = as claimed, 0 = dead, -1 = flipped |
| edge_loss_evidence | log likelihood ratio of an edge lost by `loss` at the window's rms return, nats |
| break_against_fade | evidence that the edge broke at once rather than faded, nats (`break_or_fade.py`) |
| hit_rate | share of scored bars on which forecast and return had one sign |
| mean_net_return | mean equity return after costs per bar |
| innovation_sd_ratio | rms of the input's whitened innovations, in training sd |
| input_level | mean of the input on its even scale, in training sd |
| return_volatility_ratio | rms return / training volatility |
| equal_values_run, event_time_run, missing_run, flagged_run | run ending at the window's end, bars |
| spread_ratio, volume_ratio | geometric mean / training's geometric mean |
| far_jumps | steps from one bar to the next on which the input's innovation lay beyond `limit` of its training sd |
| input_return_correlation | correlation of the input with the return of the bar after it, about 0, within the window |
| input_multiplier | posterior mean of what became of one coefficient (1 = as trained, -1 = flipped) |
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Final

from engine.agent.attribution import input_multipliers
from engine.agent.break_or_fade import break_against_fade
from engine.agent.detectors.edge_evidence import loss_increment
from engine.agent.even_scale import even_score
from engine.agent.observation import BarObservation
from engine.kernel.errors import CalculationError

Window = Sequence[BarObservation]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number. `threshold` is what it was compared with (None where it only describes); `from_ts` and `to_ts` are
    both included; `says` is the sentence an operator reads."""

    name: str
    value: float
    unit: str
    threshold: float | None
    formula: str
    from_ts: int
    to_ts: int
    inputs: Mapping[str, Any]
    says: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "inputs": dict(self.inputs)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Evidence:
        """Inverse of `to_json`."""
        return cls(**value)


def recompute(evidence: Evidence, observations: Sequence[BarObservation]) -> float:
    """The number again, from any observations that cover its window.

    Raises CalculationError for an unknown formula or a window without observations.
    """
    return compute(evidence.formula, evidence.inputs, evidence.from_ts, evidence.to_ts, observations)


def compute(
    formula: str, inputs: Mapping[str, Any], from_ts: int, to_ts: int, observations: Sequence[BarObservation]
) -> float:
    """Apply a formula to the observations of a window (both ends included)."""
    if formula not in FORMULAS:
        raise CalculationError(f"evidence formula '{formula}' is not known; known: {', '.join(sorted(FORMULAS))}")
    window = [item for item in observations if from_ts <= item.ts <= to_ts]
    if not window:
        raise CalculationError(f"no observation lies in the window of '{formula}'")
    return FORMULAS[formula](window, inputs)


def _bars(window: Window, inputs: Mapping[str, Any]) -> float:
    return float(len(window))


def _slope(window: Window, inputs: Mapping[str, Any]) -> float:
    scored = [item for item in window if item.scored]
    energy = sum(item.expected_return**2 for item in scored)
    return sum(item.expected_return * item.realised_return for item in scored) / energy if energy > 0.0 else 0.0


def _edge_loss(window: Window, inputs: Mapping[str, Any]) -> float:
    scored = [item for item in window if item.scored]
    if not scored:
        return 0.0
    volatility = math.sqrt(sum(item.realised_return**2 for item in scored) / len(scored)) or 1.0
    share = math.sqrt(max(1.0 - inputs["correlation"] ** 2, 1e-6))
    total = 0.0
    for item in scored:
        promised = item.expected_return / inputs["training_volatility"]
        residual = (item.realised_return / volatility - promised) / share
        total += loss_increment(residual, promised / share, inputs["loss"])
    return total


def _break_against_fade(window: Window, inputs: Mapping[str, Any]) -> float:
    scored = [item for item in window if item.scored]
    return break_against_fade(
        [item.expected_return for item in scored],
        [item.realised_return for item in scored],
        training_volatility=inputs["training_volatility"],
        correlation=inputs["correlation"],
    )


def _hit_rate(window: Window, inputs: Mapping[str, Any]) -> float:
    decided = [item for item in window if item.scored and item.expected_return * item.realised_return != 0.0]
    hits = sum(item.expected_return * item.realised_return > 0.0 for item in decided)
    return hits / len(decided) if decided else 0.0


def _mean_net(window: Window, inputs: Mapping[str, Any]) -> float:
    known = [item.net_return for item in window if math.isfinite(item.net_return)]
    return sum(known) / len(known) if known else 0.0


def _scores(window: Window, inputs: Mapping[str, Any]) -> list[float]:
    low, high, edge, mean, sd = inputs["even_scale"]
    return [
        even_score((item.values[inputs["index"]] - inputs["offset"]) / inputs["scale"], (low, high, edge, mean, sd))
        for item in window
    ]


def _innovation_ratio(window: Window, inputs: Mapping[str, Any]) -> float:
    scores = _scores(window, inputs)
    steps = [
        (later - inputs["ar1"] * former) / inputs["innovation_sd"]
        for former, later in pairwise(scores)
        if math.isfinite(former) and math.isfinite(later)
    ]
    return math.sqrt(sum(step * step for step in steps) / len(steps)) if steps else 0.0


def _level(window: Window, inputs: Mapping[str, Any]) -> float:
    known = [score for score in _scores(window, inputs) if math.isfinite(score)]
    return sum(known) / len(known) if known else 0.0


def _volatility_ratio(window: Window, inputs: Mapping[str, Any]) -> float:
    known = [item.realised_return for item in window if math.isfinite(item.realised_return)]
    if not known:
        return 0.0
    return math.sqrt(sum(value * value for value in known) / len(known)) / float(inputs["training_volatility"])


def _trailing(window: Window, same: Callable[[BarObservation, BarObservation], bool]) -> float:
    run = 1
    for former, later in zip(window[-2::-1], window[:0:-1], strict=False):
        if not same(former, later):
            break
        run += 1
    return float(run)


def _equal_run(window: Window, inputs: Mapping[str, Any]) -> float:
    index = inputs["index"]
    return _trailing(window, lambda former, later: former.values[index] == later.values[index])


def _event_run(window: Window, inputs: Mapping[str, Any]) -> float:
    index = inputs["index"]
    return _trailing(
        window, lambda former, later: former.event_ts_by_feature[index] == later.event_ts_by_feature[index]
    )


def _missing_run(window: Window, inputs: Mapping[str, Any]) -> float:
    return float(_count_back(window, lambda item: not math.isfinite(item.values[inputs["index"]])))


def _flagged_run(window: Window, inputs: Mapping[str, Any]) -> float:
    return float(_count_back(window, lambda item: item.stale[inputs["index"]]))


def _count_back(window: Window, holds: Callable[[BarObservation], bool]) -> int:
    count = 0
    for item in reversed(window):
        if not holds(item):
            break
        count += 1
    return count


def _log_ratio(values: list[float], mean: float) -> float:
    logs = [math.log(value) for value in values if math.isfinite(value) and value > 0.0]
    return math.exp(sum(logs) / len(logs) - mean) if logs else 0.0


def _spread_ratio(window: Window, inputs: Mapping[str, Any]) -> float:
    return _log_ratio([item.spread for item in window], inputs["training_log_mean"])


def _volume_ratio(window: Window, inputs: Mapping[str, Any]) -> float:
    return _log_ratio([item.volume for item in window], inputs["training_log_mean"])


def _far_jumps(window: Window, inputs: Mapping[str, Any]) -> float:
    scores = _scores(window, inputs)
    sd, ar1 = inputs["innovation_sd"], inputs["ar1"]
    return float(sum(abs(later - ar1 * former) / sd > inputs["limit"] for former, later in pairwise(scores)))


def _input_return(window: Window, inputs: Mapping[str, Any]) -> float:
    pairs = [
        (former.values[inputs["index"]], later.realised_return)
        for former, later in pairwise(window)
        if math.isfinite(former.values[inputs["index"]]) and math.isfinite(later.realised_return)
    ]
    if len(pairs) < 2:
        return 0.0
    level = sum(value for value, _ in pairs) / len(pairs)
    energy = math.sqrt(sum((value - level) ** 2 for value, _ in pairs) * sum(told * told for _, told in pairs))
    return sum((value - level) * told for value, told in pairs) / energy if energy > 0.0 else 0.0


def _multiplier(window: Window, inputs: Mapping[str, Any]) -> float:
    found = input_multipliers(
        window, inputs["coefficients"], inputs["feature_mean"], inputs["feature_sd"], inputs["residual_sd"]
    )
    return found[int(inputs["index"])]


FORMULAS: Final[Mapping[str, Callable[[Window, Mapping[str, Any]], float]]] = {
    "bars": _bars,
    "slope_of_return_on_forecast": _slope,
    "edge_loss_evidence": _edge_loss,
    "break_against_fade": _break_against_fade,
    "hit_rate": _hit_rate,
    "mean_net_return": _mean_net,
    "innovation_sd_ratio": _innovation_ratio,
    "input_level": _level,
    "return_volatility_ratio": _volatility_ratio,
    "equal_values_run": _equal_run,
    "event_time_run": _event_run,
    "missing_run": _missing_run,
    "flagged_run": _flagged_run,
    "spread_ratio": _spread_ratio,
    "volume_ratio": _volume_ratio,
    "far_jumps": _far_jumps,
    "input_return_correlation": _input_return,
    "input_multiplier": _multiplier,
}
