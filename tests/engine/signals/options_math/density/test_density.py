"""The implied density: arbitrage-free always, close to the truth on noisy chains, honest about what it cannot know."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.records import OptionChain
from engine.ingestion.input_file import read_input
from engine.ingestion.options.cboe_quotes import CboeQuotesPipeline
from engine.kernel.config_models import HydraConfig
from engine.signals.options_math.chain_cleaning import CleanQuote, clean_chain
from engine.signals.options_math.density import ImpliedDensity, implied_density
from engine.signals.options_math.european_intervals import OptionTerms
from engine.signals.options_math.forward import infer_forward
from tests.engine.signals.options_math.simulated_truths import (
    AMERICAN_RATE,
    FORWARD,
    STRANGE_NAMES,
    TICK,
    TRUTH_NAMES,
    Truth,
    truth,
)

SEEDS = 20
YEARS = truth("lognormal").years


def terms_of(known: Truth, style: str) -> OptionTerms:
    if style == "american":
        return OptionTerms(FORWARD, known.years, AMERICAN_RATE, 0.0, "american", TICK)
    return OptionTerms(FORWARD, known.years, tick=TICK)


def fitted(quotes: list[CleanQuote], terms: OptionTerms | None = None) -> ImpliedDensity:
    density = implied_density(quotes, terms or OptionTerms(FORWARD, YEARS, tick=TICK))
    assert density is not None
    return density


def assert_sound(density: ImpliedDensity) -> None:
    grid = density.forward * np.exp(np.linspace(-12, 12, 2001) * math.sqrt(density.log_variance))
    assert np.all(density.pdf(grid) >= 0.0)
    assert np.all(np.diff(density.cdf(grid)) >= 0.0)
    assert np.all(density.weight >= 0.0)
    assert density.weight.sum() == pytest.approx(1.0, abs=1e-9)
    assert density.mean_price == pytest.approx(density.forward, rel=1e-9)


def assert_every_quote_is_priced(density: ImpliedDensity) -> None:
    """Inside the intervals that the quotes leave (widened only for the named rows)."""
    quotes = density.intervals
    calls, puts = density.distribution.call_prices(quotes.strike), density.distribution.put_prices(quotes.strike)
    price = np.where(quotes.is_call, calls, puts)
    assert np.all(price >= quotes.low - 2e-6) and np.all(price <= quotes.high + 2e-6)


@pytest.mark.parametrize("style", ["european", "american"])
@pytest.mark.parametrize("name", TRUTH_NAMES)
def test_close_to_the_truth_with_an_honest_band(name: str, style: str) -> None:
    """Medians over noisy chains of the largest CDF error, and the share of prices at which the band holds the truth."""
    known = truth(name)
    grid = np.linspace(known.quantile(0.01), known.quantile(0.99), 100)
    exact = known.cdf(grid)
    distances, covered, widths = [], [], []
    for seed in range(SEEDS):
        density = fitted(known.chain(seed, style), terms_of(known, style))
        assert_sound(density)
        assert_every_quote_is_priced(density)
        assert not density.repaired
        report = density.report()
        low = np.interp(grid, report.grid, report.cdf_low)
        high = np.interp(grid, report.grid, report.cdf_high)
        distances.append(float(np.max(np.abs(density.cdf(grid) - exact))))
        covered.append(float(np.mean((exact >= low) & (exact <= high))))
        widths.append(float(np.mean(high - low)))
    if known.thin and known.bimodal:
        # Two modes behind nine quotes of double width: all mixtures of two lognormals inside the quotes have a mean CDF
        # that is off by .039 (python -m tests.bench.density_limit), so .020 is not in the quotes.
        assert float(np.median(distances)) <= 0.040
    else:
        assert float(np.median(distances)) <= (0.020 if known.thin or known.bimodal else 0.010)
    assert 0.8 <= float(np.mean(covered)) <= 1.0
    assert float(np.mean(widths)) <= (0.08 if known.thin else 0.03)


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_the_band_holds_shapes_that_no_family_has(name: str) -> None:
    known = truth(name)
    grid = np.linspace(known.quantile(0.01), known.quantile(0.99), 100)
    exact = known.cdf(grid)
    distances, covered, widths = [], [], []
    for seed in range(SEEDS):
        density = fitted(known.chain(seed), terms_of(known, "european"))
        assert_every_quote_is_priced(density)
        report = density.report()
        low = np.interp(grid, report.grid, report.cdf_low)
        high = np.interp(grid, report.grid, report.cdf_high)
        distances.append(float(np.max(np.abs(density.cdf(grid) - exact))))
        covered.append(float(np.mean((exact >= low) & (exact <= high))))
        widths.append(float(np.mean(high - low)))
    assert float(np.median(distances)) <= 0.020
    assert float(np.mean(covered)) >= 0.8
    assert float(np.mean(widths)) <= 0.03


@pytest.mark.parametrize("name", ["lognormal", "lognormal 300 d"])
@pytest.mark.parametrize("style", ["european", "american"])
def test_no_skew_is_invented_on_a_flat_smile(style: str, name: str) -> None:
    known = truth(name)
    moments = [fitted(known.chain(seed, style), terms_of(known, style)).log_moments for seed in range(SEEDS)]
    assert abs(float(np.median([item.skewness.value for item in moments]))) <= 0.02
    assert sum(item.skewness.low <= 0.0 <= item.skewness.high for item in moments) >= 0.8 * SEEDS


def test_same_input_same_bytes_and_order_does_not_matter() -> None:
    known = truth("fat left")
    quotes, terms = known.chain(4), terms_of(known, "european")
    first = fitted(quotes, terms)
    again = fitted(list(quotes), terms)
    assert again.weight.tobytes() == first.weight.tobytes()
    assert again.report().cdf_low.tobytes() == first.report().cdf_low.tobytes()
    random.Random(1).shuffle(quotes)
    assert fitted(quotes, terms).weight.tobytes() == first.weight.tobytes()


@settings(max_examples=8, deadline=None)
@given(factor=st.sampled_from([0.01, 0.3, 7.0, 100.0]), seed=st.integers(0, 50))
def test_scaling_prices_scales_results(factor: float, seed: int) -> None:
    known = truth("fat left")
    quotes = known.chain(seed)
    scaled = [CleanQuote(q.strike * factor, q.is_call, q.bid * factor, q.ask * factor, 1.0) for q in quotes]
    plain = fitted(quotes, OptionTerms(FORWARD, known.years))
    other = fitted(scaled, OptionTerms(FORWARD * factor, known.years))
    grid = np.linspace(50.0, 110.0, 61)
    np.testing.assert_allclose(other.cdf(grid * factor), plain.cdf(grid), atol=1e-5)
    assert other.log_skew == pytest.approx(plain.log_skew, abs=1e-3)
    assert other.price_moments.variance.value == pytest.approx(factor**2 * plain.price_moments.variance.value, rel=1e-3)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_sound_on_any_quotes(data: st.DataObject) -> None:
    quotes = []
    for strike in range(70, 92, 2):
        for is_call in (True, False):
            bid = data.draw(st.floats(0.0, 12.0))
            quotes.append(CleanQuote(float(strike), is_call, bid, bid + data.draw(st.floats(0.025, 3.0)), 1.0))
    density = implied_density(quotes, OptionTerms(80.0, 0.2))
    if density is not None:
        assert_sound(density)
        report = density.report(61)
        assert np.all(report.cdf_low <= report.cdf) and np.all(report.cdf <= report.cdf_high)
        assert np.all(np.diff(report.cdf_low) >= 0.0) and np.all(np.diff(report.cdf_high) >= 0.0)


def test_a_stale_leg_is_named_and_degrades() -> None:
    quotes = truth("lognormal").chain(5)
    index = next(i for i, quote in enumerate(quotes) if quote.strike == 83.0 and quote.is_call)
    quotes[index] = CleanQuote(83.0, True, quotes[index].bid + 1.5, quotes[index].ask + 1.5, 1.0)
    density = fitted(quotes)
    assert density.quality == "degraded"
    worst = max(density.repaired, key=lambda item: item.amount)
    assert (worst.strike, worst.is_call) == (83.0, True)
    assert worst.ticks == pytest.approx(worst.amount / TICK)
    assert 1.0 < worst.amount < 1.6, "about what the leg is stale by"
    assert_sound(density)
    assert_every_quote_is_priced(density)


def test_quality_says_what_the_quotes_can_bear() -> None:
    quotes = truth("lognormal").chain(6)
    assert fitted(quotes).quality == "good"
    few = [quote for quote in quotes if 77.0 <= quote.strike <= 83.0]
    assert fitted(few).quality == "degraded"
    prior = fitted([quote for quote in quotes if quote.strike == 80.0])
    assert prior.quality == "prior_only"
    assert math.isnan(prior.log_skew) and math.isnan(prior.log_excess_kurtosis)
    assert math.isnan(prior.log_moments.skewness.low) and math.isnan(prior.price_moments.excess_kurtosis.value)
    terms = OptionTerms(FORWARD, YEARS)
    assert implied_density([], terms) is None
    assert implied_density([CleanQuote(90.0, True, 0.0, 0.1, 1.0)], terms) is None
    assert implied_density(quotes, OptionTerms(FORWARD, 0.0)) is None


def test_fewer_quotes_widen_the_band_and_the_interval_of_the_variance() -> None:
    known = truth("fat left")
    terms, grid = terms_of(known, "european"), np.linspace(60.0, 100.0, 41)
    band: dict[str, list[float]] = {"few": [], "many": []}
    variance: dict[str, list[float]] = {"few": [], "many": []}
    for seed in range(6):
        quotes = known.chain(seed)
        for name, kept in (("few", [q for q in quotes if q.strike % 8.0 == 0.0]), ("many", quotes)):
            density = fitted(kept, terms)
            report, moment = density.report(), density.log_moments.variance
            band[name].append(float(np.mean(np.interp(grid, report.grid, report.cdf_high - report.cdf_low))))
            variance[name].append(moment.high - moment.low)
    assert np.median(band["few"]) > 1.3 * np.median(band["many"])
    assert np.median(variance["few"]) > 1.3 * np.median(variance["many"])


def test_the_band_lies_inside_the_bounds_of_all_densities_and_the_bounds_hold_the_truth() -> None:
    known = truth("heston 9")
    density = fitted(known.chain(2), terms_of(known, "european"))
    price, least, most = density.bounds(41)
    report = density.report(41)
    assert np.all(report.cdf_low >= np.minimum(least, report.cdf) - 1e-12)
    assert np.all(report.cdf_high <= np.maximum(most, report.cdf) + 1e-12)
    assert np.all(least <= known.cdf(price) + 1e-9) and np.all(known.cdf(price) <= most + 1e-9)
    assert np.max(most - least) > 0.2, "nine wide quotes leave much open"


def test_moments_and_quantiles_of_a_lognormal() -> None:
    density = fitted(truth("lognormal").chain(7))
    deviation = 0.0878
    logs, prices = density.log_moments, density.price_moments
    assert logs.variance.low <= deviation**2 <= logs.variance.high
    assert logs.variance.value == pytest.approx(density.log_variance, rel=1e-4)
    assert logs.skewness.value == pytest.approx(density.log_skew, abs=1e-3)
    assert (prices.mean.value, prices.mean.low, prices.mean.high) == (FORWARD, FORWARD, FORWARD)
    assert prices.variance.value == pytest.approx(FORWARD**2 * math.expm1(deviation**2), rel=0.05)
    assert density.quantile(0.5) == pytest.approx(FORWARD * math.exp(-(deviation**2) / 2), rel=2e-3)
    assert density.cdf(np.array([density.quantile(0.1)]))[0] == pytest.approx(0.1, abs=1e-9)
    assert 0.0 < density.tail_mass < logs.variance.share_outside < logs.excess_kurtosis.share_outside < 1.0


def test_the_shares_of_the_families_add_up_and_the_plain_one_wins_on_a_flat_smile() -> None:
    methods = fitted(truth("lognormal").chain(8)).methods
    assert math.fsum(methods.values()) == pytest.approx(1.0)
    assert methods["lognormal"] > 0.5
    assert fitted(truth("bimodal").chain(8), terms_of(truth("bimodal"), "european")).methods["two lognormals"] > 0.9


def test_an_unknown_rate_widens_american_intervals() -> None:
    known = truth("lognormal")
    quotes = known.chain(1, "american")
    sure = fitted(quotes, OptionTerms(FORWARD, known.years, 0.045, 0.0, "american", TICK))
    unsure = fitted(quotes, OptionTerms(FORWARD, known.years, 0.03, 0.03, "american", TICK))
    assert np.all(unsure.intervals.half_width >= sure.intervals.half_width - 1e-12)
    assert np.any(unsure.intervals.half_width > sure.intervals.half_width)


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
     ("SPX_2023-12-09_russian_locale.csv.gz", "SPX")],
)  # fmt: skip
def test_real_european_chains(real_data: Path, hogs: HydraConfig, name: str, root: str) -> None:
    chains = list(real_chains(real_data, name, root, hogs))
    outside = quoted = 0
    for chain in chains[1::6]:
        estimate = infer_forward(clean_chain(chain).quotes)
        assert estimate is not None and abs(estimate.discount - 1.0) < 0.12
        years = (chain.expiry_ts - chain.event_ts) / (365 * 86_400_000_000)
        quotes = clean_chain(chain, estimate.forward, estimate.discount).quotes
        rate = -math.log(estimate.discount) / years
        density = implied_density(quotes, OptionTerms(estimate.forward, years, rate, tick=0.05))
        assert density is not None and density.quality in ("good", "degraded")
        assert_sound(density)
        assert density.log_skew < 0.0, "index options price crashes"
        outside += len(density.repaired)
        quoted += len(quotes)
    assert outside <= 0.05 * quoted
