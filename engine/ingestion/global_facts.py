"""What sources of facts about no market share: they are stored in the market "global", undated where the file is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import GLOBAL_MARKET, UNDATED_TS, ReferenceFact
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.source_pipeline import ParsedInput, SourcePipeline
from engine.kernel.config_models import MarketConfig


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
    return ReferenceFact(market.market, source, subject, name, value, UNDATED_TS, UNDATED_TS)
