"""Damage as it happens to documents on their way, and what must hold of every parser that meets it."""

from __future__ import annotations

from hypothesis import strategies as st

from engine.core.records import Headline
from engine.ingestion.input_file import unpack
from engine.ingestion.source_pipeline import SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

HOSTILE = (b"\x00", b"\xff\xfe", b"\x1b[2J", b"\\ud800", b"[" * 3_000, b"9" * 5_000, b"1e999", b"NaN", b'"', b"<",
           b"&x;", b"null", b"{}", b"\xe2\x80\xae", b"]]>", b"\r", b"0001-01-01", b"9999-12-31T23:59:59Z")  # fmt: skip


def mutations(document: bytes) -> st.SearchStrategy[bytes]:
    """`document` after one to four cuts, insertions, replacements or repetitions anywhere in it."""
    place = st.integers(0, len(document))
    change = st.tuples(
        place, st.integers(0, 40), st.one_of(st.sampled_from(HOSTILE), st.binary(max_size=4)), st.booleans()
    )

    def damage(changes: list[tuple[int, int, bytes, bool]]) -> bytes:
        damaged = document
        for start, length, inserted, repeats in changes:
            cut = damaged[start : start + length]
            damaged = damaged[:start] + (cut * 2 if repeats else b"") + inserted + damaged[start + length :]
        return damaged or b"x"

    return st.lists(change, min_size=1, max_size=4).map(damage)


def assert_rows_or_input_error(
    pipeline: SourcePipeline, content: bytes, market: MarketConfig, *, unrecognised_too: bool = True
) -> None:
    """Parse whatever is left of a document; with `unrecognised_too` also what its pipeline would not be asked for."""
    try:
        file = unpack("damaged", content)
        if not pipeline.recognises(file) and not unrecognised_too:
            return
        parsed = pipeline.parse(file, market)
    except InputError as error:
        assert error.message.startswith("damaged: ") and error.message.isprintable()
        return
    for row in parsed.rows:
        assert isinstance(row, Headline)
        assert row.known_ts >= row.event_ts > 0
        assert row.title and row.title.encode() and "\x1b" not in row.title and "\n" not in row.title
    for problem in parsed.problems:
        assert problem.row_number >= 1 and problem.reason and problem.raw_text.isprintable()
