"""The demo: a simulated market that breaks and heals. This process draws seed and fault; the engine never learns
them."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from engine.kernel.child_processes import kill_group, start_child
from engine.kernel.errors import EngineUnavailableError, StoreError
from hydra_tui.session import SIMULATED_MARKET, Session

LONGEST_SECONDS = 300.0
LEAST_LIVE_BARS = 900
LIVE_BARS = 2000


def write_private_settings(directory: Path, seed: int | None, fault: str | None) -> int:
    """Settings that only the venue's process reads; returns the seed in use."""
    drawn = secrets.randbelow(2**31) if seed is None else seed
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "venue.json").write_text(json.dumps({"seed": drawn, "fault": fault}), encoding="utf-8")
    return drawn


def run_headless_demo(
    session: Session, *, seed: int | None, fault: str | None, score_bars: int, keep: bool
) -> dict[str, Any]:
    """Run the whole loop without a screen at autonomy autonomous, then tell what happened and what was true."""
    from engine.host.operations.demo_report import demo_report
    from hydra_tui.hosting import private_directory

    root = Path(tempfile.mkdtemp(prefix="hydra-demo-")) / "workspace"
    demo = Session(root, SIMULATED_MARKET, {**session.flags, "agent.autonomy": "autonomous"})
    started = time.monotonic()
    try:
        demo.paths.create()
        drawn = write_private_settings(private_directory(demo), seed, fault)
        _run_engine(demo, score_bars)
        truth = json.loads((private_directory(demo) / "truth.json").read_text(encoding="utf-8"))
        stores = demo.open_stores(read_only=True)
        try:
            report = demo_report(stores, demo.load().config, truth, score_bars)
        finally:
            stores.close()
        return {
            "seed": drawn,
            **report,
            "wall_seconds": round(time.monotonic() - started, 1),
            "workspace": str(root) if keep else None,
        }
    finally:
        if not keep:
            shutil.rmtree(root.parent, ignore_errors=True)


def engine_arguments(demo: Session, live_bars: int) -> list[str]:
    """Arguments of the engine's process: nothing of seed or fault is in them."""
    settings = [item for key, value in demo.flags.items() for item in ("--set", f"{key}={value}")]
    return [
        "--workspace",
        str(demo.root),
        "--market",
        SIMULATED_MARKET,
        *settings,
        "run",
        "--unpaced",
        "--live-bars",
        str(live_bars),
    ]


def _run_engine(demo: Session, score_bars: int) -> None:
    log = (demo.paths.logs / "engine.log").open("wb")
    engine = start_child(engine_arguments(demo, LIVE_BARS), stdout=log, stderr=log)
    deadline = time.monotonic() + LONGEST_SECONDS
    try:
        while engine.poll() is None and time.monotonic() < deadline:
            if _is_told(demo, score_bars):
                engine.send_signal(signal.SIGTERM)
                engine.wait(timeout=15)
                break
            time.sleep(0.5)
        if engine.poll() is None:
            raise EngineUnavailableError(f"the demo's engine did not end within {LONGEST_SECONDS:.0f} s")
        if engine.returncode not in (0, -signal.SIGTERM):
            tail = (demo.paths.logs / "engine.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise EngineUnavailableError(
                f"the demo's engine ended with code {engine.returncode}: {tail[-1] if tail else ''}"
            )
    finally:
        if engine.poll() is None:
            kill_group(engine)
        log.close()


def _is_told(demo: Session, score_bars: int) -> bool:
    """Whether the story is complete: enough bars after a promotion, or enough bars without one."""
    if not demo.paths.database.exists():
        return False
    try:
        stores = demo.open_stores(read_only=True)
    except StoreError:  # the engine is about to create it
        return False
    try:
        promoted = stores.db.query(
            "SELECT from_ts FROM champion_history WHERE market = ? AND previous_model_id IS NOT NULL "
            "ORDER BY id LIMIT 1",
            (SIMULATED_MARKET,),
        )
        since = promoted[0]["from_ts"] if promoted else 0
        bars = stores.db.query("SELECT COUNT(*) FROM equity WHERE market = ? AND ts > ?", (SIMULATED_MARKET, since))[0][
            0
        ]
        open_cases = stores.db.query(
            "SELECT COUNT(*) FROM cases WHERE market = ? AND stage NOT IN ('closed', 'watching')", (SIMULATED_MARKET,)
        )[0][0]
    finally:
        stores.close()
    return bool(bars >= score_bars) if promoted else bool(bars >= LEAST_LIVE_BARS and not open_cases)


def run_screen_demo(session: Session, seed: int | None, fault: str | None) -> int:
    """The same market with a screen, in a fresh workspace; autonomy as configured."""
    root = Path(tempfile.mkdtemp(prefix="hydra-demo-")) / "workspace"
    write_private_settings(root.with_name(root.name + ".venue"), seed, fault)
    arguments = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "hydra_tui.main"]
    command = [*arguments, "--workspace", str(root), "--market", SIMULATED_MARKET]
    try:
        return subprocess.call(command, env=dict(os.environ))
    finally:
        shutil.rmtree(root.parent, ignore_errors=True)
