"""Real lean hogs as the studies of healing see them: files through HYDRA's own sources, pipeline and calendar."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.core.records import CotReport, FuturesBar, RawRecord, order_of
from engine.ingestion.futures.thin_contract import ThinContractRule
from engine.ingestion.input_file import read_input
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import parse_iso
from engine.sandbox.historical_walk_forward import usable_features
from engine.sandbox.market_history import MarketHistory, history_from_records

REPOSITORY: Final = Path(__file__).resolve().parents[2]
FILES: Final = (
    "futures/yahoo_continuous/HE_to_2023.csv",
    "cot/CIT06_16.xls.gz",
    "cot/CIT17.xls.gz",
    "cot/CIT18.xls.gz",
    "cot/fut_disagg_txt_2021.zip",
    "cot/fut_disagg_txt_2023_to_20231010.zip",
)
TEACHING_BARS: Final = 1000


class NoRealDataError(Exception):
    """The real market data is not on this machine."""


@dataclass(frozen=True, slots=True, eq=False)
class StudyMarket:
    """A history of which bars `first - TEACHING_BARS`..`first - 1` teach and bars `first`.. are traded.

    `names` are the champion's features that HYDRA would use on that day: those that cover the teaching bars and are
    fresh at their end; `left_out` are the others. Row i of `values[n, d]` is known at the close of bar i.
    """

    history: MarketHistory
    first: int
    names: tuple[str, ...]
    left_out: tuple[str, ...]
    values: NDArray[np.float64]

    @property
    def columns(self) -> list[int]:
        """Places of the features in the history."""
        return [self.history.names.index(name) for name in self.names]

    @property
    def live_bars(self) -> int:
        """Bars that are traded."""
        return len(self.history) - self.first


def real_data_folder() -> Path:
    """`HYDRA_REAL_DATA`, else ../shared/data beside the repository; NoRealDataError with one sentence without it."""
    folder = Path(os.environ.get("HYDRA_REAL_DATA") or REPOSITORY.parent / "shared" / "data")
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise NoRealDataError(
            f"the real market data is absent: {folder} lacks {', '.join(missing)}; set HYDRA_REAL_DATA to its folder"
        )
    return folder


def real_history(folder: Path, config: HydraConfig) -> MarketHistory:
    """Every decision bar of the market with all features at its close, point in time."""
    records: list[RawRecord] = []
    for name in FILES:
        file = read_input(folder / name)
        rows = recognise_input(file).parse(file, config.market).rows
        records += [row for row in rows if isinstance(row, FuturesBar | CotReport)]
    records.sort(key=order_of)
    thin = ThinContractRule()
    flagged = [thin.apply(item) if isinstance(item, FuturesBar) else item for item in records]
    return history_from_records(flagged, config)


def study_market(history: MarketHistory, config: HydraConfig, from_day: str) -> StudyMarket:
    """Trading begins with the first bar whose close is known from `from_day` (ISO) on."""
    first = int(np.searchsorted(history.known_ts, parse_iso(from_day)))
    if first < TEACHING_BARS:
        raise ValueError(f"only {first} bars come before {from_day}; {TEACHING_BARS} teach the champion")
    window = history.window(first - TEACHING_BARS, first)
    used, left_out = usable_features(window, history, first - 1, tuple(config.market.champion_features))
    # one memory order: sums over rows then have the same last bit, whoever copied the values
    return StudyMarket(history, first, used, left_out, np.ascontiguousarray(history.columns(used)))
