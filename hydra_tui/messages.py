"""The vocabulary between the bridge and the app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from textual.message import Message

from engine.host.operations.snapshot_types import UiSnapshot


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """One act on its way to the engine. `label` says in words what was asked; `state_seq` is what the operator saw."""

    kind: str
    args: Mapping[str, Any] = field(default_factory=dict)
    state_seq: int | None = None
    label: str = ""


class SnapshotReady(Message):
    """A newer picture of the workspace; an older one that still waits is dropped."""

    def __init__(self, snapshot: UiSnapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        """A newer picture replaces an older one."""
        return isinstance(message, SnapshotReady)


class CommandSettled(Message):
    """What became of an act: `status` is accepted, refused or unanswered."""

    def __init__(
        self, request: CommandRequest, status: str, reason: str = "", result: Mapping[str, Any] | None = None,
        elapsed_s: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.request = request
        self.status = status
        self.reason = reason
        self.result = dict(result or {})
        self.elapsed_s = elapsed_s


class EngineEnded(Message):
    """The engine that this screen started is gone; `final`: it is not started again."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__()
        self.reason = reason
        self.final = final


class BridgeFailed(Message):
    """The workspace could not be read; the picture on the screen is the last one that could."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason
