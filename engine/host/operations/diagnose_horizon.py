"""How long the loss of the champion's edge would stay unseen: at the configured false-alarm rate, in bars and time.

Lorden's bound of `engine/agent/detectability.py`, with the correlation that the champion's own training claims: the
best that any detector could do on average. A full flip moves returns by twice what is forecast and a dead edge by once,
so that the second takes four times as long. Nothing heavy is imported: screens paint it.

>>> found = horizon_of({"prediction_sd": 0.35, "residual_sd": 0.9367, "edge_lower_bound": 0.2}, 10.0, 13860.0)
>>> [round(bars) for bars in (found.flip_bars, found.dead_bars, found.false_alarm_bars)]
[36, 143, 22026]
>>> time_words(found.flip_bars, 13860.0), time_words(5 * 13860.0, 13860.0)
('0.7 trading days', '5.0 years')
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from engine.agent.detectability import detection_bars

YARDSTICK: Final = ("prediction_sd", "residual_sd", "edge_lower_bound")
_TRADING_DAYS_PER_YEAR: Final = 252.0
_LARGEST_NATS: Final = 700.0
_FLIP, _DEAD = 2.0, 1.0


@dataclass(frozen=True, slots=True)
class Horizon:
    """Mean bars until a lost edge could be noticed at best, with one false alarm in `false_alarm_bars` bars.

    `correlation` is that of forecast and return as training claims it. `flip_bars` (every forecast points the wrong
    way) and `dead_bars` (forecasts say nothing) are None where training proved no edge. `bars_per_year` are the
    market's own.
    """

    proven_edge: bool
    correlation: float
    false_alarm_bars: float
    flip_bars: float | None
    dead_bars: float | None
    bars_per_year: float


def horizon_of(yardstick: Mapping[str, Any], edge_evidence_h: float, bars_per_year: float) -> Horizon | None:
    """Horizon of a champion from `prediction_sd`, `residual_sd` and `edge_lower_bound` of its stored yardstick
    (`ChampionReference.to_json`) and the edge detector's threshold in nats; None where one of them is not stored."""
    numbers = [yardstick.get(name) for name in YARDSTICK]
    if any(number is None for number in numbers):
        return None
    forecast_sd, residual_sd, edge_lower_bound = (float(number) for number in numbers if number is not None)
    proven = edge_lower_bound > 0.0 and forecast_sd > 0.0
    total = math.hypot(forecast_sd, residual_sd)
    correlation = forecast_sd / total if total > 0.0 else 0.0
    false_alarm_bars = math.exp(min(edge_evidence_h, _LARGEST_NATS))
    if not proven:
        return Horizon(False, correlation, false_alarm_bars, None, None, bars_per_year)
    flip, dead = (detection_bars(correlation, loss, false_alarm_bars) for loss in (_FLIP, _DEAD))
    return Horizon(True, correlation, false_alarm_bars, flip, dead, bars_per_year)


def horizon_sentence(horizon: Horizon) -> str:
    """What an operator reads."""
    if horizon.flip_bars is None or horizon.dead_bars is None:
        return "no proven edge: there is nothing to lose, and so nothing to notice"
    flip, dead = (
        f"{_whole(bars)} bars ({time_words(bars, horizon.bars_per_year)})"
        for bars in (horizon.flip_bars, horizon.dead_bars)
    )
    return f"at best a flipped edge shows after {flip}, a dead one after {dead}"


def horizon_words(horizon: Horizon) -> str:
    """The same in one short row of a screen."""
    if horizon.flip_bars is None or horizon.dead_bars is None:
        return "no proven edge: nothing to lose, nothing to notice"
    flip, dead = (
        f"{_whole(bars)} bars ({time_short(bars, horizon.bars_per_year)})"
        for bars in (horizon.flip_bars, horizon.dead_bars)
    )
    return f"flipped edge seen in {flip}, dead edge in {dead}"


def horizon_document(horizon: Horizon) -> dict[str, Any]:
    """Plain JSON: the numbers, the times in years, and the sentence. A false alarm that practically never comes and a
    horizon beyond all numbers are null."""
    values = {name: _finite(value) for name, value in asdict(horizon).items()}
    years = {
        f"{name}_years": None if bars is None else _finite(bars / horizon.bars_per_year)
        for name, bars in (("flip", horizon.flip_bars), ("dead", horizon.dead_bars))
    }
    return {**values, **years, "sentence": horizon_sentence(horizon)}


def time_words(bars: float, bars_per_year: float) -> str:
    """Bars as the market's own time: trading days below a year, else years."""
    value, unit = _time(bars, bars_per_year)
    return f"{_short(value)} {unit}"


def time_short(bars: float, bars_per_year: float) -> str:
    """The same for narrow places, e.g. "0.7 d" or "4.9 y"."""
    value, unit = _time(bars, bars_per_year)
    return f"{_short(value)} {'y' if unit == 'years' else 'd'}"


def _time(bars: float, bars_per_year: float) -> tuple[float, str]:
    years = bars / bars_per_year
    return (years, "years") if years >= 1.0 else (years * _TRADING_DAYS_PER_YEAR, "trading days")


def _short(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"


def _whole(bars: float) -> str:
    return f"{math.ceil(bars):,}" if math.isfinite(bars) else "endless"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
