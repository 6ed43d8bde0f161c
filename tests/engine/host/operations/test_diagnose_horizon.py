"""The detectability horizon against Lorden's bound worked by hand, its words, and `hydra diagnose`."""

from __future__ import annotations

import json
import math
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.agent.champions import REFERENCE_KEY
from engine.agent.detectors.run_length import evidence_run_length
from engine.host.operations.diagnose_horizon import (
    horizon_document,
    horizon_of,
    horizon_sentence,
    horizon_words,
    time_short,
    time_words,
)
from engine.host.operations.diagnosis import present_diagnosis
from engine.host.operations.snapshot import read_snapshot
from hydra_tui.command_line import hydra
from storage.stores import Stores
from tests.engine import small_market, small_workspace

CONFIG = small_market.settings()


def yardstick(correlation: float, edge: float = 0.1) -> dict[str, float]:
    return {
        "prediction_sd": 0.01 * correlation,
        "residual_sd": 0.01 * math.sqrt(1 - correlation**2),
        "edge_lower_bound": edge,
    }


@pytest.mark.parametrize("threshold_nats", [4.0, 10.0, 12.0])
@pytest.mark.parametrize("correlation", [0.09, 0.35])
def test_bars_are_the_evidence_needed_over_the_evidence_of_a_bar(correlation: float, threshold_nats: float) -> None:
    found = horizon_of(yardstick(correlation), threshold_nats, 252.0)
    assert found is not None and found.flip_bars is not None and found.dead_bars is not None
    assert found.correlation == pytest.approx(correlation)
    assert found.false_alarm_bars == evidence_run_length(threshold_nats)
    # nats per bar: (2 rho)^2 / 2 for a flip of the whole edge, rho^2 / 2 for a dead one, over the residual's variance
    share = 1.0 - correlation**2
    assert found.flip_bars == pytest.approx(threshold_nats / (2.0 * correlation**2 / share))
    assert found.dead_bars == pytest.approx(4.0 * found.flip_bars)


def test_daily_data_with_a_small_edge_hides_a_flip_for_years() -> None:
    found = horizon_of(yardstick(0.09), 10.0, 252.0)
    assert found is not None
    assert horizon_words(found) == "flipped edge seen in 613 bars (2.4 y), dead edge in 2,450 bars (9.7 y)"
    assert "613 bars (2.4 years)" in horizon_sentence(found) and "2,450 bars (9.7 years)" in horizon_sentence(found)


@pytest.mark.parametrize(
    "reference", [yardstick(0.3, edge=0.0), yardstick(0.3, edge=-0.1), yardstick(0.0)], ids=["none", "negative", "mute"]
)
def test_without_a_proven_edge_there_is_nothing_to_lose(reference: dict[str, float]) -> None:
    found = horizon_of(reference, 10.0, 252.0)
    assert found is not None and not found.proven_edge
    assert (found.flip_bars, found.dead_bars) == (None, None)
    assert "nothing to lose" in horizon_sentence(found) and "nothing to lose" in horizon_words(found)
    document = horizon_document(found)
    assert document["flip_years"] is None and document["flip_bars"] is None


@pytest.mark.parametrize("reference", [{}, {"prediction_sd": 0.1, "residual_sd": None, "edge_lower_bound": 0.1}])
def test_without_a_stored_yardstick_there_is_no_horizon(reference: dict[str, Any]) -> None:
    assert horizon_of(reference, 10.0, 252.0) is None


def test_a_threshold_beyond_all_numbers_stays_plain_json() -> None:
    found = horizon_of(yardstick(1e-200), 1e6, 252.0)
    assert found is not None
    document = json.loads(json.dumps(horizon_document(found), allow_nan=False))
    assert document["flip_bars"] is None and "endless" in document["sentence"]


@pytest.mark.parametrize(
    ("bars", "long", "short"),
    [
        (55.0, "1.0 trading days", "1.0 d"),
        (13_859.0, "252 trading days", "252 d"),
        (13_860.0, "1.0 years", "1.0 y"),
        (1e6, "72 years", "72 y"),
    ],
)
def test_times_are_in_the_markets_own_bars(bars: float, long: str, short: str) -> None:
    assert (time_words(bars, 13_860.0), time_short(bars, 13_860.0)) == (long, short)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    with Stores.open(tmp_path / "workspace") as stores:
        small_workspace.crown(stores, small_workspace.OLD)
    return tmp_path / "workspace"


def test_screen_and_verb_tell_the_horizon_of_the_champion_in_force(root: Path) -> None:
    with Stores.open(root, read_only=True) as stores:
        told = present_diagnosis(stores, CONFIG)["horizon"]
        seen = read_snapshot(stores, small_market.MARKET, 1).champion
        reference = stores.registry.get(small_workspace.OLD).metrics[REFERENCE_KEY]
    assert seen is not None and told is not None
    assert told["model_id"] == small_workspace.OLD
    h, per_year = CONFIG.observer.edge_evidence_h, CONFIG.market.bars_per_year
    shown, true = horizon_of(seen.yardstick, h, per_year), horizon_of(reference, h, per_year)
    assert shown is not None and true is not None and shown.proven_edge
    assert astuple(shown) == pytest.approx(astuple(true)), "up to the last bit of SQLite's decimals"
    assert told["flip_years"] == pytest.approx(told["flip_bars"] / per_year)
    done = CliRunner().invoke(hydra, ["--workspace", str(root), "--market", small_market.MARKET, "diagnose"])
    assert done.exit_code == 0
    assert f"detectability of {small_workspace.OLD}: {told['sentence']}" in done.stdout
    assert "one false alarm in 22,026 bars" in done.stdout


def test_before_the_first_champion_nothing_is_said(tmp_path: Path) -> None:
    with Stores.open(tmp_path / "workspace") as stores:
        assert present_diagnosis(stores, CONFIG)["horizon"] is None


def test_a_champion_without_an_edge_is_told_so(root: Path) -> None:
    with Stores.open(root) as stores:
        stores.db.execute("UPDATE models SET metrics = json_set(metrics, '$.reference.edge_lower_bound', 0.0)")
    done = CliRunner().invoke(hydra, ["--workspace", str(root), "--market", small_market.MARKET, "diagnose", "--json"])
    horizon = json.loads(done.stdout)["horizon"]
    assert not horizon["proven_edge"] and "nothing to lose" in horizon["sentence"]
