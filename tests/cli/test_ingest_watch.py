"""`hydra ingest --watch`: files that arrive are stored, unusable ones are named, ctrl+c ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.cli.program import check_one_sentence, hydra


def _next_line(process: subprocess.Popen[str], wanted: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if wanted in line:
            return line
    raise AssertionError(f"the program ended without a line that holds {wanted!r}")


def _as_from_a_terminal() -> None:
    """Tests that a shell starts in the background inherit an ignored ctrl+c; a terminal's program does not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_files_that_arrive_are_stored_until_ctrl_c(tmp_path: Path, daily_csv: Callable[..., Path]) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    arguments = ["--workspace", str(tmp_path / "workspace"), "ingest", "--watch", str(folder), "--every", "0.1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "hydra_tui.main", *arguments, "--market", "lean_hogs"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        preexec_fn=_as_from_a_terminal,
    )
    try:
        _next_line(process, "watching")
        (tmp_path / "bad.csv").write_text("nothing of any source\n1,2,3\n")
        (tmp_path / "bad.csv").rename(folder / "bad.csv")
        assert "fits none of the" in _next_line(process, "hydra: Input")
        whole = daily_csv(tmp_path / "prices.csv", 60)
        whole.rename(folder / "prices.csv")
        assert "60" in _next_line(process, "prices.csv")
        assert "60 rows added" in _next_line(process, "rows added")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    finally:
        process.kill()
        process.wait()
    assert (folder / "bad.csv").exists() and (folder / "prices.csv").exists()


def test_it_wants_files_or_a_folder_and_not_both(tmp_path: Path) -> None:
    check_one_sentence(hydra(tmp_path / "workspace", "ingest"), 2, "--watch")
    both = hydra(tmp_path / "workspace", "ingest", "x.csv", "--watch", str(tmp_path))
    check_one_sentence(both, 2, "--watch")
