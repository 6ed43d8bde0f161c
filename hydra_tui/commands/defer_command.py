"""`hydra defer`: look at a waiting request later."""

from __future__ import annotations

import math

import click

from hydra_tui.commands.acting import act
from hydra_tui.commands.output import json_option
from hydra_tui.session import Session


@click.command("defer")
@click.argument("approval_id")
@click.option(
    "--hours", default=4.0, show_default=True, type=click.FloatRange(0.1, 72.0), help="hours until it comes back"
)
@json_option
@click.pass_obj
def command(session: Session, approval_id: str, hours: float, as_json: bool) -> None:
    """Defer request APPROVAL_ID; it keeps waiting and may expire."""
    if not math.isfinite(hours):
        raise click.BadParameter(f"hours are a finite number, was {hours}", param_hint="--hours")
    act(
        session,
        "defer",
        {"approval_id": approval_id, "hours": hours},
        as_json,
        lambda result: f"{result['approval_id']} is deferred for {result['hours']:g} h.",
    )
