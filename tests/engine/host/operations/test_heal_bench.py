"""HealBench from plan to tables: what is played, sane scores of the healer, the same document from any number of jobs.

The bounds here are far below what is published (docs/healbench.md); few seeds cannot tell more.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections import Counter

import pytest

from engine.host.operations.heal_bench import HealBenchResult, bench_heal, shipped_settings
from engine.host.operations.heal_bench_episodes import AGENTS, SeedPlayer
from engine.host.operations.heal_bench_gates import LIVE_GATE
from engine.host.operations.heal_bench_picture import severity_picture
from engine.host.operations.heal_bench_plan import HealBenchPlan, WorldKey
from engine.host.operations.heal_bench_table import heal_lines
from engine.kernel.errors import CalculationError, ConfigError
from engine.sandbox.healbench.episode_scores import reference_utilities
from engine.sandbox.healbench.families.registry import FAMILIES, SINGLE_FAULT_FAMILIES
from engine.sandbox.healbench.ridge_champion import train_champion
from engine.sandbox.healbench.world_generator import make_world
from hydra_tui.commands.output import table

pytestmark = pytest.mark.timeout(900)  # minutes of play where many tests share a core


def silent(done: int, total: int, text: str) -> None:
    """No progress wanted."""


def test_the_plan_of_400_seeds_plays_other_severities_on_a_quarter() -> None:
    worlds = HealBenchPlan(400, 9000).worlds()
    assert len(worlds) == len(set(worlds)) == 400 * len(FAMILIES) + 2 * 100 * len(SINGLE_FAULT_FAMILIES)
    count = Counter((key.family, key.severity) for key in worlds)
    assert count["null", 1.0] == count["compound", 1.0] == 400 and count["stale", 0.5] == count["stale", 2.0] == 100
    assert min(key.seed for key in worlds) == 9000 and max(key.seed for key in worlds) == 9399
    assert sum(key.severity == 2.0 for key in HealBenchPlan(5, 0).worlds()) == 2 * len(SINGLE_FAULT_FAMILIES)


def test_named_severities_are_played_on_every_seed_and_controls_once() -> None:
    worlds = HealBenchPlan(2, 7, ("garbage", "null"), (2.0, 0.5, 2.0)).worlds()
    assert worlds == [
        WorldKey(seed, family, severity)
        for seed in (7, 8)
        for family, severity in (("null", 1.0), ("garbage", 0.5), ("garbage", 2.0))
    ]


@pytest.mark.parametrize(
    ("families", "severities", "words"),
    [
        (("concept", "flood"), None, "family 'flood' is not known"),
        (("concept",), (1.0, -1.0), "severities are numbers above 0"),
        (("concept",), (float("nan"),), "severities are numbers above 0"),
        ((), None, "at least one family"),
        (("concept",), (), "at least one family and one severity"),
    ],
)
def test_a_plan_without_sense_is_refused(
    families: tuple[str, ...], severities: tuple[float, ...] | None, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        HealBenchPlan(1, 0, families, severities)


@pytest.fixture(scope="module")
def result() -> HealBenchResult:
    return bench_heal(HealBenchPlan(6, 300, severities=(1.0,)), 2, silent, label="six seeds")


def test_the_healer_recovers_most_and_its_diagnoses_cite_true_numbers_alone(result: HealBenchResult) -> None:
    own = result.published()
    assert own.macro_recovery is not None and own.macro_recovery > 0.7
    assert own.diagnoses > 50 and own.true_diagnoses == own.diagnoses
    assert own.null_utility_kept is not None and own.null_utility_kept > 0.9
    assert own.noedge_loss is not None and own.noedge_loss < 2.0
    for name in ("frozen", "blind 500/100", "blind 250/50", "alarm retrain"):
        other = result.published(name)
        assert other.macro_recovery is not None and other.macro_recovery < own.macro_recovery
    live = next(row for row in result.gates if row.gate == LIVE_GATE)
    assert live.power >= 0.8 and live.result.false_episodes <= 2


def test_anchors_are_those_of_the_grader(result: HealBenchResult) -> None:
    row = next(row for row in result.episodes if row[0].family == "liquidity")
    world = make_world("liquidity", row[0].seed)
    assert row[0].reference == reference_utilities(world, train_champion(world))


def test_the_document_is_plain_json_with_every_episode(result: HealBenchResult) -> None:
    document = json.loads(json.dumps(result.document(), allow_nan=False))
    assert len(document["episodes"]) == 6 * len(FAMILIES) and set(document["agents"]) == set(AGENTS)
    assert set(document["episodes"][0]["utilities"]) == set(AGENTS)
    assert document["episodes"][0]["severity"] is None and document["episodes"][2]["severity"] == 1.0
    assert document["label"] == "six seeds" and document["seed_base"] == 300
    assert [row["gate"] for row in document["forced_proposals"]][-1] == LIVE_GATE


def test_tables_fit_80_columns_and_name_every_family(result: HealBenchResult) -> None:
    lines = heal_lines(result, table)
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert all(f"\n{name} " in text for name in FAMILIES)
    assert "six seeds" in text and "HEAL " in text and LIVE_GATE in text and "seeds 300 to 305" in text


def test_the_picture_is_the_same_bytes_and_names_its_families(result: HealBenchResult) -> None:
    picture = severity_picture(result)
    assert picture == severity_picture(result)
    ElementTree.fromstring(picture)
    assert all(f"<!-- {name} -->".encode() in picture for name in SINGLE_FAULT_FAMILIES)


def test_worlds_that_share_their_past_are_played_as_if_alone() -> None:
    keys = HealBenchPlan(1, 41, ("null", "concept", "stale", "garbage", "overfit")).worlds()
    player = SeedPlayer(shipped_settings())
    assert player(keys) == [scores for key in keys for scores in player([key])]


def test_one_and_two_jobs_give_the_same_document() -> None:
    plan = HealBenchPlan(2, 40, ("null", "concept", "garbage", "overfit"), (1.0,))
    one, two = (bench_heal(plan, jobs, silent) for jobs in (1, 2))
    assert one == two and json.dumps(one.document()) == json.dumps(two.document())


def test_controls_alone_are_scored_and_cannot_be_drawn() -> None:
    result = bench_heal(HealBenchPlan(1, 2, ("noedge",)), 1, silent)
    assert result.published().macro_recovery is None and result.published().heal is None and not result.gates
    assert any("noedge" in line for line in heal_lines(result, table))
    with pytest.raises(CalculationError, match="no family with a fault"):
        severity_picture(result)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_forty_seeds_hold_the_tighter_bars() -> None:
    result = bench_heal(HealBenchPlan(40, 300, severities=(1.0,)), 2, silent)
    own = result.published()
    assert own.macro_recovery is not None and own.macro_recovery >= 0.82
    assert own.worst_recovery is not None and own.worst_recovery >= 0.55
    assert own.grounded is not None and own.grounded >= 0.9 and own.true_diagnoses == own.diagnoses
    assert own.null_utility_kept is not None and own.null_utility_kept >= 0.96
    assert own.noedge_loss is not None and own.noedge_loss <= 0.5
    assert own.false_alarms_per_1000_bars is not None and own.false_alarms_per_1000_bars <= 0.3
    delays = {item.family: item.delay_median for item in own.families}
    bars = {"concept": 70, "feature": 20, "volatility": 40, "liquidity": 8, "stale": 3}
    assert all(delays[name] is not None and delays[name] <= most for name, most in bars.items())
    wins = {item.family: item.beats_blind for item in own.families}
    assert wins["concept"] >= 0.75 and wins["decay"] >= 0.5
    assert all(wins[name] >= 0.85 for name in ("feature", "volatility", "liquidity", "stale"))
    live = next(row for row in result.gates if row.gate == LIVE_GATE)
    assert live.result.false_episodes <= 4 and live.power >= 0.8
