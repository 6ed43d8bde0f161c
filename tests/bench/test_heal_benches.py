"""The studies of healing score what they say they score, and nobody in them knows the future."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.sandbox.market_history import MarketHistory
from tests.bench.heal_hogs_market import StudyMarket, real_history, study_market
from tests.bench.heal_hogs_players import fit_window, healed, retrained, taught
from tests.bench.heal_venue import family_table, recovery, summary
from tests.bench.heal_venue_episode import VenueEpisode
from tests.bench.measured_page import BEGIN, END, with_measured

JUDGED_BARS = 320


def episode(engine: float, frozen: float, oracle: float, delay: int | None = 5) -> VenueEpisode:
    return VenueEpisode(
        "concept", 1, 200, 1000, delay, None, "", (), ("concept_drift",), 0, 10, engine, frozen, oracle
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([(0.0, -5.0, 2.0)], 0.0),
        ([(2.0, -5.0, 2.0)], 1.0),
        ([(1.0, 0.5, 1.5)], 0.5),
        ([(3.0, -1.0, 4.0), (-1.0, -1.0, 4.0)], 0.25),
        ([(-9.0, -1.0, 1.0)], -1.0),
    ],
    ids=["standing aside", "oracle", "frozen earns", "ratio of sums", "clipped"],
)
def test_recovery_is_anchored_at_the_better_of_frozen_and_flat(
    pairs: list[tuple[float, float, float]], expected: float
) -> None:
    assert recovery([episode(*pair) for pair in pairs]) == pytest.approx(expected)


def test_a_fault_that_was_mostly_missed_has_no_median_delay() -> None:
    found = [episode(0.0, 0.0, 1.0, delay) for delay in (4, None, None)]
    assert "| 1 of 3 | never |" in family_table(found)


def test_a_false_case_counts_against_the_bars_on_which_nothing_was_wrong() -> None:
    early = replace(episode(0.0, 0.0, 1.0), causes_before=("decay",), causes_after=("concept_drift", "data_feed"))
    sound = replace(episode(0.3, 0.4, 0.4), family="none", fault_bar=None, scored_bars=800, causes_after=("decay",))
    said = summary([early, sound])
    assert "2 false case(s) in 1,000 sound bars, 2.00 per 1,000; 1 later cases of a wrong cause" in said
    assert "null utility kept 0.75" in said


@pytest.mark.parametrize("page", ["no marks", f"{END} {BEGIN}", f"{BEGIN} {END} {BEGIN} {END}"])
def test_a_page_without_one_pair_of_marks_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="measured"):
        with_measured(page, "new")


@pytest.fixture(scope="module")
def hogs_config() -> HydraConfig:
    return load_config("lean_hogs", environment={}).config


@pytest.fixture(scope="module")
def hogs(real_data: Path, hogs_config: HydraConfig) -> MarketHistory:
    return real_history(real_data, hogs_config)


def with_another_future(market: StudyMarket, after: int) -> StudyMarket:
    """Everything that is known only after the close of bar `after` is something else."""
    history = market.history
    realised, following = history.realised.copy(), history.next_return.copy()
    realised[after + 1 :] = np.sin(np.arange(len(history) - after - 1))
    following[after:] = 0.5
    values = market.values.copy()
    values[after + 1 :] = 7.0
    return replace(market, history=replace(history, realised=realised, next_return=following), values=values)


@pytest.mark.real_data
@pytest.mark.parametrize("override_gate", [False, True], ids=["product", "gate overridden"])
def test_the_healer_of_the_study_does_not_know_the_future(
    hogs: MarketHistory, hogs_config: HydraConfig, override_gate: bool
) -> None:
    market = study_market(hogs, hogs_config, "2013-12-20")
    market = replace(market, history=hogs.window(0, market.first + JUDGED_BARS), values=market.values)
    market = replace(market, values=market.values[: len(market.history)])
    other = with_another_future(market, market.first + JUDGED_BARS // 2)
    seen = JUDGED_BARS // 2 + 1
    first, second = (healed(item, hogs_config, "healer", override_gate=override_gate) for item in (market, other))
    assert first.predictions[:seen] == second.predictions[:seen]
    assert first.predictions[seen:] != second.predictions[seen:]


@pytest.mark.real_data
def test_a_retraining_learns_from_returns_that_were_known(hogs: MarketHistory, hogs_config: HydraConfig) -> None:
    market = study_market(hogs, hogs_config, "2010-01-01")
    bar = market.first + 100
    prior = hogs_config.treatment.prior_r2
    own, other = fit_window(market, bar, 250, prior), fit_window(with_another_future(market, bar), bar, 250, prior)
    assert own.weights.tolist() == other.weights.tolist() and own.level == other.level
    played = retrained(market, hogs_config, "blind", window=250, every=50)
    assert played.volatility[99] != played.volatility[100] == own.level


@pytest.mark.real_data
def test_an_edge_that_is_not_proven_is_not_traded(hogs: MarketHistory, hogs_config: HydraConfig) -> None:
    market = study_market(hogs, hogs_config, "2010-01-01")
    market = replace(market, history=hogs.window(0, market.first + 60), values=market.values[: market.first + 60])
    assert "cot_score" in market.left_out, "a year without reports is less than 90 % of four"
    trader = taught(market, hogs_config, override_gate=False)
    assert not trader.is_deployed
    played = healed(market, hogs_config, "healer", override_gate=False)
    assert {item.edge_lower_bound for item in played.predictions} == {0.0}
    assert all(math.isfinite(item.expected_return) for item in played.predictions)
