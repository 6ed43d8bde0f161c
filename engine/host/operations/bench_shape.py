"""How large the measurement of the feature store is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class StoreShape:
    """`times` x `features` rows and a share of them revised; then `appends` small appends and `batches` batches of
    `batch_rows` rows (fewer than 5,000: those go to the hot tail)."""

    times: int
    features: int
    revision_share: float = 0.05
    appends: int = 3_000
    batch_rows: int = 1_000
    batches: int = 40

    @property
    def revised_rows(self) -> int:
        """Rows that repeat an earlier row's event with a later known time."""
        return int(self.times * self.features * self.revision_share)

    def names(self) -> list[str]:
        """Names of the features, in alphabetical order."""
        return [f"feature_{number:05d}" for number in range(self.features)]


FULL_SIZE: Final = StoreShape(times=17_000, features=1_000)
