"""Features of the implied density: moments and asymmetries of the risk-neutral distribution at expiry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from engine.core.records import OptionChain
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_SECOND
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, MISSING, Reading
from engine.signals.option_snapshot import OptionSnapshot
from engine.signals.option_surface import OptionSurface
from engine.signals.options_math.chain_rate import RateBounds
from engine.signals.options_math.density import QUALITY_LEVELS, ImpliedDensity, implied_density
from engine.signals.options_math.density_moments import MomentEstimate
from engine.signals.options_math.european_intervals import OptionTerms

# A 5-95 % interval of a normal distribution is this many standard deviations wide.
_NORMAL_BAND: Final = 3.29
_TAIL_DEVIATIONS: Final = math.sqrt(3.0)


@dataclass(frozen=True, slots=True)
class FittedDensity:
    """A density with the snapshot to which it was fitted; None where there was nothing to fit."""

    snapshot: OptionSnapshot
    density: ImpliedDensity | None


class OptionDensity(FeatureFamily):
    """Moments of the implied density with their errors, its quality, and what of its shape survives mean = forward:
    `implied_tail_asymmetry`, `implied_median_shift`, `implied_mode_shift`.

    The density is fitted on every `density_every_bars`-th new snapshot of the reference expiry, beginning with the
    first; in between the last one speaks and ages. A repeated snapshot is not fitted again. `last` keeps the newest
    one for screens.
    """

    def __init__(self, config: HydraConfig, surface: OptionSurface) -> None:
        features = config.features
        self._surface = surface
        self._every = features.density_every_bars
        self._least_strikes = features.density_min_liquid_strikes
        self._bounds = RateBounds.of(features)
        self._tick = config.market.contract.tick_size
        bar_us = config.market.bar_seconds * MICROS_PER_SECOND
        self._max_age_us = max(bar_max_age_us(config), (self._every + 3) * bar_us)
        self._snapshots = 0
        self.last: FittedDensity | None = None

    def describe(self) -> Sequence[FeatureDescription]:
        """Moments and their errors, quality, asymmetries, share of variance outside the strikes."""
        age = self._max_age_us
        return (
            FeatureDescription("implied_mean", "price units", "option_chain", 0.0, None, age,
                               "mean of the implied density; equals the forward by construction"),
            FeatureDescription("implied_var", "variance of log price per year", "option_chain", 0.0, 100.0, age,
                               "variance of ln(S/F) of the implied density, over the years to expiry", 2),
            FeatureDescription("implied_skew", "skewness of log price", "option_chain", -20.0, 20.0, age,
                               "skewness of ln(S/F) of the implied density", 2),
            FeatureDescription("implied_kurt", "excess kurtosis of log price", "option_chain", -3.0, 500.0, age,
                               "excess kurtosis of ln(S/F) of the implied density", 2),
            FeatureDescription("density_quality", "0 none, 1 prior_only, 2 degraded, 3 good", "option_chain", 0.0, 3.0,
                               age, "quality of the implied density"),
            FeatureDescription("implied_tail_asymmetry", "probability", "option_chain", -1.0, 1.0, age,
                               "probability of a rise minus that of a fall beyond 1.73 standard deviations of ln(S/F)",
                               2),
            FeatureDescription("implied_variance_outside", "share", "option_chain", 0.0, 1.0, age,
                               "share of the implied variance that lies outside the quoted strikes", 2),
            FeatureDescription("implied_median_shift", "standard deviations", "option_chain", -3.0, 3.0, age,
                               "median of ln(S/F) minus its mean, over its standard deviation"),
            FeatureDescription("implied_mode_shift", "standard deviations", "option_chain", -6.0, 6.0, age,
                               "likeliest ln(S/F) minus its mean, over its standard deviation"),
            FeatureDescription("implied_var_error", "variance of log price per year", "option_chain", 0.0, None, age,
                               "standard error of implied_var: its 5-95 % interval over 3.29"),
            FeatureDescription("implied_skew_error", "skewness of log price", "option_chain", 0.0, None, age,
                               "standard error of implied_skew: its 5-95 % interval over 3.29"),
            FeatureDescription("implied_kurt_error", "excess kurtosis of log price", "option_chain", 0.0, None, age,
                               "standard error of implied_kurt: its 5-95 % interval over 3.29"),
            FeatureDescription("density_band_width", "probability", "option_chain", 0.0, 1.0, age,
                               "mean width of the 5-95 % band of the CDF between its 1 and 99 % quantiles"),
        )  # fmt: skip

    def on_chain(self, chain: OptionChain) -> Sequence[Reading]:
        """Readings of the reference snapshot that has just passed the surface, if its density is due."""
        snapshot = self._surface.snapshot
        if snapshot is None or snapshot.repeated:
            return ()
        due = self._snapshots % self._every == 0
        self._snapshots += 1
        return self._readings(snapshot) if due else ()

    def _readings(self, snapshot: OptionSnapshot) -> Sequence[Reading]:
        density = None
        if snapshot.usable:
            density = implied_density(snapshot.clean.quotes, self._terms(snapshot), self._least_strikes)
        self.last = FittedDensity(snapshot, density)
        if density is None:
            values = {name.name: MISSING for name in self.describe()} | {"density_quality": 0.0}
            quality = "none"
        else:
            values = _values(density)
            quality = GOOD if density.quality == "good" else density.quality
        source = snapshot.chain.source
        return [
            Reading(name, snapshot.event_ts, value, quality if value == value else "not_claimed", source)
            for name, value in values.items()
        ]

    def _terms(self, snapshot: OptionSnapshot) -> OptionTerms:
        """A rate that quotes told is taken as it is; one between the two settings widens the quotes by its doubt."""
        style: Literal["european", "american"] = "american" if snapshot.chain.style == "american" else "european"
        if snapshot.terms is None or snapshot.terms.rate.source == "bounds":
            bounds = self._bounds.as_rate()
            return OptionTerms(snapshot.forward, snapshot.years, bounds.rate, bounds.error, style, self._tick)
        return snapshot.terms.option_terms(style, self._tick)


def _values(density: ImpliedDensity) -> dict[str, float]:
    moments = density.log_moments
    deviation = math.sqrt(moments.variance.value)
    report = density.report()
    inside = (report.cdf >= 0.01) & (report.cdf <= 0.99)
    in_logs = report.pdf * report.grid
    mode = math.log(float(report.grid[int(np.argmax(in_logs))]) / density.forward)
    median = math.log(density.quantile(0.5) / density.forward)
    shaped = density.claims_shape
    return {
        "implied_mean": density.mean_price,
        "implied_var": moments.variance.value / density.years,
        "implied_skew": moments.skewness.value,
        "implied_kurt": moments.excess_kurtosis.value,
        "density_quality": float(QUALITY_LEVELS[density.quality]),
        "implied_tail_asymmetry": tail_asymmetry(density),
        "implied_variance_outside": moments.variance.share_outside,
        "implied_median_shift": (median - moments.mean.value) / deviation if shaped else MISSING,
        "implied_mode_shift": (mode - moments.mean.value) / deviation if shaped else MISSING,
        "implied_var_error": _error(moments.variance) / density.years,
        "implied_skew_error": _error(moments.skewness),
        "implied_kurt_error": _error(moments.excess_kurtosis),
        "density_band_width": float(np.mean((report.cdf_high - report.cdf_low)[inside])),
    }


def _error(moment: MomentEstimate) -> float:
    return (moment.high - moment.low) / _NORMAL_BAND


def tail_asymmetry(density: ImpliedDensity) -> float:
    """P(ln S/F > mean + sqrt(3) sd) - P(ln S/F < mean - sqrt(3) sd); NaN where no shape is claimed.

    To first order a skewness g moves both tails beyond z standard deviations by g (z^2 - 1) phi(z) / 6 (Edgeworth): not
    at all at z = 1, most at sqrt(3).
    """
    if not density.claims_shape:
        return MISSING
    deviation = math.sqrt(density.log_variance)
    bounds = density.forward * np.exp(density.log_mean + _TAIL_DEVIATIONS * deviation * np.array([-1.0, 1.0]))
    below, not_above = density.cdf(bounds)
    return float((1.0 - not_above) - below)
