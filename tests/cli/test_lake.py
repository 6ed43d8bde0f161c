"""`hydra data sql` and `hydra data publish`: what another machine reads, and one sentence for what cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import answer, check_one_sentence, hydra


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, daily_csv: Callable[..., Path]) -> Path:
    root = tmp_path_factory.mktemp("lake")
    file = daily_csv(root / "hogs.csv", 40)
    answer(hydra(root / "w", "--market", "lean_hogs", "ingest", str(file), "--json"))
    return root / "w"


def test_sql_reads_the_workspace_and_what_it_published(workspace: Path, tmp_path: Path) -> None:
    query = "SELECT count(*) AS n, max(close) AS high, count(*) AS n FROM futures_bar"
    here = answer(hydra(workspace, "data", "sql", query, "--json"))
    assert here["columns"] == ["n", "high", "n"] and here["rows"][0][0] == here["rows"][0][2] > 0
    report = answer(hydra(workspace, "data", "publish", str(tmp_path / "share"), "--json"))
    assert report["files"] == report["copied"] > 0
    assert answer(hydra(workspace, "data", "publish", str(tmp_path / "share"), "--json"))["copied"] == 0
    elsewhere = hydra(tmp_path / "nothing", "data", "sql", query, "--lake", str(tmp_path / "share"), "--json")
    assert answer(elsewhere) == here
    lines = hydra(
        workspace, "data", "sql", "SELECT dataset, rows FROM catalogue ORDER BY 1 LIMIT 1"
    ).stdout.splitlines()
    assert lines[0].split() == ["dataset", "rows"] and lines[1].startswith("futures_bar")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("sql", "DROP TABLE features"), 3, ("only one SELECT",)),
        (("sql", "SELECT * FROM nowhere"), 3, ("nowhere",)),
        (("sql", "SELECT 1", "--lake", "/nowhere/at/all"), 5, ("no published lake", "hydra data publish")),
        (("sql", "SELECT 1", "--lake", "gopher://x"), 3, ("s3://bucket/prefix",)),
        (("publish", "/proc/no-place"), 6, ("/proc/no-place",)),
    ],
)
def test_what_cannot_be_is_one_sentence(
    workspace: Path, arguments: tuple[str, ...], code: int, words: tuple[str, ...]
) -> None:
    check_one_sentence(hydra(workspace, "data", *arguments), code, *words)


def test_the_lake_folder_is_no_flag(workspace: Path) -> None:
    done = hydra(workspace, "--set", "storage.lake_root=/x", "data", "status")
    check_one_sentence(done, 2, "storage.lake_root", "config.yaml", "HYDRA_STORAGE__LAKE_ROOT")
    done = hydra(workspace, "data", "status", environment={"HYDRA_STORAGE__LAKE_ROOT": "s3://bucket/x"})
    check_one_sentence(done, 2, "publish")
