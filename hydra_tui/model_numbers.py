"""The few numbers of a model that screens show, whoever recorded them under which of their usual names."""

from __future__ import annotations

from typing import Final

from engine.host.operations.snapshot_types import Model

SHARPE: Final = ("sharpe", "sharpe_annualised", "rolling_sharpe", "sharpe_net")
HIT_RATE: Final = ("hit_rate", "direction_accuracy", "accuracy")
CALIBRATION: Final = ("calibration_error", "calibration", "expected_calibration_error", "ece")
PSI: Final = ("psi", "psi_max")
DRAWDOWN: Final = ("drawdown", "max_drawdown")
SCORE: Final = ("score", "composite", "total", "utility_score")
STATUS_MARKS: Final = {
    "champion": ("◆", "LIVE"),
    "paper": ("○", "PAPER"),
    "candidate": ("○", "CAND"),
    "graveyard": ("✗", "GRAVE"),
}


def series_of(model: Model, names: tuple[str, ...]) -> tuple[tuple[int, float], ...]:
    """Recent (ts, value) of the first of `names` that was recorded; empty where none was."""
    return next((model.series[name] for name in names if model.series.get(name)), ())


def number_of(model: Model, names: tuple[str, ...]) -> float | None:
    """The newest recorded value, else the one the registry holds, else None. Rolling ones go before trained ones."""
    series = series_of(model, names)
    if series:
        return series[-1][1]
    for name in names:
        value = model.metrics.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    return None


def measured_at(model: Model, names: tuple[str, ...]) -> int | None:
    """When the newest recorded value was measured; None where it comes from training."""
    series = series_of(model, names)
    return series[-1][0] if series else None
