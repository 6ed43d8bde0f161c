"""`hydra fetch`: poll live sources now."""

from __future__ import annotations

import click

from hydra_tui.commands.output import emit, json_option, market_option, table
from hydra_tui.session import Session

_HEADINGS = ["source", "status", "replies", "added", "duplicate", "quarantined", "not before", "why"]


@click.command("fetch")
@click.argument("sources", nargs=-1)
@click.option("--since", metavar="DAY", help="ask again from this day on (YYYY-MM-DD), to fill a gap")
@market_option
@json_option
@click.pass_obj
@click.pass_context
def command(
    ctx: click.Context,
    session: Session,
    sources: tuple[str, ...],
    since: str | None,
    verb_market: str | None,
    as_json: bool,
) -> None:
    """Poll SOURCES (databento, cftc, newsapi, benzinga, feeds, stocktwits, reddit; none: those of the setting
    live.sources) and store what is new.

    Exit code 3 if a source could not be read, 4 if one was not asked: its credential or a setting is missing, or it
    asked for a pause. Where an engine runs it polls by itself, and this is refused.
    """
    from engine.host.operations.fetch import fetch

    config = session.load(verb_market).config
    stores = session.open_stores()
    try:
        outcome = fetch(stores, config, sources, since=since)
    finally:
        stores.close()
    rows = [
        [
            entry["source"],
            entry["status"] + (", more to come" if entry["more"] else ""),
            str(entry["replies"]),
            str(entry["rows_added"]),
            str(entry["rows_duplicate"]),
            str(entry["rows_quarantined"]),
            entry["next_attempt"] or "-",
            entry["reason"],
        ]
        for entry in outcome["sources"]
    ]
    lines = table(rows, _HEADINGS)
    lines.append(f"{outcome['rows_added']} rows added; {outcome['feature_rows_added']} feature rows added")
    emit(outcome, as_json, lines)
    for entry in outcome["sources"]:
        if entry["status"] != "ok":
            click.echo(f"hydra: {entry['source']}: {entry['reason']}", err=True)
    statuses = {entry["status"] for entry in outcome["sources"]}
    ctx.exit(3 if statuses & {"degraded", "failed"} else 4 if statuses & {"disabled", "waiting"} else 0)
