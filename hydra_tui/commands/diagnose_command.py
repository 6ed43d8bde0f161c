"""`hydra diagnose`: what the observer sees now, and the cause that the rules support."""

from __future__ import annotations

import click

from hydra_tui.commands.output import emit, json_option, market_option, table
from hydra_tui.session import Session


@click.command("diagnose")
@market_option
@json_option
@click.pass_obj
def command(session: Session, verb_market: str | None, as_json: bool) -> None:
    """Print every detector's reading against its threshold, open cases and the last diagnosis with its evidence."""
    from engine.host.operations.diagnosis import present_diagnosis

    config = session.load(verb_market).config
    stores = session.open_stores(read_only=True)
    try:
        document = present_diagnosis(stores, config)
    finally:
        stores.close()
    lines = [document["sentence"], ""]
    lines += table([[name, f"{value:.4g}"] for name, value in document["readings"].items()], ["reading", "value"])
    for item in document["evidence"]:
        lines.append(f"  evidence: {item['says']} ({item['formula']} = {item['value']:.4g} {item['unit']})")
    emit(document, as_json, lines)
