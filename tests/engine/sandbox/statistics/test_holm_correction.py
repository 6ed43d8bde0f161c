"""Holm against the closed testing principle it is a shortcut of, and its error over all tests together."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sandbox.statistics.holm_correction import holm_adjusted

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=6)


@given(P_VALUES)
def test_adjusted_value_is_the_largest_bonferroni_value_of_any_subset_with_it(p_values: list[float]) -> None:
    """Closed testing: a hypothesis falls when every intersection that contains it falls by Bonferroni."""
    adjusted = holm_adjusted(p_values)
    places = range(len(p_values))
    for place in places:
        subsets = (
            subset for size in range(1, len(p_values) + 1) for subset in combinations(places, size) if place in subset
        )
        worst = max(min(1.0, len(subset) * min(p_values[item] for item in subset)) for subset in subsets)
        assert adjusted[place] == pytest.approx(worst, abs=1e-12)


@given(P_VALUES)
def test_order_is_kept_and_values_never_fall(p_values: list[float]) -> None:
    adjusted = holm_adjusted(p_values)
    assert all(new >= old for new, old in zip(adjusted, p_values, strict=True))
    assert sorted(range(len(p_values)), key=p_values.__getitem__) == sorted(
        range(len(p_values)), key=lambda item: (adjusted[item], p_values[item], item)
    )


def test_family_wise_error_is_kept_even_for_dependent_tests() -> None:
    rng = np.random.default_rng(3)
    shared = rng.standard_normal((4000, 1))
    scores = 0.5 * shared + math.sqrt(0.75) * rng.standard_normal((4000, 6))
    p_values = np.array([[math.erfc(abs(item) / math.sqrt(2.0)) for item in row] for row in scores])
    errors = np.mean([min(holm_adjusted(row)) <= 0.05 for row in p_values.tolist()])
    assert 0.03 < errors <= 0.05 + 3.0 * math.sqrt(0.05 * 0.95 / 4000)


def test_nothing_tested_is_nothing_rejected() -> None:
    assert holm_adjusted([]) == ()


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_numbers_that_are_no_p_values_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="p-values"):
        holm_adjusted([0.5, value])
