"""Appends, merges and retention on one market; killed at a crash point by the test beside it.

Arguments: workspace.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import storage.feature_store as feature_store
from storage.feature_definitions import FeatureDefinition
from storage.retention import remove_segments, superseded_segments
from storage.stores import Stores

WORK = runpy.run_path(str(Path(__file__).with_name("ingestion_run.py")))


def fill(root: Path) -> None:
    """Six segments that overlap in time, and a tail."""
    with Stores.open(root) as stores:
        stores.features.register([FeatureDefinition("carry", "1", "venue", None, None, 10**12, "test", "")])
        for first in range(0, 60, 10):
            stores.features.append(WORK["feature_rows"](first, 25), recorded_ts=first)
            stores.features.compact(WORK["MARKET"], ts=first)
        stores.features.append(WORK["feature_rows"](80, 7), recorded_ts=99)


def merge(root: Path) -> None:
    """Merge the segments and the tail, then delete what was merged away."""
    before = feature_store.SEGMENTS_BEFORE_MERGE
    feature_store.SEGMENTS_BEFORE_MERGE = 2  # type: ignore[misc]
    try:
        with Stores.open(root) as stores:
            stores.features.compact(WORK["MARKET"], ts=100)
            remove_segments(stores, superseded_segments(stores))
    finally:
        feature_store.SEGMENTS_BEFORE_MERGE = before  # type: ignore[misc]


if __name__ == "__main__":
    merge(Path(sys.argv[1]))
