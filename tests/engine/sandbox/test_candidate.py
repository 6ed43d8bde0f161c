"""From a proposal to a candidate: merged specification, forecasts of each block from its past alone."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.errors import CalculationError, InputError
from engine.sandbox.candidate import BLOCK_BARS, Candidate, build_candidate, changed_spec, forecast, needs_refit
from engine.sandbox.market_history import MarketHistory
from models.spec import Adjustments, EdgeSummary, ModelSpec, Restandardise, TrainingRange
from tests.engine import small_market

NAMES = ("carry", "atm_iv", "skew_slope")
SPEC = ModelSpec(
    "ridge",
    NAMES,
    TrainingRange(100, 900, 800, 0.002),
    Adjustments({"carry": Restandardise(1.0, 2.0)}, quarantine=("atm_iv",), size_multiplier=0.5),
    {"ridge_prior_r2": 0.1},
    EdgeSummary(1e-4, 1e-5, 8e-5, 0.3, 0.9, 800),
)


def test_sections_merge_and_quarantined_features_unite() -> None:
    changed = changed_spec(
        SPEC,
        {
            "adjustments": {
                "restandardise": {"skew_slope": {"offset": 0.5, "scale": 3.0}},
                "quarantine": ["skew_slope"],
                "volatility": "ewma",
            },
            "training": {"from_ts": 500},
            "params": {"extra": 1},
        },
    )
    assert changed.adjustments.restandardise == {
        "carry": Restandardise(1.0, 2.0),
        "skew_slope": Restandardise(0.5, 3.0),
    }
    assert changed.adjustments.quarantine == ("atm_iv", "skew_slope")
    assert (changed.adjustments.size_multiplier, changed.adjustments.volatility) == (0.5, "ewma")
    assert changed.training == TrainingRange(500, 900, 800, 0.002)
    assert changed.params == {"ridge_prior_r2": 0.1, "extra": 1}
    assert SPEC.training.from_ts == 100, "the champion's own specification stays"


def test_a_newer_repair_of_the_same_input_replaces_the_older() -> None:
    changed = changed_spec(SPEC, {"adjustments": {"restandardise": {"carry": {"offset": 9.0, "scale": 1.0}}}})
    assert changed.adjustments.restandardise == {"carry": Restandardise(9.0, 1.0)}


def test_repairs_of_a_dropped_feature_go_with_it() -> None:
    changed = changed_spec(SPEC, {"features": ["skew_slope"]})
    assert changed.features == ("skew_slope",)
    assert not changed.adjustments.restandardise and not changed.adjustments.quarantine


def test_a_change_that_no_specification_knows_is_refused() -> None:
    with pytest.raises(InputError):
        changed_spec(SPEC, {"colour": "red"})


@given(st.lists(st.sampled_from(NAMES)), st.lists(st.sampled_from(NAMES)))
def test_quarantine_is_a_union_in_any_order(first: list[str], second: list[str]) -> None:
    def quarantine(names: list[str], spec: ModelSpec) -> ModelSpec:
        return changed_spec(spec, {"adjustments": {"quarantine": names}})

    one_by_one = quarantine(second, quarantine(first, SPEC))
    assert one_by_one == quarantine(first, quarantine(second, SPEC)) == quarantine(first + second, SPEC)
    assert set(one_by_one.adjustments.quarantine) == {"atm_iv", *first, *second}
    assert ModelSpec.from_json(json.loads(json.dumps(one_by_one.to_json()))) == one_by_one


def test_what_needs_a_new_fit() -> None:
    assert not needs_refit({"adjustments": {"volatility": "ewma"}})
    for key, value in (("training", {"from_ts": 1}), ("features", ["carry"]), ("params", {"x": 1}), ("kind", "zero")):
        assert needs_refit({key: value, "adjustments": {}})


def candidate(parameters: dict[str, object], history: MarketHistory, start: int) -> Candidate:
    first = small_market.champion()
    return build_candidate("new", first.spec, first, parameters, history, start, small_market.settings(), 3)


def test_an_adjustment_keeps_the_fit_and_changes_what_it_says() -> None:
    history, first = small_market.history(700), small_market.champion()
    built = candidate({"adjustments": {"restandardise": {"carry": {"offset": 0.001, "scale": 2.0}}}}, history, 640)
    assert built.champion.model is first.model
    assert not built.refitted and built.edge is None
    assert built.champion.spec.edge == first.spec.edge
    assert (built.start, built.forecast_from, len(built.predictions)) == (640, 640, 60)
    assert not np.array_equal(built.predictions.expected_return, forecast(first, history, 640).expected_return)


def scrambled_from(history: MarketHistory, row: int) -> MarketHistory:
    """Everything that becomes known after bar `row - 1` replaced by chance: its returns and later features."""
    rng = np.random.default_rng(9)
    values, realised, following = history.values.copy(), history.realised.copy(), history.next_return.copy()
    later = np.isfinite(values) & (np.arange(len(history)) >= row)[:, None]
    values[later] *= rng.uniform(0.5, 2.0, int(later.sum()))
    realised[row:] = rng.standard_normal(len(history) - row) * 0.01
    following[row - 1 :] = rng.standard_normal(len(history) - row + 1) * 0.01
    return replace(history, values=values, realised=realised, next_return=following)


@pytest.mark.parametrize("cut", [705, 720, 733])
def test_later_rows_leave_earlier_block_forecasts_as_they_are(cut: int) -> None:
    history = small_market.history(760, 0, 600)
    change = {"training": {"from_ts": history.bars[600].known_ts}}
    plain = candidate(change, history, 650)
    other = candidate(change, scrambled_from(history, cut), 650)
    offset = plain.forecast_from
    assert plain.refitted and offset == other.forecast_from
    for name in ("expected_return", "return_sd", "confidence"):
        ours, theirs = getattr(plain.predictions, name), getattr(other.predictions, name)
        assert np.array_equal(ours[: cut - offset], theirs[: cut - offset]), name
        assert not np.array_equal(ours[cut - offset :], theirs[cut - offset :]), name


def test_each_block_is_forecast_by_the_fit_that_history_allowed_then() -> None:
    """A candidate built when only the bars before a block existed forecasts as the block does."""
    history = small_market.history(760, 0, 600)
    change = {"training": {"from_ts": history.bars[600].known_ts}}
    whole = candidate(change, history, 650)
    for stop in (690, 720):
        early = candidate(change, history.window(0, stop), 650)
        count = stop - whole.forecast_from
        assert np.array_equal(early.predictions.expected_return, whole.predictions.expected_return[:count])


def test_too_few_bars_since_the_change_say_so() -> None:
    history = small_market.history(760, 0, 600)
    late = {"training": {"from_ts": history.bars[760 - 30 - BLOCK_BARS + 1].known_ts}}
    with pytest.raises(CalculationError, match="wait for more"):
        candidate(late, history, 640)


def test_the_final_fit_has_learned_the_relation_since_the_change() -> None:
    history = small_market.history(900, 0, 600)
    built = candidate({"training": {"from_ts": history.bars[600].known_ts}}, history, 600)
    part = history.window(830, 899)
    new = built.champion.predict_many(part.names, part.values, part.stale, part.volatility())
    old = forecast(small_market.champion(), part, 0)
    assert np.corrcoef(new.expected_return, old.expected_return)[0, 1] < -0.9
    assert built.champion.spec.training.from_ts == history.bars[600].known_ts
    assert built.champion.spec.training.window_bars == 300
    assert built.champion.spec.edge is not None and built.champion.spec.edge.lower_bound > 0.0
