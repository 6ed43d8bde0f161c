"""`hydra features`: what was known at a moment, with the age of every value."""

from __future__ import annotations

import click

from hydra_tui.commands.output import emit, json_option, market_option, table
from hydra_tui.session import Session


@click.group("features")
def command() -> None:
    """Read or rebuild the point-in-time features."""


@command.command("get")
@click.option("--as-of", required=True, help="moment in UTC, e.g. 2021-06-10T12:00Z")
@click.option("--feature", "names", multiple=True, help="only these features")
@market_option
@json_option
@click.pass_obj
def get(session: Session, as_of: str, names: tuple[str, ...], verb_market: str | None, as_json: bool) -> None:
    """Print each feature as it was known at a moment: value, event_ts, known_ts, age, staleness, quality."""
    from engine.host.operations.features import features_as_of

    config = session.load(verb_market).config
    stores = session.open_stores(read_only=True)
    try:
        document = features_as_of(stores, config, as_of, names)
    finally:
        stores.close()
    rows = [
        [
            name,
            _number(item["value"]),
            item["event_ts"] or "-",
            item["known_ts"] or "-",
            item["age"],
            item["quality"],
            "STALE" if item["stale"] else "",
        ]
        for name, item in document["features"].items()
    ]
    emit(document, as_json, table(rows, ["feature", "value", "about (UTC)", "known (UTC)", "age", "quality", ""]))


@command.command("build")
@market_option
@json_option
@click.pass_obj
def build(session: Session, verb_market: str | None, as_json: bool) -> None:
    """Compute the features of a market from its raw lake and store what is new."""
    from engine.host.operations.features import build_and_store

    config = session.load(verb_market).config
    stores = session.open_stores()
    try:
        document = build_and_store(stores, config)
    finally:
        stores.close()
    emit(document, as_json, [f"{document['rows_added']} feature rows added of {document['rows_built']} built"])


@command.command("list")
@json_option
@click.pass_obj
def list_definitions(session: Session, as_json: bool) -> None:
    """List every registered feature: unit, range, source, maximum age, owner, meaning."""
    from engine.host.operations.features import definitions

    document = definitions(session.load().config)
    rows = [[item["name"], item["unit"], item["source"], item["max_age"], item["description"]] for item in document]
    emit(document, as_json, table(rows, ["feature", "unit", "source", "max age", "meaning"]))


def _number(value: float | None) -> str:
    return "missing" if value is None else f"{value:.6g}"
