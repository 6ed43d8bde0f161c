"""`hydra --daemon`: the engine alone, in the foreground, fit for a service manager."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import IO

from engine.kernel.child_processes import PARENT_VARIABLE, adopt_parent
from engine.kernel.errors import HydraError
from engine.kernel.timestamps import to_iso
from hydra_tui.session import Session


class JsonLines(logging.Formatter):
    """One JSON object per log line, on standard error."""

    def format(self, record: logging.LogRecord) -> str:
        """Render one record."""
        entry = {
            "time": to_iso(int(record.created * 1_000_000)),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def run_daemon(session: Session, *, unpaced: bool = False, live_bars: int | None = None, as_json: bool = False) -> int:
    """Run until SIGTERM or SIGINT; ends in order, and hard after the configured seconds. Returns the exit code."""
    if os.environ.get(PARENT_VARIABLE):
        adopt_parent()  # started by another part of HYDRA (the demo): it must not outlive it
    return run_engine(session, host_kind="daemon", paced=not unpaced, live_bars=live_bars, as_json=as_json)


def run_engine(
    session: Session,
    *,
    host_kind: str,
    paced: bool = True,
    live_bars: int | None = None,
    as_json: bool = False,
    until_closed: IO[bytes] | None = None,
) -> int:
    """Host an engine in this process until a signal, its own end, or the closing of `until_closed`.

    `as_json` prints how it ended, one object on standard output. Ends the process itself, with the exit code.
    """
    from hydra_tui.hosting import build_engine

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=os.environ.get("HYDRA_LOG_LEVEL", "INFO"), handlers=[handler], force=True)
    try:
        hosted = build_engine(session, host_kind=host_kind, paced=paced, live_bars=live_bars)
    except HydraError as error:
        if until_closed is None:
            raise
        return _say_end(session, session.market(), error, "", as_json=as_json)

    def stop(reason: str) -> None:
        hosted.engine.stop(reason)
        last_resort = threading.Timer(hosted.config.host.shutdown_seconds, os._exit, args=(1,))
        last_resort.daemon = True
        last_resort.start()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        del frame
        stop(f"signal {signal.Signals(number).name}")

    def wait_for_the_end(pipe: IO[bytes]) -> None:
        pipe.read()
        stop("the operator closed the screen")

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    if until_closed is not None:
        threading.Thread(target=wait_for_the_end, args=(until_closed,), name="screen-watch", daemon=True).start()
    notify_service_manager("READY=1")
    try:
        hosted.engine.run()
    finally:
        notify_service_manager("STOPPING=1")
        hosted.close()
    code = _say_end(
        session, hosted.config.market.market, hosted.engine.failure, hosted.engine.stop_reason, as_json=as_json
    )
    os._exit(code)


def _say_end(session: Session, market: str, failure: HydraError | None, reason: str, *, as_json: bool) -> int:
    if failure is not None:
        sys.stderr.write(f"hydra: {failure.title}: {failure.message}\n")
    code = failure.exit_code if failure is not None else 0
    if as_json:
        ended = {
            "workspace": str(session.root),
            "market": market,
            "exit_code": code,
            "reason": reason if failure is None else failure.message,
        }
        sys.stdout.write(json.dumps(ended, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    sys.stderr.flush()
    return code


def notify_service_manager(message: str) -> None:
    """Tell systemd (sd_notify) where it listens; silent elsewhere."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    target = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.sendto(message.encode(), target)
