"""`hydra ingest`: store files. Good rows are kept, bad rows go to quarantine with file, row, field and reason."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from hydra_tui.commands.output import emit, json_option, market_option, progress_bar, table
from hydra_tui.session import Session


@click.command("ingest")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--watch",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="store every file that arrives in this folder, until ctrl+c",
)
@click.option(
    "--every", "every_s", default=2.0, show_default=True, type=click.FloatRange(0.1, 3600), help="seconds between looks"
)
@market_option
@json_option
@click.pass_obj
@click.pass_context
def command(
    ctx: click.Context,
    session: Session,
    paths: tuple[Path, ...],
    folder: Path | None,
    every_s: float,
    verb_market: str | None,
    as_json: bool,
) -> None:
    """Store every file of PATHS (files or folders), then bring the features of the market up to date.

    Every row goes to the market that its file names, by symbol, code or file name; with --market all files must be of
    that market.

    Exit code 3 if any file could not be used at all, or if more than one row in twenty of a file went to quarantine;
    what could be used is stored all the same. With --watch the call stays: a file is taken when it no longer grows, and
    one that cannot be used is named and left where it is.
    """
    if not paths and folder is None:
        raise click.UsageError("name files or folders, or a folder to watch with --watch")
    if folder is not None:
        if paths:
            raise click.UsageError("--watch takes the folder; leave the other paths out")
        _watch(session, folder, every_s, verb_market, as_json)
        return
    outcome = _store(session, paths, verb_market, as_json)
    ctx.exit(_tell(outcome, as_json))


def _store(session: Session, paths: tuple[Path, ...], verb_market: str | None, as_json: bool) -> dict[str, Any]:
    from engine.host.operations.ingest import ingest

    config = session.load(verb_market).config
    by_content = verb_market is None and session.market_option is None
    stores = session.open_stores()
    try:
        with progress_bar("ingest", as_json) as report:
            return ingest(stores, config, paths, by_content=by_content, progress=report)
    finally:
        stores.close()


def _watch(session: Session, folder: Path, every_s: float, verb_market: str | None, as_json: bool) -> None:
    """Look, take what is whole, tell, wait. A refused file ends nothing."""
    from engine.host.operations.watch_folder import FolderWatch, look_at

    watch = FolderWatch()
    if not as_json:
        click.echo(f"watching {folder}, every {every_s:g} s; ctrl+c ends it")
    while True:
        ready = watch.ready(look_at(folder))
        if ready:
            _tell(_store(session, tuple(ready), verb_market, as_json), as_json)
        time.sleep(every_s)


def _tell(outcome: dict[str, Any], as_json: bool) -> int:
    """Print what came of the files; the exit code that it means."""
    rows = [
        [
            Path(entry["input"]).name,
            entry["source"],
            _markets(entry["markets"]),
            str(entry["rows_added"]),
            str(entry["rows_duplicate"]),
            str(sum(entry["quarantined"].values())),
            entry["span"],
        ]
        for entry in outcome["files"]
    ]
    rows += [[Path(entry["input"]).name, "refused", "", "", "", "", ""] for entry in outcome["refused"]]
    lines = table(rows, ["file", "source", "market", "added", "duplicate", "quarantined", "span"]) if rows else []
    for entry in outcome["files"]:
        lines += [
            f"  quarantined {count} of {Path(entry['input']).name}: {reason}"
            for reason, count in entry["quarantined"].items()
        ]
        if entry["note"]:
            lines.append(f"  {Path(entry['input']).name}: {entry['note']}")
    lines.append(
        f"{outcome['rows_added']} rows added, {outcome['rows_duplicate']} duplicate, "
        f"{outcome['rows_quarantined']} quarantined; {outcome['feature_rows_added']} feature rows added"
    )
    emit(outcome, as_json, lines)
    troubles = [*outcome["refused"], *outcome["doubtful"]]
    for entry in troubles:
        click.echo(f"hydra: Input: {entry['reason']}", err=True)
    return 3 if troubles else 0


def _markets(rows_by_market: dict[str, int]) -> str:
    """The one market of a file, or how many there are."""
    return next(iter(rows_by_market), "") if len(rows_by_market) < 2 else f"{len(rows_by_market)} markets"
