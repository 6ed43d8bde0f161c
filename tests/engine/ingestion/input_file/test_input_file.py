from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from engine.ingestion.input_file import read_input, unpack
from engine.kernel.errors import InputError


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_packing_changes_neither_content_nor_hash() -> None:
    text = b"a,b\n1,2\n" * 1000
    plain, packed, archived = unpack("x", text), unpack("x.gz", gzip.compress(text)), unpack("x.zip", zipped(f=text))
    assert plain.content == packed.content == archived.content
    assert plain.content_hash == packed.content_hash == archived.content_hash
    assert archived.member == "f"


def test_zstd_is_unpacked_frame_by_frame_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"a,b\n1,2\n" * 1000
    packed = pa.compress(text, codec="zstd", asbytes=True)
    assert unpack("x", packed).content_hash == unpack("x", text).content_hash
    assert unpack("x", packed + packed).content == text + text
    assert unpack("x.zip", zipped(f=packed)).content == text
    monkeypatch.setattr("engine.ingestion.input_file._MAX_BYTES", 2**20)
    bomb = pa.compress(bytes(2**25), codec="zstd", asbytes=True)
    assert len(bomb) < 2**16
    with pytest.raises(InputError, match=r"^x: unpacks to more than 1 MiB; split it"):
        unpack("x", bomb)


def test_damaged_zstd_is_one_sentence() -> None:
    packed = bytearray(pa.compress(bytes(range(256)) * 200, codec="zstd", asbytes=True))
    for content in (packed[:-1], packed[:20], packed + b"x", packed[:4] + b"\xff" * 40):
        with pytest.raises(InputError, match=r"^x: the zstd data is truncated or damaged"):
            unpack("x", bytes(content))


@pytest.mark.parametrize("kept", [20, 200, -1, -9])
def test_truncated_gzip_is_one_sentence(kept: int) -> None:
    data = gzip.compress(bytes(range(256)) * 200)
    with pytest.raises(InputError, match=r"^x\.gz: the gzip data is truncated or damaged"):
        unpack("x.gz", data[:kept])


@pytest.mark.parametrize("kept", [40, -1, -30])
def test_truncated_zip_is_one_sentence(kept: int) -> None:
    data = zipped(f=bytes(range(256)) * 200)
    with pytest.raises(InputError, match=r"^x\.zip: the zip is truncated or damaged"):
        unpack("x.zip", data[:kept])


def test_damaged_zip_member_is_refused() -> None:
    data = bytearray(zipped(f=bytes(range(256)) * 200))
    data[60] ^= 0xFF
    with pytest.raises(InputError, match="truncated or damaged"):
        unpack("x.zip", bytes(data))


def test_a_zip_member_without_a_name_is_damage() -> None:
    with pytest.raises(InputError, match="truncated or damaged"):
        unpack("x.zip", zipped(Xtable=b"1,2").replace(b"Xtable", b"\0table"))


def test_a_zip_of_several_tables_gives_them_by_name() -> None:
    file = unpack("x.zip", zipped(a=b"1", b=b"2"))
    assert (file.tables, file.member) == ((("a", b"1"), ("b", b"2")), "")
    assert file.content_hash == unpack("y.zip", zipped(b=b"2", a=b"1")).content_hash
    assert file.content_hash != unpack("x.zip", zipped(a=b"2", b=b"1")).content_hash


def test_a_zip_without_a_table_is_refused() -> None:
    with pytest.raises(InputError, match=r"^x\.zip: the zip holds no table"):
        unpack("x.zip", zipped())


@pytest.mark.parametrize("raw", [b"", b"  \n \n", gzip.compress(b"", mtime=0)])
def test_empty_files_are_refused(raw: bytes) -> None:
    with pytest.raises(InputError, match="empty"):
        unpack("x.csv", raw)


def test_unreadable_path_names_the_reason(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.csv: cannot be read: No such file"):
        read_input(tmp_path / "absent.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_input(tmp_path)


def test_text_drops_the_byte_order_mark_and_reads_old_encodings() -> None:
    assert unpack("x", "\ufeffdate,é".encode()).text() == "date,é"
    assert unpack("x", "café".encode("cp1252")).text() == "café"


def test_the_folders_above_a_file_are_remembered(tmp_path: Path) -> None:
    folder = tmp_path / "option" / "usa" / "universes" / "twx"
    folder.mkdir(parents=True)
    (folder / "20140604.csv").write_text("x,y")
    assert read_input(folder / "20140604.csv").folders[-4:] == ("option", "usa", "universes", "twx")
    assert unpack("20140604.csv", b"x,y").folders == ()


PARTS = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": b"<x/>"}


@pytest.mark.parametrize("order", [1, -1])
def test_a_zipped_workbook_is_no_zip_of_tables(order: int) -> None:
    packed = zipped(**dict(list(PARTS.items())[::order]))
    file = unpack("x.xlsx", packed)
    assert (file.is_workbook, file.is_spreadsheet, file.tables, file.content) == (True, True, (), packed)
    assert file.content_hash == unpack("y.xlsx", zipped(**dict(list(PARTS.items())[::-order]))).content_hash


def test_a_workbook_inside_a_zip_or_gzip_is_a_workbook() -> None:
    packed = zipped(**PARTS)
    for outer in (zipped(**{"annual.xlsx": packed}), gzip.compress(packed)):
        file = unpack("x", outer)
        assert file.is_workbook and file.content == packed
        assert file.content_hash == unpack("y", packed).content_hash


@pytest.mark.parametrize("missing", ["[Content_Types].xml", "xl/workbook.xml"])
def test_a_zip_of_tables_is_no_workbook(missing: str) -> None:
    file = unpack("x.zip", zipped(**{name: part for name, part in PARTS.items() if name != missing}))
    assert not file.is_workbook and not file.is_spreadsheet and len(file.tables) == 2


@pytest.mark.parametrize("kept", [40, -1, -30])
def test_a_truncated_workbook_is_one_sentence(kept: int) -> None:
    with pytest.raises(InputError, match=r"^x\.xlsx: the zip is truncated or damaged; fetch the file again"):
        unpack("x.xlsx", zipped(**PARTS)[:kept])


def test_a_zip_in_a_zip_is_refused() -> None:
    with pytest.raises(InputError, match=r"^x\.zip: the zip holds a zip that is no workbook; unpack it first"):
        unpack("x.zip", zipped(**{"inner.zip": zipped(a=b"1")}))
