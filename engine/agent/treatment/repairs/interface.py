"""One interface for every repair: it answers diagnoses, works bar by bar, and ends by itself.

Adding a repair is one file with a `Repair` subclass and one line in `registry.py`; the contract test in
`tests/engine/agent/treatment/repairs/test_contract.py` then runs on it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from engine.agent.diagnosis import Cause, Diagnosis
from engine.agent.healer import HealerDecision
from engine.agent.treatment.desk import ScoredBar, TreatmentDesk
from engine.agent.treatment.market_bar import MarketBar


@dataclass(frozen=True, slots=True)
class SizeRule:
    """How much of the champion's target may be held (`share`, 0 to 1) and how much of the way to it one bar may go
    (`trading_rate`, above 0 to 1)."""

    share: float = 1.0
    trading_rate: float = 1.0


FULL_SIZE: Final = SizeRule()


class Repair(ABC):
    """`kind` names it in the playbook, `answers` are the causes it is begun for."""

    kind: ClassVar[str]
    answers: ClassVar[frozenset[Cause]] = frozenset()

    def wants(self, diagnosis: Diagnosis) -> bool:
        """Whether this repair is the one for a diagnosis; the first of the registry that is wins."""
        return diagnosis.cause in self.answers

    @abstractmethod
    def begin(self, diagnosis: Diagnosis, desk: TreatmentDesk) -> None:
        """Act on a diagnosis of one of `answers`."""

    def on_bar(self, bar: MarketBar, scored: ScoredBar | None, decision: HealerDecision, desk: TreatmentDesk) -> None:
        """One bar passed. `scored` is None where the return cannot be judged."""
        return None

    def size_rule(self) -> SizeRule:
        """What this repair asks of the size now; the most careful of all repairs rules."""
        return FULL_SIZE

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Plain JSON of all that is carried from bar to bar."""

    @abstractmethod
    def restore(self, state: Mapping[str, Any]) -> None:
        """Inverse of `state`."""
