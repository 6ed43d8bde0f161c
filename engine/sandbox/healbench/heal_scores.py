"""The scores of one agent over all families at one severity, and the HEAL composite.

    HEAL = .5 macro recovery + .2 grounded diagnosis + .15 delay score + .15 null discipline

- macro recovery: mean halt-anchored recovery of the single-fault families (concept, decay, feature, volatility,
  liquidity, stale), each clipped.
- grounded diagnosis: mean over the same families.
- delay score: mean of min(1, 2 bound / median delay) over the families with a bound, at the measured ARL0.
- null discipline: (1 - rate of false promotions per null episode / .05, at least 0) times the null utility kept (at
  most 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from engine.kernel.errors import CalculationError
from engine.sandbox.healbench.binomial_interval import clopper_pearson
from engine.sandbox.healbench.episode_scores import EpisodeScore
from engine.sandbox.healbench.families.registry import CONTROL_FAMILIES, FAMILIES, SINGLE_FAULT_FAMILIES
from engine.sandbox.healbench.family_scores import FamilyScore, family_score, utility_columns
from engine.sandbox.healbench.heal_world import FloatArray
from engine.sandbox.healbench.recovery import clipped, halt_anchored_recovery
from engine.sandbox.healbench.seed_bootstrap import seed_interval

WORST_FALSE_PROMOTION_RATE: Final = 0.05


@dataclass(frozen=True, slots=True)
class HealScores:
    """Everything that is published of one agent at one severity; None where the families for it were not run.

    `false_alarms_per_1000_bars` counts the live bars of null worlds and those before a fault; ARL0 is its inverse (with
    no false alarm at all, as if there had been one); `false_diagnoses_per_1000_bars` leaves mere warnings out.
    `noedge_loss` is minus 1000 times the mean utility per live bar.
    """

    agent: str
    severity: float
    families: tuple[FamilyScore, ...]
    macro_recovery: float | None
    macro_interval: tuple[float, float] | None
    worst_family: str | None
    worst_recovery: float | None
    false_alarms_per_1000_bars: float | None
    false_alarms_interval: tuple[float, float] | None
    false_diagnoses_per_1000_bars: float | None
    false_diagnoses_interval: tuple[float, float] | None
    mean_bars_to_false_alarm: float
    grounded: float | None
    diagnoses: int
    true_diagnoses: int
    delay_score: float | None
    null_episodes: int
    null_false_promotion_episodes: int
    null_false_promotion_interval: tuple[float, float] | None
    null_utility_kept: float | None
    null_utility_kept_interval: tuple[float, float] | None
    noedge_loss: float | None
    noedge_loss_interval: tuple[float, float] | None
    noedge_deployed: float | None
    heal: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def heal_scores(episodes: Sequence[EpisodeScore], seed: int = 0) -> HealScores:
    """Score one agent's episodes of one severity; `seed` drives the bootstrap. CalculationError where nothing is given,
    or a mixture of agents or severities."""
    if not episodes or len({(item.agent, item.severity) for item in episodes}) != 1:
        raise CalculationError("scores need episodes of one agent and one severity")
    by_family = {name: [item for item in episodes if item.family == name] for name in FAMILIES}
    sound = [item for item in episodes if item.family != "noedge"]
    sound_bars = sum(item.bars_before_fault for item in sound)
    alarms = sum(item.alarms_before_fault for item in sound)
    run_length = max(sound_bars, 1) / max(alarms, 1)
    families = {name: family_score(group, run_length, seed) for name, group in by_family.items() if group}
    singles = [families[name] for name in SINGLE_FAULT_FAMILIES if name in families]
    recoveries = {item.family: item.recovery for item in singles if item.recovery is not None}
    worst = min(recoveries, key=lambda name: recoveries[name]) if recoveries else None
    macro = float(np.mean(list(recoveries.values()))) if recoveries else None
    grounded = _mean_known([item.grounded for item in singles])
    delay_score = _delay_score(list(families.values()))
    null, noedge = by_family["null"], by_family["noedge"]
    false_null = sum(item.false_promotions > 0 for item in null)
    kept = _ratio_of_sums([item.utility for item in null], [item.reference.oracle for item in null])
    return HealScores(
        agent=episodes[0].agent,
        severity=episodes[0].severity,
        families=tuple(families.values()),
        macro_recovery=macro,
        macro_interval=_macro_interval(by_family, list(recoveries), seed) if recoveries else None,
        worst_family=worst,
        worst_recovery=recoveries[worst] if worst else None,
        false_alarms_per_1000_bars=1000.0 * alarms / sound_bars if sound_bars else None,
        false_alarms_interval=_ratio_interval(
            [(item.seed, 1000.0 * item.alarms_before_fault, item.bars_before_fault) for item in sound], seed
        ),
        false_diagnoses_per_1000_bars=(
            1000.0 * sum(item.diagnoses_before_fault for item in sound) / sound_bars if sound_bars else None
        ),
        false_diagnoses_interval=_ratio_interval(
            [(item.seed, 1000.0 * item.diagnoses_before_fault, item.bars_before_fault) for item in sound], seed
        ),
        mean_bars_to_false_alarm=run_length,
        grounded=grounded,
        diagnoses=sum(item.diagnoses for item in episodes),
        true_diagnoses=sum(item.true_diagnoses for item in episodes),
        delay_score=delay_score,
        null_episodes=len(null),
        null_false_promotion_episodes=false_null,
        null_false_promotion_interval=clopper_pearson(false_null, len(null)) if null else None,
        null_utility_kept=kept,
        null_utility_kept_interval=_ratio_interval(
            [(item.seed, item.utility, item.reference.oracle) for item in null], seed
        ),
        noedge_loss=None if not noedge else -families["noedge"].utility_per_1000_bars,
        noedge_loss_interval=_ratio_interval(
            [(item.seed, -1000.0 * item.utility, item.scored_bars) for item in noedge], seed
        ),
        noedge_deployed=float(np.mean([item.deployed for item in noedge])) if noedge else None,
        heal=heal_composite(macro, grounded, delay_score, false_null / len(null) if null else None, kept),
    )


def heal_composite(
    macro_recovery: float | None,
    grounded: float | None,
    delay_score: float | None,
    false_promotion_rate: float | None,
    null_utility_kept: float | None,
) -> float | None:
    """The composite in [-.5, 1]; None where a part is missing. `false_promotion_rate` per null episode: that of the
    agent's own proposals, or of forced ones where they were run.

    >>> round(heal_composite(0.85, 0.95, 0.8, 0.02, 0.99), 3)
    0.824
    """
    parts = (macro_recovery, grounded, delay_score, false_promotion_rate, null_utility_kept)
    if any(part is None for part in parts):
        return None
    recovery, told, quick, rate, kept = (float(part) for part in parts if part is not None)
    discipline = max(0.0, 1.0 - rate / WORST_FALSE_PROMOTION_RATE) * min(max(kept, 0.0), 1.0)
    return 0.5 * recovery + 0.2 * told + 0.15 * quick + 0.15 * discipline


def scores_by_severity(episodes: Sequence[EpisodeScore], seed: int = 0) -> dict[float, HealScores]:
    """Scores of one agent at each severity that was run, in increasing order. Severity means nothing to the controls
    (null, noedge): those of the severity nearest to 1 stand beside every one."""
    faulty = [item for item in episodes if item.family not in CONTROL_FAMILIES]
    controls = [item for item in episodes if item.family in CONTROL_FAMILIES]
    if controls:
        chosen = min({item.severity for item in controls}, key=lambda value: (abs(value - 1.0), value))
        controls = [item for item in controls if item.severity == chosen]
    severities = sorted({item.severity for item in faulty or controls})
    return {
        value: heal_scores(
            [item for item in faulty if item.severity == value] + [replace(item, severity=value) for item in controls],
            seed,
        )
        for value in severities
    }


def _delay_score(families: Sequence[FamilyScore]) -> float | None:
    efficiencies = [item.delay_efficiency for item in families if item.delay_efficiency is not None]
    return float(np.mean([min(1.0, 2.0 * item) for item in efficiencies])) if efficiencies else None


def _mean_known(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _ratio_of_sums(above: Sequence[float], below: Sequence[float]) -> float | None:
    return sum(above) / sum(below) if below and sum(below) > 0.0 else None


def _ratio_interval(parts: Sequence[tuple[int, float, float]], seed: int) -> tuple[float, float] | None:
    """Interval of sum(above) / sum(below) for (seed, above, below) of each episode, over seeds."""
    place = {value: index for index, value in enumerate(sorted({item[0] for item in parts}))}
    columns = np.zeros((2, len(place)))
    for number, above, below in parts:
        columns[:, place[number]] += above, below
    if not len(place) or columns[1].sum() <= 0.0:
        return None

    def ratio(sums: FloatArray) -> FloatArray:
        value: FloatArray = sums[:, 0] / np.where(sums[:, 1] > 0.0, sums[:, 1], np.nan)
        return value

    return seed_interval(columns, ratio, seed)


def _macro_interval(by_family: dict[str, list[EpisodeScore]], names: Sequence[str], seed: int) -> tuple[float, float]:
    """Seeds are resampled over all families at once; a family that lacks a seed gets nothing from it."""
    seeds = sorted({item.seed for name in names for item in by_family[name]})
    place = {value: index for index, value in enumerate(seeds)}
    columns = np.zeros((len(names), 3, len(seeds)))
    for row, name in enumerate(names):
        where = [place[item.seed] for item in by_family[name]]
        columns[row][:, where] += utility_columns(by_family[name])

    def macro(sums: FloatArray) -> FloatArray:
        mean: FloatArray = clipped(halt_anchored_recovery(sums[:, :, 0], sums[:, :, 1], sums[:, :, 2])).mean(axis=1)
        return mean

    return seed_interval(columns, macro, seed)
