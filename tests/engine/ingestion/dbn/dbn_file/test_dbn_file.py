from __future__ import annotations

import math

import numpy as np
import pytest

from engine.ingestion.dbn.dbn_file import counts, is_dbn, is_fragment, micros, prices, read_dbn, texts
from engine.ingestion.input_file import unpack
from engine.kernel.errors import InputError
from tests.engine.ingestion.dbn_samples import HE_BARS, bar, dbn, file_of, he_hours, header, ns, px, zstd


def test_header_and_records() -> None:
    content = read_dbn(file_of(he_hours()))
    assert (content.dataset, content.schema, content.symbology) == ("GLBX.MDP3", "ohlcv-1h", "continuous")
    assert [(span.symbol, span.instrument) for span in content.spans] == [("HE.v.0", 350), ("HE.v.0", 8488)]
    (records,) = content.records
    assert (records.rtype, records.array["close"].tolist()) == (34, [px(78.425), px(90.1)])


def test_plain_and_packed_are_the_same_input() -> None:
    plain, packed = file_of(he_hours()), file_of(zstd(he_hours()))
    assert (plain.content, plain.content_hash) == (packed.content, packed.content_hash)


def test_send_times_are_stepped_over() -> None:
    stamped = b"".join(bytes([raw[0] + 2]) + raw[1:] + b"\1" * 8 for raw in HE_BARS)
    content = read_dbn(file_of(header("ohlcv-1h", {}, ts_out=True), stamped))
    assert content.records[0].array["volume"].tolist() == [6765, 10]


def test_records_of_several_types_keep_their_places() -> None:
    mapping = bytes(dbn.SymbolMappingMsg(1, 7, ns("2023-03-15"), dbn.SType.from_str("raw_symbol"), "HEJ3",
                                         dbn.SType.from_str("raw_symbol"), "HEJ3", ns("2023-03-15"),
                                         ns("2023-03-16")))  # fmt: skip
    content = read_dbn(file_of(header(None, {}), mapping, HE_BARS[0], mapping, HE_BARS[1]))
    assert {part.rtype: part.numbers.tolist() for part in content.records} == {22: [1, 3], 34: [2, 4]}
    assert {(span.symbol, span.instrument) for span in content.spans} == {("HEJ3", 7)}
    assert content.schema == ""


@pytest.mark.parametrize("cut", [1, 30, 55])
def test_a_plain_file_cut_short_keeps_its_whole_records(cut: int) -> None:
    content = read_dbn(file_of(he_hours()[:-cut]))
    assert [len(part.array) for part in content.records] == [1]
    (problem,) = content.damage
    assert (problem.row_number, problem.field) == (2, "record")
    assert f"({56 - cut} bytes)" in problem.reason


def test_a_record_of_an_unknown_type_is_told() -> None:
    strange = bytes([HE_BARS[0][0], 99]) + HE_BARS[0][2:]
    content = read_dbn(file_of(header("ohlcv-1h", {}), HE_BARS[0], strange, HE_BARS[1]))
    assert content.records[0].numbers.tolist() == [1, 3]
    assert content.damage[0].reason == "no record of type 99 has 56 bytes"


def test_what_cannot_be_read_says_why() -> None:
    whole = he_hours()
    for content, reason in (
        (whole[:3] + b"\x04" + whole[4:], "is DBN version 4, newer than version 3"),
        (whole[:3] + b"\x00" + whole[4:], "header is damaged or cut short"),
        (whole[:60], "header is damaged or cut short"),
        (whole[:6], "header is cut short"),
        (whole[:24] + b"\xee\xee" + whole[26:], "header is damaged"),
        (b"".join(HE_BARS), "DBN records without their header"),
        (b"P*M\x18\x90\0\0\0DBZ\x01GLBX", "legacy DBZ file"),
    ):
        assert is_dbn(content)
        with pytest.raises(InputError, match=rf"^x\.dbn: .*{reason}") as raised:
            read_dbn(file_of(content))
        assert raised.value.message.isprintable()


def test_only_whole_chains_of_records_are_fragments() -> None:
    assert is_fragment(HE_BARS[0]) and is_fragment(b"".join(HE_BARS))
    assert not is_fragment(HE_BARS[0][:-4])
    assert not is_fragment(HE_BARS[0] + b"x")
    assert not is_dbn(b"DBN,symbol,close\nx,HE,1\n")


def test_undefined_values_are_missing_and_never_zero() -> None:
    assert micros(np.array([2**64 - 1, 1_999], np.uint64)) == [0, 1]
    assert counts(np.array([2**32 - 1, 0], np.uint32))[1] == 0.0
    values = prices(np.array([2**63 - 1, -37_630_000_000, 9_007_199_254_740_993], np.int64))
    assert math.isnan(values[0]) and math.isnan(counts(np.array([2**32 - 1], np.uint32))[0])
    assert values[1:] == [-37.63, 9_007_199_254_740_993 / 1_000_000_000]


def test_texts_end_at_their_first_nul() -> None:
    assert texts(np.array([b"ESM4", b"ES\0M4", b"E\x1b\xff"], "S4")) == ["ESM4", "ES", "E?\ufffd"]


@pytest.mark.parametrize("kept", [30, 80, -1])
def test_packed_files_cut_short_are_one_sentence(kept: int) -> None:
    packed = zstd(he_hours() + b"".join(bar("2023-03-16T15:00Z", n, 1, 1, 1, 1, n) for n in range(200)))
    with pytest.raises(InputError, match=r"^x: the zstd data is truncated or damaged"):
        unpack("x", packed[:kept])
