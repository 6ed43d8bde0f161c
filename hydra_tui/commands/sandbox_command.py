"""`hydra sandbox`: replay history through the live step function."""

from __future__ import annotations

import click

from hydra_tui.commands.output import emit, json_option, market_option, progress_bar
from hydra_tui.session import Session


@click.group("sandbox")
def command() -> None:
    """Replay history through the live step function."""


@command.command("replay")
@click.option("--from", "from_day", required=True, help="first day, e.g. 2010-01-01")
@click.option("--to", "to_day", required=True, help="last day, inclusive")
@click.option(
    "--model", "kind", type=click.Choice(["ridge", "logistic", "lightgbm"]), help="model family (default: configured)"
)
@market_option
@json_option
@click.pass_obj
def replay(
    session: Session, from_day: str, to_day: str, kind: str | None, verb_market: str | None, as_json: bool
) -> None:
    """Walk forward over stored history: train on the past only, predict, size, pass risk, fill, count every cost.

    Prints honest numbers with their standard errors beside the baselines, what was missing when, the decision hash and
    whether the thesis gate opens.
    """
    from engine.host.operations.historical_replay import replay_history, replay_lines
    from engine.kernel.timestamps import parse_iso

    if parse_iso(from_day) > parse_iso(to_day):
        raise click.UsageError(f"from is after to: --from {from_day}, --to {to_day}")
    config = session.load(verb_market).config
    stores = session.open_stores(read_only=True)
    try:
        with progress_bar("replay", as_json) as report:
            document = replay_history(stores, config, from_day, to_day, kind=kind, progress=report)
    finally:
        stores.close()
    emit(document, as_json, replay_lines(document))


@command.command("prove-no-lookahead")
@click.option("--at", "moment", required=True, help="scramble everything published after this moment (UTC)")
@click.option("--seed", default=1, show_default=True, type=int, help="seed of the scrambling")
@market_option
@json_option
@click.pass_obj
@click.pass_context
def prove(ctx: click.Context, session: Session, moment: str, seed: int, verb_market: str | None, as_json: bool) -> None:
    """Scramble stored rows known after a moment, rolls included, rebuild everything, compare every line up to it. Exit
    8 on a leak."""
    from engine.host.operations.look_ahead_proof import prove_no_look_ahead

    config = session.load(verb_market).config
    stores = session.open_stores(read_only=True)
    try:
        document = prove_no_look_ahead(stores, config, moment, seed)
    finally:
        stores.close()
    emit(document, as_json, [document["sentence"]])
    ctx.exit(0 if document["clean"] else 8)
