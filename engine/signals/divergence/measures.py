"""What options say: measures of asymmetry and of fat tails, combined with fixed weights.

The mean of the density is the futures price, so it says nothing. If the right side of a density grows with its mean
held, the skew slope, the skewness and the right tail's probability rise, and the median and the mode fall below the
mean (for small skewness g, by g/6 and g/2 standard deviations; Pearson). The last two are therefore the same statement
with the opposite sign, read off the body instead of the wings, and enter with negative weights. "Options lean up" means
throughout: a rise is paid for more dearly, compared with a fall, than it used to be.

The term structure has no sign: the near expiry dearer than the next one says that something is expected soon, not
where it will go. It counts with the tails.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Measure:
    """A feature that speaks and its signed weight. One `from_density` is as old as the last density that was fitted,
    which is not done at every chain everywhere."""

    feature: str
    weight: float
    from_density: bool = True


# The skew slope leads: it is known at every chain, has a standard error of its own and needs no wings. Mode and median
# come from a density that thin chains hardly determine; the mode least.
LEAN_MEASURES: Final = (
    Measure("skew_slope", 0.40, from_density=False),
    Measure("implied_skew", 0.20),
    Measure("implied_tail_asymmetry", 0.15),
    Measure("implied_median_shift", -0.15),
    Measure("implied_mode_shift", -0.10),
)
TAIL_MEASURES: Final = (Measure("implied_kurt", 0.75), Measure("vol_term_spread", -0.25, from_density=False))


@dataclass(frozen=True, slots=True)
class MeasureReading:
    """One measure at a moment: `score` in standard deviations of its past (NaN where unknown); `trust` in [0, 1], from
    its standard error and its age; `timeliness` in [0, 1], how far it is up with the newest measure of its group."""

    measure: Measure
    score: float
    trust: float
    timeliness: float


@dataclass(frozen=True, slots=True)
class CombinedMeasure:
    """`score` = mean of the signed scores weighted by |weight| x timeliness (NaN where none is known); `confidence` in
    [0, 1]."""

    score: float
    confidence: float


def combine(readings: Sequence[MeasureReading]) -> CombinedMeasure:
    """Score and confidence of measures that say the same thing in different ways.

    Measures that disagree cancel, so the score is small unless they agree. The confidence is half the trust in the best
    known measure and half the weighted mean of the trust in all of them, an unknown one counting 0: one good measure is
    worth something, all of them more. Trust that falls and measures that go missing never raise it, and no trust moves
    the score.
    """
    known = [reading for reading in readings if math.isfinite(reading.score)]
    pull = math.fsum(abs(reading.measure.weight) * reading.timeliness for reading in known)
    if not pull > 0.0:
        return CombinedMeasure(math.nan, 0.0)
    score = math.fsum(reading.measure.weight * reading.timeliness * reading.score for reading in known) / pull
    whole = math.fsum(abs(reading.measure.weight) for reading in readings)
    share = math.fsum(abs(reading.measure.weight) * reading.trust for reading in known) / whole
    return CombinedMeasure(score, 0.5 * max(reading.trust for reading in known) + 0.5 * share)


def reliability(deviation: float, error: float) -> float:
    """Share of a measure's spread that is not error: sd^2 / (sd^2 + error^2). 0 where the error is not a number, or
    where the measure has not varied."""
    if not (math.isfinite(error) and math.isfinite(deviation) and deviation > 0.0):
        return 0.0
    return 1.0 / (1.0 + (error / deviation) ** 2)
