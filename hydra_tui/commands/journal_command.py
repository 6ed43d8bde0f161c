"""`hydra journal`: what was found, decided and done, and why."""

from __future__ import annotations

import click

from hydra_tui.commands.output import emit, json_option, market_option, table
from hydra_tui.session import Session


@click.group("journal")
def command() -> None:
    """Search what was decided, and why."""


@command.command("query")
@click.option("--kind", help="diagnosis, experiment, decision, approval, promotion, …")
@click.option("--tag", help="only rows with this tag")
@click.option("--mutation", "mutation_type", help="only this type of mutation")
@click.option("--outcome", help="only this outcome")
@click.option("--since", help="from this moment (UTC)")
@click.option("--until", help="up to this moment (UTC)")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="most rows to print")
@market_option
@json_option
@click.pass_obj
def query(
    session: Session,
    kind: str | None,
    tag: str | None,
    mutation_type: str | None,
    outcome: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    verb_market: str | None,
    as_json: bool,
) -> None:
    """Print matching rows, newest first."""
    from engine.host.operations.journal_query import journal_rows

    stores = session.open_stores(read_only=True)
    try:
        document = journal_rows(
            stores,
            market=verb_market,
            kind=kind,
            tag=tag,
            mutation_type=mutation_type,
            outcome=outcome,
            since=since,
            until=until,
            limit=limit,
        )
    finally:
        stores.close()
    rows = [
        [str(item["seq"]), item["time"], item["kind"], item["subject"], item["outcome"] or "", item["sentence"]]
        for item in document
    ]
    emit(document, as_json, table(rows, ["#", "time (UTC)", "kind", "subject", "outcome", "what"]))
