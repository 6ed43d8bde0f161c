"""`hydra signals news`: relevance, tone and copies of the texts in a table, one result per row.

The table has the columns published, title and, where there is one, body. What is wrong with a row is its status; what
is wrong with the table as a whole is an InputError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.host.operations.quant_table import QuantTable, quoted, read_table
from engine.ingestion.parsing.numbers import MISSING_WORDS
from engine.ingestion.parsing.published_time import published_ts
from engine.ingestion.parsing.text_cleaning import UnusableTextError, clean_text
from engine.kernel.canonical import finite_or_none, sha256_hex
from engine.kernel.errors import HydraError, InputError
from engine.kernel.timestamps import to_iso
from engine.signals.sentiment.news_scorer import NewsScorer, with_body
from engine.signals.sentiment.relevance import Relevance
from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore
from engine.signals.sentiment.text_duplicates import DuplicateFinder

if TYPE_CHECKING:
    from engine.kernel.config_models import MarketConfig

REQUIRED: Final = ("published", "title")
OPTIONAL: Final = ("body",)
_LONGEST_TITLE: Final = 1_000
_LONGEST_BODY: Final = 20_000

TextsScorer = Callable[[Sequence[str]], Sequence[SentimentScore]]


@dataclass(frozen=True, slots=True)
class ToneSource:
    """What gives texts their tone, and its name as each row repeats it."""

    name: str
    score: TextsScorer


@dataclass(slots=True)
class _Row:
    number: int
    published: int | None
    title: str
    body: str
    status: str
    reason: str = ""
    relevance: Relevance | None = None
    duplicate_of: int | None = None
    sentiment: SentimentScore = NO_DATA


def news_rows(
    source: str, market: MarketConfig, tone: ToneSource, window_us: float, *, fallback: ToneSource | None = None
) -> list[dict[str, Any]]:
    """One object per row of the table at `source` ("-" is standard input), in the order of the table.

    Copies within `window_us` of the first publication count once. `published` is the latest moment that the cell can
    mean, in UTC. InputError for a table that cannot be used. Where `tone` fails, its error is raised, unless there is
    a `fallback`: then that answers for all rows, and "fallback" says in each why.
    """
    table = read_table(source, REQUIRED, OPTIONAL)
    rows = [_read_row(table, place) for place in range(len(table))]
    scorer = NewsScorer(market.relevance_keywords)
    _judge(rows, scorer, DuplicateFinder(window_us, remembered=max(1, len(rows))))
    counted, why = [row for row in rows if row.status == "ok"], ""
    try:
        _score(counted, scorer, tone)
    except HydraError as error:
        if fallback is None:
            raise
        tone, why = fallback, error.message
        _score(counted, scorer, tone)
    return [{**_object_of(row), "scorer": tone.name, "fallback": why} for row in rows]


def lexicon_tone() -> ToneSource:
    """The word lists, which need no weights."""
    from engine.signals.sentiment.lexicon_scorer import score_text

    return ToneSource("lexicon", lambda texts: [score_text(text) for text in texts])


def classifier_tone(path: Path) -> ToneSource:
    """A classifier that `hydra signals train` wrote."""
    from engine.signals.sentiment.text_classifier import TextClassifier

    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the classifier cannot be read: {error.strerror}") from error
    return ToneSource(f"classifier {sha256_hex(data)[:8]}", TextClassifier.deserialize(data).scores)


def model_tone(model: str, cache_file: Path | None) -> ToneSource:
    """A Hugging Face folder, in a process of its own that ends with the call."""
    from engine.signals.sentiment.finbert import TextModelScorer

    def score(texts: Sequence[str]) -> Sequence[SentimentScore]:
        with TextModelScorer(model, cache_file=cache_file) as scorer:
            return scorer.scores(texts)

    return ToneSource(f"model {Path(model).name}", score)


def _read_row(table: QuantTable, place: int) -> _Row:
    cell = {name: table.columns[name][place] for name in (*REQUIRED, *(one for one in OPTIONAL if table.has(one)))}
    row = _Row(place + 1, published_ts(cell["published"]), "", "", "invalid", table.damage[place])
    if row.reason:
        return row
    try:
        row.title = clean_text(cell["title"], _LONGEST_TITLE)
        row.body = clean_text(cell.get("body", "")[:_LONGEST_BODY], _LONGEST_BODY)
    except UnusableTextError as error:
        row.reason = f"text {error}"
        return row
    if row.title.lower() in MISSING_WORDS:
        row.reason = "title is missing"
    elif cell["published"].lower() in MISSING_WORDS:
        row.reason = "published is missing"
    elif row.published is None:
        row.reason = f"published {quoted(cell['published'])} is not a time; write it like 2024-02-20T14:30:00Z"
    else:
        row.status = "ok"
    return row


def _judge(rows: Sequence[_Row], scorer: NewsScorer, copies: DuplicateFinder) -> None:
    """Relevance of every readable row, and copies in order of publication."""
    readable = [row for row in rows if row.status == "ok"]
    for row in sorted(readable, key=lambda row: (row.published or 0, row.number)):
        row.relevance = scorer.relevance(row.title, row.body)
        if not row.relevance.is_relevant:
            row.status = "off_topic"
            continue
        first = copies.first_of(row.number, row.published or 0, row.title)
        if isinstance(first, int):
            row.status, row.duplicate_of = "duplicate", first


def _score(rows: Sequence[_Row], scorer: NewsScorer, tone: ToneSource) -> None:
    """Tone of the rows that count, each text once; the rows change only once all texts have their tone."""
    parts = [scorer.parts(row.title, row.body) for row in rows]
    texts = list(dict.fromkeys(text for pair in parts for text in pair if text))
    scored = dict(zip(texts, tone.score(texts), strict=True)) if texts else {}
    for row, (title, lead) in zip(rows, parts, strict=True):
        row.sentiment = with_body(scored.get(title, NO_DATA), scored.get(lead, NO_DATA))
        if row.sentiment.confidence <= 0.0:
            row.status = "no_tone"


def _object_of(row: _Row) -> dict[str, Any]:
    spoken = row.status == "ok"
    evidence = list(row.sentiment.evidence)
    if row.relevance is not None and row.relevance.evidence:
        evidence.append(f"relevance: {', '.join(row.relevance.evidence)}")
    return {
        "row": row.number,
        "published": None if row.published is None else to_iso(row.published),
        "score": _rounded(row.sentiment.score) if spoken else None,
        "confidence": _rounded(row.sentiment.confidence) if spoken else 0.0,
        "relevance": None if row.relevance is None else row.relevance.value,
        "duplicate_of": row.duplicate_of,
        "status": row.status,
        "reason": row.reason,
        "evidence": evidence,
    }


def _rounded(value: float) -> float | None:
    return finite_or_none(round(value, 6)) if not math.isnan(value) else None
