"""The reference pages are what the program says of itself, and nothing an operator can meet is without words."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest
from pydantic import BaseModel

from engine.host.operations.action_registry import ACTIONS
from engine.host.operations.commands import COMMANDS
from engine.kernel.config_models import HydraConfig
from engine.kernel.events import EVENT_KINDS
from hydra_tui.command_line import VERBS, hydra

ROOT = Path(__file__).parents[2]


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = load_generator()


@pytest.mark.parametrize("name", ["events.md", "commands.md", "settings.md"])
def test_a_reference_page_says_what_the_program_says(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == GENERATOR.pages()[name], "stale: run make docs"


def test_a_page_that_differs_is_called_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GENERATOR, "FOLDER", tmp_path)
    assert GENERATOR.main(["--check"]) == 1
    assert GENERATOR.main([]) == 0
    assert GENERATOR.main(["--check"]) == 0
    (tmp_path / "events.md").write_text("", encoding="utf-8")
    assert GENERATOR.main(["--check"]) == 1


def test_every_event_has_a_meaning_and_a_row() -> None:
    page = GENERATOR.events_page()
    assert [kind.name for kind in EVENT_KINDS.values() if not kind.meaning or f"| `{kind.name}` |" not in page] == []


def test_every_command_and_key_has_words_and_a_row() -> None:
    page = GENERATOR.commands_page()
    assert [kind for kind, spec in COMMANDS.items() if not spec.doc or f"| `{kind}` |" not in page] == []
    assert [
        action.name for action in ACTIONS if not action.help or (not action.later and action.help not in page)
    ] == []


def leaves() -> Iterator[tuple[str, click.Command]]:
    for verb in VERBS:
        yield from GENERATOR._leaves(verb)


def test_every_verb_has_words_and_a_row() -> None:
    page = GENERATOR.commands_page()
    assert [path for path, command in leaves() if not command.help or f"`hydra {path}" not in page] == []


def test_every_option_has_words() -> None:
    commands = [("", hydra), *leaves()]
    assert [
        f"{path} {option.opts[0]}"
        for path, command in commands
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ] == []


def test_a_command_names_a_whole_verb_or_none() -> None:
    halves = []
    for spec in COMMANDS.values():
        path = GENERATOR.cli_path(spec)
        if path is not None and isinstance(GENERATOR.command_at(path), click.Group):
            halves.append(spec.kind)
    assert halves == []


def settings() -> Iterator[tuple[str, str]]:
    for section, field in HydraConfig.model_fields.items():
        model = field.annotation
        assert isinstance(model, type) and issubclass(model, BaseModel)
        for key, meaning, _ in GENERATOR.settings_of(model, f"{section}."):
            yield key, meaning


def test_every_setting_has_a_meaning_and_a_row() -> None:
    page = GENERATOR.settings_page()
    assert [key for key, meaning in settings() if not meaning.strip() or f"| `{key}` |" not in page] == []


def test_every_section_says_what_it_is() -> None:
    assert [name for name, field in HydraConfig.model_fields.items() if not (field.annotation or object).__doc__] == []


def test_exit_codes_are_those_of_the_errors() -> None:
    assert set(GENERATOR.exit_codes()) == {0, 1, 2, 3, 4, 5, 6, 7, 8, 130}
