"""What may be done alone at which level."""

from __future__ import annotations

from typing import get_args

import pytest

from engine.agent.autonomy import Act, may_act_alone, needs_approval, permission
from engine.kernel.config_models import AutonomyLevel

LEVELS = get_args(AutonomyLevel)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("act", list(Act))
def test_every_act_has_one_answer_at_every_level(level: AutonomyLevel, act: Act) -> None:
    found = permission(level, act)
    assert not (found.alone and found.approval)
    assert level in found.reason


def test_promotions_need_the_operator_unless_autonomous() -> None:
    assert needs_approval("semi-auto", Act.PROMOTE_REPAIR)
    assert needs_approval("supervised", Act.PROMOTE_REPAIR)
    assert may_act_alone("autonomous", Act.PROMOTE_REPAIR)
    assert not permission("lockdown", Act.PROMOTE_REPAIR).approval


def test_stopping_is_always_allowed_and_raising_limits_never() -> None:
    for level in LEVELS:
        assert may_act_alone(level, Act.HALT)
        for act in (Act.LIFT_HALT, Act.RAISE_LIMIT):
            assert not permission(level, act).alone
            assert not permission(level, act).approval


def test_supervised_asks_for_every_other_act() -> None:
    asked = set(Act) - {Act.HALT, Act.LIFT_HALT, Act.RAISE_LIMIT}
    assert all(needs_approval("supervised", act) for act in asked)
