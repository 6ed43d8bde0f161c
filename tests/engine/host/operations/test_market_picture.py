"""Pictures survive JSON, and JSON that nobody vouches for gives pictures without an error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.host.operations.market_picture import (
    ChainPicture,
    MarketPicture,
    PositioningPicture,
    document_of,
    picture_of,
)
from engine.kernel.canonical import canonical_json
from tests.hydra_tui.fixture_market import HOSTILE_FIELDS, picture_without_options, whole_picture, whole_positioning
from tests.hydra_tui.fixture_workspace import NOW

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(HOSTILE_FIELDS), inner, max_size=5),
    max_leaves=20,
)


@pytest.mark.parametrize("picture", [whole_picture(NOW), picture_without_options(NOW), MarketPicture()])
def test_a_market_picture_survives_the_way_through_json(picture: MarketPicture) -> None:
    assert picture_of(MarketPicture, json.loads(canonical_json(document_of(picture)))) == picture


def test_a_positioning_picture_survives_the_way_through_json() -> None:
    picture = whole_positioning(NOW)
    assert picture_of(PositioningPicture, json.loads(canonical_json(document_of(picture)))) == picture


def test_what_is_missing_is_left_out_of_the_document() -> None:
    assert document_of(MarketPicture()) == document_of(picture_of(MarketPicture, None))
    assert "why" not in document_of(ChainPicture(quotes=3)) and document_of(ChainPicture(quotes=3))["quotes"] == 3


@given(plain)
def test_any_json_gives_a_picture(document: Any) -> None:
    for kind in (MarketPicture, PositioningPicture):
        picture = picture_of(kind, document)
        assert picture_of(kind, document_of(picture)) == picture


def test_wrong_types_are_missing() -> None:
    picture = picture_of(
        MarketPicture, {"price": "81", "term": [3, {"days": 4}], "chain": [], "smile": {"atm_vol": True}}
    )
    assert picture.price is None and picture.smile.atm_vol is None and picture.chain == ChainPicture()
    assert [point.days for point in picture.term] == [None, 4.0]
