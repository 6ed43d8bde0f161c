"""The ladder of proposers: remote model, second remote, local model, rules. The first tier that is available answers.

In this version only the rules tier answers; the others say why they do not. What comes back is of one type whatever the
tier, so that everything after it is blind to the source, and the rules tier can never be missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

TierName = Literal["remote", "second_remote", "local", "rules"]


@dataclass(frozen=True, slots=True)
class Tier:
    """One rung: whether it can answer now, and in plain words why or why not."""

    name: TierName
    available: bool
    reason: str


class Ladder:
    """Tiers from the most capable to the rules, which must be the last and available."""

    def __init__(self, tiers: Sequence[Tier]) -> None:
        if not tiers or tiers[-1].name != "rules" or not tiers[-1].available:
            raise ValueError("the last tier of the ladder must be the rules, and available")
        self._tiers = tuple(tiers)

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """Every rung, most capable first."""
        return self._tiers

    def answering(self) -> Tier:
        """The tier that answers now."""
        return next(tier for tier in self._tiers if tier.available)


SHIPPED_LADDER: Final = Ladder(
    (
        Tier("remote", False, "this version has no remote client"),
        Tier("second_remote", False, "this version has no remote client"),
        Tier("local", False, "this version has no local model worker"),
        Tier("rules", True, "the playbook's rules are always there"),
    )
)
