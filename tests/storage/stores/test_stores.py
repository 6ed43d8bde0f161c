"""The stores open together, and the first paint pays for no heavy library."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.kernel.errors import StoreError
from storage.stores import Stores

HEAVY = ("numpy", "pyarrow", "duckdb", "pandas", "scipy", "sklearn", "lightgbm", "torch")


def test_opening_stores_imports_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from storage.stores import Stores\n"
        "stores = Stores.open(pathlib.Path(sys.argv[1]))\n"
        "stores.events.tail(5); stores.commands.pending(); stores.state.operational_state(); stores.lease.current()\n"
        "stores.gate.permits(True); stores.journal.query(); stores.registry.champion('hogs')\n"
        "stores.performance.predictions('hogs'); stores.agent.open_approvals(); stores.trading.open_orders()\n"
        "stores.feeds.bars('hogs', 'd')\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "w")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_read_only_opens_what_is_there_and_refuses_to_write(tmp_path: Path) -> None:
    root = tmp_path / "w"
    with pytest.raises(StoreError):
        Stores.open(root, read_only=True)
    assert not root.exists()
    with Stores.open(root) as stores:
        stores.state.put("a", 1, 1)
    with Stores.open(root, read_only=True) as reader:
        assert reader.state.get("a") == 1
        with pytest.raises(StoreError, match="read-only"):
            reader.state.put("a", 2, 1)


@pytest.mark.parametrize(("code", "words"), [(errno.EROFS, "cannot write"), (errno.ENOSPC, "cannot write")])
def test_workspace_on_an_unwritable_disk_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refuse)
        with pytest.raises(StoreError, match=words):
            Stores.open(tmp_path / "w")
    assert list(tmp_path.iterdir()) == []
