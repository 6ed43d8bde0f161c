"""The worked examples in the documentation of the benchmark run and print what they say."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "bench_utility",
    "binomial_interval",
    "detection_bound",
    "ewma_volatility",
    "heal_scores",
    "median_interval",
    "recovery",
    "ridge_champion",
    "true_growth",
)


@pytest.mark.parametrize("name", MODULES)
def test_worked_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"engine.sandbox.healbench.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
