"""What a rule saw, as numbers: each value beside the threshold that was in force for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """`value` (NaN where unknown) in standard deviations of the past or as a confidence, as the name says; `threshold`
    is the one that the value's size had to reach: the one that opens, or, for an axis already open, the one below which
    it closes. None for a number that only contributes to another one."""

    name: str
    value: float
    threshold: float | None = None
