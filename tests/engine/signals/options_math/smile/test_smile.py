"""Level and skew come back from few, noisy, dirty quotes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.signals.options_math.black76 import price
from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.smile import fit_smile


def quotes(atm: float, slope: float, half: float = 0.02, strikes: int = 9) -> list[CleanQuote]:
    level = 80.0 + 2.0 * (np.arange(strikes) - strikes // 2)
    z = np.log(level / 80.0) / (atm * math.sqrt(0.25))
    result = []
    for strike, iv in zip(level, atm + slope * z, strict=True):
        for is_call in (True, False):
            value = float(price(80.0, strike, 0.25, iv, is_call)[0])
            result.append(CleanQuote(float(strike), is_call, max(0.0, value - half), value + half, 1.0))
    return result


@pytest.mark.parametrize("atm", [0.15, 0.3, 0.6])
@pytest.mark.parametrize("slope", [-0.03, 0.0, 0.02])
def test_recovers_level_and_skew(atm: float, slope: float) -> None:
    smile = fit_smile(quotes(atm, slope), 80.0, 0.25)
    assert smile is not None
    assert smile.atm_iv == pytest.approx(atm, abs=2e-4)
    assert smile.skew_slope == pytest.approx(slope, abs=1e-3)


def test_one_wild_quote_does_not_tilt_the_smile() -> None:
    chain = quotes(0.3, 0.01)
    wild = chain[14]
    chain[14] = CleanQuote(wild.strike, wild.is_call, wild.bid + 1.0, wild.ask + 1.0, 1.0)
    smile = fit_smile(chain, 80.0, 0.25)
    assert smile is not None and smile.skew_slope == pytest.approx(0.01, abs=0.012)


def test_few_strikes_claim_no_skew() -> None:
    smile = fit_smile(quotes(0.3, 0.01)[8:10], 80.0, 0.25)
    assert smile is not None and smile.atm_iv == pytest.approx(0.3, abs=1e-3) and math.isnan(smile.skew_slope)
    assert fit_smile([], 80.0, 0.25) is None
    assert fit_smile(quotes(0.3, 0.0), 80.0, 0.0) is None
    assert fit_smile(quotes(0.3, 0.0), math.nan, 0.25) is None
