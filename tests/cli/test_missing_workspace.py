"""A mistyped path is no workspace: nothing is made there, nothing is called halted, and a limit is a finite number."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.kernel.workspace_paths import WorkspacePaths
from hydra_tui.session import Session
from storage.stores import Stores
from tests.cli.program import answer, check_one_sentence, hydra

READING = [
    ("status",), ("verify",), ("diagnose",), ("journal", "query"), ("data", "status"), ("model", "list"),
    ("experiment", "list"), ("features", "get", "--as-of", "2021-06-10"), ("autonomy",), ("backup", "out.tar"),
]  # fmt: skip


def run_here(capsys: pytest.CaptureFixture[str], root: Path, *words: str) -> tuple[int, str]:
    """One verb in this process: its exit code and what it wrote to standard error."""
    from hydra_tui.command_line import run

    code = run(["--workspace", str(root), *words])
    return code, capsys.readouterr().err


@pytest.mark.parametrize("verb", [("halt",), ("pause",), ("limit", "max_leverage", "1")])
def test_an_act_on_no_workspace_is_refused_and_makes_none(
    verb: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for root in (tmp_path / "typo", tmp_path / "deep" / "typo"):
        code, told = run_here(capsys, root, *verb)
        assert code == 5 and f"no workspace at {root}, so nothing was" in told and "the default is" in told
        assert len(told.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_something_else_is_not_halted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letters").mkdir()
    assert run_here(capsys, tmp_path / "letters", "halt")[0] == 5
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    assert run_here(capsys, tmp_path / "file" / "w", "halt")[0] == 5
    assert list((tmp_path / "letters").iterdir()) == []


@pytest.mark.parametrize("verb", READING)
def test_reading_no_workspace_says_so(
    verb: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = run_here(capsys, tmp_path / "typo", *verb)
    assert code == 5 and f"no workspace at {tmp_path / 'typo'}" in told and "make one with" in told
    assert list(tmp_path.iterdir()) == []


def test_the_default_is_named_as_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from engine.kernel.errors import NotFoundError

    monkeypatch.setenv("HYDRA_WORKSPACE", str(tmp_path / "mine"))
    with pytest.raises(NotFoundError, match="that is the default"):
        Session.from_options(None, None, ()).require_workspace()


def test_a_workspace_without_an_engine_is_halted(tmp_path: Path) -> None:
    Stores.open(tmp_path / "w").close()
    assert answer(hydra(tmp_path / "w", "halt", "--json"))["halted"] is True
    with Stores.open(tmp_path / "w", read_only=True) as stores:
        halt = stores.state.get("halt")
        assert WorkspacePaths(tmp_path / "w").halt_file.exists() or (isinstance(halt, dict) and halt["halted"])


def test_a_workspace_that_lost_its_database_is_halted(tmp_path: Path) -> None:
    WorkspacePaths(tmp_path / "w").create()
    assert answer(hydra(tmp_path / "w", "halt", "--json"))["halted"] is True


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_limit_is_a_finite_number(value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Stores.open(tmp_path / "w").close()
    for words in (("limit", "max_leverage", value), ("defer", "apr-1", "--hours", "nan")):
        code, told = run_here(capsys, tmp_path / "w", *words)
        assert code == 2 and "finite number" in told and len(told.splitlines()) == 1


def test_an_unknown_mutation_names_the_nearest_and_the_list(tmp_path: Path) -> None:
    Stores.open(tmp_path / "w").close()
    done = hydra(tmp_path / "w", "experiment", "run", "retrian", "--reason", "x")
    check_one_sentence(done, 3, "retrian", "did you mean 'retrain'", "window_adjust")
