"""One way to ask for an act: through the command inbox of the live engine, or by being the engine for one moment.

Where an engine holds the lease, the command waits in its inbox and this call waits for its answer. Where none does, the
caller takes the lease, applies the command through the same processor and gives the lease back.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.host.operations.commands import await_command, submit_command
from engine.kernel.child_processes import process_is_alive
from engine.kernel.clock import SystemClock
from engine.kernel.errors import RefusedError
from engine.kernel.timestamps import MICROS_PER_SECOND

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores


def engine_is_alive(stores: Stores, config: HydraConfig) -> bool:
    """Whether a live engine holds the lease of this workspace. One that was killed on this machine is dead at once."""
    lease = stores.lease.current()
    dead_after_us = int(config.host.lease_dead_seconds * MICROS_PER_SECOND)
    if lease is None or not lease.is_live(SystemClock().now_ts(), dead_after_us):
        return False
    return lease.owner != socket.gethostname() or process_is_alive(lease.pid)


def request(
    stores: Stores,
    config: HydraConfig,
    kind: str,
    args: Mapping[str, Any],
    *,
    actor: str,
    expected_state_seq: int | None = None,
    timeout_s: float = 30.0,
) -> dict[str, Any]:
    """Ask for one act and return its result; RefusedError with the engine's reason, EngineUnavailableError on
    silence."""
    command_id = submit_command(stores, kind, args, actor, expected_state_seq, SystemClock().now_ts())
    if not engine_is_alive(stores, config):
        from engine.host.one_shot import one_shot_engine

        with one_shot_engine(stores, config) as engine:
            engine.process_commands()
    answer = await_command(stores, command_id, timeout_s)
    if answer.status == "refused":
        raise RefusedError(answer.reason or "the engine gave no reason")
    return dict(answer.result or {})
