"""What may be stored: rows of registered features in their registered version, with finite or missing values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from engine.kernel.errors import StoreError
from storage.feature_definitions import FeatureDefinition
from storage.feature_rows import FeatureRows


def checked_quality(rows: FeatureRows, definitions: Mapping[str, FeatureDefinition]) -> Sequence[str]:
    """Quality of each row: as given, but "out_of_range" where it was "ok" and the value leaves its feature's range.

    Raises StoreError for the first row with an unregistered feature, another version or an infinite value.
    """
    encoded = pa.array(rows.feature, pa.string()).dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    known = [definitions.get(name) for name in encoded.dictionary.to_pylist()]
    value = np.asarray(rows.value, dtype=np.float64)
    version = np.asarray(rows.version, dtype=np.int64)
    expected = np.array([-1 if item is None else item.version for item in known], dtype=np.int64)[codes]
    unregistered = np.array([item is None for item in known])[codes]
    unfit = np.flatnonzero(unregistered | (version != expected) | np.isinf(value))
    if len(unfit):
        at = int(unfit[0])
        _refuse(rows.feature[at], known[codes[at]], int(version[at]), float(value[at]))
    low, high = (
        np.array([bound if bound is not None else open_end for bound in bounds])[codes]
        for bounds, open_end in (
            ([item and item.range_low for item in known], -math.inf),
            ([item and item.range_high for item in known], math.inf),
        )
    )
    outside = np.flatnonzero((value < low) | (value > high))
    if not len(outside):
        return rows.quality
    quality = list(rows.quality)
    for at in outside.tolist():
        if quality[at] == "ok":
            quality[at] = "out_of_range"
    return quality


def _refuse(name: str, definition: FeatureDefinition | None, version: int, value: float) -> None:
    if definition is None:
        raise StoreError(f"feature '{name}' is not registered; its rows are refused")
    if version != definition.version:
        raise StoreError(f"feature '{name}' is registered as version {definition.version}, not {version}")
    raise StoreError(f"feature '{name}' has an infinite value ({value}); a missing value is NaN")
