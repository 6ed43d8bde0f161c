"""`hydra experiment`: start, list, show and stop experiments."""

from __future__ import annotations

import json

import click

from hydra_tui.commands.acting import act
from hydra_tui.commands.output import emit, json_option, market_option, table
from hydra_tui.session import Session


@click.group("experiment")
def command() -> None:
    """Start, list, show and stop experiments."""


@command.command("run")
@click.argument("mutation_type")
@click.option("--target", default="champion", show_default=True, help="component that is changed, e.g. a feature")
@click.option("--parameters", default="{}", help="JSON of the change, within the bounds of the playbook")
@click.option("--reason", required=True, help="hypothesis, for the journal")
@json_option
@click.pass_obj
def run(session: Session, mutation_type: str, target: str, parameters: str, reason: str, as_json: bool) -> None:
    """Test a change of the champion in isolation (discovery track). Needs a running engine."""
    try:
        change = json.loads(parameters)
    except json.JSONDecodeError as error:
        raise click.UsageError(f"--parameters is not JSON: {error.msg}") from error
    act(
        session,
        "run_experiment",
        {"mutation_type": mutation_type, "target": target, "parameters": change, "reason": reason},
        as_json,
        lambda result: f"case {result['case_id']} opened; follow it with hydra experiment list",
    )


@command.command("list")
@market_option
@json_option
@click.pass_obj
def list_experiments(session: Session, verb_market: str | None, as_json: bool) -> None:
    """Every experiment of a market, newest first."""
    from engine.host.operations.experiments import experiment_list

    stores = session.open_stores(read_only=True)
    try:
        document = experiment_list(stores, session.market(verb_market))
    finally:
        stores.close()
    rows = [
        [
            item["experiment_id"],
            item["case_id"] or "-",
            item["mutation_type"],
            item["status"],
            item["outcome"] or "",
            item["started"],
        ]
        for item in document
    ]
    emit(document, as_json, table(rows, ["experiment", "case", "mutation", "status", "outcome", "started (UTC)"]))


@command.command("show")
@click.argument("experiment_id")
@json_option
@click.pass_obj
def show(session: Session, experiment_id: str, as_json: bool) -> None:
    """One experiment: what was changed and every gate with its number, threshold and data range."""
    from engine.host.operations.experiments import experiment_detail

    stores = session.open_stores(read_only=True)
    try:
        document = experiment_detail(stores, experiment_id)
    finally:
        stores.close()
    lines = [f"{document['experiment_id']}  {document['mutation_type']} of {document['target']}  {document['status']}"]
    lines += [
        f"  {'pass' if gate['passed'] else 'FAIL'} {gate['name']}: {gate['explanation']}" for gate in document["gates"]
    ]
    emit(document, as_json, lines)


@command.command("kill")
@click.argument("experiment_id")
@json_option
@click.pass_obj
def kill(session: Session, experiment_id: str, as_json: bool) -> None:
    """Kill a running experiment with its whole process group."""
    act(
        session,
        "kill_experiment",
        {"experiment_id": experiment_id},
        as_json,
        lambda result: f"{result['experiment_id']} is killed",
    )
