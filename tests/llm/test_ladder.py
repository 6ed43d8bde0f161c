"""The ladder always ends in the rules, and the first available tier answers."""

from __future__ import annotations

import pytest

from llm.ladder import SHIPPED_LADDER, Ladder, Tier

RULES = Tier("rules", True, "always")


def test_the_first_available_tier_answers() -> None:
    local = Tier("local", True, "loaded")
    assert Ladder((Tier("remote", False, "no key"), local, RULES)).answering() == local
    assert Ladder((Tier("remote", False, "no key"), RULES)).answering() == RULES


@pytest.mark.parametrize("tiers", [(), (Tier("local", True, "loaded"),), (Tier("rules", False, "off"),)])
def test_a_ladder_without_rules_at_its_end_is_refused(tiers: tuple[Tier, ...]) -> None:
    with pytest.raises(ValueError, match="rules"):
        Ladder(tiers)


def test_the_shipped_ladder_answers_by_rules_and_says_why_the_others_do_not() -> None:
    assert SHIPPED_LADDER.answering().name == "rules"
    assert all(tier.reason for tier in SHIPPED_LADDER.tiers)
