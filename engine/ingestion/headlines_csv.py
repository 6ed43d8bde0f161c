"""Headlines as a plain CSV: published_at (ISO, UTC), source, title, url.

A headline without any of the market's relevance words is counted as "off topic" and not stored. `event_ts` =
`known_ts` = when it was published.
"""

from __future__ import annotations

import csv
import re
from typing import Final

from engine.core.records import Headline
from engine.ingestion.input_file import InputFile
from engine.ingestion.iso_stamps import StampReader
from engine.ingestion.lake_rows import NormalisedRow
from engine.ingestion.source_pipeline import ParsedInput, ProblemList
from engine.ingestion.text_pipeline import TextPipeline
from engine.kernel.canonical import sha256_hex
from engine.kernel.config_models import MarketConfig

_HEADER: Final = ["published_at", "source", "title", "url"]
_WORD: Final = re.compile(r"[^\W\d_]+")
_HASH_LENGTH: Final = 16


def is_relevant(text: str, keywords: frozenset[str]) -> bool:
    """Whether a text holds one of the keywords as a whole word, in any case; without keywords every text does."""
    return not keywords or not keywords.isdisjoint(_WORD.findall(text.lower()))


def text_hash(title: str) -> str:
    """Hash of a title in lower case with single blanks: the same news twice has the same hash."""
    return sha256_hex(" ".join(title.lower().split()).encode())[:_HASH_LENGTH]


class HeadlinesPipeline(TextPipeline):
    """Headlines CSV; source "headlines", the publisher in each row."""

    name = "headlines"
    title = "headlines (CSV)"

    def recognises(self, file: InputFile) -> bool:
        """The four columns of the layout, in order."""
        head = file.head(1)
        return bool(head) and head[0].strip().lower().split(",") == _HEADER

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Relevant headlines in order of publication."""
        reader = csv.reader(file.text().splitlines(keepends=True))
        next(reader)
        keywords = frozenset(word.lower() for word in market.relevance_keywords)
        stamps = StampReader()
        problems = ProblemList()
        headlines: dict[tuple[int, str], Headline] = {}
        for cells in reader:
            if not cells:
                continue
            if len(cells) < 3:
                problems.add(reader.line_num, "row", "row is cut short", cells)
                continue
            published_ts = stamps.read(cells[0].strip())
            title = cells[2].strip()
            if published_ts is None:
                problems.add(reader.line_num, "published_at", "not a time", cells)
            elif not title:
                problems.add(reader.line_num, "title", "title is empty", cells)
            elif not is_relevant(title, keywords):
                problems.ignore("off topic")
            else:
                code = text_hash(title)
                headlines.setdefault(
                    (published_ts, code),
                    Headline(market.market, cells[1].strip(), published_ts, published_ts, title, code),
                )
        rows: list[NormalisedRow] = [headlines[key] for key in sorted(headlines)]
        return problems.finish(rows)
