"""`hydra limit`: change a risk limit. Lowering is fast; raising (up to the configured one) is typed out."""

from __future__ import annotations

import math

import click

from hydra_tui.commands.acting import act
from hydra_tui.commands.output import json_option
from hydra_tui.session import Session


@click.command("limit")
@click.argument("name")
@click.argument("value", type=float)
@click.option("--confirm", help="the value, typed out again (needed to raise)")
@click.option("--reason", help="why, for the journal (needed to raise)")
@json_option
@click.pass_obj
def command(session: Session, name: str, value: float, confirm: str | None, reason: str | None, as_json: bool) -> None:
    """Set limit NAME (e.g. max_position_lots) to VALUE."""
    if not math.isfinite(value):
        raise click.BadParameter(f"a limit is a finite number, was {value}", param_hint="VALUE")
    args = {"limit": name, "value": value, "confirm": confirm, "reason": reason}
    act(
        session,
        "set_limit",
        {key: item for key, item in args.items() if item is not None},
        as_json,
        lambda result: f"{result['limit']} {result['old']:g} -> {result['new']:g}.",
    )
