"""What a feature is: registered once, with unit, range, source, greatest age and owner. Other writes are refused."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from engine.kernel.errors import StoreError
from storage.database import Database


@dataclass(frozen=True, slots=True)
class FeatureDefinition:
    """A registered feature. `range_low`/`range_high` bound sound values (None = unbounded); a value outside is kept and
    marked `out_of_range`. A reading older than `max_age_us` (as-of minus event time) is stale. `version` counts changes
    of the calculation."""

    name: str
    unit: str
    source: str
    range_low: float | None
    range_high: float | None
    max_age_us: int
    owner: str
    description: str
    version: int = 1

    def contains(self, value: float) -> bool:
        """True for a missing value and for one inside the range."""
        if math.isnan(value):
            return True
        return (self.range_low is None or value >= self.range_low) and (
            self.range_high is None or value <= self.range_high
        )


def register_definitions(db: Database, definitions: Iterable[FeatureDefinition]) -> None:
    """Insert or update definitions. Raises StoreError where a version would go back or a range is upside down."""
    with db.transaction() as connection:
        for definition in definitions:
            low, high = definition.range_low, definition.range_high
            if low is not None and high is not None and low > high:
                raise StoreError(f"feature '{definition.name}': range {low}..{high} is upside down")
            if definition.max_age_us <= 0:
                raise StoreError(f"feature '{definition.name}': the greatest age must be positive")
            changed = connection.execute(
                "INSERT INTO feature_definitions(name, unit, source, range_low, range_high, max_age_us, owner, "
                "description, version) VALUES(?,?,?,?,?,?,?,?,?) ON CONFLICT(name) DO UPDATE SET unit = excluded.unit, "
                "source = excluded.source, range_low = excluded.range_low, range_high = excluded.range_high, "
                "max_age_us = excluded.max_age_us, owner = excluded.owner, description = excluded.description, "
                "version = excluded.version WHERE excluded.version >= feature_definitions.version",
                (
                    definition.name,
                    definition.unit,
                    definition.source,
                    low,
                    high,
                    definition.max_age_us,
                    definition.owner,
                    definition.description,
                    definition.version,
                ),
            ).rowcount
            if not changed:
                raise StoreError(f"feature '{definition.name}' is registered with a newer version already")


def load_definitions(db: Database) -> dict[str, FeatureDefinition]:
    """Every registered feature by name."""
    rows = db.query("SELECT * FROM feature_definitions ORDER BY name")
    return {row["name"]: FeatureDefinition(**dict(row)) for row in rows}
