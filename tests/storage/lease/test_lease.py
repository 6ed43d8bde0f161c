"""One engine per workspace, with epochs that only grow."""

from __future__ import annotations

import pytest

from engine.kernel.errors import LeaseHeldError
from storage.database import Database
from storage.lease import Lease

DEAD_AFTER_US = 10_000_000


@pytest.fixture
def lease(db: Database) -> Lease:
    return Lease(db)


def take(lease: Lease, pid: int, ts: int) -> int:
    return lease.acquire(f"engine-{pid}", pid, "daemon", ts, DEAD_AFTER_US)


def test_live_lease_is_not_taken(lease: Lease) -> None:
    assert lease.current() is None
    assert take(lease, 1, 0) == 1
    lease.heartbeat(1, 5_000_000)
    with pytest.raises(LeaseHeldError, match="pid 1"):
        take(lease, 2, 14_000_000)
    assert take(lease, 2, 15_000_000) == 2


def test_engine_that_slept_has_lost_its_epoch(lease: Lease) -> None:
    take(lease, 1, 0)
    take(lease, 2, 20_000_000)
    assert not lease.holds(1) and lease.holds(2)
    with pytest.raises(LeaseHeldError):
        lease.heartbeat(1, 21_000_000)
    lease.release(1, 22_000_000)
    assert lease.holds(2)


def test_released_lease_is_free_and_epochs_go_on(lease: Lease) -> None:
    take(lease, 1, 0)
    lease.release(1, 1)
    assert not lease.holds(1)
    with pytest.raises(LeaseHeldError):
        lease.heartbeat(1, 2)
    assert take(lease, 2, 2) == 2


def test_holder_whose_process_is_gone_is_replaced_at_once(lease: Lease) -> None:
    take(lease, 1, 0)
    with pytest.raises(LeaseHeldError):
        lease.acquire("b", 2, "ui", 1, DEAD_AFTER_US, process_alive=lambda pid: True)
    assert lease.acquire("b", 2, "ui", 1, DEAD_AFTER_US, process_alive=lambda pid: pid != 1) == 2


def test_clock_that_jumped_back_does_not_steal_a_fresh_lease(lease: Lease) -> None:
    take(lease, 1, 100_000_000)
    with pytest.raises(LeaseHeldError):
        take(lease, 2, 95_000_000)
