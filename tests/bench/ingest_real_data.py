"""Ingestion of the whole folder of real data by one call of the program, and the throughput of each source.

Without the folder (HYDRA_REAL_DATA) the group says so and gives no figures.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.ingestion.ingest import ingest_input
from engine.ingestion.input_file import read_input
from engine.ingestion.market_directory import MarketDirectory, shipped_markets
from engine.kernel.configuration import load_config
from engine.kernel.errors import InputError
from storage.stores import Stores
from tests.bench.figure import Figure, at_most

NOW_TS = 1_795_000_000_000_000
_LEAST_ROWS = 500


def measure() -> list[Figure]:
    """Wall time, CPU and peak memory of `hydra ingest FOLDER`, first run and rerun; rows per CPU-second by source."""
    folder = os.environ.get("HYDRA_REAL_DATA")
    if not folder:
        sys.stderr.write("ingest: HYDRA_REAL_DATA names no folder of real data; no figures\n")
        return []
    with TemporaryDirectory() as scratch:
        workspace = Path(scratch) / "workspace"
        figures = _whole_folder(workspace, Path(folder), "first run")
        figures += _whole_folder(workspace, Path(folder), "the same again")
        figures += _by_source(Path(scratch) / "single", Path(folder))
    return figures


def _whole_folder(workspace: Path, folder: Path, which: str) -> list[Figure]:
    """One call of the program in a process of its own; its peak memory is the largest of all children so far."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "hydra_tui.main", "--workspace", str(workspace), "ingest", str(folder), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    outcome = json.loads(done.stdout)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    what = (
        f"`hydra ingest` of {len(outcome['files']) + len(outcome['refused'])} files, {outcome['rows_added']:,} rows "
        f"added, {outcome['rows_duplicate']:,} duplicate, {len(outcome['refused'])} refused; {which}"
    )
    return [
        at_most("all real data, elapsed", seconds, "s", what, 90),
        Figure("all real data, processor", cpu, "CPU-s", what),
        at_most("all real data, peak memory", after.ru_maxrss / 1024, "MiB", what, 1024),
    ]


def _by_source(workspace: Path, folder: Path) -> list[Figure]:
    config = load_config("simulated_hogs", environment={}).config
    directory = MarketDirectory(config.market, shipped_markets())
    seconds: dict[str, float] = defaultdict(float)
    rows: dict[str, int] = defaultdict(int)
    files: dict[str, int] = defaultdict(int)
    with Stores.open(workspace) as stores:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            began = time.process_time()
            try:
                report = ingest_input(stores, config, read_input(path), now_ts=NOW_TS, directory=directory)
            except InputError:
                continue
            seconds[report.source] += time.process_time() - began
            rows[report.source] += report.rows_added + report.rows_duplicate
            files[report.source] += 1
    return [
        Figure(
            f"ingest {source}",
            rows[source] / seconds[source],
            "rows per CPU-second",
            f"{files[source]} files, {rows[source]:,} rows, recognised, parsed, checked and stored",
        )
        for source in sorted(rows, key=lambda name: -rows[name])
        if rows[source] >= _LEAST_ROWS
    ]
