"""Files of a feed: stored and removed, or set aside where they cannot be used."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.host.derived_rows import extend_derived_rows

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores

_log = logging.getLogger(__name__)


def store_inbox_files(stores: Stores, config: HydraConfig, files: Sequence[Path], now_ts: int) -> list[str]:
    """Ingest files of the configured market and bring derived rows up to date, in one transaction; the
    ids of the batches that brought rows. A stored file is removed; one that could not be used goes to `refused/`
    beside it, for the operator."""
    from engine.ingestion.ingest import ingest_paths

    with stores.db.transaction("ingest"):
        reports = ingest_paths(stores, config, files, now_ts=now_ts)
        extend_derived_rows(stores, config, now_ts)
    for report, path in zip(reports, files, strict=False):
        if report.error is None:
            path.unlink(missing_ok=True)
        else:
            _log.warning("%s: %s", path.name, report.error)
            _set_aside(path)
    return [batch_id for report in reports if report.rows_added for batch_id in report.batch_ids]


def _set_aside(path: Path) -> None:
    """A file that could not be used stays for the operator, in a folder that no feed reads."""
    folder = path.parent / "refused"
    folder.mkdir(exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    path.replace(target)
