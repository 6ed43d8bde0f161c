"""Texts with a tone that people gave them: material to train and judge scorers, never news of a market.

Four layouts: Financial PhraseBank (`sentence@label`), labelled tweets (`text,label` with 0 bearish, 1 bullish,
2 neutral), labelled commodity headlines (tab separated, "Price Sentiment"), FiQA posts (JSON, a score per target).
Three of them carry no time, and a label is the judgement of somebody who knew what came after: nothing of such a file
becomes a headline. Its texts are stored as training texts in the market "global"; those of a day (UTC microseconds of
its end) with it, the others undated. `read_labelled` gives them to whoever trains without a lake.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import UNDATED_TS, NormalisedRow, TrainingText
from engine.ingestion.parsing.delimited_text import header_of, table_rows
from engine.ingestion.parsing.json_reply import fields_of, items_of, leading_keys, read_json
from engine.ingestion.parsing.published_time import end_of_day_ts
from engine.ingestion.parsing.text_cleaning import UnusableTextError, clean_text
from engine.ingestion.reference.global_facts import GlobalFactsPipeline
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, RowProblem
from engine.kernel.config_models import MarketConfig

_LONGEST_TEXT: Final = 10_000
_TONES: Final = {"positive": 1.0, "bullish": 1.0, "negative": -1.0, "bearish": -1.0, "neutral": 0.0}
_TWEET_TONES: Final = {"0": -1.0, "1": 1.0, "2": 0.0}
_NO_TONE: Final = "none"
_PHRASE: Final = re.compile(r"(.*)@(\w+)\s*", re.DOTALL)
_POST_KEYS: Final = frozenset({"sentence", "info", "sentiment_score"})
_YEAR_FIRST: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One text; `tone` in [-1, 1], NaN where the label says that it holds no opinion on the price; `known_ts` = end
    of the day of publication (UTC microseconds), None where the set does not say."""

    text: str
    tone: float
    known_ts: int | None = None


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Texts in file order and what was kept out."""

    texts: tuple[LabelledText, ...]
    problems: tuple[RowProblem, ...]


Entry = tuple[int, object, object, float | None, int | None]


class LabelledTextsPipeline(GlobalFactsPipeline):
    """Labelled sets; source "labelled_texts", never mistaken for news."""

    name = "labelled_texts"
    title = "labelled texts for training"

    def recognises(self, file: InputFile) -> bool:
        """One of the four layouts."""
        return _layout(file) != ""

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Training texts in file order, none of them a headline; equal texts are told apart by `occurrence`."""
        read = read_labelled(file)
        occurrences: Counter[str] = Counter()
        rows: list[NormalisedRow] = []
        for one in read.texts:
            ts = UNDATED_TS if one.known_ts is None else one.known_ts
            rows.append(TrainingText(market.market, self.name, ts, ts, one.text, one.tone, occurrences[one.text]))
            occurrences[one.text] += 1
        return ParsedInput(tuple(rows), read.problems)


def read_labelled(file: InputFile) -> LabelledSet:
    """Every good text of a labelled set; InputError where the file as a whole cannot be read."""
    problems = ProblemList()
    texts: list[LabelledText] = []
    for number, raw, text, tone, known_ts in _entries(file):
        if not isinstance(text, str):
            problems.add(number, "text", "text is missing", repr(raw))
            continue
        if tone is None:
            problems.add(number, "label", "not a label", repr(raw))
            continue
        try:
            clean = clean_text(text, _LONGEST_TEXT)
        except UnusableTextError as error:
            problems.add(number, "text", str(error), repr(raw))
            continue
        if not clean:
            problems.add(number, "text", "text is empty", repr(raw))
            continue
        texts.append(LabelledText(clean, tone, known_ts))
    return LabelledSet(tuple(texts), problems.finish([]).problems)


def day_first_ts(text: str) -> int | None:
    """End of the day of "28-01-2016", "5/3/2002" (5 March) or "2016-01-28"; None where it is no date."""
    day, year = _DAY_FIRST.fullmatch(text.strip()), _YEAR_FIRST.fullmatch(text.strip())
    try:
        if day is not None:
            return end_of_day_ts(date(int(day[3]), int(day[2]), int(day[1])))
        return end_of_day_ts(date(int(year[1]), int(year[2]), int(year[3]))) if year is not None else None
    except ValueError:
        return None


def _layout(file: InputFile) -> str:
    header = header_of(file)
    if header == ("text", "label"):
        return "tweets"
    if {"dates", "news", "price sentiment"} <= set(header):
        return "headlines"
    if leading_keys(file) >= _POST_KEYS:
        return "posts"
    lines = [line for line in file.head(5) if line.strip()]
    labels = [match[2] if (match := _PHRASE.fullmatch(line)) else "" for line in lines]
    return "phrases" if labels and all(label in _TONES for label in labels) else ""


def _entries(file: InputFile) -> Iterator[Entry]:
    layout = _layout(file)
    if layout == "phrases":
        for number, line in enumerate(file.text().split("\n"), 1):
            if line.strip():
                match = _PHRASE.fullmatch(line)
                yield number, line, match[1] if match else line, _TONES.get(match[2]) if match else None, None
    elif layout == "posts":
        yield from _posts(file)
    else:
        for number, row, cells in table_rows(file):
            raw = cells
            if row is None:
                yield number, raw, None, None, None
            elif layout == "tweets":
                label = row["label"].strip().lower()
                yield number, raw, row["text"], _TWEET_TONES.get(label, _TONES.get(label)), None
            else:
                label = row["price sentiment"].strip().lower()
                tone = math.nan if label == _NO_TONE else _TONES.get(label)
                yield number, raw, row["news"], tone, day_first_ts(row["dates"])


def _posts(file: InputFile) -> Iterator[Entry]:
    document = fields_of(read_json(file)) or {}
    for number, entry in enumerate(document.values(), 1):
        post = fields_of(entry) or {}
        for opinion in items_of(post.get("info")) or [None]:
            score = (fields_of(opinion) or {}).get("sentiment_score")
            yield number, entry, post.get("sentence"), _score(score), None


def _score(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        score = float(value)
    except (ValueError, OverflowError):
        return None
    return score if -1.0 <= score <= 1.0 else None
