"""`hydra ingest`: store files. Good rows are kept, bad rows go to quarantine with file, row, field and reason."""

from __future__ import annotations

from pathlib import Path

import click

from hydra_tui.commands.output import emit, json_option, market_option, progress_bar, table
from hydra_tui.session import Session


@click.command("ingest")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@market_option
@json_option
@click.pass_obj
@click.pass_context
def command(
    ctx: click.Context, session: Session, paths: tuple[Path, ...], verb_market: str | None, as_json: bool
) -> None:
    """Store every file of PATHS (files or folders), then bring the features of the market up to date.

    Every row goes to the market that its file names, by symbol, code or file name; with --market all files must be of
    that market.

    Exit code 3 if any file could not be used at all, or if more than one row in twenty of a file went to quarantine;
    what could be used is stored all the same.
    """
    from engine.host.operations.ingest import ingest

    config = session.load(verb_market).config
    stores = session.open_stores()
    try:
        with progress_bar("ingest", as_json) as report:
            by_content = verb_market is None and session.market_option is None
            outcome = ingest(stores, config, paths, by_content=by_content, progress=report)
    finally:
        stores.close()
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
    ctx.exit(3 if troubles else 0)


def _markets(rows_by_market: dict[str, int]) -> str:
    """The one market of a file, or how many there are."""
    return next(iter(rows_by_market), "") if len(rows_by_market) < 2 else f"{len(rows_by_market)} markets"
