"""What a linear rule is truly worth: expected growth under the known weights, without any estimation.

A rule forecasts f = intercept + w.(v - m) / s of repaired values v = (x - offset) / scale. With unfaulted features
c ~ N(0, I) and x = shift + feed_scale c, f is normal with mean g and loadings a on c, and y = sigma (beta.c + noise),
the noise having variance v = 1 - rho^2. Costs apart, a bar grows to second order by:

- forecasts of the return, held as f / sigma^2 (Kelly):
  E[f y] / sigma^2 - E[f^2] / (2 sigma^2) = a.beta / sigma - (g^2 + a.a) / (2 sigma^2),
  which also orders rules by expected Gaussian log likelihood;
- forecasts of the return in units of volatility, held as f / (sigma (v + f^2)): with h = f / (v + f^2) and
  b = E[beta.c | f], E[h b - h^2 (b^2 + var(beta.c | f) + v) / 2]. beta.c and f are jointly normal, so this is an
  integral over f alone (Gauss-Hermite, 40 nodes); sigma drops out.

sigma is the level about which volatility moves, so that a passing calm does not decide; the mean over the bars that
follow a promotion does.

>>> one = np.ones((1, 1))
>>> float(return_growth(np.zeros(1), 0.35 * one, 0.35 * one, np.ones(1))[0].round(6))
0.06125
>>> float(volatility_growth(np.zeros(1), 0.35 * one, 0.35 * one)[0].round(4))
0.0516
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.sandbox.healbench.episode_record import EpisodeRecord, PromotionRecord
from engine.sandbox.healbench.forecast_rule import ForecastRule, first_rule, training_scale
from engine.sandbox.healbench.heal_world import CORRELATION, BoolArray, FloatArray, HealWorld
from engine.sandbox.healbench.ridge_champion import RidgeChampion

JUDGED_BARS: Final = 250
_NODES: Final = 40


def return_growth(mean: FloatArray, loadings: FloatArray, beta: FloatArray, sigma: FloatArray) -> FloatArray:
    """Growth per bar of forecasts of the return, for mean[n], loadings[n, D], beta[n, D], sigma[n]."""
    energy = mean**2 + np.einsum("td,td->t", loadings, loadings)
    growth: FloatArray = np.einsum("td,td->t", loadings, beta) / sigma - energy / (2.0 * sigma**2)
    return growth


def volatility_growth(mean: FloatArray, loadings: FloatArray, beta: FloatArray) -> FloatArray:
    """Growth per bar of forecasts in units of volatility, for mean[n], loadings[n, D], beta[n, D]."""
    noise = 1.0 - CORRELATION**2
    node, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    weight = weight / weight.sum()
    sd = np.sqrt(np.einsum("td,td->t", loadings, loadings))
    # covariance of beta.c with the standardised forecast; a rule that says one number is told nothing by its forecast
    told = np.einsum("td,td->t", loadings, beta) / np.where(sd > 0.0, sd, 1.0)
    forecast = mean[:, None] + sd[:, None] * node
    expected = told[:, None] * node
    unexplained = (np.einsum("td,td->t", beta, beta) - told**2)[:, None] + noise
    held = forecast / (noise + forecast**2)
    growth: FloatArray = (held * expected - 0.5 * held**2 * (expected**2 + unexplained)) @ weight
    return growth


def true_growth(
    world: HealWorld, bar: int, rule: ForecastRule | None, repaired: PromotionRecord | None = None
) -> float:
    """Mean true growth per bar over the 250 bars from `bar` on (fewer at the end of the world); a rule of None stands
    aside and grows by 0. `repaired` names the repairs of inputs that the rule works under."""
    if rule is None:
        return 0.0
    mean, sd = training_scale(world)
    offset, scale, used = _input_repairs(repaired, world.features)
    per_value = np.where(used, rule.weights / sd, 0.0)
    bars = slice(bar, bar + JUDGED_BARS)
    level = rule.intercept + ((world.feed_shift[bars] - offset) / scale - mean) @ per_value
    loadings = world.feed_scale[bars] / scale * per_value
    if rule.unit == "return":
        return float(return_growth(level, loadings, world.beta[bars], world.sigma_level[bars]).mean())
    return float(volatility_growth(level, loadings, world.beta[bars]).mean())


def false_promotions(world: HealWorld, champion: RidgeChampion, record: EpisodeRecord) -> tuple[bool, ...]:
    """For each promotion, in order of time, whether it was truly worse than the rule that it replaced.

    Both are judged with the repairs of inputs that the promotion names. The first to be replaced is the rule behind
    the agent's own forecasts; the benchmark's champion where these cannot tell (`first_rule`). Two units are compared
    by the standard deviation of the training returns.
    """
    own, _ = first_rule(world, record)
    rule: ForecastRule | None = own or ForecastRule.of_champion(champion, world)
    verdicts = []
    for promotion in sorted(record.promotions, key=lambda item: item.bar):
        following = _rule_of(promotion)
        if following is not None and rule is not None and following.unit != rule.unit:
            rule = _in_unit_of(following, rule, float(world.y[: world.train_bars].std()))
        before = true_growth(world, promotion.bar, rule, promotion)
        verdicts.append(true_growth(world, promotion.bar, following, promotion) < before)
        rule = following
    return tuple(verdicts)


def _rule_of(promotion: PromotionRecord) -> ForecastRule | None:
    if promotion.weights is None:
        return None
    return ForecastRule(np.asarray(promotion.weights, dtype=np.float64), promotion.intercept, promotion.unit)


def _in_unit_of(other: ForecastRule, rule: ForecastRule, return_sd: float) -> ForecastRule:
    factor = return_sd if other.unit == "return" else 1.0 / return_sd
    return ForecastRule(rule.weights * factor, rule.intercept * factor, other.unit)


def _input_repairs(repaired: PromotionRecord | None, width: int) -> tuple[FloatArray, FloatArray, BoolArray]:
    if repaired is None:
        return np.zeros(width), np.ones(width), np.ones(width, dtype=np.bool_)
    offset = np.zeros(width) if repaired.input_offset is None else np.asarray(repaired.input_offset, dtype=np.float64)
    scale = np.ones(width) if repaired.input_scale is None else np.asarray(repaired.input_scale, dtype=np.float64)
    used = np.ones(width, dtype=np.bool_)
    used[list(repaired.muted_inputs)] = False
    return offset, scale, used
