"""A planted divergence: only where options and crowd disagree, off by default, and the features carry it only then."""

from __future__ import annotations

import io
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from engine.kernel.configuration import load_config
from engine.kernel.errors import InputError
from engine.sandbox.statistics.information_coefficient import rank_coefficient
from engine.sandbox.venue.edges import CROWD_FACTOR, DIVERGENCE_EDGE, FACTORS_EDGE, OPTIONS_FACTOR
from engine.sandbox.venue.market_facts import MARKET
from engine.sandbox.venue.private_settings import PrivateSettings, read_or_draw
from engine.sandbox.venue.session_files import SessionFiles
from engine.sandbox.venue.truth import truth_of
from engine.sandbox.venue.venue import serve
from engine.sandbox.venue.world import MarketWorld, WorldSettings, build_world
from engine.sandbox.venue.world_rules import FloatArray
from engine.signals.divergence import DivergenceType
from tests.bench.divergence_edge import (
    DivergenceHistory,
    divergence_history,
    divergence_world,
    estimate,
    permutation_quantile,
    with_feeds_of_other_sessions,
)

BARS = 1650


@lru_cache(maxsize=4)
def measured(kind: str) -> DivergenceHistory:
    config = load_config(MARKET, environment={}).config
    if kind == "other sessions":
        return divergence_history(with_feeds_of_other_sessions(divergence_world(1, BARS, 0.5), 1), config)
    return divergence_history(divergence_world(1, BARS, 0.5 if kind == "planted" else 0.0), config)


def planted_signal(world: MarketWorld) -> FloatArray:
    return world.rules.signal_scale[1:] * (world.factors[:-1] @ world.loadings)


def test_the_ordinary_market_does_not_know_of_it() -> None:
    ordinary, named = (build_world(WorldSettings(4, 60, 90, "none", edge=edge)) for edge in (FACTORS_EDGE,) * 2)
    assert WorldSettings(4, 60, 90).edge == FACTORS_EDGE
    assert np.all(ordinary.rules.signal_scale == 1.0)
    assert SessionFiles(ordinary).history() == SessionFiles(named).history()
    planted = build_world(WorldSettings(4, 60, 90, "none", edge=DIVERGENCE_EDGE))
    np.testing.assert_array_equal(planted.factors, ordinary.factors)
    assert not np.array_equal(planted.traded.close, ordinary.traded.close)


def test_the_signal_counts_only_where_options_and_crowd_disagree_and_has_unit_variance() -> None:
    worlds = [build_world(WorldSettings(seed, 3999, 1, "none", edge=DIVERGENCE_EDGE)) for seed in range(6)]
    for world in worlds:
        options, crowd = world.factors[:-1, OPTIONS_FACTOR], world.factors[:-1, CROWD_FACTOR]
        signal = planted_signal(world)
        agree = options * crowd > 0.0
        assert np.all(signal[agree] == 0.0)
        assert np.all(np.sign(signal[~agree]) == np.sign(options[~agree]))
    assert np.std(np.concatenate([planted_signal(world) for world in worlds])) == pytest.approx(1.0, abs=0.05)


def test_the_planted_coefficient_is_realised_and_told_in_the_truth() -> None:
    truth = truth_of(divergence_world(2, 3900, 0.5))
    assert truth["edge"] == DIVERGENCE_EDGE
    assert truth["realised_information_coefficient_before"] == pytest.approx(0.48, abs=0.05)


def test_a_concept_fault_turns_the_divergence_round() -> None:
    world = build_world(WorldSettings(5, 1000, 2900, "concept", edge=DIVERGENCE_EDGE))
    assert set(world.fault.targets) == {"skew_slope", "nlp_score"}
    truth = truth_of(world)
    assert truth["realised_information_coefficient_before"] > 0.3
    assert truth["realised_information_coefficient_after"] < -0.3


def test_the_features_carry_the_planted_edge() -> None:
    found = measured("planted")
    for forecast in (found.signed, found.direction):
        edge = estimate(forecast, found.next_return, 1)
        assert edge.coefficient > 0.15 and edge.t_statistic > 4.0
    assert permutation_quantile(found.signed, found.next_return, 1) < 0.01
    opposed = np.isin(
        found.type_code,
        [DivergenceType.OPTIONS_BULLISH_SENTIMENT_BEARISH, DivergenceType.OPTIONS_BEARISH_SENTIMENT_BULLISH],
    )
    assert opposed.sum() >= 20
    assert np.mean(found.direction[opposed] * found.next_return[opposed] > 0.0) > 0.75


def test_on_shuffled_returns_they_carry_nothing() -> None:
    found = measured("planted")
    generator = np.random.default_rng(7)
    shuffled = [rank_coefficient(found.signed, generator.permutation(found.next_return)) for _ in range(100)]
    assert abs(np.mean(shuffled)) < 0.01
    assert np.std(shuffled) == pytest.approx(1.0 / np.sqrt(len(found.signed)), rel=0.25)


@pytest.mark.parametrize("kind", ["other sessions", "no edge"])
def test_on_shuffled_feeds_and_without_an_edge_they_carry_nothing(kind: str) -> None:
    found = measured(kind)
    assert np.mean(found.direction != 0.0) > 0.1
    assert abs(estimate(found.signed, found.next_return, 1).t_statistic) < 3.0
    assert permutation_quantile(found.signed, found.next_return, 1) > 0.01


def test_the_setting_is_private_kept_and_refused_where_unknown(tmp_path: Path) -> None:
    given = PrivateSettings(3, "none", DIVERGENCE_EDGE)
    assert read_or_draw(tmp_path / "p", 3, "none", DIVERGENCE_EDGE) == given
    assert read_or_draw(tmp_path / "p", None, None) == given
    (tmp_path / "p" / "venue.json").write_text('{"seed": 3, "fault": null}')
    assert read_or_draw(tmp_path / "p", None, None) == PrivateSettings(3, None, FACTORS_EDGE)
    (tmp_path / "p" / "venue.json").write_text('{"seed": 3, "fault": null, "edge": "luck"}')
    with pytest.raises(InputError, match="no edge 'luck'"):
        read_or_draw(tmp_path / "p", None, None)
    with pytest.raises(InputError, match="no edge 'luck'"):
        build_world(WorldSettings(3, 60, 90, edge="luck"))


def test_the_process_plants_it_and_hides_it(tmp_path: Path) -> None:
    workspace, private = tmp_path / "w", tmp_path / "p"
    arguments = ["--workspace", str(workspace), "--private-dir", str(private), "--market", MARKET, "--seed", "31",
                 "--fault", "none", "--edge", "divergence", "--history-bars", "60", "--live-bars", "6"]  # fmt: skip
    assert serve(arguments, io.StringIO('{"op":"history"}\n'), io.StringIO()) == 0
    assert json.loads((private / "truth.json").read_text())["edge"] == DIVERGENCE_EDGE
    assert all(b"divergence" not in path.read_bytes() for path in (workspace / "inbox").iterdir())
