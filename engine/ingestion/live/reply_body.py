"""The bytes of a reply: bounded while they arrive and while they unpack, complete, and of the kind that was asked for.

httpx would unpack gzip by itself, but without a bound: a few kilobytes may unpack to gigabytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from engine.ingestion.live.fetch_errors import FetchFailed

_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_HTML_STARTS: Final = (b"<!doctype html", b"<html")
_SNIFFED_BYTES: Final = 512


class TruncatedReply(Exception):
    """The reply ended early; another try may bring the whole."""


@dataclass(frozen=True, slots=True)
class ExpectedContent:
    """What a reply should be: `words` for people, the media types that say so, and the beginnings it may have (none:
    any). A source that names no media type is believed."""

    words: str
    media_types: tuple[str, ...]
    starts: tuple[bytes, ...] = ()

    def refusal(self, media_type: str, body: bytes) -> str:
        """Why this reply is something else, or ""."""
        kind = media_type.partition(";")[0].strip().lower()
        start = body[:_SNIFFED_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()
        if start.lower().startswith(_HTML_STARTS):
            return f"wrong content type: an HTML page instead of {self.words}"
        if (
            kind
            and kind not in self.media_types
            and not (kind.endswith("+json") and "application/json" in self.media_types)
        ):
            return f"wrong content type: {kind} instead of {self.words}"
        if self.starts and not start.startswith(self.starts):
            return f"wrong content: the reply does not begin as {self.words} does"
        return ""


JSON: Final = ExpectedContent("JSON", ("application/json", "text/json"), (b"{", b"["))


def read_body(chunks: Iterable[bytes], headers: Mapping[str, str], *, place: str, max_bytes: int) -> bytes:
    """The unpacked body. Raises FetchFailed where it is larger than `max_bytes`, packed or unpacked, or packed in a way
    that was not asked for; TruncatedReply where bytes are missing."""
    stated = headers.get("content-length", "")
    length = int(stated) if stated.isdecimal() and stated.isascii() else None
    if length is not None and length > max_bytes:
        raise FetchFailed(f"{place}: the reply is larger than {_mib(max_bytes)}")
    packing = headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip", "x-gzip"):
        raise FetchFailed(f"{place}: the reply is packed as {packing[:20]!r}, which was not asked for")
    unpacker = None if packing == "identity" else zlib.decompressobj(_GZIP_WINDOW)
    received = 0
    body = bytearray()
    for chunk in chunks:
        received += len(chunk)
        try:
            body += chunk if unpacker is None else unpacker.decompress(chunk, max_bytes + 1 - len(body))
        except zlib.error as error:
            raise TruncatedReply("the gzip data of the reply is damaged") from error
        if received > max_bytes or len(body) > max_bytes:
            raise FetchFailed(f"{place}: the reply is larger than {_mib(max_bytes)}")
    if length is not None and received != length:
        raise TruncatedReply(f"the reply ended after {received} of {length} bytes")
    if unpacker is not None and unpacker.unused_data:
        raise FetchFailed(f"{place}: bytes follow the end of the reply's gzip data")
    if unpacker is not None and received and not unpacker.eof:
        raise TruncatedReply("the gzip data of the reply ends early")
    return bytes(body)


def _mib(size: int) -> str:
    return f"{size / 2**20:g} MiB"
