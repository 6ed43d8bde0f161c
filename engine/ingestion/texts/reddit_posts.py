"""Reddit: listings of posts and comments (JSON), and dumps of posts as a table (CSV).

Of a post the title is read, of a comment its body. `event_ts` = when it was created (`created_utc`, else the older
field `created`, which never runs behind UTC); a comment is known from its last edit on (kept out
where the time of the edit is not told), a title cannot be edited. Dumps write the title "Comment" and no address for
a comment: its body is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.parsing.delimited_text import header_of, table_rows
from engine.ingestion.parsing.json_reply import Fields, fields_of, items_of, leading_keys, read_json
from engine.ingestion.parsing.published_time import epoch_ts
from engine.ingestion.parsing.text_cleaning import one_line
from engine.ingestion.source_pipeline import ParsedInput
from engine.ingestion.texts.headline_collector import HeadlineCollector
from engine.ingestion.texts.social_text import LONGEST_POST, junk_reason
from engine.ingestion.texts.text_pipeline import TextPipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

_PUBLISHER: Final = "reddit"
_COMMENT: Final = "t1"
_POST: Final = "t3"
_TABLE_COLUMNS: Final = frozenset({"title", "score", "id"})
_COMMENT_COUNTS: Final = frozenset({"comms_num", "num_comments"})
_COMMENT_TITLE: Final = "Comment"
_CREATED: Final = ("created_utc", "created")


class RedditListingPipeline(TextPipeline):
    """Reddit listings; source and publisher "reddit"."""

    name = "reddit"
    title = "Reddit listings (JSON)"

    def recognises(self, file: InputFile) -> bool:
        """A listing with children, or an error with its number."""
        keys = leading_keys(file)
        return keys >= {"kind", "data", "children"} or keys in ({"message", "error"}, {"message", "error", "reason"})

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Relevant posts and comments; InputError with Reddit's own words where it answered with an error."""
        document = read_json(file)
        reply = fields_of(document)
        if reply is not None and "error" in reply:
            raise InputError(
                f"{file.name}: Reddit answered with an error, {one_line(reply['error'])}: "
                f"{one_line(reply.get('message', 'no message'))}"
            )
        collector = HeadlineCollector(market, "title or body", "created_utc", LONGEST_POST)
        for number, entry in enumerate(_things(document), 1):
            thing = fields_of(entry) or {}
            data = fields_of(thing.get("data"))
            if data is None:
                collector.not_an_entry(number, entry)
            elif thing.get("kind") not in (_COMMENT, _POST):
                collector.ignore_entry("neither post nor comment")
            elif data.get("stickied") is True or data.get("author") == "AutoModerator":
                collector.ignore_entry("notice of a moderator")
            else:
                _add(collector, number, data, thing.get("kind") == _COMMENT)
        return collector.finish(file.name)


class RedditTablePipeline(TextPipeline):
    """Dumps of Reddit posts; stored under the same source "reddit" as the listings."""

    name = "reddit_table"
    title = "Reddit posts and comments (CSV)"

    def recognises(self, file: InputFile) -> bool:
        """Titles with score, id, number of comments and a time of creation."""
        names = set(header_of(file))
        return names >= _TABLE_COLUMNS and bool(names & _COMMENT_COUNTS) and not names.isdisjoint(_CREATED)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Relevant posts and comments."""
        names = header_of(file)
        time_field = next(name for name in _CREATED if name in names)
        collector = HeadlineCollector(market, "title", time_field, LONGEST_POST)
        for number, row, cells in table_rows(file):
            if row is None:
                collector.not_an_entry(number, cells)
                continue
            collector.add(
                number,
                row,
                publisher=_PUBLISHER,
                title=_dumped_text(row),
                published=epoch_ts(row[time_field]),
                entry_id=row["id"],
                junk=junk_reason,
            )
        return collector.finish(file.name)

    def source_of(self, file: InputFile, market: MarketConfig) -> str:
        """The source of the listings, so that a post in both is one."""
        return RedditListingPipeline.name


def _dumped_text(row: dict[str, str]) -> str:
    """What a row of a dump says: the title of a post, the body of a comment."""
    is_comment = row["title"] == _COMMENT_TITLE and not row.get("url") and bool(row.get("body"))
    return row["body"] if is_comment else row["title"]


def _things(document: object) -> Iterator[object]:
    """Every post and comment of one or several listings, each before the replies to it."""
    waiting = list(reversed(document)) if isinstance(document, list) else [document]
    while waiting:
        thing = waiting.pop()
        data = fields_of((fields_of(thing) or {}).get("data"))
        if (
            data is not None
            and isinstance(data.get("children"), list)
            and (fields_of(thing) or {}).get("kind") != "more"
        ):
            waiting.extend(reversed(items_of(data["children"])))
            continue
        yield thing
        if data is not None and fields_of(data.get("replies")) is not None:
            waiting.append(data["replies"])


def _add(collector: HeadlineCollector, number: int, data: Fields, is_comment: bool) -> None:
    edited = data.get("edited") if is_comment else None
    changed = epoch_ts(edited)
    unreadable = edited not in (None, False, "") and changed is None
    collector.add(
        number,
        data,
        publisher=_PUBLISHER,
        title=data.get("body" if is_comment else "title"),
        published=None if unreadable else epoch_ts(data.get("created_utc", data.get("created"))),
        changed=changed,
        entry_id=data.get("name") or data.get("id"),
        junk=junk_reason,
    )
