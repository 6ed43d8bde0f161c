"""kill -9 of the engine at random moments, half of them inside commits, file renames and order submits.

10 kills in the test command, 50 with HYDRA_SOAK=1. All randomness comes from printed seeds; what a kill by timer hits
still depends on the machine, a kill at a crash point does not.
"""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.host.operations.commands import submit_command
from tests.faults.audit import (
    Permissions,
    Sent,
    check_commands,
    check_experiments,
    check_nothing_was_freed,
    check_states,
    permissions,
)
from tests.faults.engine_process import MARKET, EngineWorkspace, poll, wall_ts

SOAK = bool(os.environ.get("HYDRA_SOAK"))
KILLS_PER_WORKSPACE = 10
LIMITS = ("max_position_lots", "max_order_lots", "max_leverage", "max_adv_fraction")
CONFIGURED = {"max_position_lots": 50.0, "max_order_lots": 50.0, "max_leverage": 3.0, "max_adv_fraction": 0.02}
WHOLE = ("max_position_lots", "max_order_lots")
# Crash point -> greatest count; half of all kills happen at one of them.
ORDERS = {"order.persisted": 3, "order.before_submit": 3, "order.after_submit": 3, "paper.before_commit": 20}
RENAMES = {"lake.file_renamed": 60}
COMMITS = {
    "db.before_commit": 150, "db.after_commit": 150, "trader.before_commit": 20, "trader.after_commit": 20,
    "trader.commit": 20, "lake.before_commit": 60, "lake.after_commit": 60, "events.append": 60,
}  # fmt: skip
COMMANDS = {"command.before_commit": 2, "command.after_commit": 2}
# A crash point that does not come within this time (no order while the champion stands aside) is killed by the clock.
LONGEST_LIFE_SECONDS = 15.0
LONGEST_START_SECONDS = 90.0


@dataclass
class Campaign:
    """Kills of one workspace."""

    workspace: EngineWorkspace
    chance: random.Random
    sent: list[Sent] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    limits: dict[str, float] = field(default_factory=lambda: dict(CONFIGURED))
    halts: list[Sent] = field(default_factory=list)
    clock_kills: int = 0
    point_kills: int = 0

    def send(self, kind: str, **args: object) -> Sent:
        """Put one command into the inbox, as an operator's program does."""
        item = Sent("", kind, f"operator-{len(self.sent)}", dict(args))
        with self.workspace.stores(read_only=False) as stores:
            name = submit_command(stores, kind, args, item.actor, None, wall_ts())
        item = Sent(name, kind, item.actor, dict(args))
        self.sent.append(item)
        return item

    def status(self, item: Sent) -> str:
        """Where a command stands."""
        with self.workspace.stores() as stores:
            command = stores.commands.get(item.command_id)
        assert command is not None, f"{item} was lost"
        return command.status

    def send_any(self) -> None:
        """One or two random commands that leave the campaign going."""
        kind = self.chance.choice(("pause", "set_limit", "ack_all"))
        if kind == "set_limit":
            limit = self.chance.choice(LIMITS)
            lower = self.limits[limit] * self.chance.uniform(0.93, 0.999)
            self.limits[limit] = float(int(lower)) if limit in WHOLE else lower
            self.send(kind, limit=limit, value=self.limits[limit])
        elif kind == "ack_all":
            self.send(kind)
        else:
            self.send("pause_agent")
            self.send("resume_agent")

    def permissions(self) -> Permissions:
        """What is permitted now."""
        with self.workspace.stores() as stores:
            return permissions(stores, MARKET)

    def count_kill(self, by_clock: bool, what: str) -> None:
        """One more kill: no orphans within 5 s, and the chains hold before any new engine mends anything."""
        self.clock_kills += by_clock
        self.point_kills += not by_clock
        self.story.append(what)
        assert poll(lambda: not self.workspace.workers(), 5.0), f"{what}: orphans {self.workspace.workers()}"
        if self.workspace.was_started():
            with self.workspace.stores() as stores:
                assert stores.events.verify().ok, what
                assert stores.journal.verify().ok, what


def live_until_killed(campaign: Campaign, point: str | None, *, seconds: float, wait_for: str) -> None:
    """Start the engine and let it live until its crash point, or for some seconds after its start, its first worker or
    its first new bar."""
    workspace = campaign.workspace
    before = workspace.bars()
    process = workspace.start(point)
    started = time.monotonic()
    reached: float | None = started if wait_for == "start" else None
    while process.poll() is None:
        time.sleep(0.1)
        now = time.monotonic()
        if reached is None and (
            workspace.has_worker("__experiment") if wait_for == "worker" else workspace.bars() > before
        ):
            reached = now
        if campaign.chance.random() < 0.1 and workspace.was_started():
            campaign.send_any()
        late = now - started > LONGEST_START_SECONDS if reached is None else now - reached > LONGEST_LIFE_SECONDS
        if late or (point is None and reached is not None and now - reached >= seconds):
            workspace.kill()
            campaign.count_kill(
                True, f"the clock, {seconds:.2f} s after {wait_for}" if point is None else f"{point} never came"
            )
            return
    assert process.returncode == -9, f"the engine ended by itself ({process.returncode}): {workspace.tail()}"
    campaign.count_kill(False, str(point))


def halt_and_kill(campaign: Campaign, settle_first: bool) -> None:
    """Start, resume if an earlier halt stands (it must), halt again, and kill before or after the engine saw it."""
    workspace = campaign.workspace
    workspace.start()
    resume_if_halted(campaign)
    halt = campaign.send("halt", reason="before a kill")
    if settle_first:
        assert poll(lambda: campaign.status(halt) == "accepted", 30.0)
    workspace.kill()
    campaign.halts.append(halt)
    campaign.count_kill(True, f"the clock, a halt {'settled' if settle_first else 'on its way'}")


def resume_if_halted(campaign: Campaign) -> None:
    """In an engine that just started: after a halt it is HALTED, new bars or not; then an operator resumes."""
    workspace = campaign.workspace
    bars = workspace.bars()
    assert poll(lambda: workspace.bars() >= bars + 2, LONGEST_START_SECONDS), workspace.tail()
    if not campaign.halts:
        return
    after = campaign.permissions()
    assert campaign.status(campaign.halts[-1]) == "accepted"
    assert (after.state, after.halted) == ("HALTED", True), after
    resumed = campaign.send("resume", confirm=MARKET, reason="the kill is over")
    assert poll(lambda: campaign.status(resumed) == "accepted", 30.0)
    assert campaign.permissions().state == "RUNNING"
    campaign.halts.clear()


def run_campaign(workspace: EngineWorkspace, seed: int) -> Campaign:
    """Ten kills."""
    chance = random.Random(seed)
    campaign = Campaign(workspace, chance)
    counts = {**ORDERS, **RENAMES, **COMMITS, **COMMANDS}
    points = [chance.choice(list(ORDERS)), chance.choice(list(RENAMES)), chance.choice(list(COMMANDS)),
              *chance.sample(list(COMMITS), 2)]  # fmt: skip
    chance.shuffle(points)
    lives: list[tuple[str | None, str]] = [(None, "start"), (None, "worker")]
    lives += [(f"{name}:{chance.randint(1, counts[name])}", "bar") for name in points] + [(None, "bar")]
    for point, wait_for in lives:
        seq = workspace.last_event()
        permitted = campaign.permissions() if workspace.was_started() else None
        live_until_killed(campaign, point, seconds=chance.uniform(0.0, 8.0 if SOAK else 2.0), wait_for=wait_for)
        if permitted is not None:
            with workspace.stores() as stores:
                check_nothing_was_freed(permitted, campaign.permissions(), stores, seq, campaign.story[-1])
    for settle_first in (True, False):
        halt_and_kill(campaign, settle_first)
    return campaign


def finish(campaign: Campaign) -> None:
    """A clean run to an end, then everything is checked."""
    workspace = campaign.workspace
    bars = workspace.bars()
    workspace.start()
    resume_if_halted(campaign)
    assert poll(lambda: workspace.bars() >= bars + 10, LONGEST_START_SECONDS), workspace.tail()
    assert poll(lambda: not workspace.count("SELECT COUNT(*) FROM commands WHERE status = 'pending'"), 30.0)
    assert workspace.stop() == 0, workspace.tail()
    assert poll(lambda: not workspace.workers(), 5.0), f"orphans after a clean end: {workspace.workers()}"
    verified = workspace.verify()
    assert verified["ok"] and verified["exit_code"] == 0, verified
    with workspace.stores() as stores:
        check_commands(stores, campaign.sent)
        check_states(stores)
        check_experiments(stores)
        stepped, distinct = stores.db.query("SELECT COUNT(*), COUNT(DISTINCT ts) FROM equity")[0]
        assert stepped == distinct >= bars + 10


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(1, 6) if SOAK else (1,))
def test_ten_kills_lose_and_double_nothing(seed: int, tmp_path: Path) -> None:
    settings = {} if SOAK else {"simulation.history_bars": 400, "models.training_window_bars": 300}
    workspace = EngineWorkspace(tmp_path / "workspace", seed=seed, fault=None, settings=settings)
    try:
        campaign = run_campaign(workspace, seed)
        finish(campaign)
    finally:
        workspace.end_all()
    print(f"seed {seed}: {campaign.clock_kills} kills by the clock, {campaign.point_kills} at crash points, "
          f"{len(campaign.sent)} commands, {workspace.bars()} bars: {'; '.join(campaign.story)}")  # fmt: skip
    assert campaign.clock_kills + campaign.point_kills == KILLS_PER_WORKSPACE
