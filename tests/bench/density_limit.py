"""How near to the truth any method can come: oracles that know the family of the truth, as Markdown.

    python -m tests.bench.density_limit [--seeds 20] [--truth "bimodal 9"]

The truths are mixtures of two lognormals, the chains those of tests/bench/density_comparison.py. The oracles are told
that family and search its four parameters from the true ones:

- *least squares*: middles in half widths, with a steep wall at bid and ask (one-sided quotes: the wall only);
- *inside the quotes*: the mean CDF over all mixtures that price every quote inside bid and ask, each alike;
- *knowing the rule*: the same weighted by the exact likelihood of how these chains are made (width as a function of the
  price, rounding to the tick, missing sides), of which no market tells. No method that reads the quotes knows more.

"Alike" is a flat prior over the weight (.02 to .98), the distance of the centres (up to 4 scales) and ln of both
deviations (.1 to 3 scales); the scale is the deviation of the truth. For each of the last two: KS of the mean CDF to
the truth, and in brackets the KS that is to be expected of it over the mixtures it cannot tell apart; the mean CDF has
nearly the least. *Half diameter*: half of the largest KS between two of 500 mixtures inside the quotes; of these two
one is as far as this from whatever a method answers. All are medians over seeds. Draws are by differential evolution
Markov chains (ter Braak 2006, Statistics and Computing 16, 239-249); regions that they do not reach from the truth
would only add to the spread.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from engine.host.operations.figures import median
from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.density import implied_density
from engine.signals.options_math.european_intervals import OptionTerms, european_intervals
from engine.signals.options_math.families.two_lognormals import TwoLognormalsFamily
from engine.signals.options_math.quoted_intervals import BoolArray, QuotedIntervals
from tests.engine.signals.options_math.simulated_truths import (
    BIMODAL,
    FAT_LEFT,
    FORWARD,
    MISSING_SHARE_WHEN_THIN,
    TICK,
    Truth,
    truth,
)

FloatArray = NDArray[np.float64]
LogWeight = Callable[[FloatArray], FloatArray]
Mixture = tuple[list[float], list[float], list[float]]
MIXTURES: dict[str, Mixture] = {"bimodal": BIMODAL, "fat left 9": FAT_LEFT, "bimodal 9": BIMODAL}
FAMILY = TwoLognormalsFamily()
LEAST = np.array([math.log(0.02 / 0.98), -4.0, math.log(0.1), math.log(0.1)])
GREATEST = np.array([math.log(0.98 / 0.02), 4.0, math.log(3.0), math.log(3.0)])
WALL = 8.0
WALKERS, STEPS, WARM_UP, EVERY = 240, 5_000, 2_000, 60
JUMP_SHARE = 0.1
PAIRED = 500
ROUNDING_CENTS = 1e-5


@dataclass(frozen=True)
class Case:
    """A truth with its parameters as the family counts them, its scale, and its CDF at `log_price` (ln S/F)."""

    truth: Truth
    parameters: FloatArray
    scale: float
    log_price: FloatArray
    cdf: FloatArray

    @classmethod
    def of(cls, name: str) -> Case:
        """One of MIXTURES."""
        (first, second), shift, own = MIXTURES[name]
        middle = first * shift[0] + second * shift[1]
        scale = math.sqrt(
            first * (own[0] ** 2 + (shift[0] - middle) ** 2) + second * (own[1] ** 2 + (shift[1] - middle) ** 2)
        )
        distance = (shift[1] - shift[0]) / scale
        parameters = np.array([math.log(second / first), distance, *(math.log(one / scale) for one in own)])
        log_price = np.linspace(-6.0 * scale, 5.0 * scale, 801)
        known = truth(name)
        return cls(known, parameters, scale, log_price, known.cdf(FORWARD * np.exp(log_price)))

    def cdfs(self, parameters: FloatArray) -> FloatArray:
        """CDFs [n, prices] of parameters [n, 4]."""
        return FAMILY.cdf(parameters, self.scale, self.log_price)

    def prices(self, parameters: FloatArray, strike: FloatArray, is_call: BoolArray) -> FloatArray:
        """Undiscounted prices over the forward [n, quotes] at strikes over the forward."""
        return FAMILY.prices(parameters, self.scale, strike, is_call)


@dataclass(frozen=True)
class Found:
    """KS distances of one chain; see the head of the file."""

    hydra: float
    least_squares: float
    inside: float
    inside_expected: float
    rule: float
    rule_expected: float
    half_diameter: float


def measure(case: Case, seed: int) -> Found:
    """All figures of one chain."""
    terms = OptionTerms(FORWARD, case.truth.years, tick=TICK)
    quotes = sorted(case.truth.chain(seed), key=lambda quote: (quote.strike, quote.is_call))
    intervals = european_intervals(quotes, terms)
    density = implied_density(quotes, terms)
    if density is None:
        raise ValueError(f"no density of {case.truth.name}, seed {seed}")
    inside = case.cdfs(_draws(case, _inside(case, intervals), seed))
    rule = case.cdfs(_draws(case, _rule(case, quotes), seed))
    chosen = inside[np.random.default_rng(seed).permutation(len(inside))[:PAIRED]]
    return Found(
        _distance(density.cdf(FORWARD * np.exp(case.log_price)), case.cdf),
        _distance(case.cdfs(_least_squares(case, intervals)[None])[0], case.cdf),
        _distance(inside.mean(axis=0), case.cdf),
        float(np.mean(np.abs(inside - inside.mean(axis=0)).max(axis=1))),
        _distance(rule.mean(axis=0), case.cdf),
        float(np.mean(np.abs(rule - rule.mean(axis=0)).max(axis=1))),
        0.5 * max(float(np.abs(chosen - one).max()) for one in chosen),
    )


def _distance(one: FloatArray, other: FloatArray) -> float:
    return float(np.max(np.abs(one - other)))


def _least_squares(case: Case, quotes: QuotedIntervals) -> FloatArray:
    from scipy.optimize import least_squares

    def residuals(parameters: FloatArray) -> FloatArray:
        price = case.prices(parameters[None], quotes.strike, quotes.is_call)[0]
        pull = np.where(quotes.two_sided, (price - quotes.middle) / quotes.half_width, 0.0)
        outside = (price - np.clip(price, quotes.low, quotes.high)) / quotes.half_width
        return np.concatenate([pull, WALL * outside])

    result: FloatArray = least_squares(residuals, case.parameters, x_scale="jac").x
    return result


def _inside(case: Case, quotes: QuotedIntervals) -> LogWeight:
    room = ROUNDING_CENTS / FORWARD

    def log_weight(parameters: FloatArray) -> FloatArray:
        price = case.prices(parameters, quotes.strike, quotes.is_call)
        held = np.all((price >= quotes.low - room) & (price <= quotes.high + room), axis=1)
        return np.where(held, _log_prior(parameters), -math.inf)

    return log_weight


def _rule(case: Case, quotes: Sequence[CleanQuote]) -> LogWeight:
    """The middle of a quote lies within half a width of the price, each place alike, and bid and ask say to a tick
    where; a bid of zero is a missing one or one below the first tick."""
    strike, is_call = np.array([quote.strike for quote in quotes]) / FORWARD, np.array([q.is_call for q in quotes])
    bid, ask = np.array([quote.bid for quote in quotes]), np.array([quote.ask for quote in quotes])
    missing = MISSING_SHARE_WHEN_THIN if case.truth.thin else 0.0

    def log_weight(parameters: FloatArray) -> FloatArray:
        price = FORWARD * case.prices(parameters, strike, is_call)
        width = case.truth.quoted_width(price)
        half = 0.5 * width
        low = np.maximum(price - half, ask - TICK - half - ROUNDING_CENTS)
        high = np.minimum(price + half, ask - half + ROUNDING_CENTS)
        of_ask = np.maximum(high - low, 0.0)
        low = np.maximum(low, np.where(bid > 0.0, bid + half - ROUNDING_CENTS, -math.inf))
        of_both = np.maximum(np.minimum(high, bid + TICK + half + ROUNDING_CENTS) - low, 0.0)
        chance = ((1.0 - missing) * of_both + np.where(bid > 0.0, 0.0, missing * of_ask)) / width
        with np.errstate(divide="ignore"):
            likelihood: FloatArray = np.sum(np.log(chance), axis=1)
        return likelihood + _log_prior(parameters)

    return log_weight


def _log_prior(parameters: FloatArray) -> FloatArray:
    """Flat in the weight, whose logit is the first parameter, and in the others."""
    weight = 1.0 / (1.0 + np.exp(-parameters[:, 0]))
    allowed = np.all((parameters >= LEAST) & (parameters <= GREATEST), axis=1)
    return np.where(allowed, np.log(weight * (1.0 - weight)), -math.inf)


def _draws(case: Case, log_weight: LogWeight, seed: int) -> FloatArray:
    """Draws [n, 4] by walkers that start at the truth and step along differences of two others."""
    rng = np.random.default_rng([seed, 2_006])
    at = np.repeat(case.parameters[None], WALKERS, axis=0)
    value = log_weight(at)
    if not np.isfinite(value[0]):
        raise ValueError(f"the truth {case.truth.name} does not price its own chain, seed {seed}")
    kept = []
    for step in range(STEPS):
        one, other = rng.integers(0, WALKERS, (2, WALKERS))
        factor = np.where(rng.random(WALKERS) < JUMP_SHARE, 1.0, rng.uniform(0.1, 0.84, WALKERS))
        noise = (1e-2 if step < WARM_UP // 4 else 1e-3) * rng.standard_normal(at.shape)
        tried = at + factor[:, None] * (at[one] - at[other]) + noise
        of_tried = log_weight(tried)
        taken = np.log(rng.random(WALKERS)) < of_tried - value
        at, value = np.where(taken[:, None], tried, at), np.where(taken, of_tried, value)
        if step >= WARM_UP and step % EVERY == 0:
            kept.append(at)
    return np.concatenate(kept)


def table(names: Sequence[str], seeds: int) -> list[str]:
    """The table as lines of Markdown."""
    lines = [
        "| truth | HYDRA | least squares | inside the quotes (expected) | knowing the rule (expected) "
        "| half diameter |",
        "|---|---|---|---|---|---|",
    ]
    for name in names:
        case = Case.of(name)
        found = [astuple(measure(case, seed)) for seed in range(seeds)]
        hydra, squares, inside, likely, rule, likely_rule, half = (
            median(list(one)) for one in zip(*found, strict=True)
        )
        lines.append(
            f"| {name} ({case.truth.strikes.size} strikes) | {hydra:.4f} | {squares:.4f} | {inside:.4f} ({likely:.4f}) "
            f"| {rule:.4f} ({likely_rule:.4f}) | {half:.4f} |"
        )
    return lines


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.density_limit")
    parser.add_argument("--seeds", type=int, default=20, help="chains of every truth")
    parser.add_argument("--truth", choices=tuple(MIXTURES), action="append", help="one truth only; may be repeated")
    options = parser.parse_args(arguments)
    sys.stdout.write("\n".join(table(options.truth or list(MIXTURES), options.seeds)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
