"""`hydra bench`: measurements of this machine in a temporary workspace, and HealBench."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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

    if rows < features:
        raise click.UsageError(f"--rows ({rows}) must be at least --features ({features}): one time is one row of each")
    shape = StoreShape(times=rows // features, features=features, appends=appends, batches=batches)
    with progress_bar("measuring the feature store", as_json) as report:
        document = bench_store(shape, report)
    emit(document, as_json, [*_figure_table(document), "", *document["machine"]])


@command.command("options")
@click.option(
    "--options", "count", default=100_000, show_default=True, type=click.IntRange(1), help="volatilities to invert"
)
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1), help="the best of so many counts")
@click.option(
    "--peers",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="environment of the other libraries (default: the one that 'make peers' made)",
)
@json_option
def options(count: int, rounds: int, peers: Path | None, as_json: bool) -> None:
    """Option mathematics on one core: volatilities, American prices, densities, beside QuantLib and others."""
    from engine.host.operations.bench_options import PEERS, bench_options

    with progress_bar("measuring the option mathematics", as_json) as report:
        document = bench_options(count, rounds, peers or PEERS, report)
    emit(document, as_json, [*_figure_table(document), "", document["cores"], *document["machine"]])


@command.command("heal")
@click.option("--seeds", default=40, show_default=True, type=click.IntRange(1), help="markets per family")
@click.option("--seed-base", default=0, show_default=True, type=click.IntRange(0), help="the first seed")
@click.option("--families", help="comma-separated; all where none is named")
@click.option(
    "--severities",
    help="comma-separated, each on all seeds (default: 1, and .5 and 2 on a quarter of the seeds for single faults)",
)
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1, 256), help="worker processes")
@click.option("--json", "json_file", help="write the scores as JSON to this file; - prints them instead of tables")
@click.option(
    "--picture", type=click.Path(path_type=Path, dir_okay=False), help="draw recovery against severity (.svg)"
)
@click.option("--label", default="", help="a name for this run, shown above the tables")
@click.option("--worlds", type=click.Path(path_type=Path), help="play the worlds of this .npz file instead")
@click.option("--out", type=click.Path(path_type=Path), help="where its answers go: .npz, and a .json beside it")
def heal(
    seeds: int,
    seed_base: int,
    families: str | None,
    severities: str | None,
    jobs: int,
    json_file: str | None,
    picture: Path | None,
    label: str,
    worlds: Path | None,
    out: Path | None,
) -> None:
    """HealBench: how soon the healer sees a fault, names it and wins the loss back, beside retraining and an oracle."""
    if (worlds is None) != (out is None):
        raise click.UsageError("--worlds and --out go together: foreign worlds are answered with a file")
    if worlds is not None and out is not None:
        if families or severities or json_file or picture or label:
            raise click.UsageError("--worlds takes --out, --seed-base and --jobs alone: foreign worlds are not scored")
        _require_file("--out", out, ".npz")
        _play_foreign(worlds, out, seed_base, jobs)
        return
    scores = None if json_file in (None, "-") else Path(str(json_file))
    if scores is not None:
        _require_file("--json", scores, "")
    if picture is not None:
        _require_file("--picture", picture, ".svg")
    from engine.host.operations.heal_bench import bench_heal
    from engine.host.operations.heal_bench_plan import HealBenchPlan
    from engine.host.operations.heal_bench_table import heal_lines

    chosen = {} if families is None else {"families": tuple(_names(families))}
    plan = HealBenchPlan(seeds, seed_base, severities=_numbers(severities), **chosen)
    with progress_bar("HealBench", False) as report:
        result = bench_heal(plan, jobs, report, label=label)
    document = result.document()
    files = {} if scores is None else {scores: _json_text(document).encode()}
    if picture is not None:
        from engine.host.operations.heal_bench_picture import severity_picture

        files[picture] = severity_picture(result)
    _write_all(files)
    emit(document, json_file == "-", heal_lines(result, table))


def _play_foreign(worlds: Path, out: Path, seed_base: int, jobs: int) -> None:
    from engine.host.operations.heal_bench_foreign import play_foreign_worlds

    with progress_bar("foreign worlds", False) as report:
        count, beside = play_foreign_worlds(worlds, out, seed_base, jobs, report)
    click.echo(f"{count} worlds played: positions in {out}, what was seen and done in {beside}")


def _require_file(option: str, target: Path, ending: str) -> None:
    """A run of minutes must not end at a name that cannot be written."""
    if not target.name.lower().endswith(ending):
        raise click.UsageError(f"{option} writes a file that ends in {ending}, not {target.name}")
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise click.UsageError(f"{option} {target} cannot be written: its folder must exist, and it must be a file")


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _numbers(text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(float(part) for part in _names(text))
    except ValueError as error:
        raise click.UsageError(f"--severities takes numbers separated by commas, not '{text}'") from error


def _json_text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"


def _write_all(files: dict[Path, bytes]) -> None:
    from storage.durable_files import write_durably

    for target, data in files.items():
        write_durably(target.absolute(), data)


def _figure_table(document: dict[str, Any]) -> list[str]:
    from engine.host.operations.figures import number_text

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
    return table(figures, ["figure", "value", "unit", "bar", "", "how"])
