"""The venue's own settings: seed, fault and edge, kept in its private directory, where no engine ever looks."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.kernel.errors import InputError
from engine.sandbox.venue.edges import FACTORS_EDGE, require_edge
from engine.sandbox.venue.faults.registry import FAULT_FAMILIES

SETTINGS_FILE = "venue.json"


@dataclass(frozen=True, slots=True)
class PrivateSettings:
    """Seed of the world, the family of its fault if forced (None = drawn from the seed), and what its returns are
    planted on."""

    seed: int
    fault: str | None
    edge: str = FACTORS_EDGE


def read_or_draw(directory: Path, seed: int | None, fault: str | None, edge: str = FACTORS_EDGE) -> PrivateSettings:
    """Settings of a venue: given ones, else those of its last start, else a seed from the operating system.

    What was used is written down, so that a venue started again is the same market. Raises InputError for a settings
    file that cannot be read or names an unknown fault or edge.
    """
    path = directory / SETTINGS_FILE
    if seed is None and path.exists():
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            settings = PrivateSettings(int(stored["seed"]), stored["fault"], stored.get("edge", FACTORS_EDGE))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} cannot be read ({error}); delete it to draw a new market") from error
    else:
        settings = PrivateSettings(secrets.randbelow(2**31) if seed is None else seed, fault, edge)
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(settings)), encoding="utf-8")
    if settings.fault is not None and settings.fault not in FAULT_FAMILIES:
        raise InputError(f"{path}: there is no fault '{settings.fault}'; known: {', '.join(sorted(FAULT_FAMILIES))}")
    require_edge(settings.edge)
    return settings
