"""`hydra demo`: a simulated market that breaks and heals; with a screen, or headless with the whole chain as JSON."""

from __future__ import annotations

import click

from hydra_tui.commands.output import emit, json_option
from hydra_tui.session import Session

FAULTS = ("concept", "feature", "volatility", "stale", "none", "no-edge")


@click.command("demo")
@click.option("--headless", is_flag=True, help="no screen: run to the end and print the chain")
@click.option("--seed", type=int, help="seed of the simulated market (default: from the operating system)")
@click.option("--fault", type=click.Choice(FAULTS), help="force a family of fault (default: drawn from the seed)")
@click.option(
    "--score-bars",
    default=500,
    show_default=True,
    type=click.IntRange(50, 5000),
    help="bars after a promotion over which it is scored against its frozen twin",
)
@click.option("--keep", is_flag=True, help="keep the demo's workspace")
@json_option
@click.pass_obj
@click.pass_context
def command(
    ctx: click.Context,
    session: Session,
    headless: bool,
    seed: int | None,
    fault: str | None,
    score_bars: int,
    keep: bool,
    as_json: bool,
) -> None:
    """Show the loop: fault, alert, diagnosis, experiment, paper, promotion. The engine never learns seed or fault."""
    from hydra_tui.demo import run_headless_demo, run_screen_demo

    if not headless:
        ctx.exit(run_screen_demo(session, seed, fault))
    from engine.host.operations.demo_report import report_lines

    document = run_headless_demo(session, seed=seed, fault=fault, score_bars=score_bars, keep=keep)
    emit(document, as_json, report_lines(document))
    ctx.exit(0)
