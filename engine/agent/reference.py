"""What the champion's inputs, predictions and returns looked like in training: the yardstick of every detector.

Each detector's null is measured here, on the champion's own training window, instead of being taken from a textbook:
natural runs of equal values, the tail of the innovations, the clustering of volatility, the noise of the spread.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.agent.bound_search import with_likeliest_bounds
from engine.agent.even_scale import EvenScale, even_scores, fit_even_scale
from engine.agent.innovation_charts import calibrate_charts
from engine.agent.market_units import known_volatilities, volatility_power
from engine.kernel.canonical import content_hash
from engine.kernel.config_models import ObserverConfig
from engine.kernel.errors import CalculationError, StoreError

FloatArray = NDArray[np.float64]
PSI_BINS: Final = 10
MIN_TRAINING_BARS: Final = 100
USUAL_LOG_VOLATILITY_SD: Final = 0.22  # half of the estimate: a thousand bars measure clustering badly


@dataclass(frozen=True, slots=True)
class ChampionReference:
    """Training statistics of one champion. Tuples run over its features in registered order.

    The champion standardises as `(value - feature_mean) / feature_sd`. Detectors read it on its `even_scale` (see
    `even_scale.py`), so that a bounded or skewed input has innovations of one variance; `feature_ar1` and
    `innovation_sd` describe that series: `(x_t - ar1 * x_{t-1}) / innovation_sd` is white with unit variance in
    training, `largest_innovation` (in its sd) the largest jump. `repeat_share` and `event_repeat_share` are shares of
    values equal to the former one, the larger of the plain share and that after another repeat. Where an input is made
    of the market's own moves (`volatility_power` above 0, see `market_units.py`) its innovations are divided by
    `(volatility / innovation_volatility) ** volatility_power` first, with the volatility known before the bar under the
    filter of `log_volatility_sd`, `volatility_persistence` and `volatility_jump_bars`. `prediction_sd`,
    `residual_sd` and `training_volatility` are per bar, in log returns. `coefficients` belong to standardised features
    (None for a model that is not linear). `edge_lower_bound` is the one-sided lower bound of the mean score per bar; at
    or below 0 the champion has no edge to lose. `input_offset`, `input_scale` and `quarantined` are the repairs in
    force: a stored value is used as `(value - offset) / scale`. `volatility_mode` is the champion's ("training",
    "ewma", "ewma_scaled"): one that follows volatility is not diagnosed for its change.
    """

    model_id: str
    feature_names: tuple[str, ...]
    feature_mean: tuple[float, ...]
    feature_sd: tuple[float, ...]
    feature_ar1: tuple[float, ...]
    innovation_sd: tuple[float, ...]
    coefficients: tuple[float, ...] | None
    prediction_sd: float
    residual_sd: float
    training_volatility: float
    training_from_ts: int
    training_to_ts: int
    training_sharpe_per_bar: float
    training_bars: int
    edge_lower_bound: float
    even_scale: tuple[EvenScale, ...]
    feature_low: tuple[float, ...]
    feature_high: tuple[float, ...]
    largest_innovation: tuple[float, ...]
    repeat_share: tuple[float, ...]
    longest_repeat: tuple[int, ...]
    event_repeat_share: tuple[float, ...]
    longest_event_repeat: tuple[int, ...]
    missing_share: tuple[float, ...]
    chart_offset: tuple[tuple[float, ...], ...]
    chart_training_peak: tuple[float, ...]
    innovation_bins: tuple[tuple[float, ...], ...]
    volatility_power: tuple[float, ...]
    innovation_volatility: float
    volatility_persistence: float
    volatility_jump_bars: float
    log_volatility_sd: float
    log_spread: tuple[float, float]
    log_volume: tuple[float, float]
    training_hit_rate: float
    bars_per_year: float
    input_offset: tuple[float, ...]
    input_scale: tuple[float, ...]
    quarantined: tuple[bool, ...]
    volatility_mode: str = "training"

    @property
    def correlation(self) -> float:
        """Correlation of prediction and return that the champion claims, in (0, 1)."""
        total = math.hypot(self.prediction_sd, self.residual_sd)
        return self.prediction_sd / total if total > 0.0 else 0.0

    @property
    def has_edge(self) -> bool:
        """True where training showed an edge beyond its own noise."""
        return self.edge_lower_bound > 0.0 and self.prediction_sd > 0.0

    def index_of(self, feature: str) -> int:
        """Position of a feature in the registered order."""
        return self.feature_names.index(feature)

    def innovation_units(self, index: int, returns: Sequence[float]) -> FloatArray:
        """What the innovations of one input are measured in on each bar of returns[n], in training's own: all 1 where
        its `volatility_power` is 0. The filter begins with the first return, knowing training's level alone."""
        power = self.volatility_power[index]
        if power == 0.0:
            return np.ones(len(returns))
        known = known_volatilities(
            returns,
            level=self.training_volatility,
            log_sd=self.log_volatility_sd,
            persistence=self.volatility_persistence,
            jump_bars=self.volatility_jump_bars,
        )
        units: FloatArray = (known / self.innovation_volatility) ** power
        return units

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ChampionReference:
        """Inverse of `to_json`; StoreError for a yardstick that another version of the program measured."""
        absent = [field.name for field in fields(cls) if field.name not in value]
        if absent:
            raise StoreError(
                f"the yardstick of model {value.get('model_id', '?')} lacks {', '.join(absent)}: another version of "
                "HYDRA measured it; train the model again, or begin a new workspace"
            )
        restored = {field.name: _tuples(value[field.name]) for field in fields(cls)}
        return cls(**restored)

    def content_hash(self) -> str:
        """Hash of all numbers, so that evidence can name the yardstick it was measured with."""
        return content_hash(self.to_json())

    def with_adjustments(self, adjustments: Mapping[str, Any], model_id: str | None = None) -> ChampionReference:
        """The same yardstick for a champion whose stored inputs are repaired (`adjustments` of its ModelSpec).

        Re-standardised features are read as `(value - offset) / scale`; quarantined ones are not judged at all, except
        that the observer says when they move again.
        """
        repairs = adjustments.get("restandardise", {})
        quarantine = set(adjustments.get("quarantine", ()))
        return replace(
            self,
            model_id=model_id or self.model_id,
            input_offset=tuple(float(repairs.get(name, {}).get("offset", 0.0)) for name in self.feature_names),
            input_scale=tuple(float(repairs.get(name, {}).get("scale", 1.0)) for name in self.feature_names),
            quarantined=tuple(name in quarantine for name in self.feature_names),
            volatility_mode=str(adjustments.get("volatility", "training")),
        )


def build_reference(
    model_id: str,
    feature_names: Sequence[str],
    times: Sequence[int] | NDArray[np.int64],
    values: FloatArray,
    predictions: FloatArray,
    returns: FloatArray,
    *,
    observer: ObserverConfig,
    coefficients: Sequence[float] | None = None,
    event_ts: NDArray[np.int64] | None = None,
    net_returns: FloatArray | None = None,
    spreads: FloatArray | None = None,
    volumes: FloatArray | None = None,
    edge_lower_bound: float | None = None,
    bars_per_year: float = 252.0,
    bounds: Sequence[tuple[float, float] | None] | None = None,
) -> ChampionReference:
    """Measure a champion's training window.

    `values[n, d]` are the stored features (NaN missing) at `times[n]`; row i of `returns` is the log return of bar i
    and row i of `predictions` what the model says about *that* return (made at bar i-1), as in `BarObservation`. Use
    out-of-fold predictions for models that can memorise. Without `edge_lower_bound` it is the in-sample correlation
    less what the same number of noise columns would reach in one sample of a thousand. Raises CalculationError below
    100 scored bars.
    """
    moments = np.asarray(times, dtype=np.int64)
    matrix = np.asarray(values, dtype=np.float64)
    scored = np.isfinite(predictions) & np.isfinite(returns)
    _require_bars(int(scored.sum()))
    count, width = matrix.shape
    outcome, forecast = returns[scored], predictions[scored]
    level, log_sd = float(np.sqrt(np.mean(outcome**2))), log_volatility_sd(outcome)
    known_volatility = known_volatilities(
        returns,
        level=level,
        log_sd=log_sd,
        persistence=observer.volatility_persistence,
        jump_bars=observer.volatility_jump_bars,
    )
    market = (np.asarray(returns, dtype=np.float64), np.log(known_volatility / level))
    columns = [
        _describe_feature(matrix[:, index], None if bounds is None else bounds[index], *market)
        for index in range(width)
    ]
    events = None if event_ts is None else np.asarray(event_ts, dtype=np.int64)
    runs = [_runs(matrix[:, index]) for index in range(width)]
    event_runs = [(0.0, 1) if events is None else _runs(events[:, index]) for index in range(width)]
    prediction_sd = float(np.std(forecast))
    residual_sd = float(np.std(outcome - forecast))
    traded = returns if net_returns is None else net_returns
    traded = traded[np.isfinite(traded)]
    lower = _edge_lower_bound(forecast, outcome, width) if edge_lower_bound is None else float(edge_lower_bound)
    sharpe = (
        float(np.mean(traded) / np.std(traded, ddof=1))
        if net_returns is not None and np.std(traded) > 0
        else (prediction_sd / max(math.hypot(prediction_sd, residual_sd), 1e-300))
    )
    decided = (forecast != 0.0) & (outcome != 0.0)
    return ChampionReference(
        model_id=model_id,
        feature_names=tuple(feature_names),
        feature_mean=tuple(column["mean"] for column in columns),
        feature_sd=tuple(column["sd"] for column in columns),
        feature_ar1=tuple(column["ar1"] for column in columns),
        innovation_sd=tuple(column["innovation_sd"] for column in columns),
        coefficients=None if coefficients is None else tuple(float(item) for item in coefficients),
        prediction_sd=prediction_sd,
        residual_sd=residual_sd,
        training_volatility=level,
        training_from_ts=int(moments[0]),
        training_to_ts=int(moments[-1]),
        training_sharpe_per_bar=sharpe,
        training_bars=count,
        edge_lower_bound=lower,
        even_scale=tuple(column["scale"] for column in columns),
        feature_low=tuple(column["low"] for column in columns),
        feature_high=tuple(column["high"] for column in columns),
        largest_innovation=tuple(column["largest_innovation"] for column in columns),
        repeat_share=tuple(share for share, _ in runs),
        longest_repeat=tuple(longest for _, longest in runs),
        event_repeat_share=tuple(share for share, _ in event_runs),
        longest_event_repeat=tuple(longest for _, longest in event_runs),
        missing_share=tuple(float(np.mean(~np.isfinite(matrix[:, index]))) for index in range(width)),
        chart_offset=tuple(column["chart_offset"] for column in columns),
        chart_training_peak=tuple(column["chart_peak"] for column in columns),
        innovation_bins=tuple(column["bins"] for column in columns),
        volatility_power=tuple(column["volatility_power"] for column in columns),
        innovation_volatility=level,
        volatility_persistence=observer.volatility_persistence,
        volatility_jump_bars=observer.volatility_jump_bars,
        log_volatility_sd=log_sd,
        log_spread=_log_moments(spreads),
        log_volume=_log_moments(volumes),
        training_hit_rate=float(np.mean(np.sign(forecast[decided]) == np.sign(outcome[decided])))
        if decided.any()
        else 0.5,
        bars_per_year=bars_per_year,
        input_offset=(0.0,) * width,
        input_scale=(1.0,) * width,
        quarantined=(False,) * width,
    )


def _require_bars(count: int) -> None:
    if count < MIN_TRAINING_BARS:
        raise CalculationError(f"{count} scored training bars; a reference needs {MIN_TRAINING_BARS} at least")


def _describe_feature(
    column: FloatArray, bounds: tuple[float, float] | None, returns: FloatArray, log_volatility: FloatArray
) -> dict[str, Any]:
    known = column[np.isfinite(column)]
    mean = float(np.mean(known)) if known.size else 0.0
    sd = float(np.std(known)) if known.size else 0.0
    sd = sd if sd > 0.0 else 1.0
    scale = fit_even_scale(column, bounds)
    if bounds is None:
        scale = with_likeliest_bounds(column, scale)
    standard = even_scores(column, scale)
    earlier, later = standard[:-1], standard[1:]
    pairs = np.isfinite(earlier) & np.isfinite(later)
    earlier, later = earlier[pairs], later[pairs]
    energy = float(np.dot(earlier, earlier))
    ar1 = float(np.clip(np.dot(earlier, later) / energy, 0.0, 0.999)) if energy > 0.0 else 0.0
    jumps = later - ar1 * earlier
    power = volatility_power(jumps, returns[1:][pairs], log_volatility[1:][pairs])
    innovations = jumps if power == 0.0 else jumps * np.exp(-power * log_volatility[1:][pairs])
    innovation_sd = float(np.std(innovations)) if innovations.size else 1.0
    innovation_sd = innovation_sd if innovation_sd > 1e-9 else 1.0
    white = innovations / innovation_sd
    offset, peak = calibrate_charts(white)
    inner = np.linspace(0.0, 1.0, PSI_BINS + 1)[1:-1]
    return {
        "mean": mean,
        "sd": sd,
        "ar1": ar1,
        "innovation_sd": innovation_sd,
        "scale": scale,
        "low": float(np.min(known)) if known.size else 0.0,
        "high": float(np.max(known)) if known.size else 0.0,
        "volatility_power": power,
        "largest_innovation": float(np.max(np.abs(jumps / innovation_sd))) if jumps.size else 0.0,
        "chart_offset": offset,
        "chart_peak": peak,
        "bins": tuple(float(edge) for edge in np.quantile(white, inner)) if white.size else (),
    }


def _runs(column: NDArray[Any]) -> tuple[float, int]:
    """Share of values equal to the one before (after a repeat, with its 95 % bound, where that is larger), and the
    longest run of them."""
    if len(column) < 2:
        return 0.0, 1
    equal = column[1:] == column[:-1]
    if not equal.any():
        return 0.0, 1
    longest = current = 1
    for same in equal.tolist():
        current = current + 1 if same else 1
        longest = max(longest, current)
    after_repeat = equal[1:][equal[:-1]]
    clustered = (float(np.sum(after_repeat)) + 1.0) / (len(after_repeat) + 2.0)
    cautious = clustered + 1.6 * math.sqrt(clustered * (1.0 - clustered) / (len(after_repeat) + 2.0))
    return max(float(np.mean(equal)), min(cautious, 0.99)), longest


def _edge_lower_bound(forecast: FloatArray, outcome: FloatArray, parameters: int) -> float:
    """Lower bound of the in-sample correlation: what is left above the 99.9 % point of `parameters` noise columns."""
    if np.std(forecast) == 0.0 or np.std(outcome) == 0.0:
        return 0.0
    correlation = float(np.corrcoef(forecast, outcome)[0, 1])
    noise = (parameters + 3.1 * math.sqrt(2.0 * parameters) + 6.0) / len(outcome)
    return max(correlation, 0.0) - math.sqrt(noise)


def log_volatility_sd(returns: FloatArray) -> float:
    """Standard deviation of slow log volatility, from the autocovariance of log |return| at lags 1 to 10.

    Half of it is the usual one, since a thousand bars measure it badly. `returns[n]` are finite; CalculationError below
    100 of them.
    """
    _require_bars(len(returns))
    size = np.log(np.maximum(np.abs(returns), 0.02 * np.std(returns) + 1e-300))
    centred = size - np.mean(size)
    lags = [float(np.mean(centred[lag:] * centred[:-lag])) for lag in range(1, 11)]
    measured = max(float(np.mean(lags)), 0.0) * 1.1
    return float(np.clip(math.sqrt(0.5 * measured + 0.5 * USUAL_LOG_VOLATILITY_SD**2), 0.15, 0.6))


def _log_moments(series: FloatArray | None) -> tuple[float, float]:
    if series is None:
        return 0.0, 0.0
    known = series[np.isfinite(series) & (series > 0.0)]
    if known.size < MIN_TRAINING_BARS:
        return 0.0, 0.0
    logs = np.log(known)
    return float(np.mean(logs)), float(np.std(logs))


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value
