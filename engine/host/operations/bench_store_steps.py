"""The steps of `hydra bench store`, each run in a process of its own so that its peak memory is its own.

    hydra __bench_store STEP SHAPE-AS-JSON FOLDER

prints one JSON document. Rows are generated from a seed: one row per feature and bar, known a feature-dependent 0 to 60
minutes after the bar, and a share of them revised up to three days later.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.host.operations.bench_shape import StoreShape

if TYPE_CHECKING:
    from storage.feature_rows import FeatureRows
    from storage.feature_store import FeatureStore

MARKET: Final = "bench"
BAR_US: Final = 300_000_000
START_TS: Final = 1_700_000_000_000_000
ROWS_PER_FILL: Final = 1_000_000
LIVE_FEATURES: Final = 8
FRESH_READS: Final = 200


def serve(arguments: Sequence[str]) -> int:
    """Run one step and print its answer."""
    from engine.kernel.child_processes import adopt_parent

    adopt_parent()
    step, shape, folder = arguments
    document = STEPS[step](StoreShape(**json.loads(shape)), Path(folder))
    sys.stdout.write(json.dumps(document))
    return 0


def peak_memory_mib() -> float:
    """Greatest resident memory of this process so far, MiB; NaN where the system does not tell.

    Linux: VmHWM, since `ru_maxrss` of a child starts at the peak of the process that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return float("nan")


def _timed(work: Callable[[], Any]) -> dict[str, float]:
    """CPU seconds (user and system, all threads) and seconds of one call; its answer is dropped."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}


def _fill(shape: StoreShape, folder: Path) -> dict[str, Any]:
    import numpy as np

    names = shape.names()
    draw = np.random.default_rng(1)
    delays = draw.integers(0, 13, shape.features) * BAR_US
    revised = shape.revised_rows
    added = 0

    def rows(times: Any, features: Any, late: Any) -> FeatureRows:
        from storage.feature_rows import FeatureRows

        count = len(times)
        events = START_TS + times * BAR_US
        return FeatureRows(
            MARKET,
            [names[j] for j in features.tolist()],
            events,
            events + delays[features] + late,
            draw.random(count),
            ["ok"] * count,
            ["bench"] * count,
            np.ones(count, dtype=np.int64),
        )

    with _open(folder, shape) as (stores, store):
        del stores
        batch = max(1, ROWS_PER_FILL // shape.features)

        def work() -> None:
            nonlocal added
            for first in range(0, shape.times, batch):
                bars = np.arange(first, min(first + batch, shape.times))
                cells = rows(np.repeat(bars, shape.features), np.tile(np.arange(shape.features), len(bars)), 0)
                added += store.append(cells, recorded_ts=START_TS)
            cells_at = np.sort(draw.choice(shape.times * shape.features, revised, replace=False))
            late = draw.integers(1, 864, revised) * BAR_US
            times, features = np.divmod(cells_at, shape.features)
            added += store.append(rows(times, features, late), recorded_ts=START_TS + 1)

        taken = _timed(work)
    return {**taken, "rows": added, "revisions": revised, "peak_mib": peak_memory_mib()}


def _matrix(shape: StoreShape, folder: Path) -> dict[str, Any]:
    """Twice: the second is warm (libraries loaded, files in the page cache, nothing of the first answer kept)."""
    import numpy as np

    from storage.feature_rows import FeatureMatrix

    names, times = shape.names(), _moments(shape)
    answers: list[FeatureMatrix] = []
    with _open(folder, shape) as (stores, store):

        def build() -> None:
            answers.clear()
            answers.append(store.matrix(MARKET, times, names))

        first, warm = _timed(build), _timed(build)
        peak = peak_memory_mib()
        (found,) = answers
        mismatches = 0
        picked = np.linspace(0, shape.times - 1, 3).astype(int)
        for at in picked.tolist():
            readings = store.latest(MARKET, int(times[at]))
            for column, name in enumerate(names):
                expected = readings[name].value if name in readings else float("nan")
                same = np.array_equal([found.values[at, column]], [expected], equal_nan=True)
                mismatches += not same
        segments = stores.db.query_one("SELECT count(*) FROM feature_segments WHERE status = 'active'")
    return {
        "first": first,
        **warm,
        "peak_mib": peak,
        "segments": segments[0] if segments else 0,
        "checked": len(picked) * len(names),
        "mismatches": mismatches,
    }


def _compact(shape: StoreShape, folder: Path) -> dict[str, Any]:
    merged = 0
    with _open(folder, shape) as (stores, store):
        before = stores.db.query_one("SELECT count(*) FROM feature_segments WHERE status = 'active'")

        def work() -> None:
            nonlocal merged
            merged = store.compact(MARKET, ts=START_TS)

        taken = _timed(work)
    return {**taken, "peak_mib": peak_memory_mib(), "rows": merged, "segments": before[0] if before else 0}


def _asof(shape: StoreShape, folder: Path) -> dict[str, Any]:
    """The baseline: a plain DuckDB ASOF join, in its best shape: rows and grid as tables in DuckDB's memory, integer
    codes for features, only the value fetched. It answers an easier question (the newest known, not the newest about)
    and reads no file in the measured time."""
    import duckdb
    import numpy as np

    names = shape.names()
    with _open(folder, shape) as (stores, _):
        segments = stores.db.query("SELECT path FROM feature_segments WHERE status = 'active'")
        paths = [str(stores.paths.lake / row["path"]) for row in segments]
    connection = duckdb.connect(":memory:", config={"threads": 2})
    connection.execute("CREATE TABLE codes AS SELECT * FROM (SELECT unnest($n) AS feature, unnest($c) AS code)",
                       {"n": names, "c": list(range(len(names)))})  # fmt: skip
    connection.execute(
        "CREATE TABLE facts AS SELECT code::INTEGER AS code, event_ts, known_ts, value "
        "FROM read_parquet($paths) JOIN codes USING (feature)",
        {"paths": paths},
    )
    connection.register("moments", {"t": _moments(shape)})
    connection.execute("CREATE TABLE grid AS SELECT t, code::INTEGER AS code FROM moments CROSS JOIN codes")
    query = "SELECT value FROM grid ASOF LEFT JOIN facts ON grid.code = facts.code AND grid.t >= facts.known_ts"
    cells = 0

    def join() -> None:
        nonlocal cells
        cells = len(np.asarray(connection.execute(query).fetchnumpy()["value"]))

    first, warm = _timed(join), _timed(join)
    return {"first": first, **warm, "peak_mib": peak_memory_mib(), "cells": cells}


def _live(shape: StoreShape, folder: Path) -> dict[str, Any]:
    """Small durable appends, the newest vector after each of the last, then batches of 1,000 rows."""
    draw = random.Random(2)
    names = shape.names()[:LIVE_FEATURES]
    appended, newest, batches = [], [], []
    with _open(folder, shape) as (_, store):
        total = shape.appends + FRESH_READS
        for bar in range(total):
            rows = _live_rows(names, bar, 1, draw)
            appended.append(_milliseconds(partial(store.append, rows, recorded_ts=START_TS + bar * BAR_US)))
            if bar >= shape.appends:
                newest.append(_milliseconds(partial(store.latest, MARKET, START_TS + (bar + 1) * BAR_US)))
        bars = max(1, shape.batch_rows // len(names))
        for batch in range(shape.batches):
            rows = _live_rows(names, total + batch * bars, bars, draw)
            batches.append(_milliseconds(partial(store.append, rows, recorded_ts=START_TS)))
    return {"append_ms": appended, "newest_ms": newest, "batch_ms": batches, "batch_rows": bars * len(names)}


def _deep(shape: StoreShape, folder: Path) -> dict[str, Any]:
    """Batches of new rows and the newest vector on the store that holds all rows of the matrix."""
    draw = random.Random(3)
    names = shape.names()[:LIVE_FEATURES]
    newest, batches = [], []
    bars = max(1, shape.batch_rows // len(names))
    after = shape.times + 2_000
    with _open(folder, shape) as (_, store):
        first = _timed(lambda: store.latest(MARKET, START_TS + after * BAR_US))
        for batch in range(shape.batches):
            rows = _live_rows(names, after + batch * bars, bars, draw)
            batches.append(_milliseconds(partial(store.append, rows, recorded_ts=START_TS)))
            moment = START_TS + (after + (batch + 1) * bars) * BAR_US
            newest.append(_milliseconds(partial(store.latest, MARKET, moment)))
    return {"first": first, "newest_ms": newest, "batch_ms": batches, "batch_rows": bars * len(names)}


def _milliseconds(work: Callable[[], Any]) -> float:
    return 1000.0 * _timed(work)["wall_s"]


def _live_rows(names: list[str], bar: int, bars: int, draw: random.Random) -> FeatureRows:
    from storage.feature_rows import FeatureRows

    stamps = [START_TS + (bar + offset) * BAR_US for offset in range(bars) for _ in names]
    count = len(stamps)
    return FeatureRows(
        MARKET,
        names * bars,
        stamps,
        [stamp + BAR_US for stamp in stamps],
        [draw.random() for _ in range(count)],
        ["ok"] * count,
        ["bench"] * count,
        [1] * count,
    )


def _moments(shape: StoreShape) -> Any:
    import numpy as np

    return START_TS + np.arange(shape.times, dtype=np.int64) * BAR_US


class _open:
    """The store of a folder with the features of the shape registered."""

    def __init__(self, folder: Path, shape: StoreShape) -> None:
        from storage.feature_definitions import FeatureDefinition
        from storage.stores import Stores

        self._stores = Stores.open(folder)
        self._stores.features.register(
            FeatureDefinition(name, "1", "bench", None, None, 10 * BAR_US, "bench", "") for name in shape.names()
        )

    def __enter__(self) -> tuple[Any, FeatureStore]:
        return self._stores, self._stores.features

    def __exit__(self, *_: object) -> None:
        self._stores.close()


STEPS: Final[dict[str, Callable[[StoreShape, Path], dict[str, Any]]]] = {
    "fill": _fill,
    "matrix": _matrix,
    "compact": _compact,
    "asof": _asof,
    "live": _live,
    "deep": _deep,
}
