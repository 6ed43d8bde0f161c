"""The worked examples in the documentation of the drift statistics run and print what they say."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "adwin",
    "autoregressive_whitening",
    "change_point",
    "cusum_run_length",
    "e_detector",
    "effective_sample_size",
    "exact_window_moments",
    "holm_correction",
    "kolmogorov_smirnov",
    "page_hinkley",
    "population_stability",
    "regime_filter",
    "tabular_cusum",
)


@pytest.mark.parametrize("name", MODULES)
def test_drift_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"engine.sandbox.statistics.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
