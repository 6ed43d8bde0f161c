"""What one fetched file or reply brings to the raw lake, and what the lake reports back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.kernel.identifiers import derived_id

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that could not be used: where it stood, which field, why, and its text."""

    row_number: int
    field: str
    reason: str
    raw_text: str


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Normalised content of one input for one market. `batch_id` derives from content (see `batch_id_of`);
    `input_hash` is the SHA-256 of the input's bytes; `tables` maps a dataset to its rows (`storage/datasets.py`)."""

    batch_id: str
    source: str
    market: str
    input_name: str
    input_hash: str
    tables: Mapping[str, pa.Table]
    quarantined: tuple[QuarantinedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What storing a batch changed. `already_stored` is True if this very batch had been committed before."""

    batch_id: str
    rows_added: int
    rows_duplicate: int
    rows_quarantined: int
    added_by_dataset: Mapping[str, int] = field(default_factory=dict)
    quarantine_reasons: Mapping[str, int] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    already_stored: bool = False


def batch_id_of(source: str, market: str, input_name: str, input_hash: str, part: int = 0) -> str:
    """Identifier of a batch: same input for the same market, same identifier. `part` numbers slices of one input."""
    return derived_id("batch", source, market, input_name, input_hash, part, length=24)
