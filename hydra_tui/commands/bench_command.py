"""`hydra bench`: measurements of this machine, in a temporary workspace."""

from __future__ import annotations

import click

from hydra_tui.commands.output import emit, json_option, progress_bar, table
from hydra_tui.session import Session


@click.group("bench")
def command() -> None:
    """Measure HYDRA on this machine. Nothing of the workspace is read or changed."""


@command.command("store")
@click.option("--rows", default=17_000_000, show_default=True, type=click.IntRange(1), help="cells of the matrix")
@click.option("--features", default=1_000, show_default=True, type=click.IntRange(1), help="columns of the matrix")
@click.option("--appends", default=3_000, show_default=True, type=click.IntRange(1), help="small appends before reads")
@click.option("--batches", default=40, show_default=True, type=click.IntRange(1), help="batches of 1,000 rows")
@json_option
@click.pass_obj
def store(session: Session, rows: int, features: int, appends: int, batches: int, as_json: bool) -> None:
    """Feature store: training matrix, newest vector, appends, compaction, beside a plain DuckDB join."""
    del session
    from engine.host.operations.bench_store import StoreShape, bench_store
    from engine.host.operations.figures import number_text

    if rows < features:
        raise click.UsageError(f"--rows ({rows}) must be at least --features ({features}): one time is one row of each")
    shape = StoreShape(times=rows // features, features=features, appends=appends, batches=batches)
    with progress_bar("measuring the feature store", as_json) as report:
        document = bench_store(shape, report)
    figures = [
        [
            item["name"],
            number_text(float("nan") if item["value"] is None else item["value"]),
            item["unit"],
            item["bar"],
            {None: "", True: "held", False: "MISSED"}[item["within"]],
            item["how"],
        ]
        for item in document["figures"]
    ]
    lines = [*table(figures, ["figure", "value", "unit", "bar", "", "how"]), "", *document["machine"]]
    emit(document, as_json, lines)
