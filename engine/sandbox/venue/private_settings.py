"""The venue's own settings: seed and fault, kept in its private directory, where no engine ever looks."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from engine.kernel.errors import InputError
from engine.sandbox.venue.faults.registry import FAULT_FAMILIES

SETTINGS_FILE = "venue.json"


@dataclass(frozen=True, slots=True)
class PrivateSettings:
    """Seed of the world and, if forced, the family of its fault (None = drawn from the seed)."""

    seed: int
    fault: str | None


def read_or_draw(directory: Path, seed: int | None, fault: str | None) -> PrivateSettings:
    """Settings of a venue: given ones, else those of its last start, else a seed from the operating system.

    What was used is written down, so that a venue started again is the same market. Raises InputError for a settings
    file that cannot be read or names an unknown fault.
    """
    path = directory / SETTINGS_FILE
    if seed is None and path.exists():
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            settings = PrivateSettings(int(stored["seed"]), stored["fault"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} cannot be read ({error}); delete it to draw a new market") from error
    else:
        settings = PrivateSettings(secrets.randbelow(2**31) if seed is None else seed, fault)
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"seed": settings.seed, "fault": settings.fault}), encoding="utf-8")
    if settings.fault is not None and settings.fault not in FAULT_FAMILIES:
        raise InputError(f"{path}: there is no fault '{settings.fault}'; known: {', '.join(sorted(FAULT_FAMILIES))}")
    return settings
