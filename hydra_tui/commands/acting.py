"""Shared path of verbs that act: ask the engine, print the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hydra_tui.commands.output import emit
from hydra_tui.session import Session


def act(
    session: Session,
    kind: str,
    args: Mapping[str, Any],
    as_json: bool,
    sentence: Callable[[dict[str, Any]], str],
    *,
    expected_state_seq: int | None = None,
    timeout_s: float = 30.0,
) -> None:
    """Send one command as the command line's actor and print what came of it."""
    from engine.host.operations.requests import request

    session.require_workspace(", so nothing was done")
    stores = session.open_stores()
    try:
        result = request(
            stores,
            session.load().config,
            kind,
            args,
            actor="cli",
            expected_state_seq=expected_state_seq,
            timeout_s=timeout_s,
        )
    finally:
        stores.close()
    emit(result, as_json, [sentence(result)])
