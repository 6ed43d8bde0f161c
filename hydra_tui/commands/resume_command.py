"""`hydra resume`: leave HALTED for RUNNING. Raises risk, so it takes a typed confirmation and a reason."""

from __future__ import annotations

import click

from hydra_tui.commands.acting import act
from hydra_tui.commands.output import json_option
from hydra_tui.session import Session


@click.command("resume")
@click.option("--confirm", required=True, help="the market's key, typed out")
@click.option("--reason", required=True, help="why, for the journal")
@json_option
@click.pass_obj
def command(session: Session, confirm: str, reason: str, as_json: bool) -> None:
    """Leave HALTED for RUNNING and remove the HALT file."""
    act(
        session,
        "resume",
        {"confirm": confirm, "reason": reason},
        as_json,
        lambda result: f"{result['state']}: trading may go on ({reason}).",
    )
