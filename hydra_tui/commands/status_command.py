"""`hydra status`: am I trading, am I safe, does anything need me."""

from __future__ import annotations

import click

from hydra_tui.commands.output import emit, json_option, market_option
from hydra_tui.session import Session


@click.command("status")
@market_option
@json_option
@click.pass_obj
def command(session: Session, verb_market: str | None, as_json: bool) -> None:
    """Print the state of the engine, the champion, the position, open alerts and what waits for you."""
    from engine.host.operations.status import status, status_lines

    config = session.load(verb_market).config
    stores = session.open_stores(read_only=True)
    try:
        document = status(stores, config)
    finally:
        stores.close()
    emit(document, as_json, status_lines(document))
