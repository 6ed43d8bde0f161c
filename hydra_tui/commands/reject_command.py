"""`hydra reject`: reject a waiting request. Lowers risk: an id is enough."""

from __future__ import annotations

import click

from hydra_tui.commands.acting import act
from hydra_tui.commands.output import json_option
from hydra_tui.session import Session


@click.command("reject")
@click.argument("approval_id")
@click.option("--reason", default="operator", help="why, for the journal")
@json_option
@click.pass_obj
def command(session: Session, approval_id: str, reason: str, as_json: bool) -> None:
    """Reject request APPROVAL_ID (see `hydra status`)."""
    act(
        session,
        "reject",
        {"approval_id": approval_id, "reason": reason},
        as_json,
        lambda result: f"rejected: {result['subject']} ({reason}).",
    )
