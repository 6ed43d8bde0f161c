"""`hydra backup`: one verified copy of the workspace."""

from __future__ import annotations

from pathlib import Path

import click

from hydra_tui.commands.output import emit, json_option
from hydra_tui.session import Session


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def command(session: Session, target: Path, as_json: bool) -> None:
    """Write a consistent, verified backup to the file TARGET; may run beside a live engine."""
    from engine.kernel.clock import SystemClock
    from storage.backup import verify_backup, write_backup

    session.require_workspace()
    stores = session.open_stores()
    try:
        report = write_backup(stores, target.absolute(), SystemClock().now_ts())
        verify_backup(target.absolute())
    finally:
        stores.close()
    document = {"path": str(target), "files": report.files, "bytes": report.size_bytes, "verified": True}
    emit(document, as_json, [f"backup of {report.files} files, {report.size_bytes / 1e6:.1f} MB, verified: {target}"])
