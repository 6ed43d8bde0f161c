"""`hydra ack`: say that you have seen an alert. Its condition stays watched."""

from __future__ import annotations

import click

from hydra_tui.commands.acting import act
from hydra_tui.commands.output import json_option
from hydra_tui.session import Session


@click.command("ack")
@click.argument("alert_id", required=False)
@click.option("--all", "every", is_flag=True, help="every open alert")
@json_option
@click.pass_obj
def command(session: Session, alert_id: str | None, every: bool, as_json: bool) -> None:
    """Acknowledge alert ALERT_ID, or all of them."""
    if (alert_id is None) == (not every):
        raise click.UsageError("name one alert, or give --all")
    kind, args = ("ack_all", {}) if every else ("ack_alert", {"alert_id": alert_id})
    act(session, kind, args, as_json, lambda result: f"{result['acknowledged']} acknowledged.")
