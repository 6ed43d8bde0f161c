"""`hydra data`: feeds, their age and health, the quarantine, SQL over the lake, and its publication."""

from __future__ import annotations

from typing import Any

import click

from hydra_tui.commands.output import emit, json_option, market_option, table
from hydra_tui.session import Session


@click.group("data")
def command() -> None:
    """Feeds, their age and health, the quarantine, SQL over the lake, and its publication."""


@command.command("status")
@market_option
@json_option
@click.pass_obj
def status(session: Session, verb_market: str | None, as_json: bool) -> None:
    """One line per source: rows, span, age, health and its reasons."""
    from engine.host.operations.data_status import feed_status

    stores = session.open_stores(read_only=True)
    try:
        document = feed_status(stores, session.market(verb_market))
    finally:
        stores.close()
    rows = [
        [item["source"], str(item["rows"]), item["last_event"], item["age"], item["status"], "; ".join(item["reasons"])]
        for item in document
    ]
    emit(document, as_json, table(rows, ["source", "rows", "last event (UTC)", "age", "health", "why"]))


@command.command("sources")
@json_option
def sources(as_json: bool) -> None:
    """Every kind of file that 'hydra ingest' reads, by the name under which its rows are stored."""
    from engine.ingestion.sources import SOURCES

    document = [{"source": source.name, "reads": source.title} for source in SOURCES]
    emit(document, as_json, table([[one["source"], one["reads"]] for one in document], ["source", "reads"]))


@command.command("quarantine")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="most rows to print")
@market_option
@json_option
@click.pass_obj
def quarantine(session: Session, limit: int, verb_market: str | None, as_json: bool) -> None:
    """Rows that were not stored: market, file, row, field, reason and the text as it came; of every market unless one
    is named. Rows of texts stand under the market "global"."""
    from engine.host.operations.data_status import quarantined_rows

    stores = session.open_stores(read_only=True)
    try:
        document = quarantined_rows(stores, verb_market or session.market_option, limit)
    finally:
        stores.close()
    rows = [
        [item["market"], item["file"], str(item["row"]), item["field"], item["reason"], item["text"]]
        for item in document
    ]
    emit(document, as_json, table(rows, ["market", "file", "row", "field", "reason", "text"]))


@command.command("rolls")
@market_option
@json_option
@click.pass_obj
def rolls(session: Session, verb_market: str | None, as_json: bool) -> None:
    """When the decision series changes contract, what each change is worth, and what other prices say of it."""
    from engine.host.operations.data_rolls import data_rolls

    config = session.load(verb_market).config
    stores = session.open_stores(read_only=True)
    try:
        document = data_rolls(stores, config)
    finally:
        stores.close()
    rows = [
        [
            item["day"],
            item["from"],
            item["to"],
            f"{item['old_price']:.3f}",
            f"{item['new_price']:.3f}",
            f"{item['difference']:+.3f}",
            "same moment" if item["overlap"] else "one session apart",
            _observed(item),
        ]
        for item in document["rolls"]
    ]
    lines = table(rows, ["first session", "from", "to", "old", "new", "difference", "prices of", "seen in prices"])
    for name, score in document["scores"].items():
        lines.append(
            f"against {name}: precision {_share(score['precision'])} ({score['confirmed']} of {score['judged']} rolls),"
            f" recall {_share(score['recall'])} (of {score['expected']}), {score['unjudged']} cannot be judged"
        )
    emit(document, as_json, lines)


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _observed(item: dict[str, Any]) -> str:
    seen = item["observed"]
    if seen is None:
        return "–"
    if seen["first"] <= item["day"] <= seen["last"]:
        return "yes"
    return f"on {seen['first']}" if seen["first"] == seen["last"] else f"{seen['first']}..{seen['last']}"


@command.command("compare")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(0, 100_000), help="most days to print")
@market_option
@json_option
@click.pass_obj
def compare(session: Session, limit: int, verb_market: str | None, as_json: bool) -> None:
    """Daily series of the market against each other: common sessions, agreement within a tick, where they differ."""
    from engine.host.operations.data_compare import data_compare

    config = session.load(verb_market).config
    stores = session.open_stores(read_only=True)
    try:
        document = data_compare(stores, config)
    finally:
        stores.close()
    pairs = document["pairs"]
    rows = [
        [
            pair["first"],
            pair["second"],
            str(pair["common_sessions"]),
            str(pair["within_a_tick"]),
            f"{100 * pair['agreement']:.2f} %",
            str(sum(one["other_contract"] for one in pair["disagreements"])),
        ]
        for pair in pairs
    ]
    lines = table(rows, ["series", "against", "sessions", "within a tick", "agreement", "other contract"])
    days = [
        [
            f"{pair['first']} / {pair['second']}",
            one["day"],
            f"{one['first_close']:g}",
            f"{one['second_close']:g}",
            f"{one['ticks']:.1f}",
            "other contract" if one["other_contract"] else "",
        ]
        for pair in pairs
        for one in pair["disagreements"][:limit]
    ]
    if days:
        lines += ["", *table(days, ["series", "session", "first", "second", "ticks", ""])]
    emit(document, as_json, lines if pairs else [f"market {document['market']} has no two daily series to compare"])


@command.command("schedule")
@market_option
@json_option
@click.pass_obj
def schedule(session: Session, verb_market: str | None, as_json: bool) -> None:
    """When each live source is asked next, by the market's own calendar, and how it went last."""
    from engine.host.operations.data_schedule import data_schedule
    from engine.kernel.clock import SystemClock

    config = session.load(verb_market).config
    stores = session.open_stores(read_only=True)
    try:
        document = data_schedule(stores, config, SystemClock().now_ts())
    finally:
        stores.close()
    rows = [
        [
            item["source"],
            "off" if item["off"] else "now" if item["due"] else item["next_run"],
            item["plan"],
            item["last_success"] or "never",
            str(item["failures"]),
            item["reason"],
        ]
        for item in document
    ]
    lines = table(rows, ["source", "next run (UTC)", "plan", "last success (UTC)", "failures", "why"])
    emit(document, as_json, lines if rows else ["no live source is switched on; list them in live.sources"])


@command.command("sql")
@click.argument("query")
@click.option("--lake", "address", help="a published lake, a folder or s3://bucket/prefix, instead of the workspace")
@json_option
@click.pass_obj
def sql(session: Session, query: str, address: str | None, as_json: bool) -> None:
    """Answer a SELECT over the lake: one view per dataset, `features` and `catalogue`. Times are UTC microseconds."""
    from engine.host.operations.lake import query_lake

    storage = session.load().config.storage
    if address is None:
        stores = session.open_stores(read_only=True)
        try:
            document = query_lake(query, stores=stores)
        finally:
            stores.close()
    else:
        document = query_lake(query, address=address, storage=storage)
    rows = [["" if value is None else str(value) for value in row] for row in document["rows"]]
    emit(document, as_json, table(rows, document["columns"]))


@command.command("publish")
@click.argument("destination")
@json_option
@click.pass_obj
def publish(session: Session, destination: str, as_json: bool) -> None:
    """Copy the lake to a folder or s3://bucket/prefix for other machines; the manifest comes last. Safe to repeat."""
    from engine.host.operations.lake import publish_lake

    storage = session.load().config.storage
    stores = session.open_stores(read_only=True)
    try:
        document = publish_lake(stores, destination, storage)
    finally:
        stores.close()
    line = "{files} files published to {destination}, {copied} of them copied now ({bytes_copied} bytes)"
    emit(document, as_json, [line.format(**document)])
