"""The formulas of cited evidence, written a second time on arrays, independently of the agent that cites them.

Each takes the rows of its window (oldest first) and the inputs that the evidence names, and gives one number. Windows
without a usable row give 0, as the definitions say. The feed timestamps of the benchmark always move on, so a run of
equal event times is 1 and no value is ever flagged as too old.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from engine.sandbox.healbench.evidence_rows import EvidenceRows
from engine.sandbox.healbench.heal_world import BoolArray, FloatArray

Inputs = Mapping[str, Any]
_LARGEST_SCORE: Final = 12.0
_LARGEST_SHIFT: Final = 1.6
_TAIL: Final = 5.0


def _bars(rows: EvidenceRows, inputs: Inputs) -> float:
    return float(len(rows.y))


def _slope(rows: EvidenceRows, inputs: Inputs) -> float:
    forecast, y = rows.scored.T
    energy = float(forecast @ forecast)
    return float(forecast @ y) / energy if energy > 0.0 else 0.0


def _hit_rate(rows: EvidenceRows, inputs: Inputs) -> float:
    agreement = np.prod(np.sign(rows.scored), axis=1)
    decided = agreement[agreement != 0.0]
    return float(np.mean(decided > 0.0)) if len(decided) else 0.0


def _edge_loss(rows: EvidenceRows, inputs: Inputs) -> float:
    if not len(rows.scored):
        return 0.0
    forecast, y = rows.scored.T
    rms = float(np.sqrt(np.mean(y**2))) or 1.0
    share = np.sqrt(max(1.0 - float(inputs["correlation"]) ** 2, 1e-6))
    promised = forecast / float(inputs["training_volatility"])
    residual = (y / rms - promised) / share
    moved = residual + float(inputs["loss"]) * np.clip(promised / share, -_LARGEST_SHIFT, _LARGEST_SHIFT)
    degrees = _TAIL - 2.0
    return float(0.5 * (_TAIL + 1.0) * np.sum(np.log(degrees + residual**2) - np.log(degrees + moved**2)))


def _break_against_fade(rows: EvidenceRows, inputs: Inputs) -> float:
    """Log of mean density ratios: `missed ~ N(size * z, noise + spread^2 z z')` against `N(0, noise)`, for shapes z of
    a change that came at once and of one that came along a line."""
    if not len(rows.scored):
        return 0.0
    forecast, y = rows.scored.T
    level, squared_correlation = float(inputs["training_volatility"]), float(inputs["correlation"]) ** 2
    nat_bars = 2.0 * (1.0 - squared_correlation) / squared_correlation
    variance, scaled = level * level, []
    for value in y:
        limit = 4.0 * np.sqrt(variance)
        scaled.append(np.clip(value, -limit, limit) / np.sqrt(variance))
        variance = 0.966 * variance + 0.034 * min(abs(value), limit) ** 2
    promised = forecast / level
    missed = np.array(scaled) - promised
    bars_ago = np.arange(len(y))[::-1]
    shortest = 14.0 * nat_bars
    breaks = [bars_ago < min(shortest * part / 40.0, len(y)) for part in range(1, 41)]
    fades = [
        np.clip(started - bars_ago / length, 0.0, 1.0)
        for length in (shortest, 2.0 * shortest, 4.0 * shortest)
        for started in np.linspace(0.25, 1.25, 20)
    ]

    def evidence(shapes: Sequence[FloatArray | BoolArray], sizes: tuple[float, ...], spread: float) -> float:
        noise = 1.0 - squared_correlation
        found = []
        for shape in shapes:
            z = shape * promised
            gain = spread * spread / noise
            denominator = 1.0 + gain * float(z @ z)
            for size in sizes:
                left = missed - size * z
                drop = float(missed @ missed - left @ left) / noise
                found.append(0.5 * (drop + gain / noise * float(z @ left) ** 2 / denominator - np.log(denominator)))
        return float(np.logaddexp.reduce(found) - np.log(len(found)))

    return evidence(breaks, (-1.0, -1.5, -2.0), 0.35) - evidence(fades, (-0.5, -0.75, -1.0), 0.25)


def _mean_net(rows: EvidenceRows, inputs: Inputs) -> float:
    return _mean(rows.net)


def _volatility_ratio(rows: EvidenceRows, inputs: Inputs) -> float:
    return float(np.sqrt(_mean(rows.y**2))) / float(inputs["training_volatility"])


def _innovation_ratio(rows: EvidenceRows, inputs: Inputs) -> float:
    return float(np.sqrt(_mean(_innovations(rows, inputs) ** 2)))


def _level(rows: EvidenceRows, inputs: Inputs) -> float:
    return _mean(_even_scores(rows, inputs))


def _equal_run(rows: EvidenceRows, inputs: Inputs) -> float:
    column = _column(rows, inputs)
    return 1.0 + _true_at_end(column[1:] == column[:-1])


def _event_run(rows: EvidenceRows, inputs: Inputs) -> float:
    _column(rows, inputs)
    return 1.0


def _missing_run(rows: EvidenceRows, inputs: Inputs) -> float:
    return _true_at_end(~np.isfinite(_column(rows, inputs)))


def _flagged_run(rows: EvidenceRows, inputs: Inputs) -> float:
    _column(rows, inputs)
    return 0.0


def _spread_ratio(rows: EvidenceRows, inputs: Inputs) -> float:
    return _geometric_ratio(rows.spread, float(inputs["training_log_mean"]))


def _volume_ratio(rows: EvidenceRows, inputs: Inputs) -> float:
    return _geometric_ratio(rows.volume, float(inputs["training_log_mean"]))


def _far_jumps(rows: EvidenceRows, inputs: Inputs) -> float:
    return float(np.count_nonzero(np.abs(_innovations(rows, inputs)) > float(inputs["limit"])))


def _input_return(rows: EvidenceRows, inputs: Inputs) -> float:
    """Correlation of a feature with the return of its own bar, which the next row tells; returns about 0."""
    pairs = np.stack([_column(rows, inputs)[:-1], rows.y[1:]])
    value, told = pairs[:, np.isfinite(pairs).all(axis=0)]
    if len(value) < 2:
        return 0.0
    value = value - value.mean()
    energy = float(value @ value) * float(told @ told)
    return float(value @ told) / float(np.sqrt(energy)) if energy > 0.0 else 0.0


def _multiplier(rows: EvidenceRows, inputs: Inputs) -> float:
    coefficients, mean, sd = (
        np.asarray(inputs[name], float) for name in ("coefficients", "feature_mean", "feature_sd")
    )
    contribution = coefficients * (rows.x[:-1] - mean) / sd
    told = rows.y[1:]
    known = np.isfinite(rows.forecast[1:]) & np.isfinite(told) & np.isfinite(contribution).all(axis=1)
    design = contribution[known] / float(inputs["residual_sd"])
    precision = design.T @ design + np.eye(len(coefficients))
    posterior = np.linalg.solve(precision, design.T @ (told[known] / float(inputs["residual_sd"])) + 1.0)
    return float(posterior[int(inputs["index"])])


def _column(rows: EvidenceRows, inputs: Inputs) -> FloatArray:
    index = int(inputs["index"])
    if not 0 <= index < rows.x.shape[1]:
        raise IndexError(f"there is no feature {index}")
    column: FloatArray = rows.x[:, index]
    return column


def _even_scores(rows: EvidenceRows, inputs: Inputs) -> FloatArray:
    """The column on its even scale: plain, logarithm, or atanh between bounds and straight beyond the edge."""
    value = (_column(rows, inputs) - float(inputs["offset"])) / float(inputs["scale"])
    low, high, edge, mean, sd = (float(item) for item in inputs["even_scale"])
    if low < high:
        share = (2.0 * value - low - high) / (high - low)
        inside = np.clip(share, -edge, edge)
        value = np.arctanh(inside) + (share - inside) / (1.0 - edge**2)
    elif low == high == 1.0:
        value = np.log(np.where(value > 0.0, value, np.nan))
    scores: FloatArray = np.clip((value - mean) / sd, -_LARGEST_SCORE, _LARGEST_SCORE)
    return scores


def _innovations(rows: EvidenceRows, inputs: Inputs) -> FloatArray:
    """Steps of the column's AR(1), in training standard deviations; NaN where either value is missing."""
    score = _even_scores(rows, inputs)
    steps: FloatArray = (score[1:] - float(inputs["ar1"]) * score[:-1]) / float(inputs["innovation_sd"])
    return steps


def _mean(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(np.mean(known)) if len(known) else 0.0


def _geometric_ratio(values: FloatArray, training_log_mean: float) -> float:
    known = values[np.isfinite(values) & (values > 0.0)]
    return float(np.exp(np.mean(np.log(known)) - training_log_mean)) if len(known) else 0.0


def _true_at_end(flags: BoolArray) -> float:
    broken = np.flatnonzero(~flags)
    return float(len(flags) - (broken[-1] + 1 if len(broken) else 0))


EVIDENCE_FORMULAS: Final[Mapping[str, Callable[[EvidenceRows, Inputs], float]]] = MappingProxyType(
    {
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
)
