"""Every parser against damaged real files: 100 damages of each shape in the tests, 2,000 and more in `make soak`.

Hypothesis draws the damage (and makes a failing one small): bytes cut, doubled, put in, and digits changed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.ingestion.mutated_bytes import mutations
from tests.fuzz.mutations import mutate
from tests.fuzz.parser_contract import check_bytes
from tests.fuzz.seeds import real_seeds

EXAMPLES = 2_000 if os.environ.get("HYDRA_SOAK") else 100


@pytest.mark.real_data
@pytest.mark.timeout(7_200)
def test_damaged_real_files_give_rows_or_one_sentence(real_data: Path) -> None:
    seen: set[str] = set()
    failures = []
    for source, name, content in real_seeds(real_data):
        seen.add(source)
        assert check_bytes(name, content) >= 0
        try:
            _check_damages(name, content)
        except Exception as error:
            failures.append(f"{source}: {name}: {error!r} {getattr(error, '__notes__', '')}")
    assert not failures, "\n".join(failures)
    assert len(seen) >= 39, seen


def _check_damages(name: str, content: bytes) -> None:
    seeded = st.integers(0, 2**32 - 1).map(lambda seed: mutate(content, seed))

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.one_of(seeded, mutations(content)))
    def check(damaged: bytes) -> None:
        check_bytes(name, damaged)

    check()
