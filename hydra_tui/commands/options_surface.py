"""`hydra options surface`: volatility over strikes and expiries, with the quality of every cell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hydra_tui.commands.options_chains import read_option_files
from hydra_tui.commands.output import market_option, table
from hydra_tui.commands.row_output import emit_rows, fitting_table
from hydra_tui.session import Session

if TYPE_CHECKING:
    from engine.core.records import ExerciseStyle

# Beside a volatility: how it is known.
_MARKS = {"quoted": "", "interpolated": "~", "extrapolated": "?"}


@click.command("surface")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--strikes", default=21, show_default=True, type=click.IntRange(2, 400), help="strikes of the grid")
@click.option(
    "--style",
    type=click.Choice(("european", "american")),
    help="how options are exercised where neither file nor market says it",
)
@market_option
@click.option("--json", "as_json", is_flag=True, help="JSON lines: one object per moment and underlying")
@click.pass_obj
@click.pass_context
def surface(
    ctx: click.Context,
    session: Session,
    paths: tuple[Path, ...],
    strikes: int,
    style: ExerciseStyle | None,
    verb_market: str | None,
    as_json: bool,
) -> None:
    """Implied volatility over strikes and expiries of the option chains in FILE... (files or folders); nothing stored.

    One arbitrage-free SVI smile per expiry, SABR where the quotes are few; nothing is interpolated between expiries,
    whose futures differ. In the table ~ marks a cell between quotes and ? one beyond them; "-" is too far to say.
    Exit code 3 if a file holds no option chain or cannot be read, or a folder holds no files; the others are shown all
    the same.
    """
    from engine.host.operations.option_surfaces import surface_documents

    files, request, refused = read_option_files(session, paths, verb_market, style)
    documents, without = surface_documents(files, request, strikes)
    if documents:
        emit_rows(documents, as_json, lambda: [line for document in documents for line in _lines(document)])
    for sentence in [*refused, *without]:
        click.echo(f"hydra: Input: {sentence}", err=True)
    ctx.exit(3 if refused or without else 0)


def _lines(document: Mapping[str, Any]) -> list[str]:
    expiries = document["expiries"]
    shape = [
        {
            "expiry": item["expiry"][:10],
            "years": item["years"],
            "forward": item["forward"],
            "atm %": _percent(item["atm_volatility"]),
            "±": _percent(item["atm_error"]),
            "over nearest": _percent(item["term_spread"]),
            "rr25": _percent(item["risk_reversal_25"]),
            "bf25": _percent(item["butterfly_25"]),
            "family": item["family"],
            "misfit": item["misfit_half_widths"],
        }
        for item in expiries
    ]
    cells = [
        [item["expiry"][:10], *(_cell(*pair) for pair in zip(item["volatility"], item["quality"], strict=True))]
        for item in expiries
    ]
    headings = ["vol %", *(f"{strike:.6g}" for strike in document["strikes"])]
    return [
        f"{document['file']}: {document['market']} at {document['moment'][:16]}Z",
        "",
        *fitting_table(shape, list(shape[0])),
        "",
        *(table(cells, headings) if document["strikes"] else ["no smile could be fitted"]),
        "",
    ]


def _cell(volatility: float | None, quality: str) -> str:
    return "-" if volatility is None else f"{100 * volatility:.1f}{_MARKS[quality]}"


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{100 * value:.2f}"
