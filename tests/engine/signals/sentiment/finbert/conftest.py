from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.signals.sentiment.finbert.tiny_bert import write_tiny_bert


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound folder."""
    return write_tiny_bert(tmp_path_factory.mktemp("models") / "tiny")
