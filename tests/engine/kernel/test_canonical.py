"""Equal content gives equal bytes, whatever the order it was written in; numbers that JSON cannot say are refused."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.canonical import canonical_json, content_hash, finite_or_none, sha256_hex

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_canonical_text_reads_back_and_is_a_fixed_point(value: object) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(document: dict[str, object], chance: object) -> None:
    keys = list(document)
    chance.shuffle(keys)  # type: ignore[attr-defined]
    assert content_hash({key: document[key] for key in keys}) == content_hash(document)


@given(FLOATS)
def test_floats_come_back_bit_for_bit(number: float) -> None:
    back = json.loads(canonical_json(number))
    assert back == number and math.copysign(1.0, back) == math.copysign(1.0, number)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_cannot_say_is_refused_and_can_be_named_missing(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": [number]})
    assert finite_or_none(number) is None


def test_finite_numbers_stay_and_missing_stays_missing() -> None:
    assert finite_or_none(None) is None
    assert finite_or_none(0.0) == 0.0
    assert finite_or_none(-1.5) == -1.5


def test_known_bytes_and_hash() -> None:
    assert canonical_json({"b": 1, "a": [True, None, "ü"]}) == '{"a":[true,null,"ü"],"b":1}'
    assert content_hash({"b": 1, "a": 2}) == sha256_hex(b'{"a":2,"b":1}')
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
