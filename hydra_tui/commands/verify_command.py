"""`hydra verify`: every chain and hash of the workspace."""

from __future__ import annotations

import click

from hydra_tui.commands.output import emit, json_option, table
from hydra_tui.session import Session


@click.command("verify")
@json_option
@click.pass_obj
@click.pass_context
def command(ctx: click.Context, session: Session, as_json: bool) -> None:
    """Verify the event chain, the journal, every artifact and every catalogued file. Exit code 6 on any fault."""
    from engine.host.operations.verification import verify_workspace

    stores = session.open_stores(read_only=True)
    try:
        document = verify_workspace(stores)
    finally:
        stores.close()
    rows = [[item["check"], "ok" if item["ok"] else "FAULT", item["detail"]] for item in document["checks"]]
    emit(document, as_json, table(rows, ["check", "", "detail"]))
    ctx.exit(0 if document["ok"] else 6)
