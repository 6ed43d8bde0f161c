"""Every parser against damaged real files: 100 damages of each shape in the tests, 2,000 and more in `make soak`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fuzz.mutations import mutate
from tests.fuzz.parser_contract import check_bytes
from tests.fuzz.seeds import real_seeds

EXAMPLES = 2_000 if os.environ.get("HYDRA_SOAK") else 100


@pytest.mark.real_data
@pytest.mark.timeout(3_600)
def test_damaged_real_files_give_rows_or_one_sentence(real_data: Path) -> None:
    seen: set[str] = set()
    failures = []
    for source, name, content in real_seeds(real_data):
        seen.add(source)
        check_bytes(name, content)
        for seed in range(EXAMPLES):
            try:
                check_bytes(name, mutate(content, seed))
            except Exception as error:
                failures.append(f"{source}: {name} damaged with seed {seed}: {error!r}")
                break
    assert not failures, "\n".join(failures)
    assert len(seen) >= 39, seen
