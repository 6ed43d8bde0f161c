"""`hydra autonomy`: show or set how much the agent may do alone."""

from __future__ import annotations

import click

from hydra_tui.commands.acting import act
from hydra_tui.commands.output import emit, json_option
from hydra_tui.session import Session

LEVELS = ("supervised", "semi-auto", "autonomous", "lockdown")


@click.command("autonomy")
@click.argument("level", required=False, type=click.Choice(LEVELS))
@click.option("--reason", help="why, for the journal (needed to set)")
@json_option
@click.pass_obj
def command(session: Session, level: str | None, reason: str | None, as_json: bool) -> None:
    """Without LEVEL: show the present one. With LEVEL and --reason: set it."""
    if level is None:
        from engine.host.operations.autonomy_level import present_level

        stores = session.open_stores(read_only=True)
        try:
            present = present_level(stores, session.load().config)
        finally:
            stores.close()
        emit({"level": present}, as_json, [present])
        return
    if not reason:
        raise click.UsageError("setting the level needs --reason")
    act(
        session,
        "set_autonomy",
        {"level": level, "reason": reason},
        as_json,
        lambda result: f"autonomy {result['old']} -> {result['new']} ({reason}).",
    )
