"""SVI fits: always free of arbitrage, near the truth on noisy thin chains, exact on exact quotes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from engine.core.records import OptionChain
from engine.ingestion.input_file import read_input
from engine.ingestion.options.cboe_quotes import CboeQuotesPipeline
from engine.kernel.config_models import HydraConfig
from engine.signals.options_math.chain_cleaning import clean_chain
from engine.signals.options_math.forward import infer_forward
from engine.signals.options_math.price_distribution import FittedFamily
from engine.signals.options_math.quoted_deviations import quoted_deviations
from engine.signals.options_math.quoted_intervals import QuotedIntervals
from engine.signals.options_math.svi import Svi
from engine.signals.options_math.svi_fit import fit_svi, fit_svi_batch
from tests.engine.signals.options_math.quoted_chains import any_intervals, otm_intervals, quoted_around
from tests.engine.signals.options_math.simulated_truths import FORWARD, truth

PRICES = np.linspace(25.0, 180.0, 1551)


def slice_of(fitted: FittedFamily | None) -> Svi:
    assert fitted is not None and fitted.name == "svi" and fitted.arbitrage_free
    return Svi(**fitted.parameters)


def assert_free(svi: Svi) -> None:
    """g >= 0 on a dense grid that knows nothing of the fit's own."""
    far = np.geomspace(1e-6, 300.0, 3_000)
    k = np.concatenate(
        [np.linspace(-4.0, 4.0, 20_001), svi.m - far, svi.m + far, svi.least_at - far, svi.least_at + far]
    )
    assert svi.well_formed and svi.g(k).min() >= -1e-9


@settings(max_examples=60, deadline=None)
@given(intervals=any_intervals())
def test_free_of_arbitrage_on_any_quotes(intervals: QuotedIntervals) -> None:
    fitted = fit_svi(intervals)
    if fitted is not None:
        assert_free(slice_of(fitted))
        assert np.isfinite(fitted.misfit) and np.isfinite(fitted.centring)


@pytest.mark.parametrize(
    ("name", "bar"),
    [("lognormal", 0.008), ("fat left", 0.010), ("skewed", 0.008), ("two scales", 0.013), ("heston", 0.009),
     ("svi", 0.013), ("lognormal 9", 0.026), ("fat left 9", 0.018), ("heston 9", 0.020)],
)  # fmt: skip
def test_near_the_truth_on_noisy_chains(name: str, bar: float) -> None:
    judged, distances = truth(name), []
    for seed in range(20):
        intervals = otm_intervals(judged.chain(seed), FORWARD)
        fitted = fit_svi(intervals)
        if fitted is None:
            assert np.unique(intervals.strike[intervals.two_sided]).size < 5
            continue
        assert_free(slice_of(fitted))
        quoted = quoted_deviations(intervals)
        assert quoted is not None
        at_the_money = np.abs(quoted.k) <= 1.01 * np.abs(quoted.k).min()
        level = np.sqrt(slice_of(fitted).total_variance(quoted.k[at_the_money])[0])
        assert np.all(np.abs(level - quoted.deviation[at_the_money]) <= 1.5 * quoted.error[at_the_money])
        assert fitted.misfit < 0.05 and fitted.centring < 1.0
        distances.append(float(np.max(np.abs(fitted.distribution.cdf(PRICES / FORWARD) - judged.cdf(PRICES)))))
    assert len(distances) >= 8
    assert float(np.median(distances)) <= bar


def test_a_smile_that_svi_cannot_have_is_confessed() -> None:
    fitted = fit_svi(otm_intervals(truth("bimodal").chain(0), FORWARD))
    assert_free(slice_of(fitted))
    assert fitted is not None and fitted.misfit > 0.3


def test_exact_quotes_are_met_everywhere() -> None:
    svi = Svi(0.002, 0.06, -0.4, 0.03, 0.08)
    fitted = slice_of(fit_svi(quoted_around(svi.distribution, np.arange(0.7, 1.3, 0.0125), 2e-6)))
    k = np.linspace(-0.3, 0.25, 50)
    np.testing.assert_allclose(fitted.total_variance(k)[0], svi.total_variance(k)[0], rtol=2e-3)


def test_one_sided_quotes_only_bound() -> None:
    svi = Svi(0.002, 0.06, -0.4, 0.03, 0.08)
    strike = np.arange(0.8, 1.21, 0.025)
    exact = quoted_around(svi.distribution, strike, 1e-4)
    wild = (strike < 0.84) | (strike > 1.14)
    high = np.where(wild, 0.05, exact.high)
    low = np.where(wild, 0.0, exact.low)
    loose = QuotedIntervals(strike, exact.is_call, low, high, 0.5 * (low + high), ~wild)
    np.testing.assert_allclose(
        slice_of(fit_svi(loose)).total_variance(np.log(strike[~wild]))[0],
        slice_of(fit_svi(exact)).total_variance(np.log(strike[~wild]))[0],
        rtol=0.05,
    )


def test_too_few_strikes_are_none() -> None:
    intervals = quoted_around(Svi(0.002, 0.06, -0.4, 0.03, 0.08).distribution, np.array([0.95, 0.98, 1.0, 1.03]), 1e-4)
    assert fit_svi(intervals) is None
    assert fit_svi_batch(intervals, np.stack([intervals.middle] * 3)) == [None] * 3


def test_same_input_same_bytes_and_draws_agree_with_single_fits() -> None:
    intervals = otm_intervals(truth("fat left").chain(3), FORWARD)
    first = fit_svi(intervals)
    assert first == fit_svi(intervals)
    rng = np.random.default_rng(1)
    middles = intervals.low + (intervals.high - intervals.low) * rng.random((6, intervals.strike.size))
    batch = fit_svi_batch(intervals, np.concatenate([intervals.middle[None, :], middles]))
    assert batch == fit_svi_batch(intervals, np.concatenate([intervals.middle[None, :], middles]))
    x = np.linspace(0.6, 1.5, 200)
    assert first is not None and batch[0] is not None
    np.testing.assert_allclose(batch[0].distribution.cdf(x), first.distribution.cdf(x), atol=2e-3)
    for row, fitted in enumerate(batch[1:]):
        moved = QuotedIntervals(intervals.strike, intervals.is_call, intervals.low, intervals.high, middles[row],
                                intervals.two_sided)  # fmt: skip
        alone = fit_svi(moved)
        assert fitted is not None and alone is not None
        np.testing.assert_allclose(fitted.distribution.cdf(x), alone.distribution.cdf(x), atol=5e-3)


@pytest.mark.real_data
def test_real_chains(real_data: Path, hogs: HydraConfig) -> None:
    """Hundreds of strikes at tight quotes: free of arbitrage, and typically inside the quotes."""
    contract = hogs.market.contract.model_copy(update={"root": "SPX"})
    market = hogs.market.model_copy(update={"contract": contract})
    path = real_data / "options" / "cboe_quotedata" / "SPX_2023-09-14.csv.gz"
    rows = [row for row in CboeQuotesPipeline().parse(read_input(path), market).rows if isinstance(row, OptionChain)]
    misfits = []
    for chain in rows[1::9]:
        estimate = infer_forward(clean_chain(chain).quotes)
        assert estimate is not None
        quotes = clean_chain(chain, estimate.forward, estimate.discount).quotes
        fitted = fit_svi(otm_intervals(quotes, estimate.forward, estimate.discount))
        assert_free(slice_of(fitted))
        assert fitted is not None
        misfits.append(fitted.misfit)
    assert float(np.median(misfits)) < 1.0 and max(misfits) < 4.0
