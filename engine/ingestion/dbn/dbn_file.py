"""Databento's binary encoding (DBN): a metadata header, then fixed-width records, each beginning with its own length
(in units of four bytes), record type, publisher, instrument id and `ts_event`.

The header is read by Databento's own library; the records, whose layouts that library states, become NumPy arrays, one
for each record type, without an object per record. Versions 1 to 3 differ in the width of a few records, and the width
of a record says which layout it has. Prices are 64-bit integers of 1e-9, times nanoseconds since 1970 UTC; each field
has one value that means "undefined".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.source_pipeline import RowProblem
from engine.kernel.errors import InputError
from engine.kernel.timestamps import MICROS_PER_DAY

if TYPE_CHECKING:
    import numpy as np

MAGIC: Final = b"DBN"
# A skippable zstd frame whose content begins with "DBZ": Databento's format before DBN.
_LEGACY_MAGIC: Final = b"P*M\x18"
_LEGACY_WORD: Final = b"DBZ"
_PREFIX: Final = struct.Struct("<3sBI16sH")
_NO_SCHEMA: Final = 0xFFFF
_UNIT: Final = 4
_HEADER_BYTES: Final = 16
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_OPEN_END: Final = 2**62

# Numbers of schemas in the header and of record types, as Databento's library lists them.
SCHEMAS: Final = (
    "mbo", "mbp-1", "mbp-10", "tbbo", "trades", "ohlcv-1s", "ohlcv-1m", "ohlcv-1h", "ohlcv-1d", "definition",
    "statistics", "status", "imbalance", "ohlcv-eod", "cmbp-1", "cbbo-1s", "cbbo-1m", "tcbbo", "bbo-1s", "bbo-1m",
)  # fmt: skip
TRADES, MBP_1, MBP_10, STATUS, DEFINITION, IMBALANCE, ERROR, SYMBOL_MAPPING, SYSTEM, STATISTICS, MBO = (
    0, 1, 10, 18, 19, 20, 21, 22, 23, 24, 160,
)  # fmt: skip
BARS: Final = (32, 33, 34, 35, 36)
CMBP_1, CBBO_1S, CBBO_1M, TCBBO, BBO_1S, BBO_1M = 177, 192, 193, 194, 195, 196
_LAYOUTS: Final[Mapping[int, tuple[str, ...]]] = {
    TRADES: ("TradeMsg",),
    MBP_1: ("MBP1Msg",),
    MBP_10: ("MBP10Msg",),
    **dict.fromkeys(BARS, ("OHLCVMsg",)),
    STATUS: ("StatusMsg",),
    DEFINITION: ("InstrumentDefMsg", "InstrumentDefMsgV2", "InstrumentDefMsgV1"),
    IMBALANCE: ("ImbalanceMsg",),
    ERROR: ("ErrorMsg", "ErrorMsgV1"),
    SYMBOL_MAPPING: ("SymbolMappingMsg", "SymbolMappingMsgV1"),
    SYSTEM: ("SystemMsg", "SystemMsgV1"),
    STATISTICS: ("StatMsg", "StatMsgV1"),
    MBO: ("MBOMsg",),
    **dict.fromkeys((CMBP_1, TCBBO), ("CMBP1Msg",)),
    **dict.fromkeys((CBBO_1S, CBBO_1M), ("CBBOMsg",)),
    **dict.fromkeys((BBO_1S, BBO_1M), ("BBOMsg",)),
}


@dataclass(frozen=True, slots=True)
class SymbolSpan:
    """`symbol` meant `instrument` in [start_ts, end_ts), UTC microseconds."""

    symbol: str
    instrument: int
    start_ts: int
    end_ts: int


@dataclass(frozen=True, slots=True)
class DbnRecords:
    """Records of one type and layout in file order with their 1-based places in the file."""

    rtype: int
    array: np.ndarray[Any, Any]
    numbers: np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class DbnFile:
    """What one file holds; `damage` names the records that could not be told apart."""

    dataset: str
    schema: str
    requested: tuple[str, ...]
    symbology: str
    spans: tuple[SymbolSpan, ...]
    records: tuple[DbnRecords, ...]
    damage: tuple[RowProblem, ...]


def is_dbn(content: bytes) -> bool:
    """Whether content is DBN, or what Databento wrote before it, or records of it without their header."""
    headed = content.startswith(MAGIC) and content[3:4] < b" "
    return headed or is_legacy(content) or is_fragment(content)


def is_legacy(content: bytes) -> bool:
    """Whether content is a ".dbz" file."""
    return content.startswith(_LEGACY_MAGIC) and content[8:11] == _LEGACY_WORD


def is_fragment(content: bytes) -> bool:
    """Whether content is nothing but whole records, without the header that names dataset and symbols."""
    if len(content) < _HEADER_BYTES or content[1] not in _LAYOUTS or content[0] * _UNIT < _HEADER_BYTES:
        return False
    widths = _widths()
    place = 0
    while place + _HEADER_BYTES <= len(content):
        width, rtype = content[place] * _UNIT, content[place + 1]
        if width not in widths.get(rtype, ()):
            return False
        place += width
    return place == len(content)


def schema_of(content: bytes) -> str:
    """The schema that the header names, "" where it names none."""
    number = _PREFIX.unpack_from(content)[4] if len(content) >= _PREFIX.size else _NO_SCHEMA
    return SCHEMAS[number] if number < len(SCHEMAS) else ""


def read_dbn(file: InputFile) -> DbnFile:
    """Read header and records; InputError with one sentence where the file cannot be read at all."""
    content = file.content
    if is_legacy(content):
        raise InputError(
            f"{file.name}: is a legacy DBZ file, which Databento replaced by DBN; convert it with Databento's tools "
            "or download it again"
        )
    if not content.startswith(MAGIC):
        raise InputError(
            f"{file.name}: holds DBN records without their header (a fragment), so nothing says which dataset and "
            "symbols they are of; download the whole file"
        )
    import databento_dbn

    if len(content) < 8:
        raise InputError(f"{file.name}: the DBN header is cut short; fetch the file again")
    version, length = content[3], int.from_bytes(content[4:8], "little")
    if version > databento_dbn.DBN_VERSION:
        raise InputError(
            f"{file.name}: is DBN version {version}, newer than version {databento_dbn.DBN_VERSION} that can be read; "
            "update the package databento-dbn or download the file in an older version"
        )
    if version == 0 or 8 + length > len(content):
        raise InputError(f"{file.name}: the DBN header is damaged or cut short; fetch the file again")
    try:
        metadata = databento_dbn.Metadata.decode(content[: 8 + length])
        spans = _spans(metadata)
        symbology = str(metadata.stype_in or "")
        requested = tuple(metadata.symbols)
        dataset = str(metadata.dataset)
        with_send_time = metadata.ts_out
    except (databento_dbn.DBNError, ValueError, OverflowError, TypeError) as error:
        raise InputError(
            f"{file.name}: the DBN header is damaged ({_one_line(error)}); fetch the file again"
        ) from error
    records, damage = _records(memoryview(content)[8 + length :], with_send_time)
    spans += tuple(_streamed_spans(records))
    return DbnFile(dataset, schema_of(content), requested, symbology, spans, records, damage)


def _one_line(error: Exception) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in str(error))[:120]


def _spans(metadata: Any) -> tuple[SymbolSpan, ...]:
    """Spans of the header's symbology, in the order in which the symbols were asked for, then by name."""
    place = {symbol: number for number, symbol in enumerate(metadata.symbols)}
    by_instrument = str(metadata.stype_in or "") == "instrument_id" and str(metadata.stype_out) != "instrument_id"
    spans = []
    mappings = metadata.mappings
    for key in sorted(mappings, key=lambda symbol: (place.get(symbol, len(place)), symbol)):
        for interval in mappings[key]:
            symbol, instrument = (interval["symbol"], key) if by_instrument else (key, interval["symbol"])
            if not instrument.isdigit():
                continue
            start, end = (
                (interval[side].toordinal() - _EPOCH_ORDINAL) * MICROS_PER_DAY for side in ("start_date", "end_date")
            )
            spans.append(SymbolSpan(symbol, int(instrument), start, end))
    return tuple(spans)


def _streamed_spans(records: Sequence[DbnRecords]) -> Iterator[SymbolSpan]:
    """Spans of the mapping records that a live stream carries instead of a header's symbology."""
    for part in records:
        if part.rtype != SYMBOL_MAPPING:
            continue
        starts, ends = micros(part.array["start_ts"]), micros(part.array["end_ts"])
        for instrument, symbol, start, end in zip(
            part.array["instrument_id"].tolist(), texts(part.array["stype_out_symbol"]), starts, ends, strict=True
        ):
            yield SymbolSpan(symbol, instrument, start, end or _OPEN_END)


def _records(body: memoryview, with_send_time: bool) -> tuple[tuple[DbnRecords, ...], tuple[RowProblem, ...]]:
    import numpy as np

    if not body:
        return (), ()
    extra = 8 if with_send_time else 0
    width, rtype = body[0] * _UNIT, body[1] if len(body) > 1 else -1
    if width >= _HEADER_BYTES and len(body) % width == 0 and _layout(rtype, width - extra) is not None:
        heads = np.frombuffer(body, np.uint8).reshape(-1, width)
        if bool((heads[:, 0] == body[0]).all() and (heads[:, 1] == rtype).all()):
            return (_part(body, rtype, width, extra, np.arange(1, len(heads) + 1)),), ()
    return _mixed(body, extra)


def _mixed(body: memoryview, extra: int) -> tuple[tuple[DbnRecords, ...], tuple[RowProblem, ...]]:
    """Walk records of several types; where a length makes no sense, nothing after it can be told apart."""
    import numpy as np

    groups: dict[tuple[int, int], tuple[bytearray, list[int]]] = {}
    damage: list[RowProblem] = []
    place, number = 0, 0
    while place < len(body):
        number += 1
        width = body[place] * _UNIT
        if width < _HEADER_BYTES or place + width > len(body):
            rest = len(body) - place
            reason = f"record is damaged or cut short; it and all after it ({rest} bytes) cannot be told apart"
            damage.append(RowProblem(number, "record", reason, bytes(body[place : place + 64]).hex()))
            break
        rtype = body[place + 1]
        if _layout(rtype, width - extra) is None:
            raw = bytes(body[place : place + 64]).hex()
            damage.append(RowProblem(number, "rtype", f"no record of type {rtype} has {width - extra} bytes", raw))
        else:
            content, numbers = groups.setdefault((rtype, width), (bytearray(), []))
            content += body[place : place + width]
            numbers.append(number)
        place += width
    parts = [
        _part(memoryview(bytes(content)), rtype, width, extra, np.asarray(numbers))
        for (rtype, width), (content, numbers) in groups.items()
    ]
    return tuple(parts), tuple(damage)


def _part(body: memoryview, rtype: int, width: int, extra: int, numbers: np.ndarray[Any, Any]) -> DbnRecords:
    import numpy as np

    layout = _layout(rtype, width - extra)
    if extra:
        layout = np.dtype([*(layout.descr if layout is not None else ()), ("ts_out", "u8")])
    return DbnRecords(rtype, np.frombuffer(body, layout), numbers)


@cache
def _layout(rtype: int, width: int) -> np.dtype[Any] | None:
    """The layout of a record type that is `width` bytes wide; None where there is none."""
    import databento_dbn
    import numpy as np

    for name in _LAYOUTS.get(rtype, ()):
        message = getattr(databento_dbn, name)
        if message.size_hint == width:
            layout: np.dtype[Any] = np.dtype(message._dtypes)
            return layout
    return None


def _widths() -> Mapping[int, frozenset[int]]:
    import databento_dbn

    return {
        rtype: frozenset(getattr(databento_dbn, name).size_hint for name in names) for rtype, names in _LAYOUTS.items()
    }


def micros(nanoseconds: np.ndarray[Any, Any]) -> list[int]:
    """UTC microseconds (cut, never rounded up); 0 for undefined and for times after 2100, which are damage."""
    import numpy as np

    limit = 4_102_444_800_000_000_000
    return np.where(nanoseconds < limit, nanoseconds // 1_000, 0).astype(np.int64).tolist()  # type: ignore[no-any-return]


def prices(integers: np.ndarray[Any, Any]) -> list[float]:
    """Prices of 1e-9 as the nearest floats, NaN where undefined."""
    import numpy as np

    undefined = 2**63 - 1
    large = np.abs(integers.astype(np.float64)) > 2.0**53
    values: list[float] = np.where(integers == undefined, np.nan, integers / 1e9).tolist()
    for index in np.flatnonzero(large & (integers != undefined)).tolist():
        values[index] = int(integers[index]) / 1_000_000_000
    return values


def counts(integers: np.ndarray[Any, Any]) -> list[float]:
    """Sizes and counts, NaN where they are undefined, which is the greatest value of the field's type."""
    import numpy as np

    undefined = np.iinfo(integers.dtype).max
    return np.where(integers == undefined, np.nan, integers.astype(np.float64)).tolist()  # type: ignore[no-any-return]


def texts(fields: np.ndarray[Any, Any]) -> list[str]:
    """Texts up to their first NUL; letters that cannot be shown become question marks."""
    return [_text(field) for field in fields.tolist()]


def _text(field: bytes) -> str:
    text = field.split(b"\0")[0].decode("ascii", errors="replace")
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)
