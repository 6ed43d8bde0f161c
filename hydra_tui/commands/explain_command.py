"""`hydra explain`: a diagnosis with every number that it cites recomputed from the stored data."""

from __future__ import annotations

from typing import Any, Final

import click

from hydra_tui.commands.output import emit, json_option, market_option, table
from hydra_tui.session import Session

_MARKS: Final = {"equal": "ok", "different": "DIFFERS", "gone": "GONE"}


@click.command("explain")
@click.argument("diagnosis")
@market_option
@json_option
@click.pass_obj
@click.pass_context
def command(ctx: click.Context, session: Session, diagnosis: str, verb_market: str | None, as_json: bool) -> None:
    """Explain DIAGNOSIS, the id of its case as the journal shows it: its sentence, its evidence, and every cited number
    computed again from the stored data. Exit code 6 where one differs, 8 where one cannot be recomputed."""
    from engine.host.operations.explain import EXIT_CODES, explain_diagnosis

    config = session.load(verb_market).config
    stores = session.open_stores(read_only=True)
    try:
        document = explain_diagnosis(stores, config, diagnosis)
    finally:
        stores.close()
    emit(document, as_json, _lines(document))
    code = EXIT_CODES[document["status"]]
    if code:
        click.echo(f"hydra: Not confirmed: {document['result']}", err=True)
    ctx.exit(code)


def _lines(document: dict[str, Any]) -> list[str]:
    head = (
        f"{document['diagnosis']}  {document['cause']}  {document['severity']}  {document['model_id']}  "
        f"found {document['time']}, change {document['change']}, confidence {document['confidence']:.3f}, "
        f"journal entry {document['journal_seq']}"
    )
    rows = [
        [
            item["name"],
            f"{item['stored']:.6g}",
            "-" if item["recomputed"] is None else f"{item['recomputed']:.6g}",
            "-" if item["threshold"] is None else f"{item['threshold']:.4g}",
            item["unit"],
            str(item["bars"]),
            item["from"],
            _MARKS[item["status"]],
        ]
        for item in document["evidence"]
    ]
    headings = ["evidence", "stored", "recomputed", "limit", "unit", "bars", "from", ""]
    lines = [document["sentence"], head, "", *table(rows, headings), ""]
    lines += [f"  {item['name']}: {item['says']} ({item['formula']})" for item in document["evidence"]]
    lines += [f"  not {item['cause']}: {item['why']}" for item in document["rejected"]]
    lines += [
        f"  {_MARKS[item['status']]} {item['name']}: {item['why']}"
        for item in document["evidence"]
        if item["status"] != "equal"
    ]
    lines += [f"  FAULT {fault}" for fault in document["faults"]]
    return [*lines, "", document["result"]]
