"""A diagnosis: one cause of the closed list, with numbers that anyone can recompute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

from engine.agent.detectors.base import AlertLevel
from engine.agent.evidence import Evidence

Cause = Literal[
    "data_feed",
    "feature_drift",
    "concept_drift",
    "decay",
    "regime_volatility",
    "regime_liquidity",
    "overfit",
    "external_event",
    "none",
]
CAUSES: Final[tuple[Cause, ...]] = get_args(Cause)


@dataclass(frozen=True, slots=True)
class RejectedCause:
    """A cause that was looked at and refused, with the number that refused it."""

    cause: Cause
    why: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong with the champion.

    `affected` are feature names (or "champion", "market"); `recommended` is a mutation type of the playbook;
    `change_ts` the estimated start of the fault; `confidence` the posterior probability of a change under one change
    per 5,000 bars; `summary` the one sentence for the operator; `estimates` numbers that repairs are built from.
    """

    ts: int
    model_id: str
    cause: Cause
    severity: AlertLevel
    affected: tuple[str, ...]
    recommended: str
    change_ts: int
    bars_since_change: int
    confidence: float
    summary: str
    evidence: tuple[Evidence, ...]
    rejected: tuple[RejectedCause, ...]
    estimates: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Diagnosis:
        """Inverse of `to_json`."""
        fields = dict(value)
        fields["affected"] = tuple(fields["affected"])
        fields["evidence"] = tuple(Evidence.from_json(item) for item in fields["evidence"])
        fields["rejected"] = tuple(RejectedCause(**item) for item in fields["rejected"])
        return cls(**fields)
