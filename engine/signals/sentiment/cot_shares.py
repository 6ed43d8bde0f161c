"""One Commitments-of-Traders report as shares of open interest: the crowd, the hedgers, and how alone the crowd stands.

The crowd is managed money (disaggregated), non-commercials (legacy) or index traders (supplemental); the hedgers are
producers and merchants (disaggregated) or commercials. Report types count differently and are never compared.

Concentration is the Herfindahl index of the trader classes on the side that the crowd is on: the sum of the squared
shares of that side, 1 where one class holds all of it. The reports also print the share of the four and eight largest
traders; the stored record has no place for it, so the classes stand in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.core.records import CotPosition, CotReport

CROWD_CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "legacy": ("noncommercial", "noncommercials", "noncomm"),
    "disaggregated": ("managedmoney", "mmoney"),
    "supplemental": ("indextraders", "indextrader", "cit", "index"),
}
HEDGER_CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "legacy": ("commercial", "commercials", "comm"),
    "disaggregated": ("producermerchant", "prodmerc", "producer"),
    "supplemental": ("commercial", "commercials", "comm"),
}


@dataclass(frozen=True, slots=True)
class CotShares:
    """Net contracts of the crowd and of the hedgers over open interest, each in about [-1, 1], and the concentration of
    the crowd's side in (0, 1]. NaN where a cell is suppressed, a class absent or open interest not positive. Swapping
    every long with its short changes the signs of the first two and leaves the third."""

    crowd: float
    hedgers: float
    concentration: float


def cot_shares(report: CotReport) -> CotShares:
    """The shares of one report; ValueError for a type that is not scored (financial futures)."""
    if report.report_type not in CROWD_CATEGORIES:
        raise ValueError(f"{report.report_type} reports are not scored")
    crowd = _position_of(report, CROWD_CATEGORIES[report.report_type])
    hedgers = _position_of(report, HEDGER_CATEGORIES[report.report_type])
    return CotShares(_net_share(report, crowd), _net_share(report, hedgers), _concentration(report, crowd))


def _position_of(report: CotReport, names: tuple[str, ...]) -> CotPosition | None:
    for position in report.positions:
        if "".join(letter for letter in position.category.lower() if letter.isalpha()) in names:
            return position
    return None


def _net_share(report: CotReport, position: CotPosition | None) -> float:
    if position is None or not report.open_interest > 0.0:
        return math.nan
    return (position.long - position.short) / report.open_interest


def _concentration(report: CotReport, crowd: CotPosition | None) -> float:
    if crowd is None:
        return math.nan
    net = crowd.long - crowd.short
    longs = _herfindahl([position.long for position in report.positions])
    shorts = _herfindahl([position.short for position in report.positions])
    return longs if net > 0.0 else shorts if net < 0.0 else (longs + shorts) / 2.0 if net == 0.0 else math.nan


def _herfindahl(contracts: list[float]) -> float:
    total = math.fsum(contracts)
    if not total > 0.0:
        return math.nan
    return math.fsum((share / total) ** 2 for share in contracts)
