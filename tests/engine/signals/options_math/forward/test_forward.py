"""Put-call parity gives back forward and discount, also with a stale leg."""

from __future__ import annotations

import numpy as np
import pytest

from engine.signals.options_math.black76 import price
from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.forward import infer_forward


def quotes(forward: float, rate: float, count: int, noise: float = 0.0) -> list[CleanQuote]:
    rng = np.random.default_rng(0)
    result = []
    for strike in forward + np.arange(count) - count // 2:
        for is_call in (True, False):
            value = float(price(forward, strike, 0.5, 0.3, is_call, rate)[0]) + noise * rng.uniform(-1, 1)
            result.append(CleanQuote(float(strike), is_call, value - 0.1, value + 0.1, 1.0))
    return result


def test_exact_prices_give_forward_and_discount() -> None:
    found = infer_forward(quotes(80.0, 0.05, 21))
    assert found is not None and found.pairs == 21
    assert found.forward == pytest.approx(80.0, abs=1e-9)
    assert found.discount == pytest.approx(np.exp(-0.025), rel=1e-9)


def test_a_stale_leg_does_not_move_the_forward() -> None:
    chain = quotes(80.0, 0.05, 21, noise=0.05)
    chain[8] = CleanQuote(chain[8].strike, True, chain[8].bid + 4.0, chain[8].ask + 4.0, 1.0)
    found = infer_forward(chain)
    assert found is not None and abs(found.forward - 80.0) < 0.1


def test_too_few_pairs() -> None:
    chain = quotes(80.0, 0.0, 21)
    assert infer_forward(chain[:2]) is None
    assert infer_forward([quote for quote in chain if quote.is_call]) is None
    three = infer_forward(chain[18:24])
    assert three is not None and three.discount == 1.0 and three.forward == pytest.approx(80.0, abs=1e-6)
