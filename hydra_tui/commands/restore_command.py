"""`hydra restore`: a backup becomes a workspace again, and lands in HALTED."""

from __future__ import annotations

from pathlib import Path

import click

from hydra_tui.commands.output import emit, json_option
from hydra_tui.session import Session


@click.command("restore")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.option("--confirm", required=True, help="the word RESTORE, typed out")
@json_option
@click.pass_obj
def command(session: Session, source: Path, confirm: str, as_json: bool) -> None:
    """Restore SOURCE into the workspace (which must be empty or new). The restored engine starts HALTED."""
    from engine.kernel.clock import SystemClock
    from engine.kernel.errors import RefusedError
    from storage.backup import restore_backup

    if confirm != "RESTORE":
        raise RefusedError("type RESTORE with --confirm to restore a backup")
    restore_backup(source.absolute(), session.root, SystemClock().now_ts())
    emit(
        {"workspace": str(session.root), "state": "HALTED"},
        as_json,
        [f"restored into {session.root}; the state is HALTED until 'hydra resume'"],
    )
