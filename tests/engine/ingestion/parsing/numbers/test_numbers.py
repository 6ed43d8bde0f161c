from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.parsing.numbers import number_or_nan, on_tick, quantity_or_nan


@pytest.mark.parametrize("text", ["", " ", ".", "nan", "null", "None", "-"])
def test_words_for_missing(text: str) -> None:
    assert math.isnan(number_or_nan(text))


@pytest.mark.parametrize(("text", "value"), [("  419546", 419546.0), ("71,039,449", 71039449.0), ("-1.5", -1.5)])
def test_numbers_as_vendors_write_them(text: str, value: float) -> None:
    assert number_or_nan(text) == value


@pytest.mark.parametrize("text", ["abc", "inf", "1.2.3"])
def test_other_texts_are_no_numbers(text: str) -> None:
    with pytest.raises(ValueError):
        number_or_nan(text)


def test_float32_tails_go_to_the_tick() -> None:
    assert on_tick(64.05000305175781, 0.025) == 64.05
    assert on_tick(74.1500015, 0.025) == 74.15
    assert on_tick(74.16, 0.025) == 74.16


@given(st.floats(0.01, 500.0), st.sampled_from([0.025, 0.01, 0.25]))
def test_a_price_never_moves_by_more_than_the_tolerance(price: float, tick: float) -> None:
    assert abs(on_tick(price, tick) - price) <= 1e-4


@given(st.integers(1, 20_000))
def test_a_tick_in_float32_comes_back_exactly(ticks: int) -> None:
    import struct

    single = struct.unpack("f", struct.pack("f", ticks * 0.025))[0]
    assert on_tick(single, 0.025) == round(ticks * 0.025, 9)


@pytest.mark.parametrize(
    ("text", "value"),
    [("9.87K", 9870.0), ("1.13k", 1130.0), ("1.2M", 1.2e6), ("3B", 3e9), ("1,024", 1024.0), ("0.00K", 0.0)],
)
def test_quantities_with_a_scale(text: str, value: float) -> None:
    assert quantity_or_nan(text) == value


@pytest.mark.parametrize("text", ["", "-", " "])
def test_missing_quantities(text: str) -> None:
    assert math.isnan(quantity_or_nan(text))


@pytest.mark.parametrize("text", ["9.87Q", "xK", "1e308K"])
def test_other_texts_are_no_quantities(text: str) -> None:
    with pytest.raises(ValueError):
        quantity_or_nan(text)


def test_a_price_beyond_every_tick_stays_as_it_is() -> None:
    assert on_tick(1e308, 0.025) == 1e308
