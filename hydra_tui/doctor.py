"""Checks of the machine and the workspace; each finding says what to do."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

from engine.kernel.clock import SystemClock
from engine.kernel.errors import HydraError
from engine.kernel.timestamps import parse_iso, to_iso
from hydra_tui.session import Session

MIN_FREE_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: level is ok, note or FAULT."""

    check: str
    level: str
    detail: str
    advice: str = ""


def examine(session: Session) -> list[Finding]:
    """Run every check; a check that fails on its own becomes a FAULT with its sentence."""
    checks: list[Callable[[Session], Finding]] = [
        _python,
        _terminal,
        _clock,
        _disk,
        _workspace,
        _settings,
        _store,
        _torch,
        _ladder,
    ]
    findings = []
    for check in checks:
        try:
            findings.append(check(session))
        except HydraError as error:
            findings.append(Finding(check.__name__.strip("_"), "FAULT", error.message))
    return findings


def _python(session: Session) -> Finding:
    del session
    version = ".".join(str(part) for part in sys.version_info[:3])
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Finding("python", "ok" if fits else "FAULT", version, "" if fits else "use Python 3.11 to 3.13")


def _terminal(session: Session) -> Finding:
    del session
    size = shutil.get_terminal_size()
    if not sys.stdout.isatty():
        return Finding("terminal", "note", "standard output is not a terminal", "the app needs one; verbs do not")
    fits = size.columns >= 80 and size.lines >= 24
    return Finding(
        "terminal",
        "ok" if fits else "note",
        f"{size.columns}x{size.lines} {os.environ.get('TERM', 'unknown')}",
        "" if fits else "the app needs 80x24",
    )


def _clock(session: Session) -> Finding:
    del session
    now_ts = SystemClock().now_ts()
    sane = now_ts > parse_iso("2026-01-01")
    return Finding("clock", "ok" if sane else "FAULT", to_iso(now_ts), "" if sane else "set the machine's clock")


def _disk(session: Session) -> Finding:
    folder = session.root
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    fits = free >= MIN_FREE_BYTES
    return Finding("disk", "ok" if fits else "FAULT", f"{free / 1e9:.1f} GB free", "" if fits else "free at least 1 GB")


def _workspace(session: Session) -> Finding:
    session.paths.create()
    return Finding("workspace", "ok", str(session.root))


def _settings(session: Session) -> Finding:
    loaded = session.load()
    own = sum(
        source not in ("default.yaml",) and not source.startswith("markets/") for source in loaded.sources.values()
    )
    return Finding("settings", "ok", f"market {loaded.config.market.market}, {own} own settings")


def _store(session: Session) -> Finding:
    if not session.paths.database.exists():
        return Finding(
            "store",
            "note",
            "empty",
            "open 'hydra' for the simulated market, or 'hydra ingest FILES --market lean_hogs'",
        )
    stores = session.open_stores(read_only=True)
    try:
        report = stores.events.verify()
    finally:
        stores.close()
    detail = f"{report.rows} events verified" if report.ok else report.problem
    return Finding("store", "ok" if report.ok else "FAULT", detail, "" if report.ok else "restore the last backup")


def _torch(session: Session) -> Finding:
    del session
    there = importlib.util.find_spec("torch") is not None
    return Finding(
        "torch",
        "ok" if there else "note",
        "installed" if there else "not installed",
        "" if there else "optional: pip install 'hydra-trading[torch]'",
    )


def _ladder(session: Session) -> Finding:
    del session
    from llm.ladder import SHIPPED_LADDER

    tier = SHIPPED_LADDER.answering()
    return Finding("proposals", "ok", f"made by {tier.name}: {tier.reason}")
