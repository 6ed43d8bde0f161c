"""What one types after ":" is what one types after `hydra`."""

from __future__ import annotations

import pytest

from engine.host.operations.action_registry import ACTIONS
from engine.kernel.errors import InputError
from hydra_tui.typed_commands import completions, parse


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_action_can_be_typed(action):
    assert parse(action.typed).action.command_kind == action.command_kind
    if action.command_kind is not None:
        assert parse(action.cli_verb).action.command_kind == action.command_kind
    assert action.typed in completions()


def test_arguments_and_reasons():
    command = parse(":limit drawdown 0.1 --reason 'too wide'")
    assert command.args == {"limit": "drawdown", "value": "0.1", "reason": "too wide"}
    assert parse("model promote ens-7f2").args == {"model_id": "ens-7f2"}
    assert parse("ingest a.csv b.csv").args == {"paths": ["a.csv", "b.csv"]}
    assert parse("models /ens").filter_text == "ens"
    assert parse("q").action.name == "quit"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rolback", "did you mean 'rollback'"),
        ("halt now please", "takes no"),
        ("", "type a command"),
        ("approve x --confirm x", "asks for the confirmation itself"),
        ("limit 'open", "open quote"),
    ],
)
def test_what_is_not_understood_is_said(text, words):
    with pytest.raises(InputError, match=words):
        parse(text)
