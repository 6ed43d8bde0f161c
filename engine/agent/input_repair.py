"""Estimate how an input was re-scaled: `seen = offset + scale * true`, from the last good value and what followed.

Given the scale b the offset enters linearly: the first bar after the change ties it to the last good value through the
AR(1), every later one adds a little. b runs over a fine grid, the offset is solved in closed form, and the Gaussian
likelihood (with a weak prior `log b ~ N(0, 0.7^2)`, standardised offset ~ N(0, 3^2)) picks the pair. The level prior of
the true input, N(0, 1) stationary, is used as well: it is what makes a pure offset visible.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.agent.observation import BarObservation
from engine.agent.reference import ChampionReference

FloatArray = NDArray[np.float64]
EARLIER_BARS = 4
LATER_BARS = 8
SCALES = np.exp(np.linspace(math.log(0.2), math.log(8.0), 150))


def estimate_rescaling(
    window: Sequence[BarObservation], change_ts: int, reference: ChampionReference, index: int
) -> tuple[float, float]:
    """(offset, scale) in the input's own unit, so that `(value - offset) / scale` is the repaired input.

    `window` should hold a few bars before `change_ts`, which may be a few bars off: the bar from which re-scaling
    explains the values best is looked for around it, since the jump from the last good value says most about the
    offset. Works on the plain standardised input; for a bounded one this is the best straight repair, not an exact one.
    """
    mean, sd = reference.feature_mean[index], reference.feature_sd[index]
    before_offset, before_scale = reference.input_offset[index], reference.input_scale[index]

    def standard(item: BarObservation) -> float:
        return ((item.values[index] - before_offset) / before_scale - mean) / sd

    phi = min(reference.feature_ar1[index], 0.995)
    units = reference.innovation_units(index, [item.realised_return for item in window])
    finite, kept = [], []
    for item, unit in zip(window, units.tolist(), strict=True):
        if math.isfinite(item.values[index]):
            finite.append(item)
            kept.append(unit)
    values = np.array([standard(item) for item in finite])
    noise = max(reference.innovation_sd[index], 1e-3) * np.array(kept)
    named = sum(item.ts < change_ts for item in finite)
    if named == len(values):
        return before_offset, before_scale
    best = (-math.inf, 0.0, 1.0)
    earliest = max(0, named - EARLIER_BARS)
    for start in range(earliest, min(named + LATER_BARS, len(values) - 1) + 1):
        sound = values[max(earliest - 1, 0) : start]
        sound_noise = noise[max(earliest - 1, 0) : start]
        calm = -0.5 * float(np.sum(((sound[1:] - phi * sound[:-1]) / sound_noise[1:]) ** 2))
        first_mean, first_sd = (phi * values[start - 1], float(noise[start])) if start else (0.0, 1.0)
        fitted = _fit(values[start:], first_mean, first_sd, phi, noise[start + 1 :])
        if fitted[0] + calm > best[0]:
            best = (fitted[0] + calm, *fitted[1:])
    _, offset, scale = best
    # standardised: z_seen = offset + scale * z_true  ->  in the input's unit, on top of any repair in force
    own_offset = mean + sd * offset - scale * mean
    return before_offset + before_scale * own_offset, before_scale * scale


def _fit(
    later: FloatArray, first_mean: float, first_sd: float, phi: float, noise: FloatArray
) -> tuple[float, float, float]:
    """(log likelihood, offset, scale) of the best pair for standardised values of which all are re-scaled; `noise` is
    that of all but the first."""
    scales = SCALES[:, None]
    scaled = later / scales
    # residual rows, one per scale: r = p - q * offset, both in units of their noise
    p = np.concatenate(
        ((scaled[:, :1] - first_mean) / first_sd, (scaled[:, 1:] - phi * scaled[:, :-1]) / noise), axis=1
    )
    q = np.concatenate((1.0 / (scales * first_sd), (1.0 - phi) / (scales * noise)), axis=1)
    cross, energy = np.einsum("sn,sn->s", q, p), np.einsum("sn,sn->s", q, q)
    offset = cross / (energy + 1.0 / 9.0)
    squared = np.einsum("sn,sn->s", p, p) - 2.0 * offset * cross + offset * offset * energy
    log_scale = np.log(SCALES)
    likelihood = -len(later) * log_scale - 0.5 * squared - offset**2 / 18.0 - 0.5 * (log_scale / 0.7) ** 2
    best = int(np.argmax(likelihood))
    return float(likelihood[best]), float(offset[best]), float(SCALES[best])
