"""Proposals: what the playbook prefers, what its gates refuse, what the journal teaches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.agent.diagnosis import Diagnosis
from engine.agent.hypothesis import HypothesisEngine, MutationProposal, PastExperiment, ProposalContext
from engine.agent.playbook import parse_playbook, shipped_playbook
from engine.agent.similarity import cosine, embedding
from engine.kernel.configuration import load_config
from engine.kernel.errors import ConfigError

AGENT = load_config("simulated_hogs", environment={}).config.agent
ENGINE = HypothesisEngine(shipped_playbook(), AGENT)
BAR_US = 300_000_000
NOW = 1_600_000_000_000_000
CONTEXT = ProposalContext(spec={"features": ["carry", "atm_iv", "skew_slope"]})
CONCEPT = Diagnosis(
    ts=NOW,
    model_id="champion-1",
    cause="concept_drift",
    severity="CRITICAL",
    affected=("carry",),
    recommended="retrain",
    change_ts=NOW - 40 * BAR_US,
    bars_since_change=40,
    confidence=0.97,
    summary="",
    evidence=(),
    rejected=(),
    estimates={},
)
FEATURE = replace(
    CONCEPT,
    cause="feature_drift",
    estimates={"features": ["carry"], "restandardise": {"carry": {"offset": 0.5, "scale": 2.0}}},
)


def _past(
    proposal: MutationProposal, age_bars: int, healed: bool | None, cause: str = "concept_drift"
) -> PastExperiment:
    return PastExperiment(proposal.mutation_type, cause, proposal.parameters, NOW - age_bars * BAR_US, healed)


def test_best_first_with_parameters_and_words() -> None:
    proposals = ENGINE.propose(CONCEPT, CONTEXT).proposals
    assert [item.mutation_type for item in proposals] == ["retrain", "hyperparameter", "window_adjust"]
    assert proposals[0].parameters == {"training": {"from_ts": CONCEPT.change_ts}}
    least = shipped_playbook().mutations["retrain"].min_bars_since_change
    assert proposals[0].wait_bars == max(0, least - CONCEPT.bars_since_change)
    assert proposals[0].source == "rules"
    assert MutationProposal.from_json(proposals[0].to_json()) == proposals[0]


def test_every_cause_has_a_row_and_answers_deterministically() -> None:
    for cause in shipped_playbook().causes:
        diagnosis = replace(FEATURE, cause=cause)
        assert ENGINE.propose(diagnosis, CONTEXT) == ENGINE.propose(diagnosis, CONTEXT)


def test_input_fault_keeps_the_weights_first() -> None:
    proposals = ENGINE.propose(FEATURE, CONTEXT).proposals
    assert [item.mutation_type for item in proposals] == [
        "restandardise_feature",
        "quarantine_feature",
        "feature_remove",
    ]
    assert proposals[2].parameters == {"features": ["atm_iv", "skew_slope"]}
    assert proposals[0].reversible
    assert not proposals[2].reversible


def test_failures_in_the_journal_change_the_order() -> None:
    first = ENGINE.propose(CONCEPT, CONTEXT).proposals[0]
    taught = replace(CONTEXT, past=tuple(_past(first, 5000 + age, False) for age in range(12)))
    assert ENGINE.weights("concept_drift", taught)[0] < ENGINE.weights("concept_drift", CONTEXT)[0]
    order = [item.mutation_type for item in ENGINE.propose(CONCEPT, taught).proposals]
    assert order[0] != "retrain"


def test_exploration_is_deterministic_by_seed() -> None:
    explore = replace(CONTEXT, explore=True, seed=5)
    assert ENGINE.weights("concept_drift", explore) == ENGINE.weights("concept_drift", explore)
    assert ENGINE.weights("concept_drift", explore) != ENGINE.weights("concept_drift", replace(explore, seed=6))


@pytest.mark.parametrize(
    ("context", "gate"),
    [
        (replace(CONTEXT, active_experiments=AGENT.max_concurrent_experiments), "active"),
        (replace(CONTEXT, trials_in_case=AGENT.max_trials_per_case), "budget"),
    ],
)
def test_counting_gates(context: ProposalContext, gate: str) -> None:
    round_ = ENGINE.propose(CONCEPT, context)
    assert round_.proposals == ()
    assert {item.gate for item in round_.refused} == {gate}


def test_similar_and_cooling_proposals_are_refused() -> None:
    first = ENGINE.propose(CONCEPT, CONTEXT).proposals[0]
    refusal = ENGINE.refusal(first, CONCEPT, replace(CONTEXT, past=(_past(first, 100, None),)))
    assert refusal is not None
    assert refusal.gate == "similar"
    refusal = ENGINE.refusal(first, CONCEPT, replace(CONTEXT, past=(_past(first, 10, False),)))
    assert refusal is not None
    assert refusal.gate == "cooldown"
    moved = replace(first, parameters={"training": {"from_ts": CONCEPT.change_ts + 60 * BAR_US}})
    assert ENGINE.refusal(moved, CONCEPT, replace(CONTEXT, past=(_past(first, 100, None),))) is None


def test_bounds_playbook_and_size_of_a_change() -> None:
    first = ENGINE.propose(FEATURE, CONTEXT).proposals[0]
    wild = replace(first, parameters={"adjustments": {"restandardise": {"carry": {"offset": 0.0, "scale": 400.0}}}})
    for proposal, diagnosis, gate in (
        (wild, FEATURE, "bounds"),
        (first, CONCEPT, "playbook"),
        (replace(first, mutations=3), FEATURE, "mutations"),
    ):
        refusal = ENGINE.refusal(proposal, diagnosis, CONTEXT)
        assert refusal is not None
        assert refusal.gate == gate


def test_similarity_is_fixed_and_turns_with_numbers() -> None:
    first = embedding("retrain", {"training": {"from_ts": NOW}}, BAR_US)
    near = embedding("retrain", {"training": {"from_ts": NOW + 3 * BAR_US}}, BAR_US)
    far = embedding("retrain", {"training": {"from_ts": NOW + 60 * BAR_US}}, BAR_US)
    other = embedding("quarantine_feature", {"adjustments": {"quarantine": ["carry"]}}, BAR_US)
    assert cosine(first, first) == pytest.approx(1.0)
    assert cosine(first, near) > 0.95
    assert cosine(first, far) < AGENT.duplicate_similarity
    assert cosine(first, other) == 0.0
    assert cosine({}, first) == 0.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mutations: [", "not valid YAML"),
        ("mutations: {}\ncauses: {}\n", "causes without a row"),
        ("mutations: {leverage_up: {}}\ncauses: {}\n", "leverage_up"),
    ],
)
def test_a_bad_playbook_is_one_clear_sentence(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_playbook(text, "playbook.yaml")
