"""Measures the feature store on this machine, in a temporary workspace: matrix, newest vector, appends, compaction.

Each step is a process of its own (`bench_store_steps.py`), the plain DuckDB join among them, in the same run.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from engine.host.operations.bench_shape import FULL_SIZE, StoreShape
from engine.host.operations.figures import Figure, at_most, median, quantile
from engine.host.operations.machine import machine_lines
from engine.kernel.child_processes import kill_group, start_child
from engine.kernel.errors import StoreError

__all__ = ["FULL_SIZE", "StoreShape", "bench_store", "measure_store"]
STEPS: Final = ("fill", "matrix of many segments", "compact", "matrix", "asof", "live", "deep")
MATRIX_CPU_S: Final = 4.0
MATRIX_PEAK_MIB: Final = 1536.0
NEWEST_MS: Final = 5.0
BATCH_MS: Final = 50.0
WARM: Final = "second of two builds in one process: libraries loaded, files in the page cache, no row kept"
BASELINE: Final = (
    "plain DuckDB ASOF join, 2 threads, rows and grid as tables in its memory, integer feature codes, value fetched to "
    "numpy; newest known instead of newest about, no ages, no file read in the measured time; second of two runs"
)
Report = Callable[[int, int, str], None]


def bench_store(shape: StoreShape, report: Report | None = None) -> dict[str, Any]:
    """The measurement as one document: shape, machine, baseline and figures."""
    return {
        "shape": {**asdict(shape), "rows": shape.times * shape.features + shape.revised_rows},
        "baseline": BASELINE,
        "machine": [line.removeprefix("- ") for line in machine_lines(("duckdb", "pyarrow", "numpy"))],
        "figures": [figure.document() for figure in measure_store(shape, report)],
    }


def measure_store(shape: StoreShape, report: Report | None = None) -> list[Figure]:
    """Run every step and judge the figures. The bars are meant for `FULL_SIZE`. Raises StoreError where a step
    fails."""
    taken: dict[str, dict[str, Any]] = {}
    with TemporaryDirectory(prefix="hydra-bench-") as folder:
        for done, name in enumerate(STEPS):
            if report is not None:
                report(done, len(STEPS), name)
            workspace = Path(folder) / ("live" if name == "live" else "large")
            taken[name] = _run_step("matrix" if name.startswith("matrix") else name, shape, workspace)
    return _figures(shape, taken)


def _figures(shape: StoreShape, taken: dict[str, dict[str, Any]]) -> list[Figure]:
    fill, compact, asof, live, deep = (taken[name] for name in ("fill", "compact", "asof", "live", "deep"))
    many, one = taken["matrix of many segments"], taken["matrix"]
    size = f"{shape.times:,} times x {shape.features:,} features"
    rows = f"{fill['rows']:,} rows, {fill['revisions']:,} of them revisions ({shape.revision_share:.0%} of the cells)"
    figures = []
    for answer, when in ((many, "before compaction"), (one, "after")):
        segments = answer["segments"]
        name = f"training matrix of {size}, {when}, {segments} segment{'s' * (segments != 1)}"
        figures += [
            at_most(name, answer["cpu_s"], "CPU-s", f"{rows}; {WARM}", MATRIX_CPU_S),
            Figure(f"{name}, elapsed", answer["wall_s"], "s", "the same"),
            Figure(f"{name}, first build", answer["first"]["cpu_s"], "CPU-s", "imports included"),
            at_most(f"{name}, peak", answer["peak_mib"], "MiB", "whole process, both builds", MATRIX_PEAK_MIB),
            Figure(f"{name}, ratio to the plain join", answer["cpu_s"] / asof["cpu_s"], "x", "CPU, same run"),
        ]
    checked, wrong = many["checked"] + one["checked"], many["mismatches"] + one["mismatches"]
    batch = f"{shape.batches} batches into the hot tail, p95, durable each"
    return [
        *figures,
        Figure("plain DuckDB ASOF", asof["cpu_s"], "CPU-s", BASELINE),
        Figure("plain DuckDB ASOF, peak", asof["peak_mib"], "MiB", "whole process, tables and both runs"),
        at_most("cells that differ from a single read", wrong, "cells", f"{checked:,} cells of 3 times, twice", 0),
        Figure("storing the rows", fill["wall_s"], "s", f"{rows}; batches of up to 1,000,000 rows"),
        Figure("compaction", compact["wall_s"], "s",
               f"{compact['rows']:,} rows rewritten of {compact['segments']} segments; {compact['cpu_s']:.3g} CPU-s"),
        Figure("compaction, peak", compact["peak_mib"], "MiB", "whole process"),
        Figure("append of 8 rows", median(live["append_ms"]), "ms", f"{len(live['append_ms']):,} appends, median"),
        at_most("newest vector, p95", quantile(live["newest_ms"], 0.95), "ms",
                f"after {shape.appends:,} appends and each of {len(live['newest_ms'])} further ones", NEWEST_MS),
        at_most(f"append of {live['batch_rows']:,} rows, p95", quantile(live["batch_ms"], 0.95), "ms", batch, BATCH_MS),
        at_most("newest vector over all rows, p95", quantile(deep["newest_ms"], 0.95), "ms",
                f"over {rows}; the first, which reads the files, took {deep['first']['wall_s']:.3g} s", NEWEST_MS),
        at_most(f"append of {deep['batch_rows']:,} rows over all rows, p95", quantile(deep["batch_ms"], 0.95), "ms",
                f"over {rows}; {batch}", BATCH_MS),
    ]  # fmt: skip


def _run_step(step: str, shape: StoreShape, folder: Path) -> dict[str, Any]:
    child = start_child(
        ["__bench_store", step, json.dumps(asdict(shape)), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        answer, problem = child.communicate()
    finally:
        kill_group(child)
    if child.returncode != 0:
        last = problem.decode(errors="replace").strip().splitlines()[-1:] or [f"exit code {child.returncode}"]
        raise StoreError(f"the measurement stopped at the step '{step}': {last[0]}")
    document: dict[str, Any] = json.loads(answer)
    return document
