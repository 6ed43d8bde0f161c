"""Headlines as a plain CSV: published_at (ISO, UTC), source, title, url.

A headline without any of a market's relevance words is no row of that market and counted there as "off topic"; the
archive of all texts keeps it (`text_pipeline.py`). `event_ts` = `known_ts` = when it was published.
"""

from __future__ import annotations

import csv
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.parsing.iso_stamps import StampReader
from engine.ingestion.source_pipeline import ParsedInput
from engine.ingestion.texts.headline_collector import HeadlineCollector
from engine.ingestion.texts.text_pipeline import TextPipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

_HEADER: Final = ["published_at", "source", "title", "url"]


class HeadlinesPipeline(TextPipeline):
    """Headlines CSV; source "headlines", the publisher in each row."""

    name = "headlines"
    title = "headlines (CSV)"

    def recognises(self, file: InputFile) -> bool:
        """The four columns of the layout, in order."""
        head = file.head(1)
        return bool(head) and head[0].strip().lower().split(",") == _HEADER

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Relevant headlines in order of publication; row numbers are lines of the file."""
        reader = csv.reader(file.text().splitlines(keepends=True))
        collector = HeadlineCollector(market, "title", "published_at")
        stamps = StampReader()
        try:
            next(reader)
            for cells in reader:
                if not cells:
                    continue
                if len(cells) < 3:
                    collector.problems.add(reader.line_num, "row", "row is cut short", cells)
                else:
                    moment = stamps.read(cells[0].strip())
                    collector.add(reader.line_num, cells, publisher=cells[1], title=cells[2], published=moment)
        except csv.Error as error:
            raise InputError(f"{file.name}: line {reader.line_num} is no CSV: {error}") from error
        return collector.finish(file.name)
