"""What sources of texts share: a text belongs to every market whose words it holds, and to the archive of all texts.

The archive is the market "global": it keeps what no market wanted, so that relevance filters can be judged and scorers
trained. No feature reads it. What was wrong with a file is told once, with the archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import GLOBAL_MARKET
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.source_pipeline import ParsedInput, SourcePipeline
from engine.kernel.config_models import MarketConfig


class TextPipeline(SourcePipeline):
    """Base of news and social sources."""

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """Every market with words to look for, and the archive last."""
        return (*directory.readers_of_texts, directory.by_root(GLOBAL_MARKET))

    def parse_markets(
        self, file: InputFile, markets: Sequence[MarketConfig], directory: MarketDirectory
    ) -> Iterable[tuple[MarketConfig, ParsedInput]]:
        """Each market's texts; problems and ignored entries with the last market alone."""
        for market in markets:
            parsed = self.parse(file, market)
            yield market, parsed if market is markets[-1] else replace(parsed, problems=(), ignored={})
