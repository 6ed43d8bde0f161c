"""`hydra model`: the registry. Promotion is typed and reasoned; rollback is quick."""

from __future__ import annotations

import click

from hydra_tui.commands.acting import act
from hydra_tui.commands.output import emit, json_option, market_option, table
from hydra_tui.session import Session


@click.group("model")
def command() -> None:
    """List, show, promote, roll back and retire models."""


@command.command("list")
@click.option(
    "--status", type=click.Choice(["candidate", "paper", "champion", "graveyard"]), help="only models of this status"
)
@market_option
@json_option
@click.pass_obj
def list_models(session: Session, status: str | None, verb_market: str | None, as_json: bool) -> None:
    """List model versions, champion first."""
    from engine.host.operations.models import model_list

    stores = session.open_stores(read_only=True)
    try:
        document = model_list(stores, session.market(verb_market), status)
    finally:
        stores.close()
    rows = [
        [item["model_id"], item["kind"], item["status"], item["parent_id"] or "-", item["created"], item["reason"]]
        for item in document
    ]
    emit(document, as_json, table(rows, ["model", "kind", "status", "parent", "created (UTC)", "reason"]))


@command.command("show")
@click.argument("model_id")
@json_option
@click.pass_obj
def show(session: Session, model_id: str, as_json: bool) -> None:
    """Show one model: configuration, lineage, metrics, artifact check."""
    from engine.host.operations.models import model_detail

    stores = session.open_stores(read_only=True)
    try:
        document = model_detail(stores, model_id)
    finally:
        stores.close()
    emit(document, as_json, [f"{key}: {value}" for key, value in document.items()])


@command.command("promote")
@click.argument("model_id")
@click.option("--confirm", required=True, help="the model id, typed out")
@click.option("--reason", required=True, help="why, for the journal")
@click.option("--state", "state_seq", type=int, help="the state number you looked at; refused if it moved")
@json_option
@click.pass_obj
def promote(session: Session, model_id: str, confirm: str, reason: str, state_seq: int | None, as_json: bool) -> None:
    """Make MODEL_ID the champion. It must have passed its gates; raising risk takes a typed confirmation."""
    act(
        session,
        "promote",
        {"model_id": model_id, "confirm": confirm, "reason": reason},
        as_json,
        lambda result: f"champion is now {result['model_id']} (was {result['previous_model_id']}).",
        expected_state_seq=state_seq,
    )


@command.command("rollback")
@click.option("--reason", default="operator", help="why, for the journal")
@json_option
@click.pass_obj
def rollback(session: Session, reason: str, as_json: bool) -> None:
    """Bring the previous champion back, in under a second."""
    act(
        session,
        "rollback",
        {"reason": reason},
        as_json,
        lambda result: f"champion is now {result['model_id']} (was {result['previous_model_id']}).",
    )


@command.command("retire")
@click.argument("model_id")
@click.option("--reason", default="operator", help="why, for the journal")
@json_option
@click.pass_obj
def retire(session: Session, model_id: str, reason: str, as_json: bool) -> None:
    """Send a candidate to the graveyard."""
    act(
        session,
        "retire",
        {"model_id": model_id, "reason": reason},
        as_json,
        lambda result: f"{result['model_id']} is retired ({reason}).",
    )
