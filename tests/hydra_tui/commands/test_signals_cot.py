"""`hydra signals cot`: JSON lines, a table, standard input, and errors that end with a sentence."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from engine.kernel.errors import ConfigError, InputError
from hydra_tui.commands.signals_cot import cot
from hydra_tui.session import Session
from tests.engine.ingestion.cot_files import Week, yearly_text

WEEKS = [Week(day=date(2021, 1, 5) + timedelta(days=7 * week), seed=1000 + week * week % 97) for week in range(40)]
CONTENT = yearly_text("legacy", WEEKS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "annual.txt"
    path.write_bytes(CONTENT)
    return path


def call(tmp_path: Path, *arguments: str, given: bytes = b"") -> Result:
    session = Session(tmp_path / "workspace", None, {})
    return CliRunner().invoke(cot, arguments, obj=session, input=given)


def test_one_json_object_a_line(tmp_path: Path, file: Path) -> None:
    done = call(tmp_path, str(file), "--market", "lean_hogs", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0 and len(rows) == 40 and rows[-1]["report_date"] == "2021-10-05"
    assert "futures only by the file's name (40 rows)" in done.stderr
    assert not (tmp_path / "workspace").exists(), "nothing is stored"


def test_a_table_for_people(tmp_path: Path, file: Path) -> None:
    lines = call(tmp_path, str(file), "--market", "lean_hogs").stdout.splitlines()
    assert lines[0].split()[:4] == ["report", "type", "score", "confidence"]
    assert lines[1].split()[:3] == ["2021-01-05", "legacy", "-"] and lines[40].startswith("2021-10-05")
    assert lines[41].startswith("2021-01-05 legacy: 1 of 26 reports")
    assert lines[-2:] == [
        "… and 22 more reports without a score; --json has all reasons",
        "40 reports, 15 with a score",
    ]


def test_standard_input(tmp_path: Path, file: Path) -> None:
    named = call(tmp_path, str(file), "--market", "lean_hogs", "--json").stdout
    assert call(tmp_path, "-", "--market", "lean_hogs", "--json", given=CONTENT).stdout == named


def test_errors(tmp_path: Path, file: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    for name, words in (("empty.txt", "the file is empty"), ("none.txt", "cannot be read")):
        done = call(tmp_path, str(tmp_path / name), "--market", "lean_hogs")
        assert isinstance(done.exception, InputError) and words in done.exception.message and not done.stdout
    unknown = call(tmp_path, str(file), "--market", "lean_hog")
    assert isinstance(unknown.exception, ConfigError) and "did you mean 'lean_hogs'" in unknown.exception.message
    assert call(tmp_path, "--market", "lean_hogs").exit_code == 2


def test_it_has_words_for_all_it_takes() -> None:
    assert cot.help and all(item.help for item in cot.params if isinstance(item, click.Option))
