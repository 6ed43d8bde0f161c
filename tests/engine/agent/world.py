"""A seeded market for tests of the healer: six features, one champion, at most one hidden fault.

It mirrors what a real pipeline does to such a market: two inputs are bounded and one of them rounded (so that it
repeats by itself), bars go missing, sessions begin with a gap, volatility clusters, noise has heavy tails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.agent.observation import BarObservation
from engine.agent.reference import ChampionReference, build_reference
from engine.kernel.configuration import load_config

FEATURES = ("skew_slope", "put_call_oi_ratio", "atm_iv", "carry", "flow_imbalance", "nlp_score")
BOUNDED = (4, 5)
FEEDS = ((0, 1, 2), (3,), (5,))
FAMILIES = ("concept", "feature", "volatility", "stale", "none", "no_edge")
TRAINING, LIVE = 1000, 2000
BAR_US, DAY_US, BARS_A_DAY = 300_000_000, 86_400_000_000, 55
START_TS = 1_600_000_000_000_000
FloatArray = NDArray[np.float64]
OBSERVER = load_config("simulated_hogs", environment={}).config.observer


@dataclass(frozen=True, slots=True)
class World:
    """One episode. `fault_bar` counts live bars (LIVE where nothing happens)."""

    family: str
    fault_bar: int
    broken_features: tuple[int, ...]
    reference: ChampionReference
    observations: tuple[BarObservation, ...]
    true_offset_scale: tuple[float, float]


def make_world(family: str, seed: int, *, ic: float = 0.4, live: int = LIVE) -> World:
    """Draw one episode of a family."""
    rng = np.random.default_rng([seed, FAMILIES.index(family)])
    ic = 0.0 if family == "no_edge" else ic
    count, width = TRAINING + live, len(FEATURES)
    fault = TRAINING + (int(rng.integers(150, 1200)) if family not in ("none", "no_edge") else live)
    latent = _autoregression(rng, (count, width), 0.9)
    weights = rng.uniform(0.8, 1.2, width) * rng.choice([-1.0, 1.0], width)
    weights /= np.linalg.norm(weights)
    log_volatility = 0.2 * _autoregression(rng, (count,), 0.98)
    volatility = 0.001 * np.exp(log_volatility)
    true_weights = np.tile(weights, (count, 1))
    broken: tuple[int, ...] = ()
    seen = latent.copy()
    offset_scale = (0.0, 1.0)
    moving_events = True
    if family == "concept":
        order = rng.permutation(width)
        share, flipped = 0.0, []
        for index in order:
            flipped.append(int(index))
            share += weights[index] ** 2
            if share >= 0.7:
                break
        true_weights[fault:, flipped] *= -1.0
        broken = tuple(flipped)
    elif family == "feature":
        broken = (int(rng.integers(width)),)
        offset_scale = (float(rng.uniform(1.0, 2.0) * rng.choice([-1.0, 1.0])), float(rng.uniform(1.7, 2.5)))
        seen[fault:, broken[0]] = offset_scale[0] + offset_scale[1] * seen[fault:, broken[0]]
    elif family == "volatility":
        volatility[fault:] *= rng.uniform(2.0, 3.0)
    elif family == "stale":
        broken = FEEDS[int(rng.integers(len(FEEDS)))]
        moving_events = bool(rng.integers(2))
    noise = rng.standard_t(5, count) / np.sqrt(5.0 / 3.0)
    returns = np.zeros(count)
    signal = np.sum(true_weights * latent, axis=1)
    returns[1:] = volatility[:-1] * (ic * signal[:-1] + np.sqrt(1.0 - ic * ic) * noise[1:])
    values = _measured(rng, seen)
    times = _times(count)
    events = np.tile(times[:, None], (1, width))
    if family == "stale":
        values[fault:, broken] = values[fault - 1, broken]
        if not moving_events:
            events[fault:, broken] = events[fault - 1, broken]
    first_bars = np.arange(count) % BARS_A_DAY == 0
    gap = first_bars & (rng.random(count) < 0.5)
    returns[first_bars] *= 1.5
    returns[gap] = np.nan
    returns[0] = np.nan
    values[rng.random((count, width)) < 0.001] = np.nan
    kept = rng.random(count) >= 0.004
    kept[0] = kept[fault if fault < count else 0] = True
    return _episode(rng, family, fault, broken, offset_scale, times, events, values, returns, kept)


def _episode(
    rng: np.random.Generator,
    family: str,
    fault: int,
    broken: tuple[int, ...],
    offset_scale: tuple[float, float],
    times: NDArray[np.int64],
    events: NDArray[np.int64],
    values: FloatArray,
    returns: FloatArray,
    kept: NDArray[np.bool_],
) -> World:
    count, width = values.shape
    mean, sd = np.nanmean(values[:TRAINING], axis=0), np.nanstd(values[:TRAINING], axis=0)
    inputs = np.nan_to_num((values - mean) / sd)
    x, y = inputs[: TRAINING - 1], np.nan_to_num(returns[1:TRAINING])
    coefficients = np.linalg.solve(x.T @ x + width / 0.15 * np.eye(width), x.T @ y)
    predictions = np.full(count, np.nan)
    predictions[1:] = (inputs @ coefficients)[:-1]
    complete = np.isfinite(values).all(axis=1)
    predictions[1:][~complete[:-1]] = np.nan
    half_spread = 0.02 * np.exp(0.3 * _autoregression(rng, (count,), 0.9))
    volume = 50.0 * np.exp(0.4 * _autoregression(rng, (count,), 0.9))
    sd_prediction = float(np.nanstd(predictions[:TRAINING]))
    residual_sd = float(np.nanstd((returns - predictions)[:TRAINING]))
    weight = np.nan_to_num(np.clip(predictions / sd_prediction, -2.0, 2.0)) * (family != "no_edge")
    net = weight * np.nan_to_num(returns) - 0.00002 * np.abs(np.diff(weight, prepend=0.0))
    reference = build_reference(
        "champion-1",
        FEATURES,
        times[:TRAINING],
        values[:TRAINING],
        predictions[:TRAINING],
        returns[:TRAINING],
        observer=OBSERVER,
        coefficients=coefficients.tolist(),
        event_ts=events[:TRAINING],
        net_returns=net[:TRAINING],
        spreads=half_spread[:TRAINING],
        volumes=volume[:TRAINING],
        bars_per_year=13860.0,
    )
    live = [index for index in range(TRAINING, count) if kept[index]]
    rows: Iterator[BarObservation] = (
        BarObservation(
            ts=int(times[index]),
            event_ts_by_feature=tuple(int(item) for item in events[index]),
            values=tuple(float(item) for item in values[index]),
            stale=(False,) * width,
            expected_return=float(predictions[index]) if former == index - 1 else float("nan"),
            return_sd=residual_sd,
            realised_return=float(returns[index]) if former == index - 1 else float("nan"),
            spread=float(half_spread[index]),
            volume=float(volume[index]),
            position_lots=round(10 * weight[index]),
            net_return=float(net[index]),
            usable=bool(former == index - 1 and np.isfinite(predictions[index])),
        )
        for former, index in zip([TRAINING - 1, *live[:-1]], live, strict=True)
    )
    fault_bar = sum(1 for index in live if index < fault)
    return World(family, fault_bar, broken, reference, tuple(rows), offset_scale)


def _measured(rng: np.random.Generator, latent: FloatArray) -> FloatArray:
    """What the pipeline makes of the latent features: units, bounds, rounding and a little measurement noise."""
    level = np.array([0.1, 1.2, 0.25, 0.01, 0.0, 0.0])
    unit = np.array([0.02, 0.2, 0.04, 0.005, 1.0, 1.0])
    values: FloatArray = level + unit * (latent + 0.02 * rng.standard_normal(latent.shape))
    values[:, 4] = np.tanh(0.6 * latent[:, 4] + 0.05 * rng.standard_normal(len(latent)))
    values[:, 5] = np.round(np.tanh(0.6 * latent[:, 5]) * 12.0) / 12.0
    return values


def _autoregression(rng: np.random.Generator, shape: tuple[int, ...], phi: float) -> FloatArray:
    steps = rng.standard_normal(shape)
    path: FloatArray = np.empty(shape)
    path[0] = steps[0]
    for row in range(1, shape[0]):
        path[row] = phi * path[row - 1] + np.sqrt(1.0 - phi * phi) * steps[row]
    return path


def _times(count: int) -> NDArray[np.int64]:
    bars = np.arange(count, dtype=np.int64)
    return START_TS + bars // BARS_A_DAY * DAY_US + bars % BARS_A_DAY * BAR_US
