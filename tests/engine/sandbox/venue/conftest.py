"""The folder of real market data, where it is present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """`HYDRA_REAL_DATA`, else the sibling folder ../shared/data of the repository; skips where neither exists."""
    sibling = Path(__file__).resolve().parents[5] / "shared" / "data"
    folder = Path(os.environ.get("HYDRA_REAL_DATA", sibling))
    if not folder.is_dir():
        pytest.skip(f"no real market data at {folder}; set HYDRA_REAL_DATA to its folder")
    return folder
