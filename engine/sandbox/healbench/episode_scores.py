"""One episode graded: what it earned, when it noticed, what it said, what it changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.sandbox.healbench.baselines.blind_retrain import BlindRetrain
from engine.sandbox.healbench.baselines.frozen import Frozen
from engine.sandbox.healbench.baselines.oracle import Oracle
from engine.sandbox.healbench.bench_utility import scored_utility
from engine.sandbox.healbench.episode_record import EpisodeRecord
from engine.sandbox.healbench.evidence_grader import grounded_diagnoses
from engine.sandbox.healbench.fault_answers import SAFE_ACTS, allowed_repairs, right_causes
from engine.sandbox.healbench.heal_world import HORIZON_BARS, HealWorld
from engine.sandbox.healbench.ridge_champion import RidgeChampion
from engine.sandbox.healbench.true_growth import false_promotions


@dataclass(frozen=True, slots=True)
class ReferenceUtilities:
    """Utility over the scored bars of the three agents that scores are anchored to."""

    frozen: float
    oracle: float
    blind: float


@dataclass(frozen=True, slots=True)
class EpisodeScore:
    """Grades of one episode.

    `alarms_before_fault` counts bars with an alarm (a WARNING or CRITICAL alert, or a diagnosis) among the
    `bars_before_fault` live bars on which nothing was wrong. `detection_delay` in bars from the fault's first bar to
    the first alarm: 0 = the decision of that bar, 1200 = never, None where an alarm came before the fault or there is
    none. `named_cause` is the first cause named after the fault; `cause_right` and `grounded` (right and with true
    numbers) are None where the agent neither alarmed nor diagnosed after it. `repair_right` judges the first repair
    after the fault that is no mere safe act; None without one. Of all `diagnoses` of the episode, right or wrong, early
    or late, `true_diagnoses` cite true numbers alone. `diagnoses_before_fault` and `diagnosis_delay` are the same
    counts for diagnoses alone, which open cases and change what is traded, where a warning only informs.
    """

    agent: str
    family: str
    severity: float
    seed: int
    utility: float
    reference: ReferenceUtilities
    scored_bars: int
    bars_before_fault: int
    alarms_before_fault: int
    detection_delay: int | None
    named_cause: str | None
    cause_right: bool | None
    grounded: bool | None
    repair_right: bool | None
    change_bar_error: int | None
    promotions: int
    false_promotions: int
    deployed: bool
    diagnoses: int = 0
    true_diagnoses: int = 0
    diagnoses_before_fault: int = 0
    diagnosis_delay: int | None = None


def reference_utilities(world: HealWorld, champion: RidgeChampion) -> ReferenceUtilities:
    """Play frozen, oracle and blind 250/50."""
    agents = (Frozen(), Oracle(), BlindRetrain(250, 50))
    return ReferenceUtilities(*(scored_utility(world, agent.play(world, champion).position) for agent in agents))


def score_episode(
    world: HealWorld, champion: RidgeChampion, record: EpisodeRecord, reference: ReferenceUtilities
) -> EpisodeScore:
    """Grade a record against its world."""
    alarms = alarm_bars(record)
    fault = world.fault_bar
    sound_until = world.bars if fault is None else fault
    early, after, delay = _early_after_delay(alarms, world.train_bars, sound_until, fault)
    early_diagnoses, _, diagnosis_delay = _early_after_delay(
        diagnosis_bars(record), world.train_bars, sound_until, fault
    )
    grounds = grounded_diagnoses(world, record)
    named, right, grounded, error = _diagnosis(world, record, grounds, bool(after))
    false = false_promotions(world, champion, record)
    return EpisodeScore(
        record.agent,
        world.family,
        world.severity,
        world.seed,
        scored_utility(world, record.position),
        reference,
        int(world.scored.sum()),
        max(0, sound_until - world.train_bars),
        len(early),
        delay,
        named,
        right,
        grounded,
        _repair(world, record),
        error,
        len(false),
        sum(false),
        record.deployed,
        len(grounds),
        sum(grounds),
        len(early_diagnoses),
        diagnosis_delay,
    )


def alarm_bars(record: EpisodeRecord) -> list[int]:
    """Bars on which the agent raised an alarm, each once, in order."""
    alerts = {alert.bar for alert in record.alerts if alert.level != "INFO"}
    return sorted(alerts.union(diagnosis_bars(record)))


def diagnosis_bars(record: EpisodeRecord) -> list[int]:
    """Bars on which the agent named a cause, each once, in order."""
    return sorted({item.bar for item in record.diagnoses if item.cause != "none"})


def _early_after_delay(
    bars: Sequence[int], first: int, sound_until: int, fault: int | None
) -> tuple[list[int], list[int], int | None]:
    """Bars among the sound ones, bars from the fault on, and the delay of the first of these (the horizon where there
    is none; None after an early one, and without a fault)."""
    early = [bar for bar in bars if first <= bar < sound_until]
    after = [] if fault is None else [bar for bar in bars if bar >= fault]
    if fault is None or early:
        return early, after, None
    return early, after, min(after[0] - fault, HORIZON_BARS) if after else HORIZON_BARS


def _diagnosis(
    world: HealWorld, record: EpisodeRecord, grounds: Sequence[bool], alarmed: bool
) -> tuple[str | None, bool | None, bool | None, int | None]:
    """(cause, right, grounded, error of the change bar) of the first diagnosis after the fault."""
    fault = world.fault_bar
    if fault is None or not alarmed:
        return None, None, None, None
    found = sorted(
        (
            (item.bar, position)
            for position, item in enumerate(record.diagnoses)
            if item.bar >= fault and item.cause != "none"
        )
    )
    if not found:
        return None, False, False, None
    position = found[0][1]
    diagnosis = record.diagnoses[position]
    right = diagnosis.cause in right_causes(world)
    error = min((diagnosis.change_bar - onset for onset in world.onset_bars), key=abs)
    return diagnosis.cause, right, right and grounds[position], error


def _repair(world: HealWorld, record: EpisodeRecord) -> bool | None:
    fault = world.fault_bar
    if fault is None:
        return None
    allowed = allowed_repairs(world)
    after = sorted((item.bar, item.kind) for item in record.repairs if item.bar >= fault and item.kind not in SAFE_ACTS)
    return after[0][1] in allowed if after else None
