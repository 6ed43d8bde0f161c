"""Promotion gate: how sure it is that a candidate scores better than the incumbent, valid however often one looks.

What is tested. `d_t` = candidate's score minus incumbent's on bar t, in the order of time. Null: given all that came
before bar t, the mean of `d_t` is at most 0. The gate keeps a wealth that no null is expected to make grow; the chance
that it *ever* reaches m / alpha is then at most alpha / m (Ville's inequality), so m candidates that share one alpha
together promote luck with probability at most alpha, whatever their correlation (a union bound).

No test of a mean is exact without some condition on the lower tail: a disaster that has not yet happened is invisible
(Bahadur and Savage 1956). The gate therefore keeps two wealths, each exact under a condition of its own, and counts the
*smaller*. Write x_t = d_t / s_t, with s_t > 0 known before bar t.

1. Catoni wealth (Wang and Ramdas 2023, "Catoni-style confidence sequences for heavy-tailed mean estimation"). A bar
   multiplies it by exp(psi(b x) - b^2 / 2) with psi(z) = log(1 + z + z^2/2) for z >= 0 and -log(1 - z + z^2/2) for
   z < 0. Proof: exp(psi(z)) <= 1 + z + z^2/2, because (1 + z + z^2/2)(1 - z + z^2/2) = 1 + z^4/4 >= 1; and psi
   increases. Let mu <= 0 be the conditional mean of x and v <= 1 its variance; then psi(b x) <= psi(b (x - mu)), so the
   factor's expectation is at most (1 + b^2 v / 2) exp(-b^2 / 2) <= 1. Exact for any tails and any skew while the
   conditional standard deviation of d_t is at most s_t.
2. Betting wealth (Waudby-Smith and Ramdas 2024). A bar multiplies it by 1 + b y, y = x + debt held to [-4, 4]; what the
   lower limit cuts off becomes the debt (at most 0) of the next bar. b <= .2 keeps it positive. Proof: the expectation
   is 1 + b E[y], and E[y] <= 0 (i) where x never falls below -4: there is never a debt, and the upper limit can only
   lower the mean; or (ii) where x is symmetric about 0, or stochastically smaller than such an x: a symmetric clip of a
   symmetric value has mean 0, and the debt only lowers it. Exact with *no* condition on the variance.

The smaller of the two is at most either, so the gate is exact where *one* of the conditions holds throughout. Each
wealth is the mean over several bets, itself a wealth: no effect size need be known beforehand.

Scale. s_t is the pooled standard deviation of the differences before t about their own mean, with `scale` counted as 20
bars, and never below .7 `scale`. It is a function of the past, it follows volatility upwards, a quiet start cannot make
it small, and it stays when every difference moves by the same amount: wealth rises with the mean, path by path.

Dependence. Differences of forecast scores are (nearly) martingale differences; profits of positions that overlap are
not. Families of 16 candidates at alpha .05 with a false promotion within 250 bars: .01 for independent normal or t5
differences, .04 at AR(1) .1, .09 at AR(1) .2; within 1,000 bars .07 at AR(1) .1. `variance_allowance` multiplies the
charge b^2 / 2; the ratio of long-run variance to variance is (1 + rho) / (1 - rho) for AR(1). At 1.1 the last figure
is .04, for 4 points of power.

Power within 250 bars for independent normal differences with mean .3 standard deviations at alpha .05 (.025):
m = 1: .98 (.97), 4: .95 (.92), 16: .88 (.83), 64: .78 (.71). The tests hold these figures.

>>> gate = EProcessGate(alpha=0.05, trial_number=1, scale=1.0)
>>> bar = 0
>>> while not gate.passed:
...     gate.add(1.0 if bar % 3 else -0.5)  # mean .5
...     bar += 1
>>> bar, gate.wealth >= 20.0
(39, True)
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

from engine.kernel.errors import CalculationError

CATONI_BETS: Final = (0.1, 0.2, 0.3, 0.45)
BETTING_BETS: Final = (0.1, 0.2)
CLIP: Final = 4.0
SCALE_PRIOR_BARS: Final = 20
SCALE_FLOOR: Final = 0.7
_LARGEST_DIFFERENCE_IN_SCALES: Final = 1e100


@dataclass(slots=True)
class EProcessGate:
    """Evidence for one candidate against its incumbent; feed it bar by bar with `add`, ask `passed` at any time.

    `alpha`: chance of a false promotion over all trials that share it. `trial_number`: how many trials share it; the
    threshold is trial_number / alpha. (A trial's *place* in an open registry is not enough, the sum of 1 / place has no
    end: give such a trial the `level` of `alpha_spending` as alpha and trial_number 1.) `scale`: standard deviation of
    the differences (not of a single score) known beforehand from shadow history or replay, in the unit of
    the differences. The data correct a value that is too small; one 1.4 times too large costs 8 points of power, one
    twice too large most of it. `variance_allowance`: see the module.

    All state is in the fields; `to_json` and `from_json` restore it bit for bit.
    """

    alpha: float
    trial_number: int
    scale: float
    variance_allowance: float = 1.0
    bars: int = 0
    mean: float = 0.0
    centred_squares: float = 0.0
    carried_loss: float = 0.0
    catoni_log_wealths: list[float] = field(default_factory=lambda: [0.0] * len(CATONI_BETS))
    betting_log_wealths: list[float] = field(default_factory=lambda: [0.0] * len(BETTING_BETS))
    peak_log_wealth: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 < self.alpha < 1.0 or self.trial_number < 1:
            raise CalculationError("a promotion gate needs alpha in (0, 1) and a trial number of 1 or more")
        if not 0.0 < self.scale < math.inf or not 1.0 <= self.variance_allowance < math.inf:
            raise CalculationError("a promotion gate needs a scale above 0 and a variance allowance of 1 or more")
        if len(self.catoni_log_wealths) != len(CATONI_BETS) or len(self.betting_log_wealths) != len(BETTING_BETS):
            raise CalculationError("this promotion gate was stored with other bets; start it again")

    def add(self, difference: float) -> None:
        """Take the next bar's score difference, candidate minus incumbent.

        Raises CalculationError on a value not finite or beyond 1e100 scales; leave out bars without both scores.
        """
        scale = self.scale_now
        if not abs(difference) < _LARGEST_DIFFERENCE_IN_SCALES * self.scale:
            raise CalculationError("a promotion gate needs finite differences; leave bars without both scores out")
        scaled = difference / scale
        for index, bet in enumerate(CATONI_BETS):
            self.catoni_log_wealths[index] += catoni_influence(bet * scaled) - 0.5 * bet * bet * self.variance_allowance
        owed = scaled + self.carried_loss
        stake = min(max(owed, -CLIP), CLIP)
        self.carried_loss = min(owed - stake, 0.0)
        for index, bet in enumerate(BETTING_BETS):
            self.betting_log_wealths[index] += math.log1p(bet * stake)
        self.bars += 1
        deviation = difference - self.mean
        self.mean += deviation / self.bars
        self.centred_squares += deviation * (difference - self.mean)
        self.peak_log_wealth = max(self.peak_log_wealth, self.log_wealth)

    @property
    def scale_now(self) -> float:
        """Standard deviation that the next difference is divided by; a function of the past only."""
        weight = SCALE_PRIOR_BARS + max(self.bars - 1, 0)
        pooled = (SCALE_PRIOR_BARS * self.scale * self.scale + self.centred_squares) / weight
        return max(SCALE_FLOOR * self.scale, math.sqrt(pooled))

    @property
    def log_wealth(self) -> float:
        """Natural logarithm of the evidence now: the smaller of the two mixtures."""
        return min(_log_mean_exp(self.catoni_log_wealths), _log_mean_exp(self.betting_log_wealths))

    @property
    def wealth(self) -> float:
        """Evidence now, an e-value; infinity where it exceeds the largest float."""
        return math.exp(self.log_wealth) if self.log_wealth < 709.0 else math.inf

    @property
    def log_threshold(self) -> float:
        """Natural logarithm of trial_number / alpha."""
        return math.log(self.trial_number) - math.log(self.alpha)

    @property
    def passed(self) -> bool:
        """True from the first bar on which log wealth reached the threshold; later losses do not take it back."""
        return self.peak_log_wealth >= self.log_threshold

    def to_json(self) -> dict[str, Any]:
        """JSON-ready state; floats round-trip exactly."""
        return asdict(self)

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Inverse of `to_json`; raises CalculationError on a state stored with other bets."""
        return cls(
            **{
                **state,
                "catoni_log_wealths": list(state["catoni_log_wealths"]),
                "betting_log_wealths": list(state["betting_log_wealths"]),
            }
        )


def catoni_influence(z: float) -> float:
    """Catoni's (2012) widest influence function: z near 0, logarithmic in the tails; increasing and odd."""
    return math.log1p(z + 0.5 * z * z) if z >= 0.0 else -math.log1p(-z + 0.5 * z * z)


def _log_mean_exp(values: list[float]) -> float:
    top = max(values)
    return top + math.log(sum(math.exp(value - top) for value in values) / len(values))
