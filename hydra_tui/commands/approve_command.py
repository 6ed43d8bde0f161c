"""`hydra approve`: approve a waiting request. Raises risk: the subject is typed out and a reason given."""

from __future__ import annotations

import click

from hydra_tui.commands.acting import act
from hydra_tui.commands.output import json_option
from hydra_tui.session import Session


@click.command("approve")
@click.argument("approval_id")
@click.option("--confirm", required=True, help="the subject of the request (the model id), typed out")
@click.option("--reason", required=True, help="why, for the journal")
@click.option("--state", "state_seq", type=int, help="the state number you looked at; refused if it moved")
@json_option
@click.pass_obj
def command(
    session: Session, approval_id: str, confirm: str, reason: str, state_seq: int | None, as_json: bool
) -> None:
    """Approve request APPROVAL_ID (see `hydra status`)."""
    act(
        session,
        "approve",
        {"approval_id": approval_id, "confirm": confirm, "reason": reason},
        as_json,
        lambda result: f"approved: {result['subject']} ({reason}).",
        expected_state_seq=state_seq,
    )
