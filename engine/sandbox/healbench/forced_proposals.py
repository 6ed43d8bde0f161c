"""Forced proposals: what a promotion gate lets through when luck is put before it again and again.

In a null world 16 candidates are forced on the agent, one every 125 live bars, each trained by Bayes ridge on the last
250 bars and shadowed for 100 bars. A bar's lead of the candidate's forecast c over the champion's b is taken twice:

- the difference of Gaussian log likelihoods d_t = (c_t - b_t) (y_t - (c_t + b_t) / 2) / sigma^2, in units of its
  standard deviation on the candidate's training bars;
- the Student-t log likelihood ratio in nats, as the healer's scheduled challenges take it: of y_t / s_t, s_t being the
  filtered volatility known before the bar, in units of the noise that the champion left on its training bars. The
  candidate's lead over a ridge fit on all bars before (refreshed every 5) is taken in the same way: in a market that
  stands still that fit, and not the champion with its error of estimation, is what a candidate must beat.

Candidates that are truly better by the known weights are left out; an episode counts as false where any other one
passes. The champion stays, so that all 16 face the same incumbent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.sandbox.healbench.base_market import random_stream
from engine.sandbox.healbench.baselines.base import window_model
from engine.sandbox.healbench.binomial_interval import clopper_pearson
from engine.sandbox.healbench.forecast_rule import ForecastRule
from engine.sandbox.healbench.heal_world import FloatArray, HealWorld
from engine.sandbox.healbench.oracle_volatility import oracle_volatility
from engine.sandbox.healbench.reference_gates import Gate
from engine.sandbox.healbench.ridge_champion import RidgeChampion, bayes_penalty, train_champion
from engine.sandbox.healbench.shadow_scores import ShadowScores
from engine.sandbox.healbench.true_growth import true_growth
from engine.sandbox.healbench.world_generator import make_world
from engine.sandbox.statistics.likelihood_gate import log_likelihood_ratio

CANDIDATES: Final = 16
TRAINING_BARS: Final = 250
SHADOW_BARS: Final = 100
POWER_BARS: Final = 250
POWER_EFFECT_SD: Final = 0.3
LARGEST_SCALED_RETURN: Final = 6.0
REFRESH_BARS: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class ForcedCandidate:
    """One candidate of an episode: what its shadow shows, and whether it is truly better than the champion."""

    shown: ShadowScores
    truly_better: bool


@dataclass(frozen=True, slots=True)
class ForcedVerdicts:
    """Of one episode: candidates, how many of them were truly better, and by gate how many of the others it
    promoted."""

    candidates: int
    truly_better: int
    false_promotions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ForcedProposalResult:
    """Share of episodes with a false promotion, with its 95 % Clopper-Pearson interval."""

    episodes: int
    false_episodes: int
    share: float
    interval: tuple[float, float]
    truly_better_share: float


def forced_candidates(seed: int) -> tuple[ForcedCandidate, ...]:
    """The 16 candidates of the null world of a seed."""
    world = make_world("null", seed)
    champion = train_champion(world)
    scaled = np.clip(world.y / oracle_volatility(world), -LARGEST_SCALED_RETURN, LARGEST_SCALED_RETURN)
    z = champion.standardised(world.x)
    incumbent_said = champion.forecast(world.x) / champion.return_sd
    noise = float(np.std((scaled - incumbent_said)[: world.train_bars]))
    steady = steady_forecast(z, scaled)
    spacing = (world.bars - world.train_bars) // CANDIDATES
    found = []
    for number in range(CANDIDATES):
        start = world.train_bars + (number + 1) * spacing - SHADOW_BARS
        model = window_model(world, champion, start, TRAINING_BARS)
        taught = _differences(world, champion, model, slice(start - TRAINING_BARS, start))
        bars = slice(start, start + SHADOW_BARS)
        shadow = _differences(world, champion, model, bars) / taught.std()
        candidate, incumbent = (ForecastRule.of_champion(rule, world) for rule in (model, champion))
        better = true_growth(world, start, candidate) > true_growth(world, start, incumbent)
        said = model.forecast(world.x[bars]) / champion.return_sd
        nats = [
            lead_nats(scaled[bars] / noise, said / noise, other[bars] / noise) for other in (incumbent_said, steady)
        ]
        found.append(ForcedCandidate(ShadowScores(number + 1, shadow, *nats), better))
    return tuple(found)


def forced_verdicts(candidates: Sequence[ForcedCandidate], gates: Mapping[str, Gate]) -> ForcedVerdicts:
    """Put every candidate before each gate; the trial number counts the truly better ones too."""
    worse = [item.shown for item in candidates if not item.truly_better]
    passed = {name: sum(gate(shown) for shown in worse) for name, gate in gates.items()}
    return ForcedVerdicts(len(candidates), len(candidates) - len(worse), passed)


def false_promotion_share(episodes: Sequence[ForcedVerdicts], gate: str) -> ForcedProposalResult:
    """Pool the episodes of one gate."""
    false = sum(item.false_promotions[gate] > 0 for item in episodes)
    better = sum(item.truly_better for item in episodes) / sum(item.candidates for item in episodes)
    count = len(episodes)
    return ForcedProposalResult(count, false, false / count, clopper_pearson(false, count), better)


def gate_power(gate: Gate, trial_number: int, draws: int, seed: int) -> float:
    """Share of draws in which a candidate better by .3 standard deviations a bar passes within 250 bars.

    The candidate's forecast is the true one. The incumbent's, and that of the fit that never forgets, is off by a = .6
    standard deviations of the noise e (Student t5, independent): the Gaussian difference a e + a^2 / 2 then has mean .3
    standard deviations.
    """
    advantage = 2.0 * POWER_EFFECT_SD
    noise = random_stream(seed, "gate power").standard_t(5.0, (draws, POWER_BARS)) / np.sqrt(5.0 / 3.0)
    passed = 0
    for row in noise:
        nats = lead_nats(row, np.zeros(POWER_BARS), np.full(POWER_BARS, -advantage))
        passed += gate(ShadowScores(trial_number, row + POWER_EFFECT_SD, nats, nats))
    return passed / draws


def _differences(world: HealWorld, champion: RidgeChampion, model: RidgeChampion, bars: slice) -> FloatArray:
    candidate, incumbent = model.forecast(world.x[bars]), champion.forecast(world.x[bars])
    gain: FloatArray = (candidate - incumbent) * (world.y[bars] - 0.5 * (candidate + incumbent))
    return gain / champion.return_sd**2


def steady_forecast(z: FloatArray, scaled: FloatArray) -> FloatArray:
    """Forecast of each bar's scaled return by Bayes ridge on all bars before it, shape [T]; refreshed every 5 bars."""
    width = z.shape[1]
    penalty = bayes_penalty(width) * np.eye(width)
    gram, moment = np.zeros((width, width)), np.zeros(width)
    said = np.zeros(len(z))
    for start in range(0, len(z), REFRESH_BARS):
        part = slice(start, start + REFRESH_BARS)
        said[part] = z[part] @ np.linalg.solve(gram + penalty, moment)
        gram += z[part].T @ z[part]
        moment += z[part].T @ scaled[part]
    return said


def lead_nats(scaled: FloatArray, candidate: FloatArray, incumbent: FloatArray) -> FloatArray:
    """Student-t log likelihood ratio of each bar, all in standard deviations of the noise, shape [n]."""
    pairs = zip((scaled - incumbent).tolist(), (candidate - incumbent).tolist(), strict=True)
    return np.array([log_likelihood_ratio(residual, ahead) for residual, ahead in pairs])
