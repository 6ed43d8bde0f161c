"""Does a daily series really roll when the contract calendar says? Judged by another series that knows its contracts.

A vendor's single series (Yahoo) says nothing of its contracts; they come from the calendar. A volume-led series (hourly
bars with instrument ids) changes contract one to four weeks earlier. In between, both trade: the daily close is far
from the new contract's price as long as the daily series holds the old one, and on it afterwards. For every contract of
the other series the day on which the daily series begins to agree is found by likelihood, without the calendar: a day's
difference is either that of one contract at two clocks (Laplace, `same_scale`, with a share of outliers) or of
two contracts (Laplace, `other_scale`). Where two contracts cost nearly the same, several days are equally likely.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

_OUTLIER_SHARE = 0.02
_TIE = 1e-9


@dataclass(frozen=True, slots=True)
class ObservedRoll:
    """The daily series began to show `contract` on one of the sessions from `first` to `last` (equally likely), seen
    by prices alone. `log_odds` is how much likelier that is than no change at all."""

    contract: str
    first: date
    last: date
    log_odds: float


@dataclass(frozen=True, slots=True)
class RollScore:
    """Rolls of a daily series against observed ones: `confirmed` happened on an observed day; `judged` are the rolls
    into contracts with an observed roll, `observed` the observed rolls, `unjudged` the other rolls (outside the other
    series' span, or into contracts that never led)."""

    confirmed: int
    judged: int
    observed: int
    unjudged: int

    @property
    def precision(self) -> float:
        """Share of judged rolls that are confirmed; NaN without any."""
        return self.confirmed / self.judged if self.judged else math.nan

    @property
    def recall(self) -> float:
        """Share of observed rolls that the series has; NaN without any."""
        return self.confirmed / self.observed if self.observed else math.nan


def observed_rolls(
    closes: Mapping[date, float],
    other: Mapping[str, Mapping[date, float]],
    *,
    same_scale: float,
    other_scale: float,
    least_log_odds: float = 3.0,
) -> list[ObservedRoll]:
    """Rolls of a daily series with `closes`, from the prices `other` of single contracts at the daily series' closing
    time, in order of time. Scales in price units. A contract that never or always agrees shows no roll."""
    found = []
    for contract, prices in other.items():
        days = sorted(day for day in prices if day in closes)
        support = [_support(prices[day] - closes[day], same_scale, other_scale) for day in days]
        gains = [sum(support[place:]) for place in range(len(days) + 1)]
        best = max(gains)
        places = [place for place, gain in enumerate(gains) if gain >= best - _TIE]
        if places[0] == 0 or places[-1] == len(days):
            continue
        log_odds = best - max(gains[0], gains[-1])
        if log_odds >= least_log_odds:
            between = [day for day in closes if days[places[0] - 1] < day <= days[places[-1]]]
            found.append(ObservedRoll(contract, min(between), max(between), log_odds))
    return sorted(found, key=lambda roll: roll.first)


def score_rolls(rolls: Sequence[tuple[date, str]], observed: Sequence[ObservedRoll]) -> RollScore:
    """How the rolls (session day, contract entered) of a series stand against the observed ones."""
    by_contract = {roll.contract: roll for roll in observed}
    judged = [(day, by_contract[contract]) for day, contract in rolls if contract in by_contract]
    confirmed = sum(1 for day, roll in judged if roll.first <= day <= roll.last)
    return RollScore(confirmed, len(judged), len(observed), len(rolls) - len(judged))


def _support(difference: float, same_scale: float, other_scale: float) -> float:
    same = (1 - _OUTLIER_SHARE) * _laplace(difference, same_scale) + _OUTLIER_SHARE * _laplace(difference, other_scale)
    return math.log(same) - math.log(max(_laplace(difference, other_scale), 1e-300))


def _laplace(difference: float, scale: float) -> float:
    return math.exp(-min(abs(difference) / scale, 600.0)) / (2 * scale)
