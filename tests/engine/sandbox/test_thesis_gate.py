"""The thesis gate opens on a positive net Sharpe alone."""

from __future__ import annotations

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.thesis_gate import STOP_AND_INVESTIGATE, thesis_gate


def test_open_and_shut() -> None:
    noise = np.random.default_rng(1).standard_normal(500) * 0.01
    noise -= noise.mean()
    winning = thesis_gate(noise + 0.001, 252, data_range="2010 to 2012")
    assert winning.open and winning.action == "may trade" and winning.standard_error is not None
    losing = thesis_gate(noise - 0.001, 252, data_range="2010 to 2012")
    assert not losing.open and losing.action == STOP_AND_INVESTIGATE == "stop and investigate"
    assert "2010 to 2012" in losing.explanation


def test_no_trade_is_no_edge() -> None:
    verdict = thesis_gate(np.zeros(100), 252, data_range="2010")
    assert not verdict.open and verdict.sharpe is None


@pytest.mark.parametrize("returns", [np.array([]), np.array([0.1]), np.array([0.1, np.nan])])
def test_missing_returns_raise(returns: np.ndarray) -> None:
    with pytest.raises(CalculationError):
        thesis_gate(returns, 252, data_range="")
