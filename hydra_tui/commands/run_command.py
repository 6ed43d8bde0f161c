"""`hydra run`: the engine without a screen, in the foreground; the same as `hydra --daemon`."""

from __future__ import annotations

import click

from hydra_tui.commands.output import json_option
from hydra_tui.session import Session


@click.command("run")
@click.option("--unpaced", is_flag=True, help="run simulated time as fast as the machine allows")
@click.option("--live-bars", type=int, help="end after this many live bars of a simulated market")
@json_option
@click.pass_obj
@click.pass_context
def command(ctx: click.Context, session: Session, unpaced: bool, live_bars: int | None, as_json: bool) -> None:
    """Run the engine in the foreground until SIGTERM or ctrl+c; with --json, say at the end how it ended."""
    from hydra_tui.daemon import run_daemon

    ctx.exit(run_daemon(session, unpaced=unpaced, live_bars=live_bars, as_json=as_json))
