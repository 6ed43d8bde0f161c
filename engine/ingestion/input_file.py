"""A file as an operator or a feed leaves it: plain or packed (gzip, zip, zstd); read whole, refused in one sentence."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from engine.kernel.canonical import sha256_hex
from engine.kernel.errors import InputError

_MAX_BYTES: Final = 512 * 1024 * 1024
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZIP_MAGIC: Final = b"PK\x03\x04"
_EMPTY_ZIP_MAGIC: Final = b"PK\x05\x06"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_CHUNK: Final = 1024 * 1024
_DAMAGED_ZIP: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, OverflowError, ValueError)
_FOLDERS: Final = 5
_OLE_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOK_PARTS: Final = frozenset({"[Content_Types].xml", "xl/workbook.xml"})


@dataclass(frozen=True, slots=True)
class InputFile:
    """The unpacked content of one file. `content_hash` covers the unpacked bytes, so that the same table counts as
    the same input whether it came plain, gzipped, zipped or in zstd. `member` is the name inside a zip, "" otherwise.

    A zip of several tables keeps its packed bytes as `content` and gives the tables, by name, in `tables`; few sources
    come that way, and `engine/ingestion/sources.py` refuses the rest. An .xlsx workbook is a zip too: it keeps its
    packed bytes and has no `tables`. `folders` are the names of the last folders above the file, outermost first: some
    collections say a file's market there and nowhere else. They are not stored."""

    name: str
    content: bytes
    content_hash: str
    member: str = ""
    tables: tuple[tuple[str, bytes], ...] = ()
    folders: tuple[str, ...] = ()

    @property
    def is_workbook(self) -> bool:
        """Whether the content is a zipped Excel workbook (.xlsx)."""
        return not self.tables and self.content.startswith(_ZIP_MAGIC)

    @property
    def is_spreadsheet(self) -> bool:
        """Whether the content is an Excel workbook, binary (.xls) or zipped (.xlsx)."""
        return self.is_workbook or self.content.startswith(_OLE_MAGIC)

    def text(self) -> str:
        """The content as text: UTF-8 (a byte-order mark is dropped), else Windows-1252 as old vendors write it."""
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return self.content.decode("cp1252", errors="replace")

    def head(self, lines: int = 5) -> list[str]:
        """The first lines, for recognition."""
        start = self.content[:65_536].decode("utf-8-sig", errors="replace")
        return start.splitlines()[:lines]


def read_input(path: Path) -> InputFile:
    """Read and unpack one file; InputError naming the file and what is wrong with it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{printable_name(path)}: cannot be read: {error.strerror}") from error
    return replace(unpack(printable_name(path), raw), folders=path.absolute().parent.parts[-_FOLDERS:])


def printable_name(path: Path) -> str:
    """The file's name as text that can be stored: bytes that are no UTF-8 become a question mark in a box."""
    return os.fsencode(path.name).decode("utf-8", errors="replace")


def unpack(name: str, raw: bytes) -> InputFile:
    """Unpack gzip, zstd or a zip; recognised by the first bytes, never by the name."""
    if not raw:
        raise InputError(f"{name}: the file is empty")
    content, member = raw, ""
    if raw.startswith(_GZIP_MAGIC):
        content = _gunzip(name, raw)
    if content.startswith((_ZIP_MAGIC, _EMPTY_ZIP_MAGIC)):
        packed, tables = content, _unzip(name, content)
        if len(tables) == 1:
            member, content = tables[0]
            if content.startswith(_ZIP_MAGIC):
                packed, tables = content, _unzip(name, content)
        if {part for part, _ in tables} >= _WORKBOOK_PARTS:
            return InputFile(name, packed, _hash_of(tables), member)
        if len(tables) > 1:
            return InputFile(name, packed, _hash_of(tables), "", tables)
    if content.startswith(_ZIP_MAGIC):
        raise InputError(f"{name}: the zip holds a zip that is no workbook; unpack it first")
    if content.startswith(_ZSTD_MAGIC):
        content = _unzstd(name, content)
    if not content.strip():
        raise InputError(f"{name}: the file is empty")
    return InputFile(name, content, sha256_hex(content), member)


def _gunzip(name: str, raw: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as stream:
            content = stream.read(_MAX_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{name}: the gzip data is truncated or damaged; fetch the file again") from error
    if len(content) > _MAX_BYTES:
        raise InputError(f"{name}: unpacks to more than {_MAX_BYTES // 2**20} MiB; split it")
    return content


def _unzstd(name: str, raw: bytes) -> bytes:
    """All frames of a zstd file; stops reading where it grows beyond the bound, whatever its header promises."""
    import pyarrow as pa

    chunks: list[bytes] = []
    unpacked = 0
    try:
        with pa.CompressedInputStream(pa.BufferReader(raw), "zstd") as stream:
            while chunk := stream.read(_ZSTD_CHUNK):
                unpacked += len(chunk)
                if unpacked > _MAX_BYTES:
                    raise InputError(f"{name}: unpacks to more than {_MAX_BYTES // 2**20} MiB; split it")
                chunks.append(chunk)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{name}: the zstd data is truncated or damaged; fetch the file again") from error
    return b"".join(chunks)


def _unzip(name: str, raw: bytes) -> tuple[tuple[str, bytes], ...]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if not all(member.filename for member in archive.infolist()):
                raise zipfile.BadZipFile("a member without a name")  # Python 3.11 cannot ask whether it is a folder
            members = [member for member in archive.infolist() if not member.is_dir()]
            if not members:
                raise InputError(f"{name}: the zip holds no table")
            if sum(member.file_size for member in members) > _MAX_BYTES:
                raise InputError(f"{name}: unpacks to more than {_MAX_BYTES // 2**20} MiB; split it")
            return tuple((member.filename, archive.read(member)) for member in members)
    except _DAMAGED_ZIP as error:
        raise InputError(f"{name}: the zip is truncated or damaged; fetch the file again") from error
    except (NotImplementedError, RuntimeError) as error:
        raise InputError(f"{name}: the zip is encrypted or packed in a way that cannot be read") from error


def _hash_of(tables: tuple[tuple[str, bytes], ...]) -> str:
    return sha256_hex("\n".join(sorted(f"{member} {sha256_hex(content)}" for member, content in tables)).encode())
