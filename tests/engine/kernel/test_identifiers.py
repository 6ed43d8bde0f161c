"""Derived identifiers are functions of content; fresh ones never repeat."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from engine.kernel.identifiers import derived_id, fresh_id

PARTS = st.lists(st.text(max_size=6) | st.integers() | st.none(), max_size=4)


@given(PARTS, st.integers(4, 32))
def test_same_parts_same_name_of_the_wanted_length(parts: list[object], length: int) -> None:
    name = derived_id("exp", *parts, length=length)
    assert name == derived_id("exp", *parts, length=length)
    prefix, _, digest = name.partition("-")
    assert prefix == "exp" and len(digest) == length
    assert set(digest) <= set("0123456789abcdef")


@given(PARTS, PARTS)
def test_other_parts_other_name(first: list[object], second: list[object]) -> None:
    assume([str(part) for part in first] != [str(part) for part in second])
    assert derived_id("x", *first, length=32) != derived_id("x", *second, length=32)


def test_parts_are_kept_apart() -> None:
    assert derived_id("x", "ab", "c") != derived_id("x", "a", "bc")


def test_fresh_names_differ() -> None:
    names = {fresh_id("cmd") for _ in range(200)}
    assert len(names) == 200
    assert all(name.startswith("cmd-") for name in names)
