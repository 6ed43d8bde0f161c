"""`hydra options chains`: every option chain of files as vendors write them, read, fitted and priced back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hydra_tui.commands.output import market_option
from hydra_tui.commands.row_output import emit_rows, fitting_table
from hydra_tui.session import Session

if TYPE_CHECKING:
    from engine.core.records import ExerciseStyle
    from engine.host.operations.option_chain_audit import AuditRequest
    from engine.ingestion.input_file import InputFile

_REAL_MARKET = "lean_hogs"
_COLUMNS = (
    "file", "quoted", "expiry", "style", "outcome", "forward", "±", "from", "rate %", "by", "two-sided", "accepted %",
    "repriced %", "quality", "iv ± pts", "rejected",
)  # fmt: skip

_STYLE_HINT = (
    "  unknown style: neither file nor market says how these options are exercised; --style american or european does"
)


@click.command("chains")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--style",
    type=click.Choice(("european", "american")),
    help="how options are exercised where neither file nor market says it",
)
@market_option
@click.option("--json", "as_json", is_flag=True, help="JSON lines: one object per chain, per file, and one in all")
@click.pass_obj
@click.pass_context
def chains(
    ctx: click.Context,
    session: Session,
    paths: tuple[Path, ...],
    style: ExerciseStyle | None,
    verb_market: str | None,
    as_json: bool,
) -> None:
    """Read every option chain in FILE... (files or folders, as 'hydra ingest' takes them) and store nothing.

    One row per chain: forward and rate with where each comes from, quotes on both sides and the share of them that is
    accepted, rejected quotes by reason, the share of accepted ones that the fitted density prices inside bid and ask,
    and the median difference of implied volatilities from the vendor's, in points, at liquid strikes. Files of one
    moment tell each other the interest rate; where no European option does, it lies between features.option_rate_low
    and features.option_rate_high.

    Exit code 3 if a file holds no option chain or cannot be read, or a folder holds no files; the others are shown all
    the same.
    """
    from engine.host.operations.option_chain_audit import audit_chains, audit_rows

    files, request, refused = read_option_files(session, paths, verb_market, style)
    audit = audit_chains(files, request)
    refused += [content.refusal for content in audit.files if content.refusal is not None]
    rows = audit_rows(audit)
    if len(rows) > 1:
        emit_rows(rows, as_json, lambda: _lines(rows))
    for sentence in refused:
        click.echo(f"hydra: Input: {sentence}", err=True)
    ctx.exit(3 if refused else 0)


def read_option_files(
    session: Session, paths: Sequence[Path], verb_market: str | None, style: ExerciseStyle | None
) -> tuple[list[InputFile], AuditRequest, list[str]]:
    """The files, how they are to be read, and a sentence for each one that cannot be opened."""
    from engine.host.operations.option_chain_audit import AuditRequest
    from engine.ingestion.input_file import read_input
    from engine.ingestion.market_directory import MarketDirectory, shipped_markets
    from engine.kernel.errors import InputError
    from engine.signals.options_math.chain_rate import RateBounds

    config = session.load(verb_market).config
    features = config.features if not config.market.simulated else session.load(_REAL_MARKET).config.features
    directory = None
    if verb_market is None and session.market_option is None:
        directory = MarketDirectory(config.market, shipped_markets(session.paths.markets))
    refused = [f"{path}: the folder holds no files" for path in paths if path.is_dir() and not _files([path])]
    files = []
    for path in _files(paths):
        try:
            files.append(read_input(path))
        except InputError as error:
            refused.append(error.message)
    return files, AuditRequest(config.market, directory, RateBounds.of(features), style), refused


def _files(paths: Sequence[Path]) -> list[Path]:
    """Files as named, folders with all files below them, in order of their names."""
    found: list[Path] = []
    for path in paths:
        found += sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    return found


def _lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A table of the chains, what each file came to, and the sums."""
    shown = [_cells(row) for row in rows if row["row"] == "chain"]
    lines = [*fitting_table(shown, _COLUMNS), ""] if shown else []
    for row in rows:
        if row["row"] == "file":
            lines += [f"{row['file']}: {_summary(row)}", *_file_notes(row)]
            lines += [_STYLE_HINT] if row["outcomes"].get("unknown style") else []
    total = rows[-1]
    files = f"{total['files']} file{'s' * (total['files'] != 1)}"
    return [*lines, "", f"{files}, {_summary(total)}"]


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    rejected = ", ".join(f"{count} {reason}" for reason, count in row["rejected"].items())
    return {
        "file": Path(row["file"]).name,
        "quoted": row["quoted"][:16],
        "expiry": row["expiry"][:10],
        "style": row["style"],
        "outcome": row["outcome"],
        "forward": row["forward"],
        "±": None if row["forward_error"] is None else float(f"{row['forward_error']:.2g}"),
        "from": row["forward_from"],
        "rate %": None if row["rate"] is None else f"{100 * row['rate']:.2f} ± {100 * row['rate_error']:.2f}",
        "by": row["rate_from"],
        "two-sided": row["two_sided"],
        "accepted %": _percent(row["accepted_share"]),
        "repriced %": _percent(row["repriced_share"]),
        "quality": row["quality"],
        "iv ± pts": None if row["iv_difference"] is None else f"{row['iv_difference']:.2f}",
        "rejected": rejected or "none",
    }


def _summary(row: Mapping[str, Any]) -> str:
    if not row["chains"]:
        return "no quotes"
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in row["outcomes"].items())
    parts = [f"{row['chains']} chain{'s' * (row['chains'] != 1)} ({outcomes})"]
    if row["two_sided"]:
        parts.append(f"{row['two_sided']:,} two-sided quotes, {_percent(row['accepted_share'])} % accepted")
    if row["accepted"]:
        parts.append(f"{_percent(row['repriced_share'])} % of those repriced inside bid and ask")
    if row["iv_difference"] is not None:
        parts.append(
            f"volatilities {row['iv_difference']:.3f} points from the vendor's ({row['liquid_strikes']:,} strikes)"
        )
    return "; ".join(parts)


def _file_notes(row: Mapping[str, Any]) -> list[str]:
    """What reading kept out."""
    notes = [f"  expired series: {row['expired_quotes']:,} quotes"] if row["expired_quotes"] else []
    notes += [f"  set aside on reading: {count:,} {reason}" for reason, count in row["set_aside"].items()]
    return [*notes, *(f"  {count:,} {reason}" for reason, count in row["ignored"].items())]


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.1f}"
