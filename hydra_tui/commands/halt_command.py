"""`hydra halt`: stop all new positions at once. Works with a dead engine: the HALT file is enough."""

from __future__ import annotations

import click

from engine.kernel.clock import SystemClock
from engine.kernel.errors import HydraError
from engine.kernel.timestamps import to_iso
from hydra_tui.commands.output import emit, json_option
from hydra_tui.session import Session


@click.command("halt")
@click.option("--reason", default="operator", help="why, for the journal")
@json_option
@click.pass_obj
def command(session: Session, reason: str, as_json: bool) -> None:
    """Stop all new positions, at once. Existing positions are kept. Lowering risk needs no confirmation."""
    from engine.host.operations.requests import request

    session.require_workspace(", so nothing was halted")
    session.paths.create()
    session.paths.halt_file.write_text(f"{to_iso(SystemClock().now_ts())} {reason}\n", encoding="utf-8")
    stores = session.open_stores()
    try:
        result = request(stores, session.load().config, "halt", {"reason": reason}, actor="cli", timeout_s=5.0)
    except HydraError as error:
        result = {"halted": True, "by": "HALT file", "engine": error.message}
    finally:
        stores.close()
    emit(result, as_json, [f"HALTED ({reason}). The file {session.paths.halt_file} keeps it so until 'hydra resume'."])
