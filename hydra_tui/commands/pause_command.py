"""`hydra pause`: pause or resume the agent's own initiative. Trading and monitoring go on."""

from __future__ import annotations

import click

from hydra_tui.commands.acting import act
from hydra_tui.commands.output import json_option
from hydra_tui.session import Session


@click.command("pause")
@click.option("--off", is_flag=True, help="let the agent act again")
@click.option("--reason", default="operator", help="why, for the journal")
@json_option
@click.pass_obj
def command(session: Session, off: bool, reason: str, as_json: bool) -> None:
    """Pause the agent: it still watches and alerts, but proposes and promotes nothing."""
    act(
        session,
        "resume_agent" if off else "pause_agent",
        {"reason": reason},
        as_json,
        lambda result: f"agent {'paused' if result['paused'] else 'active'} ({reason}).",
    )
