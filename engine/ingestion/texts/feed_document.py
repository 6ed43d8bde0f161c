"""RSS 2.0 and Atom documents as entries of plain fields; no entity is ever expanded and nothing is ever fetched.

A document type declaration is refused as a whole: it is the only place from which entities could come.
"""

from __future__ import annotations

import xml.parsers.expat
from dataclasses import dataclass, field
from typing import Final

from engine.kernel.errors import InputError

_MAX_BYTES: Final = 64 * 1024 * 1024
_MAX_DEPTH: Final = 64
_MAX_TEXT: Final = 100_000
_ATOM: Final = "http://www.w3.org/2005/Atom "
_DUBLIN_CORE: Final = "http://purl.org/dc/elements/1.1/ "
_ENTRIES: Final = frozenset({"item", f"{_ATOM}entry"})
_CHANNELS: Final = frozenset({"channel", f"{_ATOM}feed"})
_FIELDS: Final = {
    "title": "title", "guid": "id", "link": "link", "pubDate": "published", "source": "source",
    f"{_DUBLIN_CORE}date": "published", f"{_ATOM}title": "title", f"{_ATOM}id": "id",
    f"{_ATOM}published": "published", f"{_ATOM}updated": "updated",
}  # fmt: skip


@dataclass(slots=True)
class FeedDocument:
    """`title` of the feed and its entries in order; the fields of an entry are title, id, link, published, updated
    and source, as written, the first of each."""

    title: str = ""
    entries: list[dict[str, str]] = field(default_factory=list)


def read_feed(file_name: str, content: bytes) -> FeedDocument:
    """The document; InputError where it is not well-formed, declares a document type, or is too large or too deep."""
    if len(content) > _MAX_BYTES:
        raise InputError(f"{file_name}: a feed of more than {_MAX_BYTES // 2**20} MiB")
    reader = _FeedReader(file_name)
    parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(content, True)
    except xml.parsers.expat.ExpatError as error:
        raise InputError(f"{file_name}: not well-formed XML: {error}") from error
    except (LookupError, ValueError) as error:
        raise InputError(f"{file_name}: the XML is in an encoding that cannot be read") from error
    return reader.document


class _FeedReader:
    def __init__(self, file_name: str) -> None:
        self.document = FeedDocument()
        self._file_name = file_name
        self._path: list[str] = []
        self._entry: dict[str, str] | None = None
        self._entry_depth = 0
        self._field = ""
        self._field_depth = 0
        self._parts: list[str] = []
        self._length = 0

    def refuse_doctype(self, *declaration: object) -> None:
        raise InputError(f"{self._file_name}: the XML declares a document type; such feeds are refused")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        del attributes
        self._path.append(name)
        depth = len(self._path)
        if depth > _MAX_DEPTH:
            raise InputError(f"{self._file_name}: the XML is nested too deeply")
        if self._field:
            return
        if self._entry is None and name in _ENTRIES:
            self._entry, self._entry_depth = {}, depth
        elif name in _FIELDS and (self._in_entry(depth) or self._in_channel(depth)):
            self._field, self._field_depth = _FIELDS[name], depth
            self._parts, self._length = [], 0

    def text(self, characters: str) -> None:
        if self._field and self._length <= _MAX_TEXT:
            self._parts.append(characters)
            self._length += len(characters)

    def end(self, name: str) -> None:
        depth = len(self._path)
        self._path.pop()
        if self._field and depth == self._field_depth:
            value = "".join(self._parts).strip()
            if self._entry is not None:
                self._entry.setdefault(self._field, value)
            elif self._field == "title" and not self.document.title:
                self.document.title = value
            self._field = ""
        elif self._entry is not None and depth == self._entry_depth and name in _ENTRIES:
            self.document.entries.append(self._entry)
            self._entry = None

    def _in_entry(self, depth: int) -> bool:
        return self._entry is not None and depth == self._entry_depth + 1

    def _in_channel(self, depth: int) -> bool:
        return self._entry is None and depth >= 2 and self._path[-2] in _CHANNELS
