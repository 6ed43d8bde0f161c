"""Paper comparison: survives a restart, decides only when time and evidence both suffice, stops on a drawdown."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from engine.core.trading_types import Prediction
from engine.kernel.timestamps import MICROS_PER_HOUR
from engine.sandbox.ab_test import PaperTrial, Reference
from engine.sandbox.candidate import forecast
from engine.sandbox.market_history import as_predictions
from engine.sandbox.statistics.e_process import BettingEProcess, promotion_threshold
from engine.sandbox.utility_score import score_differences, utility_scores
from tests.engine import small_market

CONFIG = small_market.settings()
HISTORY = small_market.history(760)
PART = HISTORY.window(600, 760)
GOOD = as_predictions(forecast(small_market.champion(), HISTORY, 600))
BAD = [replace(item, expected_return=-item.expected_return) for item in GOOD]
HOURS = CONFIG.evaluator.paper_trading_hours
LONGEST = CONFIG.evaluator.paper_trading_max_hours
ENOUGH = BettingEProcess(log_peak=20.0)


def begun(reference: Reference = "champion", charged: int = 1, carried: BettingEProcess | None = None) -> PaperTrial:
    memory = small_market.memory_of(HISTORY.bars[:600])
    started = HISTORY.bars[599].known_ts
    return PaperTrial.begin("new", "old", reference, started, charged, memory, CONFIG, carried)


def run(trial: PaperTrial, own: list[Prediction], old: list[Prediction]) -> PaperTrial:
    for bar, candidate, champion in zip(PART.bars, own, old, strict=True):
        trial = trial.on_bar(bar, candidate, champion, CONFIG)
    return trial


def after_hours(trial: PaperTrial, hours: float) -> PaperTrial:
    return replace(trial, now_ts=trial.started_ts + int(hours * MICROS_PER_HOUR))


def test_json_on_every_bar_gives_the_same_later_states() -> None:
    trial = restored = begun()
    for bar, candidate, champion in zip(PART.bars, GOOD, BAD, strict=True):
        trial = trial.on_bar(bar, candidate, champion, CONFIG)
        restored = PaperTrial.from_json(json.loads(json.dumps(restored.to_json(), allow_nan=False))).on_bar(
            bar, candidate, champion, CONFIG
        )
    assert restored == trial
    assert restored.statistics(CONFIG) == trial.statistics(CONFIG)


def test_equal_models_differ_by_nothing() -> None:
    trial = run(begun(), GOOD, GOOD)
    assert trial.candidate_returns == trial.champion_returns
    assert trial.e_process.peak_e_value == 1.0
    assert trial.statistics(CONFIG)["mean_difference"] == 0.0


def test_the_better_side_gathers_evidence_and_the_worse_does_not() -> None:
    better, worse = run(begun(), GOOD, BAD), run(begun(), BAD, GOOD)
    assert better.e_process.peak_e_value > promotion_threshold(1, CONFIG.evaluator.e_process_alpha)
    assert worse.e_process.e_value < 1.0
    figures = better.statistics(CONFIG)
    assert figures["mean_difference"] > 0.0 > figures["champion_return"]
    assert figures["bars"] == len(PART) == len(better.known_ts)


def test_the_reference_decides_what_is_bet_on() -> None:
    """Against the champion: utilities of both. Against standing aside: the candidate's own return, whatever the
    champion does."""
    against, aside = run(begun("champion"), GOOD, BAD), run(begun("aside"), GOOD, BAD)
    own, old = np.array(against.candidate_returns), np.array(against.champion_returns)
    kelly = CONFIG.risk.kelly_fraction
    expected = utility_scores(own, kelly) - utility_scores(old, kelly)
    assert score_differences(own, old, False, kelly).tolist() == expected.tolist()
    assert against.e_process == BettingEProcess().updated_many(expected.tolist())
    assert aside.e_process == BettingEProcess().updated_many(own.tolist())
    assert aside.e_process == run(begun("aside"), GOOD, GOOD).e_process


def test_it_is_decided_only_after_the_hours_and_with_the_evidence() -> None:
    with_evidence, without = begun(carried=ENOUGH), begun()
    assert after_hours(with_evidence, HOURS - 0.1).status(CONFIG) == "running", "evidence alone does not suffice"
    assert after_hours(without, HOURS + 0.1).status(CONFIG) == "running", "time alone does not suffice"
    assert after_hours(with_evidence, HOURS).status(CONFIG) == "decided"
    assert after_hours(without, LONGEST - 0.1).status(CONFIG) == "running"
    assert after_hours(without, LONGEST).status(CONFIG) == "exhausted"
    assert after_hours(with_evidence, LONGEST).status(CONFIG) == "decided"


def test_every_candidate_charged_raises_what_must_be_shown() -> None:
    alpha = CONFIG.evaluator.e_process_alpha
    for charged in (1, 2, 5):
        trial = after_hours(begun(charged=charged, carried=ENOUGH), HOURS)
        assert trial.statistics(CONFIG)["threshold"] == promotion_threshold(charged, alpha) == charged / alpha
    barely = BettingEProcess(log_peak=3.1)  # an e-value of 22
    assert after_hours(begun(charged=1, carried=barely), HOURS).status(CONFIG) == "decided"
    assert after_hours(begun(charged=2, carried=barely), HOURS).status(CONFIG) == "running"


def test_a_drawdown_stops_it_even_with_time_and_evidence() -> None:
    trial = after_hours(begun(carried=ENOUGH), HOURS)
    state = trial.candidate.state
    limit = CONFIG.risk.max_drawdown_fraction
    for share, status in ((0.49, "decided"), (0.51, "stopped")):
        fallen = replace(state, equity_usd=state.peak_equity_usd * (1.0 - share * limit))
        assert replace(trial, candidate=replace(trial.candidate, state=fallen)).status(CONFIG) == status


def test_carried_evidence_is_continued_and_charged_to_nobody_else() -> None:
    carried = BettingEProcess().updated_many([0.001, 0.002, -0.001] * 6)
    trial = run(begun("aside", carried=carried), GOOD, BAD)
    assert trial.e_process == carried.updated_many(trial.candidate_returns)


def test_calibration_pairs_each_forecast_with_the_bar_that_followed() -> None:
    trial = run(begun(), GOOD, BAD)
    pairs = []
    closes = [bar.close for bar in PART.bars]
    for index, said in enumerate(GOOD[:-1]):
        if closes[index + 1] != closes[index]:
            up = said.confidence if said.expected_return >= 0.0 else 1.0 - said.confidence
            pairs.append((up, 1.0 if closes[index + 1] > closes[index] else 0.0))
    assert list(zip(trial.confidences, trial.outcomes_up, strict=True)) == pairs


def test_unusable_forecasts_are_not_scored() -> None:
    silent = [replace(item, usable=False, unusable_reason="carry is stale") for item in GOOD]
    trial = run(begun(), silent, GOOD)
    assert trial.confidences == () and not any(trial.candidate_returns)


def test_a_trial_that_just_began_has_no_figures_yet() -> None:
    figures = begun().statistics(CONFIG)
    assert figures["bars"] == 0 and figures["mean_difference"] is None and figures["difference_sd"] is None
    assert figures["hours"] == pytest.approx(0.0)
