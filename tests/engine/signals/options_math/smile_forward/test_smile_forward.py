"""A forward from calls and puts that share no strike."""

from __future__ import annotations

import numpy as np
import pytest

from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.implied_volatility import implied_volatility
from engine.signals.options_math.smile_forward import SmileForward, forward_of_one_smile
from tests.engine.signals.options_math.american_quotes import quotes

YEARS, RATE = 0.4, 0.04
DISCOUNT = float(np.exp(-RATE * YEARS))


def found_in(chain: list[CleanQuote]) -> SmileForward | None:
    return forward_of_one_smile(
        chain, DISCOUNT, lambda price, forward, strike, is_call: implied_volatility(
            price, forward, strike, YEARS, is_call, DISCOUNT
        )[0],
    )  # fmt: skip


def chain(forward: float, strikes: range, skew: float = 0.0, half: float = 0.02) -> list[CleanQuote]:
    """Calls at even steps, puts at odd ones."""
    both = quotes(forward, [float(k) for k in strikes], YEARS, american=False, rate=RATE, skew=skew, half=half)
    return [quote for place, quote in enumerate(both) if (place // 2) % 2 == (0 if quote.is_call else 1)]


@pytest.mark.parametrize("forward", [72.0, 80.3, 91.0])
@pytest.mark.parametrize("skew", [0.0, -0.4])
def test_calls_and_puts_at_other_strikes(forward: float, skew: float) -> None:
    found = found_in(chain(forward, range(60, 101, 2), skew))
    assert found is not None and found.quotes == 16
    assert abs(found.forward - forward) <= max(3.0 * found.forward_error, 0.02) and found.forward_error < 0.5


def test_two_quotes_count_an_unknown_skew() -> None:
    both = quotes(80.0, [77.0, 83.0], YEARS, american=False, rate=RATE, half=0.05)
    found = found_in([both[1], both[2]])
    assert found is not None and found.quotes == 2
    assert abs(found.forward - 80.0) < found.forward_error and found.forward_error > 0.5


def test_nothing_to_join() -> None:
    both = chain(80.0, range(60, 101, 2))
    assert found_in([quote for quote in both if quote.is_call]) is None
    assert found_in([]) is None
    wild = [CleanQuote(100.0, False, 1.0, 1.1, 1.0), CleanQuote(60.0, True, 1.0, 1.1, 1.0)]
    assert found_in(wild) is None, "no forward is worth less than 61.1 and more than 98.9"


def test_order_and_scale_do_not_matter() -> None:
    lines = chain(80.0, range(60, 101, 2), -0.3)
    first, reversed_ = found_in(lines), found_in(lines[::-1])
    assert first is not None and reversed_ is not None
    assert reversed_.forward == pytest.approx(first.forward, rel=1e-12)
    larger = [CleanQuote(q.strike * 50, q.is_call, q.bid * 50, q.ask * 50, 1.0) for q in lines]
    scaled = found_in(larger)
    assert scaled is not None and scaled.forward == pytest.approx(50 * first.forward, rel=1e-9)
