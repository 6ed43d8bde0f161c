"""Rows of the first sheet of an Excel workbook, binary (.xls) or zipped (.xlsx)."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator

from engine.ingestion.input_file import InputFile
from engine.kernel.errors import InputError


def workbook_rows(file: InputFile, limit: int | None = None) -> Iterator[list[object]]:
    """The rows of the first sheet, at most `limit`: texts, numbers, dates, "" or None for empty cells.

    InputError where the workbook is damaged, holds no sheet or counts days from 1904.
    """
    return _zipped_rows(file, limit) if file.is_workbook else _binary_rows(file, limit)


def _binary_rows(file: InputFile, limit: int | None) -> Iterator[list[object]]:
    import xlrd

    try:
        # Its remarks on odd files go nowhere instead of to the terminal.
        workbook = xlrd.open_workbook(file_contents=file.content, on_demand=True, logfile=io.StringIO())
        sheet = workbook.sheet_by_index(0)
        from_1904, count = workbook.datemode == 1, sheet.nrows
    except Exception as error:  # xlrd raises its own, struct's, codecs' and plain lookup errors on damaged bytes
        raise _damaged(file) from error
    with workbook:
        if from_1904:
            raise _wrong_epoch(file)
        for row in range(count if limit is None else min(limit, count)):
            yield sheet.row_values(row)


def _zipped_rows(file: InputFile, limit: int | None) -> Iterator[list[object]]:
    import openpyxl
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on styles and extensions that are of no concern here
            workbook = openpyxl.load_workbook(io.BytesIO(file.content), read_only=True, data_only=True)
        sheet = workbook.worksheets[0]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True, max_row=limit)
    except Exception as error:  # as above: zip, XML, lookup and value errors
        raise _damaged(file) from error
    if workbook.epoch == CALENDAR_MAC_1904:
        raise _wrong_epoch(file)
    while True:
        try:
            cells = next(rows, None)
        except Exception as error:  # rows are read from the zip only now
            raise _damaged(file) from error
        if cells is None:
            workbook.close()
            return
        yield list(cells)


def _damaged(file: InputFile) -> InputError:
    return InputError(f"{file.name}: the workbook is truncated or damaged; fetch the file again")


def _wrong_epoch(file: InputFile) -> InputError:
    return InputError(f"{file.name}: the workbook counts days from 1904; save it with the 1900 date system")
