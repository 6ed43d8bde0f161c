"""The last question before every order: does the workspace permit it? Reads the HALT file, the halt row and the state.

| what is found                                  | raises risk | lowers risk |
|------------------------------------------------|-------------|-------------|
| RUNNING or DEGRADED, no halt                    | yes         | yes         |
| HALT file, halt row, HALTED                     | no          | yes         |
| LOCKDOWN                                        | no          | yes (the recorded, reduce-only flattening) |
| missing, corrupt or unknown state or halt row   | no          | no          |
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from engine.kernel.errors import StoreError
from engine.kernel.workspace_paths import WorkspacePaths
from storage.state_store import HALT, UNKNOWN_STATE, StateStore


@dataclass(frozen=True, slots=True)
class OperationalGate:
    """Reads afresh each time: a halt that any process wrote binds the very next order."""

    paths: WorkspacePaths
    state: StateStore

    def permits(self, raises_risk: bool) -> tuple[bool, str]:
        """Whether an order may go out, and why not. Anything unreadable permits nothing."""
        try:
            operational_state = self.state.operational_state()
            halt = self.state.get(HALT)
        except StoreError as error:
            return False, f"the state cannot be read ({error.message})"
        if operational_state == UNKNOWN_STATE:
            return False, "the operational state is unknown"
        if not isinstance(halt, dict) or not isinstance(halt.get("halted"), bool):
            return False, "the halt row is missing or corrupt"
        if not raises_risk:
            return True, ""
        if operational_state in ("HALTED", "LOCKDOWN"):
            return False, f"the state is {operational_state}"
        if halt["halted"]:
            return False, f"trading is halted: {halt.get('reason') or 'no reason given'}"
        if self.halt_file_exists():
            return False, "the HALT file is in the workspace"
        return True, ""

    def halt_file_exists(self) -> bool:
        """True if the HALT file exists, or if nobody can tell."""
        try:
            os.lstat(self.paths.halt_file)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True
