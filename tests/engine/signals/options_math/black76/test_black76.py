"""Black-76 against published figures, identities and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.options_math.black76 import greeks, log_moneyness, price
from engine.signals.options_math.status_codes import OptionStatus

CASES = [(80.0, 78.0, 0.3, 0.25, 0.04), (80.0, 100.0, 1.5, 0.4, 0.02), (90.0, 60.0, 0.1, 0.6, 0.0)]


def test_published_prices() -> None:
    haug, _ = price(19.0, 19.0, 0.75, 0.28, True, 0.10)
    hull, _ = price(20.0, 20.0, 4 / 12, 0.25, False, 0.09)
    assert float(haug) == pytest.approx(1.70105, abs=5e-6)
    assert float(hull) == pytest.approx(1.11664, abs=5e-6)


@given(strike=st.floats(40, 160), years=st.floats(0.01, 2), volatility=st.floats(0.05, 1.5), rate=st.floats(-0.02, 0.1))
def test_put_call_parity(strike: float, years: float, volatility: float, rate: float) -> None:
    call, _ = price(80.0, strike, years, volatility, True, rate)
    put, _ = price(80.0, strike, years, volatility, False, rate)
    assert float(call - put) == pytest.approx(np.exp(-rate * years) * (80.0 - strike), abs=1e-10)


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_greeks_are_the_derivatives(case: tuple[float, ...], is_call: bool) -> None:
    names = ("forward", "strike", "years", "volatility", "rate")
    base = dict(zip(names, case, strict=True))
    values = greeks(**base, is_call=is_call)

    def shifted(of: str, name: str, step: float) -> float:
        up = getattr(greeks(**{**base, name: base[name] + step}, is_call=is_call), of)
        down = getattr(greeks(**{**base, name: base[name] - step}, is_call=is_call), of)
        return float(up - down) / (2 * step)

    expected = {
        "delta": shifted("price", "forward", 1e-4),
        "gamma": shifted("delta", "forward", 1e-4),
        "vega_per_vol": shifted("price", "volatility", 1e-6),
        "theta_per_year": -shifted("price", "years", 1e-6),
        "rho": shifted("price", "rate", 1e-6),
        "vanna": shifted("delta", "volatility", 1e-6),
        "volga": shifted("vega_per_vol", "volatility", 1e-6),
        "charm_per_year": -shifted("delta", "years", 1e-6),
        "speed": shifted("gamma", "forward", 1e-4),
    }
    for name, value in expected.items():
        assert float(getattr(values, name)) == pytest.approx(value, rel=2e-6, abs=1e-8), name


def test_bad_elements_have_a_status_and_touch_no_other() -> None:
    forward = np.array([80.0, np.nan, -1.0, 80.0, 80.0])
    years = np.array([0.2, 0.2, 0.2, 0.0, 0.2])
    values, status = price(forward, 80.0, years, np.array([0.2, 0.2, 0.2, 0.2, 0.0]), True)
    wanted = [OptionStatus.OK, OptionStatus.INVALID_INPUT, OptionStatus.INVALID_INPUT, OptionStatus.EXPIRED,
              OptionStatus.INVALID_INPUT]  # fmt: skip
    assert status.tolist() == wanted
    assert np.isfinite(values).tolist() == [True, False, False, False, False]
    assert values[0] == price(80.0, 80.0, 0.2, 0.2, True)[0]


def test_log_moneyness_keeps_its_digits_near_the_money() -> None:
    strike = 80.0 * (1 + 2.0**-40)
    assert float(log_moneyness(80.0, strike)) == pytest.approx(-(2.0**-40), rel=1e-11)
