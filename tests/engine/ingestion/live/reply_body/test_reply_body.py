"""The bytes of a reply: bounded while they unpack, complete, and of the expected kind."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.live.fetch_errors import FetchFailed
from engine.ingestion.live.reply_body import JSON, ExpectedContent, TruncatedReply, read_body

GZIP = {"content-encoding": "gzip"}
MIB = 2**20


def read(chunks: list[bytes], headers: dict[str, str], max_bytes: int = MIB) -> bytes:
    return read_body(chunks, headers, place="a.example/x", max_bytes=max_bytes)


@given(body=st.binary(max_size=3_000), size=st.integers(1, 500))
def test_any_body_comes_back_whole_plain_or_packed(body: bytes, size: int) -> None:
    for sent, headers in ((body, {"content-length": str(len(body))}), (gzip.compress(body), GZIP)):
        chunks = [sent[begin : begin + size] for begin in range(0, len(sent), size)]
        assert read(chunks, headers) == body


@given(body=st.binary(min_size=1, max_size=500), data=st.data())
def test_any_missing_end_is_found(body: bytes, data: st.DataObject) -> None:
    packed = gzip.compress(body)
    kept = packed[: data.draw(st.integers(1, len(packed) - 1))]
    with pytest.raises(TruncatedReply):
        read([kept], GZIP)
    with pytest.raises(TruncatedReply):
        read([body[:-1]], {"content-length": str(len(body))})


def test_a_bomb_never_unfolds_in_memory() -> None:
    bomb = gzip.compress(b"[" + b" " * (64 * MIB))
    tracemalloc.start()
    with pytest.raises(FetchFailed, match="larger than 1 MiB"):
        read([bomb], GZIP)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * MIB


def test_a_stated_length_over_the_bound_is_refused_unread() -> None:
    def unread() -> list[bytes]:
        raise AssertionError("the body was read")

    with pytest.raises(FetchFailed, match="larger than 1 MiB"):
        read_body(iter(unread, None), {"content-length": str(MIB + 1)}, place="x", max_bytes=MIB)


def test_bytes_after_the_packed_data_are_refused() -> None:
    with pytest.raises(FetchFailed, match="bytes follow"):
        read([gzip.compress(b"a"), b"more"], GZIP)
    with pytest.raises(TruncatedReply, match="damaged"):
        read([b"no gzip at all"], GZIP)


@pytest.mark.parametrize(
    ("media_type", "body", "words"),
    [
        ("application/json", b'{"a": 1}', ""),
        ("application/json; charset=utf-8", b"\xef\xbb\xbf [1]", ""),
        ("APPLICATION/JSON", b"[1]", ""),
        ("application/hal+json", b"{}", ""),
        ("", b"{}", ""),
        ("text/html", b"<html>", "HTML"),
        ("application/json", b"\n <!DOCTYPE HTML><html>", "HTML"),
        ("text/csv", b"a,b", "text/csv instead of JSON"),
        ("application/json", b"fault", "does not begin"),
    ],
)
def test_the_kind_of_a_reply(media_type: str, body: bytes, words: str) -> None:
    refusal = JSON.refusal(media_type, body)
    assert (words in refusal) if words else refusal == ""


def test_a_kind_may_have_any_beginning() -> None:
    assert ExpectedContent("numbers", ("text/plain",)).refusal("text/plain", b"0.25") == ""
