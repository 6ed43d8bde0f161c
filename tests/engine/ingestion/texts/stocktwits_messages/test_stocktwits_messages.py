from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.core.records import Headline
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.sources import recognise_input
from engine.ingestion.texts.headline_text import text_hash
from engine.ingestion.texts.stocktwits_messages import StockTwitsPipeline
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso, to_iso
from tests.engine.ingestion.mutated_bytes import assert_rows_or_one_sentence, mutations


def message(number: int, body: object, created: object = "2024-02-20T14:34:30Z", *symbols: str) -> dict[str, object]:
    return {"id": number, "body": body, "created_at": created, "user": {"id": 9, "username": "trader"},
            "symbols": [{"id": 1, "symbol": symbol} for symbol in symbols],
            "entities": {"sentiment": {"basic": "Bullish"}}}  # fmt: skip


def stream(*messages: object) -> bytes:
    return json.dumps({"response": {"status": 200}, "cursor": {"more": True}, "messages": messages}).encode()


DOCUMENT = stream(
    message(3, "Let&#39;s buy pork \ud83d\udc37"), message(2, "heavy here", "2024-02-20T14:33:00Z", "HE_F"),
    message(1, "heavy here", "2024-02-20T14:32:00Z", "HE"),
)  # fmt: skip


def test_messages(hogs: HydraConfig) -> None:
    file = unpack("f", DOCUMENT)
    assert recognise_input(file).name == "stocktwits"
    parsed = StockTwitsPipeline().parse(file, hogs.market)
    first, second = parse_iso("2024-02-20T14:33:00Z"), parse_iso("2024-02-20T14:34:30Z")
    assert parsed.rows == (
        Headline("lean_hogs", "stocktwits", first, first, "heavy here", text_hash("heavy here")),
        Headline("lean_hogs", "stocktwits", second, second, "Let's buy pork 🐷", text_hash("let's buy pork 🐷")),
    )
    assert parsed.ignored == {"off topic": 1}


def test_oddities(hogs: HydraConfig) -> None:
    content = stream(
        message(1, "pork $A $B $C $D $E $F"), message(2, None), message(3, "pork", None), None,
        {**message(5, "pork odd"), "symbols": {"symbol": "HE_F"}}, message(6, "pork " * 2_001), message(5, "pork odd"),
    )  # fmt: skip
    parsed = StockTwitsPipeline().parse(unpack("f", content), hogs.market)
    assert [row.title for row in parsed.rows] == ["pork odd"]
    assert parsed.ignored == {"spam": 1, "copy": 1}
    assert [(problem.row_number, problem.field, problem.reason) for problem in parsed.problems] == [
        (2, "body", "title is missing"), (3, "created_at", "not a time"), (4, "entry", "not a record of fields"),
        (6, "body", "longer than 10000 characters")]  # fmt: skip


def test_an_error_in_the_words_of_the_platform(hogs: HydraConfig) -> None:
    file = unpack("f", b'{"response":{"status":404},"errors":[{"message":"Symbol not found"}]}')
    assert recognise_input(file).name == "stocktwits"
    with pytest.raises(InputError, match=r"^f: StockTwits answered with an error: Symbol not found$"):
        StockTwitsPipeline().parse(file, hogs.market)


@settings(max_examples=150, deadline=None)
@given(content=mutations(DOCUMENT))
def test_damage(content: bytes, hogs: HydraConfig) -> None:
    assert_rows_or_one_sentence(StockTwitsPipeline(), content, hogs.market, unrecognised_too=True)


@pytest.mark.real_data
def test_a_real_stream(real_data: Path, hogs: HydraConfig) -> None:
    file = read_input(real_data / "social" / "stocktwits" / "symbol_F_20190426.json.gz")
    assert recognise_input(file).name == "stocktwits"
    parsed = StockTwitsPipeline().parse(file, hogs.market)
    assert parsed.rows == () and parsed.ignored == {"off topic": 25, "spam": 5}
    cars = hogs.market.model_copy(update={"relevance_keywords": ("earnings", "ford", "earning")})
    parsed = StockTwitsPipeline().parse(file, cars)
    assert (len(parsed.rows), to_iso(parsed.rows[0].known_ts), to_iso(parsed.rows[-1].known_ts)) == (
        7,
        "2019-04-26T01:00:48Z",
        "2019-04-26T02:22:41Z",
    )
