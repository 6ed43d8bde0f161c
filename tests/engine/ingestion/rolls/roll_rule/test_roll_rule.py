"""A roll goes forward once, on what was known before the session."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.rolls.roll_rule import ContractFigures, RollCriterion, RollPolicy, RollRule

START = date(2024, 1, 2)
NEAR, FAR = START + timedelta(days=40), START + timedelta(days=100)
NO = math.nan


def policy(criterion: RollCriterion = "volume", confirm: int = 2, ratio: float = 1.0, days: int = 1) -> RollPolicy:
    return RollPolicy(criterion, confirm, ratio, days)


def run(rule: RollRule, volumes: list[tuple[float, float]]) -> list[str | None]:
    return [
        rule.contract_for(
            START + timedelta(days=place),
            {"NEAR": ContractFigures(NEAR, near), "FAR": ContractFigures(FAR, far)},
        )
        for place, (near, far) in enumerate(volumes)
    ]


def test_it_rolls_after_the_confirmed_sessions_and_never_back() -> None:
    held = run(RollRule(policy()), [(9, 1), (5, 6), (6, 5), (5, 6), (5, 7), (9, 1), (9, 1), (9, 1)])
    assert held == ["NEAR", "NEAR", "NEAR", "NEAR", "FAR", "FAR", "FAR", "FAR"]


def test_a_lead_must_reach_the_ratio() -> None:
    assert run(RollRule(policy(ratio=1.5, confirm=1)), [(10, 1), (10, 14), (10, 16)])[-2:] == ["NEAR", "FAR"]


def test_a_missing_figure_leads_nothing_and_is_led_by_nothing() -> None:
    assert set(run(RollRule(policy(confirm=1)), [(9, 1), (9, NO), (NO, 5)])) == {"NEAR"}


def test_expiry_rolls_whatever_the_volumes_say() -> None:
    rule = RollRule(policy(days=5))
    known = {"NEAR": ContractFigures(NEAR, 9.0), "FAR": ContractFigures(FAR, 1.0)}
    assert rule.contract_for(NEAR - timedelta(days=5), known) == "NEAR"
    assert rule.contract_for(NEAR - timedelta(days=4), known) == "FAR"


def test_no_contract_is_held_when_none_is_alive() -> None:
    rule = RollRule(policy())
    assert rule.contract_for(START, {"NEAR": ContractFigures(NEAR, 1.0)}) == "NEAR"
    assert rule.contract_for(NEAR + timedelta(days=1), {"NEAR": ContractFigures(NEAR, 1.0)}) is None
    assert rule.contract_for(NEAR + timedelta(days=2), {"FAR": ContractFigures(FAR, NO)}) == "FAR"


@given(
    st.sampled_from(["volume", "open_interest", "days_to_expiry"]),
    st.integers(1, 3),
    st.integers(0, 10),
    st.lists(st.lists(st.one_of(st.just(NO), st.floats(0, 1e6)), min_size=4, max_size=4), min_size=1, max_size=60),
)
def test_expiries_of_the_held_contracts_only_grow(
    criterion: RollCriterion, confirm: int, days: int, figures: list[list[float]]
) -> None:
    rule = RollRule(policy(criterion, confirm, days=days))
    expiries = {f"C{place}": START + timedelta(days=20 * (place + 1)) for place in range(4)}
    last = date.min
    for place, row in enumerate(figures):
        day = START + timedelta(days=place)
        known = {
            name: ContractFigures(expiry, volume, volume)
            for (name, expiry), volume in zip(expiries.items(), row, strict=True)
        }
        held = rule.contract_for(day, known)
        if held is not None:
            assert expiries[held] >= last
            assert (expiries[held] - day).days >= days
            last = expiries[held]


@pytest.mark.parametrize("criterion", ["volume", "open_interest"])
def test_the_criterion_chooses_its_own_figure(criterion: RollCriterion) -> None:
    rule = RollRule(policy(criterion, confirm=1))
    known = {"NEAR": ContractFigures(NEAR, 9.0, 1.0), "FAR": ContractFigures(FAR, 1.0, 9.0)}
    rule.contract_for(START, {name: ContractFigures(figure.expiry) for name, figure in known.items()})
    assert rule.contract_for(START + timedelta(days=1), known) == ("NEAR" if criterion == "volume" else "FAR")
