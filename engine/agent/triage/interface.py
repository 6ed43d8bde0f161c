"""One interface for every triage rule: readings in, a verdict out, what it has waited for as JSON.

Adding a rule is one file with a `TriageRule` subclass, one line in `registry.py` and one name in
`agent.triage_order`; the contract test in `tests/engine/agent/triage/test_triage_contract.py` then runs on it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Final, Literal, Self

from engine.agent.detectors.base import Reading
from engine.agent.diagnosis import Cause, Diagnosis
from engine.agent.observer import Observer

Verdict = Diagnosis | Literal["wait", "not mine"]
WAIT: Final = "wait"
NOT_MINE: Final = "not mine"


@dataclass(frozen=True, slots=True)
class RuleState:
    """What is carried from bar to bar for one rule: the bars in a row on which it said "wait".

    >>> RuleState.from_json(RuleState().after_waiting().to_json())
    RuleState(waited_bars=1)
    """

    waited_bars: int = 0

    def after_waiting(self) -> RuleState:
        """The state on the bar after one more "wait"."""
        return RuleState(self.waited_bars + 1)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`; KeyError where the counter is missing."""
        return cls(int(value["waited_bars"]))


class TriageRule(ABC):
    """One way to explain breached readings. It carries nothing itself; its `RuleState` is kept by the driver.

    `causes` are all that its diagnoses may name. `detectors` are all whose readings it looks at: a breach of the first
    makes a bar its business, the others only weigh in. `held_as` is the name under which a treatment of its causes
    silences that first detector, None where nothing silences it.
    """

    name: ClassVar[str]
    causes: ClassVar[frozenset[Cause]]
    detectors: ClassVar[tuple[str, ...]]
    held_as: ClassVar[str | None] = None

    @abstractmethod
    def judge(
        self, decisive: Sequence[Reading], breached: Sequence[Reading], observer: Observer, state: RuleState
    ) -> Verdict:
        """Judge the bar that the observer took last.

        `decisive` are its readings that may open a case, `breached` those of them over their limit and not silenced by
        a treatment. "wait": its business, not to be told yet; no later rule is asked on this bar and the counter grows.
        "not mine": the next rule is asked and the counter starts anew. A diagnosis ends the waiting of all rules.
        """

    def opening(self, breached: Sequence[Reading]) -> list[Reading]:
        """The breached readings that make a bar this rule's business."""
        return [item for item in breached if item.detector == self.detectors[0]]
