from __future__ import annotations

import io
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.ingestion.ingest import ingest_paths
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.lake_rows import ReferenceFact
from engine.ingestion.market_directory import MarketDirectory, reference_market, shipped_markets
from engine.ingestion.sources import recognise_input
from engine.ingestion.texts.word_lists import WordListsPipeline
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso
from storage.stores import Stores
from tests.engine.ingestion.mutated_bytes import assert_rows_or_one_sentence, mutations

GLOBAL = reference_market("global")
FILE = "news/loughran_mcdonald/LoughranMcDonald_SentimentWordLists_2018.xlsx"


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def cell(value: object) -> str:
    return f"<c><v>{value}</v></c>" if isinstance(value, int) else f'<c t="inlineStr"><is><t>{value}</t></is></c>'


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    """A small workbook written by hand: openpyxl writes through files of its own outside of the test's folder."""
    names = "".join(f'<sheet name="{title}" sheetId="{n}" r:id="r{n}"/>' for n, title in enumerate(sheets, 1))
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{TYPE}.worksheet+xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    links = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Override PartName="/xl/workbook.xml" '
        f'ContentType="{TYPE}.sheet.main+xml"/>{kinds}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r0" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>',
    }
    for n, lines in enumerate(sheets.values(), 1):
        rows = "".join(f"<row>{''.join(map(cell, line))}</row>" for line in lines)
        parts[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


LISTS: dict[str, list[list[object]]] = {
    "Documentation": [["Word lists"]],
    "Negative": [["ABANDON"], ["ABANDON"], [5], ["two words"], ["WRONG"]],
    "Positive": [["ABLE"]],
    "Uncertainty": [["ALMOST"]],
    "Litigious": [["WRIT"]],
}
BOOK = workbook(LISTS)


def test_a_fact_for_every_word_and_list() -> None:
    file = unpack("f", BOOK)
    assert file.is_workbook and recognise_input(file).name == "loughran_mcdonald"
    parsed = WordListsPipeline().parse(file, GLOBAL)
    assert [(row.subject, row.name, row.value) for row in parsed.rows if isinstance(row, ReferenceFact)] == [
        (word, "loughran_mcdonald", title)
        for word, title in (("ABANDON", "Negative"), ("WRONG", "Negative"), ("ABLE", "Positive"),
                            ("ALMOST", "Uncertainty"), ("WRIT", "Litigious"))
    ]  # fmt: skip
    assert parsed.ignored == {"documentation": 1}
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (2, "second row of the same word"), (3, "not one word in capitals"),
        (4, "not one word in capitals")]  # fmt: skip


def test_another_workbook_is_not_taken() -> None:
    file = unpack("f", workbook({"Corn": [["a", 1]]}))
    assert file.is_workbook and not WordListsPipeline().recognises(file)


def test_a_workbook_without_its_sheets_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK)) as whole, zipfile.ZipFile(stream, "w") as cut:
        for name in whole.namelist():
            if "worksheets" not in name:
                cut.writestr(name, whole.read(name))
    with pytest.raises(InputError, match=r"^f: the workbook lacks its sheet Documentation; fetch the file again$"):
        WordListsPipeline().parse(unpack("f", stream.getvalue()), GLOBAL)


@settings(max_examples=60, deadline=None)
@given(content=mutations(BOOK))
def test_damage(content: bytes) -> None:
    assert_rows_or_one_sentence(WordListsPipeline(), content, GLOBAL)


@pytest.mark.real_data
def test_the_real_workbook(real_data: Path, stores: Stores, simulated: HydraConfig) -> None:
    path = real_data / FILE
    rows = WordListsPipeline().parse(read_input(path), GLOBAL).rows
    # The first three are those of the data's own README, the rest was counted in the sheets' XML.
    assert Counter(row.value for row in rows if isinstance(row, ReferenceFact)) == {
        "Negative": 2_355, "Positive": 354, "Uncertainty": 297, "Litigious": 904, "StrongModal": 19, "WeakModal": 27,
        "Constraining": 184}  # fmt: skip
    with zipfile.ZipFile(path) as archive:
        lines = sum(
            archive.read(name).count(b"<row ") for name in archive.namelist() if name.startswith("xl/worksheets/sheet")
        )
    directory = MarketDirectory(simulated.market, shipped_markets())
    now_ts = parse_iso("2026-03-02T15:00Z")
    report = ingest_paths(stores, simulated, [path], now_ts=now_ts, directory=directory)[0]
    assert report.rows_added == 4_140 == lines - sum(report.ignored.values()) + _blank_lines(path)
    again = ingest_paths(stores, simulated, [path], now_ts=now_ts + 1, directory=directory)[0]
    assert (again.rows_added, again.rows_duplicate) == (0, 4_140)


def _blank_lines(path: Path) -> int:
    """Lines of the documentation that hold nothing and so are absent from its XML."""
    with zipfile.ZipFile(path) as archive:
        return 6 - archive.read("xl/worksheets/sheet1.xml").count(b"<row ")
