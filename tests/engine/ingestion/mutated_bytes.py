"""Damage as it happens to documents on their way, and what must hold of every parser that meets it."""

from __future__ import annotations

from hypothesis import strategies as st

from engine.ingestion.input_file import unpack
from engine.ingestion.source_pipeline import SourcePipeline
from engine.ingestion.texts.text_pipeline import TextPipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from tests.fuzz.mutations import HOSTILE
from tests.fuzz.parser_contract import check_parsed


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


def assert_rows_or_one_sentence(
    pipeline: SourcePipeline, content: bytes, market: MarketConfig, *, unrecognised_too: bool = False
) -> None:
    """Parse what is left of a document: rows that hold to their kind and that the lake can take, or one sentence.
    With `unrecognised_too` also what the pipeline would not be asked for."""
    try:
        file = unpack("damaged", content)
        if not pipeline.recognises(file) and not unrecognised_too:
            return
        parsed = pipeline.parse(file, market)
    except InputError as error:
        assert error.message.startswith("damaged: ") and error.message.isprintable()
        return
    check_parsed(market, parsed)
    for problem in parsed.problems:
        assert problem.row_number >= 1 and problem.reason
        assert problem.raw_text.isprintable() or not isinstance(pipeline, TextPipeline)
