"""Features of the implied density: moments and asymmetries of the risk-neutral distribution at expiry."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.core.records import OptionChain
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_SECOND
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, MISSING, Reading
from engine.signals.option_snapshot import OptionSnapshot
from engine.signals.option_surface import OptionSurface
from engine.signals.options_math.density import QUALITY_LEVELS, ImpliedDensity, fit_density

# Bound of the interest rate, per year, behind the widening of American quotes.
_RATE_BOUND = 0.06


class OptionDensity(FeatureFamily):
    """`implied_mean`, `implied_var`, `implied_skew`, `implied_kurt`, `density_quality`, `implied_tail_asymmetry`,
    `implied_variance_outside`.

    The density is fitted on every `density_every_bars`-th new snapshot of the reference expiry, beginning with the
    first; in between the last one speaks and ages. A repeated snapshot is not fitted again.
    """

    def __init__(self, config: HydraConfig, surface: OptionSurface) -> None:
        self._surface = surface
        self._every = config.features.density_every_bars
        self._least_strikes = config.features.density_min_liquid_strikes
        bar_us = config.market.bar_seconds * MICROS_PER_SECOND
        self._max_age_us = max(bar_max_age_us(config), (self._every + 3) * bar_us)
        self._snapshots = 0

    def describe(self) -> Sequence[FeatureDescription]:
        """Mean, variance, skewness, excess kurtosis, quality, tail asymmetry, share of variance outside the strikes."""
        age = self._max_age_us
        return (
            FeatureDescription("implied_mean", "price units", "option_chain", 0.0, None, age,
                               "mean of the implied density; equals the forward by construction"),
            FeatureDescription("implied_var", "variance of log price per year", "option_chain", 0.0, 100.0, age,
                               "variance of ln(S/F) of the implied density, over the years to expiry"),
            FeatureDescription("implied_skew", "skewness of log price", "option_chain", -20.0, 20.0, age,
                               "skewness of ln(S/F) of the implied density"),
            FeatureDescription("implied_kurt", "excess kurtosis of log price", "option_chain", -3.0, 500.0, age,
                               "excess kurtosis of ln(S/F) of the implied density"),
            FeatureDescription("density_quality", "0 none, 1 prior_only, 2 degraded, 3 good", "option_chain", 0.0, 3.0,
                               age, "quality of the implied density"),
            FeatureDescription("implied_tail_asymmetry", "probability", "option_chain", -1.0, 1.0, age,
                               "probability of a rise minus that of a fall beyond one standard deviation of ln(S/F)"),
            FeatureDescription("implied_variance_outside", "share", "option_chain", 0.0, 1.0, age,
                               "share of the implied variance that lies outside the quoted strikes"),
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
        density: ImpliedDensity | None = None
        if snapshot.usable:
            american = snapshot.chain.style == "american"
            density = fit_density(
                snapshot.clean.quotes,
                snapshot.forward,
                snapshot.years,
                snapshot.discount,
                self._least_strikes,
                math.expm1(_RATE_BOUND * snapshot.years) if american else 0.0,
            )
        if density is None:
            values = {name.name: MISSING for name in self.describe()} | {"density_quality": 0.0}
            quality = "none"
        else:
            values = {
                "implied_mean": density.mean_price,
                "implied_var": density.log_variance / density.years,
                "implied_skew": density.log_skew,
                "implied_kurt": density.log_excess_kurtosis,
                "density_quality": float(QUALITY_LEVELS[density.quality]),
                "implied_tail_asymmetry": tail_asymmetry(density),
                "implied_variance_outside": density.variance_outside,
            }
            quality = GOOD if density.quality == "good" else density.quality
        source = snapshot.chain.source
        return [Reading(name, snapshot.event_ts, value, quality, source) for name, value in values.items()]


def tail_asymmetry(density: ImpliedDensity) -> float:
    """P(ln S/F > mean + sd) - P(ln S/F < mean - sd); NaN where no shape is claimed."""
    if math.isnan(density.log_skew):
        return MISSING
    deviation = math.sqrt(density.log_variance)
    bounds = density.forward * np.exp(density.log_mean + deviation * np.array([-1.0, 1.0]))
    below, not_above = density.cdf(bounds)
    return float((1.0 - not_above) - below)
