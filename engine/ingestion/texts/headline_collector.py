"""What all sources of texts share: from the fields of an entry to a headline of one market, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable

from engine.core.records import Headline
from engine.ingestion.lake_rows import NormalisedRow
from engine.ingestion.parsing.text_cleaning import UnusableTextError, clean_text, one_line
from engine.ingestion.source_pipeline import ParsedInput, ProblemList
from engine.ingestion.texts.headline_text import is_relevant, text_hash
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

OFF_TOPIC = "off topic"
COPY = "copy"
_LONGEST_PUBLISHER = 100


class HeadlineCollector:
    """Turns entries into headlines, in any order; `finish` gives them in order of known time.

    `title_field` and `time_field` are the source's own names, for problems. A title of more than `longest_title`
    characters is kept out. An entry whose text stands in the file already at the same time, or under the same id, is
    ignored as a copy and the earlier time is kept.
    """

    def __init__(self, market: MarketConfig, title_field: str, time_field: str, longest_title: int = 1_000) -> None:
        self.problems = ProblemList()
        self._market = market.market
        self._keywords = frozenset(word.lower() for word in market.relevance_keywords)
        self._title_field = title_field
        self._time_field = time_field
        self._longest_title = longest_title
        self._headlines: dict[tuple[str, str], Headline] = {}
        self._entries = 0

    def add(
        self,
        row_number: int,
        raw: object,
        *,
        publisher: object,
        title: object,
        published: int | None,
        changed: int | None = None,
        entry_id: object = None,
        names_market: bool = False,
        junk: Callable[[str], str] | None = None,
    ) -> None:
        """One entry, numbered from 1 (`row_number`). `published` (UTC microseconds, None = unreadable) is its event
        time; it is known from then on, or from `changed` where that is later, because its text may date from then.
        `names_market` says that the entry names the market beside its title; `junk` answers the reason to ignore a
        clean title, or "".
        """
        self._entries += 1
        if published is None:
            self.problems.add(row_number, self._time_field, "not a time", repr(raw))
            return
        if not isinstance(title, str):
            self.problems.add(
                row_number, self._title_field, "title is missing" if title is None else "no text", repr(raw)
            )
            return
        try:
            text = clean_text(title, self._longest_title)
        except UnusableTextError as error:
            self.problems.add(row_number, self._title_field, str(error), repr(raw))
            return
        if not text:
            self.problems.add(row_number, self._title_field, "title is empty", repr(raw))
        elif junk is not None and (reason := junk(text)):
            self.problems.ignore(reason)
        elif not names_market and not is_relevant(text, self._keywords):
            self.problems.ignore(OFF_TOPIC)
        else:
            known = published if changed is None else max(published, changed)
            code = text_hash(text)
            name = one_line(publisher, _LONGEST_PUBLISHER) if isinstance(publisher, str) else ""
            place = str(entry_id) if isinstance(entry_id, (str, int)) and entry_id != "" else f"at {published}"
            self._keep((place, code), Headline(self._market, name, published, known, text, code))

    def finish(self, file_name: str) -> ParsedInput:
        """The result; InputError where the file held no entry at all."""
        if not self._entries:
            raise InputError(f"{file_name}: holds no entries")
        unique: dict[tuple[int, str], Headline] = {}
        for headline in sorted(self._headlines.values(), key=lambda one: one.known_ts):
            if unique.setdefault((headline.event_ts, headline.text_hash), headline) is not headline:
                self.problems.ignore(COPY)
        ordered = sorted(unique.values(), key=lambda one: (one.known_ts, one.event_ts, one.text_hash))
        rows: list[NormalisedRow] = list(ordered)
        return self.problems.finish(rows)

    def ignore_entry(self, reason: str) -> None:
        """An entry that is fine but of no concern."""
        self._entries += 1
        self.problems.ignore(reason)

    def not_an_entry(self, row_number: int, raw: object) -> None:
        """An entry that is no record of fields."""
        self._entries += 1
        self.problems.add(row_number, "entry", "not a record of fields", repr(raw))

    def _keep(self, key: tuple[str, str], headline: Headline) -> None:
        held = self._headlines.get(key)
        if held is not None:
            self.problems.ignore(COPY)
        if held is None or (headline.event_ts, headline.known_ts) < (held.event_ts, held.known_ts):
            self._headlines[key] = headline
