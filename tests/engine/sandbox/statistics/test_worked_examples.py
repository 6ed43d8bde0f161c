"""The worked examples in the documentation of the statistics run and print what they say."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "alpha_spending",
    "block_bootstrap",
    "calibration_scores",
    "combinatorial_purged_cv",
    "e_process",
    "edge_spread",
    "ohlc_spread",
    "overfitting",
    "probabilistic_sharpe",
    "promotion_gate",
    "promotion_gate_power",
    "sequential_boundary",
    "sharpe",
    "shrunk_kelly",
    "superior_predictive_ability",
)


@pytest.mark.parametrize("name", MODULES)
def test_worked_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"engine.sandbox.statistics.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
