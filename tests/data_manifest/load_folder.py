"""Loads the whole data folder, file by file, and says of each what it gave.

`python -m tests.data_manifest.load_folder FOLDER OUT.csv` writes the lines, to compare them with the manifest by hand.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path

from engine.ingestion.ingest import IngestReport, ingest_input
from engine.ingestion.input_file import read_input
from engine.ingestion.market_directory import MarketDirectory, shipped_markets
from engine.kernel.configuration import load_config
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso, to_iso
from storage.stores import Stores

FIELDS = ("path", "source", "rows", "markets", "first", "last", "quarantined", "ignored", "refused")
NOW = parse_iso("2026-11-23")


def load_folder(stores: Stores, folder: Path, now_ts: int = NOW) -> tuple[dict[str, dict[str, str]], int]:
    """A line for every file of `folder` by its path, and the number of rows added in all."""
    config = load_config("simulated_hogs", environment={}).config
    directory = MarketDirectory(config.market, shipped_markets())
    found: dict[str, dict[str, str]] = {}
    added = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        try:
            report = ingest_input(stores, config, read_input(path), now_ts=now_ts, directory=directory)
        except InputError as error:
            found[name] = {**dict.fromkeys(FIELDS, ""), "path": name, "refused": error.message}
            continue
        found[name] = _line(name, report)
        added += report.rows_added
    return found, added


def _line(name: str, report: IngestReport) -> dict[str, str]:
    return {
        "path": name,
        "source": report.source,
        "rows": " ".join(f"{dataset}={rows}" for dataset, rows in sorted(report.rows_by_dataset.items())),
        "markets": report.market or str(len(report.rows_by_market)),
        "first": to_iso(report.first_event_ts)[:16] if report.first_event_ts is not None else "",
        "last": to_iso(report.last_event_ts)[:16] if report.last_event_ts is not None else "",
        "quarantined": str(sum(report.quarantined.values())),
        "ignored": str(sum(report.ignored.values())),
        "refused": "",
    }


def write_lines(found: dict[str, dict[str, str]], path: Path) -> None:
    """The lines as CSV, in order of path."""
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(found[name] for name in sorted(found))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch, Stores.open(Path(scratch) / "workspace") as opened:
        write_lines(load_folder(opened, Path(sys.argv[1]))[0], Path(sys.argv[2]))
