"""`hydra unlock`: leave LOCKDOWN for HALTED, by a checklist, a cool-down and a typed phrase."""

from __future__ import annotations

import click

from hydra_tui.commands.acting import act
from hydra_tui.commands.output import json_option
from hydra_tui.session import Session


@click.command("unlock")
@click.option("--confirm", required=True, help="the phrase that `hydra status` shows, e.g. 'UNLOCK lean_hogs 9120'")
@click.option("--reason", required=True, help="post-mortem note, for the journal")
@json_option
@click.pass_obj
def command(session: Session, confirm: str, reason: str, as_json: bool) -> None:
    """Leave LOCKDOWN for HALTED; never straight to RUNNING."""
    act(
        session,
        "unlock",
        {"confirm": confirm, "reason": reason},
        as_json,
        lambda result: f"{result['state']}: LOCKDOWN is lifted; 'hydra resume' is the next step.",
    )
