"""Errors of HYDRA, one hierarchy.

HydraError                     title + message that says what to do; carries the exit code of the command line
├── ConfigError                a setting is unknown, out of range or unreadable           exit 2
├── InputError                 a file, row or reply cannot be used                        exit 3
├── RefusedError               the engine understood the request and said no              exit 4
├── NotFoundError              a named market, model, order, experiment does not exist    exit 5
├── StoreError                 the store cannot be read or written (disk, permissions)    exit 6
│   └── CorruptStoreError      a hash, chain or artifact does not verify                  exit 6
├── EngineUnavailableError     no engine runs here, or it did not answer in time          exit 7
│   └── LeaseHeldError         another engine owns this workspace                         exit 7
└── CalculationError           a metric or density cannot be computed from what is there  exit 8
"""

from __future__ import annotations

_LONGEST = 2_000


class HydraError(Exception):
    """Base of every error that an operator may see: one title, one sentence that says what to do."""

    exit_code = 1
    default_title = "Error"

    def __init__(self, message: str, *, title: str | None = None) -> None:
        super().__init__(message)
        self.title = title or self.default_title
        self.message = message


class ConfigError(HydraError):
    """A setting is unknown, out of range or unreadable."""

    exit_code = 2
    default_title = "Configuration"


class InputError(HydraError):
    """A file, row or reply cannot be used; the message names file, row and field."""

    exit_code = 3
    default_title = "Input"

    def __init__(self, message: str, *, title: str | None = None) -> None:
        """Messages quote damaged files: what no terminal prints becomes a question mark, and a quotation ends."""
        printable = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in message)
        cut = printable if len(printable) <= _LONGEST else f"{printable[: _LONGEST - 1]}…"
        super().__init__(cut, title=title)


class RefusedError(HydraError):
    """The engine understood the request and refused it."""

    exit_code = 4
    default_title = "Refused"


class NotFoundError(HydraError):
    """A named market, model, order, approval or experiment does not exist."""

    exit_code = 5
    default_title = "Not found"


class StoreError(HydraError):
    """The store cannot be read or written (disk, permissions, schema)."""

    exit_code = 6
    default_title = "Store"


class CorruptStoreError(StoreError):
    """A hash, an event chain or an artifact does not verify."""

    default_title = "Corrupt store"


class EngineUnavailableError(HydraError):
    """No engine runs on this workspace, or it did not answer in time."""

    exit_code = 7
    default_title = "Engine"


class LeaseHeldError(EngineUnavailableError):
    """Another live engine owns this workspace."""

    default_title = "Workspace in use"


class CalculationError(HydraError):
    """A metric or density cannot be computed from what is there; never replaced by a default."""

    exit_code = 8
    default_title = "Calculation"
