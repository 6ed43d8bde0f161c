"""Loughran and McDonald's lists of words with a tone in financial texts: a workbook with one sheet a list.

One fact for every word and sheet (a word may stand in several): subject = the word, name "loughran_mcdonald", value =
the list. Undated. Source of the lists: https://sraf.nd.edu/loughranmcdonald-master-dictionary/.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow
from engine.ingestion.reference.global_facts import GlobalFactsPipeline, undated_fact
from engine.ingestion.source_pipeline import ParsedInput, ProblemList
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

_NEEDED: Final = frozenset({"Negative", "Positive", "Uncertainty", "Litigious"})
_PROSE_SHEET: Final = "Documentation"
_SHEET: Final = re.compile(r'<sheet\s[^>]{0,200}?name="([^"]{1,60})"')
_WORD: Final = re.compile(r"[A-Z][A-Z'-]{0,59}", re.ASCII)
_UNREADABLE: Final = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError)


class WordListsPipeline(GlobalFactsPipeline):
    """Lists of words; source "loughran_mcdonald"."""

    name = "loughran_mcdonald"
    title = "Loughran-McDonald word lists (XLSX)"

    def recognises(self, file: InputFile) -> bool:
        """A workbook with sheets Negative, Positive, Uncertainty and Litigious."""
        return file.is_workbook and _sheet_names(file) >= _NEEDED

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """One fact a word and sheet; the sheet of documentation is counted by its lines."""
        import openpyxl

        problems = ProblemList()
        rows: dict[tuple[str, str], NormalisedRow] = {}
        try:
            book = openpyxl.load_workbook(io.BytesIO(file.content), read_only=True, data_only=True)
            sheets = [(sheet.title, list(sheet.iter_rows(values_only=True))) for sheet in book.worksheets]
        except Exception as error:  # openpyxl raises whatever the damage leads to
            raise InputError(f"{file.name}: the workbook cannot be read; fetch the file again") from error
        missing = _sheet_names(file) - {title for title, _ in sheets}
        if missing:
            raise InputError(f"{file.name}: the workbook lacks its sheet {min(missing)}; fetch the file again")
        number = 0
        for title, lines in sheets:
            if title == _PROSE_SHEET:
                problems.ignore("documentation", len(lines))
                continue
            for cells in lines:
                number += 1
                filled = [cell for cell in cells if cell is not None]
                word = filled[0].strip() if len(filled) == 1 and isinstance(filled[0], str) else None
                if not filled:
                    problems.ignore("empty row")
                elif word is None or not _WORD.fullmatch(word):
                    problems.add(number, title, "not one word in capitals", repr(cells))
                elif (word, title) in rows:
                    problems.add(number, title, "second row of the same word", word)
                else:
                    rows[word, title] = undated_fact(market, self.name, word, self.name, title)
        return problems.finish(list(rows.values()))


def _sheet_names(file: InputFile) -> frozenset[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(file.content)) as archive, archive.open("xl/workbook.xml") as part:
            return frozenset(_SHEET.findall(part.read(65_536).decode("utf-8", errors="replace")))
    except (*_UNREADABLE, KeyError):
        return frozenset()
