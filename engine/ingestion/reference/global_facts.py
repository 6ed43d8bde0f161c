"""What sources of facts about no market share: they are stored in the market "global", undated where the file is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import GLOBAL_MARKET, UNDATED_TS, ReferenceFact
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.parsing.text_cleaning import one_line
from engine.ingestion.source_pipeline import ParsedInput, SourcePipeline
from engine.kernel.config_models import MarketConfig

_LONGEST: Final = 2_000


class GlobalFactsPipeline(SourcePipeline):
    """Base of reference tables and figures of an economy; no name of a file turns them into a market's."""

    @abstractmethod
    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """The facts, under `market`; InputError where the file as a whole cannot be used."""

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The market "global"."""
        return (directory.by_root(GLOBAL_MARKET),)


def undated_fact(market: MarketConfig, source: str, subject: str, name: str, value: str) -> ReferenceFact:
    """A fact of a table that says no time."""
    return fact_at(market, source, subject, name, value, UNDATED_TS)


def fact_at(market: MarketConfig, source: str, subject: str, name: str, value: str, ts: int) -> ReferenceFact:
    """A fact that was known at `ts` (UTC microseconds); its texts without anything that cannot be stored or painted."""
    about, said, what = (one_line(text, _LONGEST) for text in (subject, name, value))
    return ReferenceFact(market.market, source, about, said, what, ts, ts)
