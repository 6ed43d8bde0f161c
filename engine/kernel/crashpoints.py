"""Named places where a test may kill the process, to prove that a crash there loses and doubles nothing.

`HYDRA_CRASHPOINT="events.commit:17"` sends SIGKILL to this process when that place is passed for the 17th time.
Without the variable a crash point costs one dictionary look-up.
"""

from __future__ import annotations

import os
import signal
import threading

_counts: dict[str, int] = {}
_lock = threading.Lock()
_name, _, _nth = os.environ.get("HYDRA_CRASHPOINT", "").partition(":")


def crashpoint(name: str) -> None:
    """Die here, at once and without clean-up, if the environment asks for it."""
    if not _name or name != _name:
        return
    with _lock:
        _counts[name] = _counts.get(name, 0) + 1
        if _counts[name] == int(_nth or "1"):
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
