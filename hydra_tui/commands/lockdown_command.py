"""`hydra lockdown`: enter LOCKDOWN on purpose: cancel, flatten, refuse the rest."""

from __future__ import annotations

import click

from hydra_tui.commands.acting import act
from hydra_tui.commands.output import json_option
from hydra_tui.session import Session


@click.command("lockdown")
@click.option("--confirm", required=True, help="the phrase 'LOCKDOWN <market>', typed out")
@click.option("--reason", required=True, help="why, for the journal")
@json_option
@click.pass_obj
def command(session: Session, confirm: str, reason: str, as_json: bool) -> None:
    """Enter LOCKDOWN on purpose: cancel, flatten, refuse the rest."""
    act(
        session,
        "lockdown",
        {"confirm": confirm, "reason": reason},
        as_json,
        lambda result: f"{result['state']}: LOCKDOWN is under way; the position closes from the next bar on.",
    )
