"""Waiting for another process without a fixed pause: look again and again until it is so, or the patience ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

PATIENCE_SECONDS = 120.0


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return as soon as `is_so()`; AssertionError where it never came about."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = threading.Event()
    while not is_so():
        assert time.monotonic() < deadline, "what was waited for never came about"
        pause.wait(0.01)
