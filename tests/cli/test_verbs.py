"""Every verb answers --help and takes --json; exit codes are documented; help loads nothing heavy."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from engine.kernel import errors
from hydra_tui.command_line import EXIT_CODES, VERBS, hydra

HEAVY = ("torch", "lightgbm", "sklearn", "llama_cpp")


def leaves(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every callable verb with its words."""
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from leaves(child, (*path, name))
    else:
        yield path, command


def all_verbs() -> list[tuple[tuple[str, ...], click.Command]]:
    """Every verb of the command line, sub-verbs too."""
    modules = {verb: importlib.import_module(f"hydra_tui.commands.{verb}_command") for verb in VERBS}
    return [item for verb, module in modules.items() for item in leaves(module.command, (verb,))]


@pytest.mark.parametrize(
    ("words", "command"), all_verbs(), ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_verb_has_help_and_json(words: tuple[str, ...], command: click.Command, tmp_path: Path) -> None:
    options = {name for parameter in command.params for name in parameter.opts}
    assert "--json" in options
    shown = CliRunner().invoke(hydra, ["--workspace", str(tmp_path / "w"), *words, "--help"])
    assert shown.exit_code == 0 and "Usage:" in shown.output and "--json" in shown.output
    assert command.help, f"{words} does not say what it does"
    assert not (tmp_path / "w").exists()


def test_every_exit_code_of_an_error_is_documented() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.HydraError)]
    shown = " ".join(CliRunner().invoke(hydra, ["--help"]).output.split())
    assert EXIT_CODES in shown
    assert all(f" {kind.exit_code} " in EXIT_CODES for kind in kinds)


def test_an_unknown_verb_names_the_nearest(tmp_path: Path) -> None:
    done = python("import sys; from hydra_tui.command_line import run; sys.exit(run(['statsu']))", tmp_path)
    assert done.returncode == 2
    assert "did you mean 'status'" in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    loaded = modules_after("from hydra_tui.command_line import run; assert run(['--help']) == 0", tmp_path)
    assert not {"textual", "duckdb", "numpy", "pyarrow", "pandas", "scipy", *HEAVY} & loaded


def test_the_process_of_the_screen_loads_no_learning_library(tmp_path: Path) -> None:
    """All that the full-screen app imports, and an engine beside it that starts, takes bars and ends."""
    script = f"""
import json, pathlib, threading, time
import hydra_tui.full_screen, hydra_tui.app
import engine.host.engine, engine.host.market_runner
from hydra_tui.hosting import build_engine, private_directory
from hydra_tui.session import Session
root = pathlib.Path({str(tmp_path / "w")!r})
session = Session(root, "simulated_hogs", {{"simulation.history_bars": 400, "models.training_window_bars": 300}})
private_directory(session).mkdir(parents=True)
(private_directory(session) / "venue.json").write_text(json.dumps({{"seed": 3, "fault": "none"}}))
hosted = build_engine(session, host_kind="screen", paced=False, live_bars=60)
hosted.engine.run()
assert hosted.engine.failure is None, hosted.engine.failure
bars = hosted.stores.db.query("SELECT COUNT(*) FROM equity")[0][0]
predictions = hosted.stores.db.query("SELECT COUNT(*) FROM predictions")[0][0]
assert bars == 60 and predictions > 0, (bars, predictions)
hosted.close()
"""
    loaded = modules_after(script, tmp_path)
    assert "textual" in loaded and "engine.host.market_runner" in loaded
    assert not set(HEAVY) & loaded


def modules_after(script: str, folder: Path) -> set[str]:
    """Top-level and dotted names of all modules loaded once `script` has run in a process of its own."""
    target = folder / "modules.json"
    done = python(
        f"{script}\nimport json, sys\nopen({str(target)!r}, 'w').write(json.dumps(sorted(sys.modules)))", folder
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(target.read_text(encoding="utf-8")))


def python(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a fresh interpreter."""
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=240, check=False, cwd=folder
    )
