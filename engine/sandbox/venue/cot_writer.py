"""Commitments of Traders as the CFTC's legacy futures-only text: 129 columns, padded codes, right-aligned numbers.

Rows run newest first inside each market, as in the publisher's files; the file says nothing about its publication.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.sandbox.venue.cot_columns import LEGACY_COLUMNS
from engine.sandbox.venue.cot_positions import WeeklyPositions, weekly_positions

OLD_CROP_SHARE: Final = 0.88


@dataclass(frozen=True, slots=True)
class CotMarket:
    """How one market names itself in the report."""

    name: str
    code: str
    commodity: str
    units: str


MARKETS: Final = (
    CotMarket("LEAN HOGS - CHICAGO MERCANTILE EXCHANGE", "054642", "054 ", "(CONTRACTS OF 40,000 POUNDS)"),
    CotMarket("LIVE CATTLE - CHICAGO MERCANTILE EXCHANGE", "057642", "057 ", "(CONTRACTS OF 40,000 POUNDS)"),
)


def cot_text(seed: int, published_after_ts: int | None, published_until_ts: int) -> str | None:
    """All reports published in (`published_after_ts`, `published_until_ts`], or None where there is none."""
    blocks: list[str] = []
    for index, market in enumerate(MARKETS):
        reports = weekly_positions(seed, index)
        for week in range(len(reports) - 1, 0, -1):
            published = reports[week].release_ts
            if published <= published_until_ts and (published_after_ts is None or published > published_after_ts):
                blocks.append(_row(market, reports[week], reports[week - 1]))
    if not blocks:
        return None
    header = ",".join(f'"{name}"' for name in LEGACY_COLUMNS)
    return "\n".join([header, *blocks]) + "\n"


def _row(market: CotMarket, week: WeeklyPositions, before: WeeklyPositions) -> str:
    everything = week.row()
    old = [round(OLD_CROP_SHARE * number) for number in everything]
    other = [whole - part for whole, part in zip(everything, old, strict=True)]
    changes = [now - then for now, then in zip(everything, before.row(), strict=True)]
    traders = [number // 900 + 20 for number in [everything[0], *everything[1:6], *everything[6:8]]]
    shares = [100.0 * side / everything[0] for side in (everything[6], everything[7])]
    concentration = [factor * share for factor in (0.18, 0.27, 0.16, 0.23) for share in shares]
    day = week.report_day
    cells = [f'"{market.name}"', f"{day:%y%m%d}", f"{day:%Y-%m-%d}", market.code, "CME ", "00", market.commodity]
    cells += [f"{number:8d}" for number in [*everything, *old, *other, *changes]]
    cells += [f"{number:7.1f}" for number in _percentages(everything) + _percentages(old) + _percentages(other)]
    cells += [f"{number:7d}" for number in traders * 3]
    cells += [f"{number:8.1f}" for number in concentration * 3]
    cells += [f'"{market.units}"', f'"{market.code}"', '"CME "', f'"{market.commodity}"']
    return ",".join(cells)


def _percentages(block: list[int]) -> list[float]:
    return [100.0 * number / block[0] for number in block]
