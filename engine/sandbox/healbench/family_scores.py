"""Scores of one agent in one family at one severity, pooled over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.kernel.errors import CalculationError
from engine.sandbox.healbench.binomial_interval import clopper_pearson
from engine.sandbox.healbench.detection_bound import BOUNDED_FAMILIES, information_per_bar, lorden_delay
from engine.sandbox.healbench.episode_scores import EpisodeScore
from engine.sandbox.healbench.families.registry import CONTROL_FAMILIES
from engine.sandbox.healbench.heal_world import HORIZON_BARS, FloatArray
from engine.sandbox.healbench.median_interval import median_interval
from engine.sandbox.healbench.recovery import clipped, halt_anchored_recovery
from engine.sandbox.healbench.seed_bootstrap import seed_interval


@dataclass(frozen=True, slots=True)
class FamilyScore:
    """What is reported of a family; None where it does not apply or nothing was measured.

    Recoveries are halt-anchored (`recovery` clipped, with a 95 % interval over seeds); `utility_per_1000_bars` is 1000
    times the mean utility per scored bar; `beats_blind` the share of seeds with more utility than blind 250/50 (ties
    half). Delays in bars (`diagnosis_delay_median` to the first diagnosis instead of the first alarm) over episodes
    without an alarm before the fault, undetected counted as the horizon. Intervals of shares are Clopper-Pearson's,
    that of the median delay is by order statistics, all of 95 %. `delay_efficiency` is Lorden's bound at the measured
    ARL0 over the median delay. `cause_right` and `grounded` are shares of the episodes with an alarm after the fault,
    `grounded_of_all` of all episodes; `repair_right` of those with a repair.
    """

    family: str
    severity: float
    episodes: int
    utility_per_1000_bars: float
    recovery: float | None
    recovery_unclipped: float | None
    recovery_interval: tuple[float, float] | None
    beats_blind: float
    beats_blind_interval: tuple[float, float]
    delay_median: float | None
    delay_median_interval: tuple[float, float] | None
    delay_p90: float | None
    diagnosis_delay_median: float | None
    undetected: float | None
    alarmed_before_fault: float
    lorden_bound: float | None
    delay_efficiency: float | None
    cause_right: float | None
    grounded: float | None
    grounded_interval: tuple[float, float] | None
    grounded_of_all: float | None
    repair_right: float | None
    promotions: int
    false_promotions: int
    false_promotion_episodes: int


def family_score(episodes: Sequence[EpisodeScore], mean_bars_to_false_alarm: float, seed: int) -> FamilyScore:
    """Pool the episodes of one agent, family and severity; CalculationError where there is none or they are mixed."""
    if len({(item.agent, item.family, item.severity) for item in episodes}) != 1:
        raise CalculationError("a family score needs episodes of one agent, one family and one severity")
    family, severity = episodes[0].family, episodes[0].severity
    sums = utility_columns(episodes)
    faulty = family not in CONTROL_FAMILIES
    recovery = float(halt_anchored_recovery(*sums.sum(axis=1))) if faulty else np.nan
    known = bool(np.isfinite(recovery))
    interval = seed_interval(sums, lambda drawn: clipped(halt_anchored_recovery(*drawn.T)), seed) if known else None
    delays = [item.detection_delay for item in episodes if item.detection_delay is not None]
    told = [item.diagnosis_delay for item in episodes if item.diagnosis_delay is not None]
    median = float(np.median(delays)) if delays else None
    bound = None
    if family in BOUNDED_FAMILIES:
        bound = lorden_delay(mean_bars_to_false_alarm, information_per_bar(family, severity))
    wins = [0.5 + 0.5 * np.sign(item.utility - item.reference.blind) for item in episodes]
    return FamilyScore(
        family=family,
        severity=severity,
        episodes=len(episodes),
        utility_per_1000_bars=1000.0 * float(sums[0].sum()) / sum(item.scored_bars for item in episodes),
        recovery=float(clipped(np.array(recovery))) if known else None,
        recovery_unclipped=recovery if known else None,
        recovery_interval=interval,
        beats_blind=float(np.mean(wins)),
        beats_blind_interval=clopper_pearson(int(sum(wins)), len(wins)),
        delay_median=median,
        delay_median_interval=median_interval(delays) if delays else None,
        delay_p90=float(np.quantile(delays, 0.9)) if delays else None,
        diagnosis_delay_median=float(np.median(told)) if told else None,
        undetected=float(np.mean(np.array(delays) >= HORIZON_BARS)) if delays else None,
        alarmed_before_fault=float(np.mean([item.alarms_before_fault > 0 for item in episodes])),
        lorden_bound=bound,
        delay_efficiency=None if bound is None or median is None else bound / max(median, 1.0),
        cause_right=_share([item.cause_right for item in episodes]),
        grounded=_share([item.grounded for item in episodes]),
        grounded_interval=_share_interval([item.grounded for item in episodes]),
        grounded_of_all=float(np.mean([item.grounded is True for item in episodes])) if faulty else None,
        repair_right=_share([item.repair_right for item in episodes]),
        promotions=sum(item.promotions for item in episodes),
        false_promotions=sum(item.false_promotions for item in episodes),
        false_promotion_episodes=sum(item.false_promotions > 0 for item in episodes),
    )


def utility_columns(episodes: Sequence[EpisodeScore]) -> FloatArray:
    """Utilities of agent, frozen and oracle, shape [3, episodes]."""
    rows = [(item.utility, item.reference.frozen, item.reference.oracle) for item in episodes]
    return np.array(rows, dtype=np.float64).T


def _share(verdicts: Sequence[bool | None]) -> float | None:
    given = [item for item in verdicts if item is not None]
    return float(np.mean(given)) if given else None


def _share_interval(verdicts: Sequence[bool | None]) -> tuple[float, float] | None:
    given = [item for item in verdicts if item is not None]
    return clopper_pearson(sum(given), len(given)) if given else None
