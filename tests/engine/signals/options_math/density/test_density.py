"""The implied density: arbitrage-free always, close to the truth on noisy chains, honest about what it cannot know."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from engine.core.records import OptionChain
from engine.ingestion.input_file import read_input
from engine.ingestion.options.cboe_quotes import CboeQuotesPipeline
from engine.kernel.config_models import HydraConfig
from engine.signals.options_math.chain_cleaning import CleanQuote, clean_chain
from engine.signals.options_math.density import ImpliedDensity, fit_density
from engine.signals.options_math.forward import infer_forward

GRID = np.linspace(25.0, 180.0, 1551)


@dataclass(frozen=True)
class Mixture:
    """A lognormal mixture with mean 80: the truth behind a synthetic chain."""

    weight: tuple[float, ...]
    shift: tuple[float, ...]
    deviation: tuple[float, ...]

    @property
    def centre(self) -> np.ndarray:
        shift, deviation = np.array(self.shift), np.array(self.deviation)
        return shift - math.log(float(np.array(self.weight) @ np.exp(shift + deviation**2 / 2)))

    def call(self, strike: float) -> float:
        deviation = np.array(self.deviation)
        d2 = (self.centre - math.log(strike / 80.0)) / deviation
        legs = 80.0 * np.exp(self.centre + deviation**2 / 2) * ndtr(d2 + deviation) - strike * ndtr(d2)
        return float(np.array(self.weight) @ legs)

    def cdf(self, price: np.ndarray) -> np.ndarray:
        return ndtr((np.log(price / 80.0)[:, None] - self.centre) / np.array(self.deviation)) @ np.array(self.weight)


LOGNORMAL = Mixture((1.0,), (0.0,), (0.0878,))
BIMODAL = Mixture((0.55, 0.45), (-0.07, 0.08), (0.035, 0.04))
FAT_LEFT = Mixture((0.8, 0.2), (0.02, -0.12), (0.08, 0.14))
SKEWED = Mixture((0.7, 0.25, 0.05), (0.03, -0.08, -0.3), (0.11, 0.17, 0.3))
TWO_SCALES = Mixture((0.6, 0.4), (0.0, 0.0), (0.06, 0.16))


def noisy_chain(truth: Mixture, strikes: int, step: float, missing: float, seed: int) -> list[CleanQuote]:
    rng = np.random.default_rng(seed)
    quotes = []
    for strike in 80.0 + step * (np.arange(strikes) - strikes // 2):
        for is_call in (True, False):
            if rng.random() < missing:
                continue
            value = truth.call(strike) - (0.0 if is_call else 80.0 - strike)
            half = max(0.05, 0.03 * value) * step
            middle = value + half * rng.uniform(-0.7, 0.7)
            bid = max(0.0, math.floor((middle - half) / 0.025) * 0.025)
            quotes.append(CleanQuote(float(strike), is_call, bid, math.ceil((middle + half) / 0.025) * 0.025, 1.0))
    return quotes


def fitted(quotes: list[CleanQuote], forward: float = 80.0, years: float = 0.15) -> ImpliedDensity:
    density = fit_density(quotes, forward, years)
    assert density is not None
    return density


def assert_sound(density: ImpliedDensity) -> None:
    grid = density.forward * np.exp(np.linspace(-12, 12, 2001) * math.sqrt(density.log_variance))
    assert np.all(density.pdf(grid) >= 0.0)
    assert np.all(np.diff(density.cdf(grid)) >= 0.0)
    assert np.all(density.weight >= 0.0)
    assert density.weight.sum() == pytest.approx(1.0, abs=1e-9)
    assert density.mean_price == pytest.approx(density.forward, rel=1e-9)


@pytest.mark.parametrize(
    ("truth", "strikes", "step", "missing", "bar"),
    [
        (LOGNORMAL, 25, 1.0, 0.0, 0.010),
        (FAT_LEFT, 25, 1.0, 0.0, 0.010),
        (SKEWED, 25, 1.0, 0.0, 0.010),
        (TWO_SCALES, 25, 1.0, 0.0, 0.010),
        (BIMODAL, 25, 1.0, 0.0, 0.010),
        (LOGNORMAL, 9, 2.0, 0.25, 0.020),
        (FAT_LEFT, 9, 2.0, 0.25, 0.020),
        (BIMODAL, 9, 2.0, 0.0, 0.020),
    ],
)
def test_close_to_the_truth(truth: Mixture, strikes: int, step: float, missing: float, bar: float) -> None:
    distances = []
    for seed in range(40):
        density = fitted(noisy_chain(truth, strikes, step, missing, seed))
        assert_sound(density)
        assert not density.repaired
        distances.append(float(np.max(np.abs(density.cdf(GRID) - truth.cdf(GRID)))))
    assert float(np.median(distances)) <= bar


def test_prices_lie_inside_bid_and_ask() -> None:
    quotes = noisy_chain(FAT_LEFT, 25, 1.0, 0.0, 3)
    density = fitted(quotes)
    for quote in quotes:
        strike = np.array([quote.strike / 80.0])
        legs = density.family.call_prices(strike) if quote.is_call else density.family.put_prices(strike)
        value = 80.0 * float(legs[0] @ density.weight)
        if quote.is_call == (quote.strike >= 80.0):
            assert quote.bid - 1e-4 <= value <= quote.ask + 1e-4


def test_same_input_same_bytes_and_order_does_not_matter() -> None:
    quotes = noisy_chain(FAT_LEFT, 25, 1.0, 0.1, 4)
    first = fitted(quotes).weight.tobytes()
    assert fitted(list(quotes)).weight.tobytes() == first
    random.Random(1).shuffle(quotes)
    assert fitted(quotes).weight.tobytes() == first


@settings(max_examples=10, deadline=None)
@given(factor=st.sampled_from([0.01, 0.3, 7.0, 100.0]), seed=st.integers(0, 50))
def test_scaling_prices_scales_results(factor: float, seed: int) -> None:
    quotes = noisy_chain(FAT_LEFT, 15, 1.5, 0.0, seed)
    scaled = [CleanQuote(q.strike * factor, q.is_call, q.bid * factor, q.ask * factor, 1.0) for q in quotes]
    plain, other = fitted(quotes), fitted(scaled, 80.0 * factor)
    np.testing.assert_allclose(other.cdf(GRID * factor), plain.cdf(GRID), atol=1e-6)
    assert other.log_skew == pytest.approx(plain.log_skew, abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_sound_on_any_quotes(data: st.DataObject) -> None:
    quotes = []
    for strike in range(70, 92, 2):
        for is_call in (True, False):
            bid = data.draw(st.floats(0.0, 12.0))
            quotes.append(CleanQuote(float(strike), is_call, bid, bid + data.draw(st.floats(0.025, 3.0)), 1.0))
    density = fit_density(quotes, 80.0, 0.2)
    if density is not None:
        assert_sound(density)


def test_a_stale_leg_is_named_and_degrades() -> None:
    quotes = noisy_chain(LOGNORMAL, 25, 1.0, 0.0, 5)
    index = next(i for i, quote in enumerate(quotes) if quote.strike == 83.0 and quote.is_call)
    quotes[index] = CleanQuote(83.0, True, quotes[index].bid + 1.5, quotes[index].ask + 1.5, 1.0)
    density = fitted(quotes)
    assert density.quality == "degraded"
    worst = max(density.repaired, key=lambda item: item.amount)
    assert (worst.strike, worst.is_call) == (83.0, True)
    assert_sound(density)


def test_quality_says_what_the_quotes_can_bear() -> None:
    quotes = noisy_chain(LOGNORMAL, 25, 1.0, 0.0, 6)
    assert fitted(quotes).quality == "good"
    few = [quote for quote in quotes if 77.0 <= quote.strike <= 83.0]
    assert fitted(few).quality == "degraded"
    prior = fitted([quote for quote in quotes if quote.strike == 80.0])
    assert prior.quality == "prior_only"
    assert math.isnan(prior.log_skew) and math.isnan(prior.log_excess_kurtosis)
    assert fit_density([], 80.0, 0.15) is None
    assert fit_density([CleanQuote(90.0, True, 0.0, 0.1, 1.0)], 80.0, 0.15) is None


def test_moments_and_quantiles_of_a_lognormal() -> None:
    density = fitted(noisy_chain(LOGNORMAL, 25, 1.0, 0.0, 7))
    assert math.sqrt(density.log_variance) == pytest.approx(0.0878, rel=0.08)
    assert abs(density.log_skew) < 0.4
    assert density.quantile(0.5) == pytest.approx(80.0 * math.exp(-(0.0878**2) / 2), rel=5e-3)
    assert density.cdf(np.array([density.quantile(0.1)]))[0] == pytest.approx(0.1, abs=1e-9)
    assert 0.0 < density.tail_mass < density.variance_outside < density.skew_outside < 1.0


def real_chains(folder: Path, name: str, root: str, config: HydraConfig) -> Iterator[OptionChain]:
    contract = config.market.contract.model_copy(update={"root": root})
    market = config.market.model_copy(update={"contract": contract})
    path = folder / "options" / "cboe_quotedata" / name
    for row in CboeQuotesPipeline().parse(read_input(path), market).rows:
        if isinstance(row, OptionChain):
            yield row


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "root"),
    [("SPX_2022-06-11.csv.gz", "SPX"), ("SPX_2023-09-14.csv.gz", "SPX"), ("XSP_2023-09-14.csv.gz", "XSP"),
     ("SPX_2023-12-09_russian_locale.csv.gz", "SPX"), ("SPY_2023-09-14.csv.gz", "SPY")],
)  # fmt: skip
def test_real_chains(real_data: Path, hogs: HydraConfig, name: str, root: str) -> None:
    chains = list(real_chains(real_data, name, root, hogs))
    outside = quoted = 0
    for chain in chains[1::6]:
        estimate = infer_forward(clean_chain(chain).quotes)
        assert estimate is not None and abs(estimate.discount - 1.0) < 0.12
        years = (chain.expiry_ts - chain.event_ts) / (365 * 86_400_000_000)
        quotes = clean_chain(chain, estimate.forward, estimate.discount).quotes
        share = math.expm1(0.06 * years) if chain.style == "american" else 0.0
        density = fit_density(quotes, estimate.forward, years, estimate.discount, early_exercise_share=share)
        assert density is not None and density.quality in ("good", "degraded")
        assert_sound(density)
        assert density.log_skew < 0.0, "index options price crashes"
        outside += len(density.repaired)
        quoted += sum(quote.is_call == (quote.strike >= estimate.forward) for quote in quotes)
    assert outside <= 0.08 * quoted
