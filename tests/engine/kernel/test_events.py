"""The registry of events refuses what it does not know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.errors import StoreError
from engine.kernel.events import EVENT_KINDS, EventKind, check_payload

KINDS = st.sampled_from(sorted(EVENT_KINDS.values(), key=lambda kind: kind.name))


@given(KINDS, st.data())
def test_required_fields_with_any_choice_of_optional_ones_are_accepted(kind: EventKind, data: st.DataObject) -> None:
    chosen = data.draw(st.sets(st.sampled_from(sorted(kind.optional)))) if kind.optional else set()
    check_payload(kind.name, dict.fromkeys(kind.required | chosen))


@given(KINDS, st.data())
def test_each_missing_field_is_named(kind: EventKind, data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted(kind.required)))
    with pytest.raises(StoreError, match=gone):
        check_payload(kind.name, dict.fromkeys(kind.required - {gone}))


@given(KINDS)
def test_a_field_that_the_registry_does_not_name_is_refused(kind: EventKind) -> None:
    with pytest.raises(StoreError, match="colour_of_the_sky"):
        check_payload(kind.name, dict.fromkeys(kind.required | {"colour_of_the_sky"}))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(StoreError, match=r"market\.exploded"):
        check_payload("market.exploded", {})


def test_no_field_is_both_required_and_optional_and_every_kind_has_words() -> None:
    for kind in EVENT_KINDS.values():
        assert not kind.required & kind.optional
        assert kind.required and kind.meaning
