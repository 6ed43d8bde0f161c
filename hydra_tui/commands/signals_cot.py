"""`hydra signals cot`: how the crowd and the hedgers of a market stand, report by report, from the CFTC's own files."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hydra_tui.commands.output import json_option, market_option
from hydra_tui.commands.row_output import emit_rows, fitting_table
from hydra_tui.session import Session

if TYPE_CHECKING:
    from engine.ingestion.input_file import InputFile

_SHOWN_REASONS = 3


@click.command("cot")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@market_option
@json_option
@click.pass_obj
def cot(session: Session, files: tuple[Path, ...], verb_market: str | None, as_json: bool) -> None:
    """Score the Commitments-of-Traders reports of a market in FILES ("-" reads standard input): legacy, disaggregated
    or supplemental, text, workbook, zip or JSON.

    One row per report in order of publication: net share of open interest of the crowd (managed money, non-commercials
    or index traders), its percentile among the reports of 52 and 156 weeks, its change over four weeks, the commercial
    side read against the crowd, the score in [-1, 1] and its confidence when published. What cannot be known is null,
    with the reason in "missing". --json prints one object a line.
    """
    from engine.host.operations.cot_scores import cot_scores

    config = session.load(verb_market).config
    found = cot_scores([_read(path) for path in files], config)
    for note in found.notes:
        click.echo(note, err=True)
    emit_rows(found.rows, as_json, lambda: _lines(found.rows))


def _read(path: Path) -> InputFile:
    from engine.ingestion.input_file import read_input, unpack

    if str(path) == "-":
        return unpack("standard input", sys.stdin.buffer.read())
    return read_input(path)


def _lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    percentiles = [name for name in rows[0] if name.startswith("percentile_")]
    counted = [name for name in rows[0] if name.startswith("reports_")][-1]
    shown = []
    for row in rows:
        cells = {
            "report": row["report_date"],
            "type": _kind(row),
            "score": _places(row["score"], 2),
            "confidence": _places(row["confidence"], 2, signed=False),
            "net": _share(row["net_share"]),
        }
        cells |= {name.replace("percentile_", "of "): _places(row[name], 2, signed=False) for name in percentiles}
        cells["change 4w"] = _share(row["change_4w"])
        cells["commercial"] = _share(row["commercial_net_share"])
        cells["against it"] = _places(row["commercial_score"], 2)
        cells["reports"] = str(row[counted])
        cells["known (UTC)"] = row["known_ts"]
        shown.append(cells)
    silent = [row for row in rows if row["score"] is None]
    lines = fitting_table(shown, list(shown[0]))
    lines += [f"{row['report_date']} {_kind(row)}: {'; '.join(row['missing'])}" for row in silent[:_SHOWN_REASONS]]
    if len(silent) > _SHOWN_REASONS:
        lines.append(f"… and {len(silent) - _SHOWN_REASONS:,} more reports without a score; --json has all reasons")
    return [*lines, f"{len(rows):,} report{'s' * (len(rows) != 1)}, {len(rows) - len(silent):,} with a score"]


def _kind(row: Mapping[str, Any]) -> str:
    return f"{row['report_type']} combined" if row["combined"] else str(row["report_type"])


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:+.1%}"


def _places(value: float | None, places: int, *, signed: bool = True) -> str:
    return "-" if value is None else f"{value:{'+' if signed else ''}.{places}f}"
