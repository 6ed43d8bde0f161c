"""`hydra flatten`: close the position over the reduce-only path; trading stays locked until you unlock it."""

from __future__ import annotations

import click

from hydra_tui.commands.acting import act
from hydra_tui.commands.output import json_option
from hydra_tui.session import Session


@click.command("flatten")
@click.option("--confirm", required=True, help="the phrase 'FLATTEN <market>', typed out")
@click.option("--reason", required=True, help="why, for the journal")
@json_option
@click.pass_obj
def command(session: Session, confirm: str, reason: str, as_json: bool) -> None:
    """Close the position over the reduce-only path; trading stays locked until you unlock it."""
    act(
        session,
        "flatten",
        {"confirm": confirm, "reason": reason},
        as_json,
        lambda result: f"{result['state']}: flattening is under way; the position closes from the next bar on.",
    )
