"""Error codes of the TWS interface and their names: a table of code and name, undated."""

from __future__ import annotations

import re
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow
from engine.ingestion.parsing.delimited_text import header_of, table_rows
from engine.ingestion.reference.global_facts import GlobalFactsPipeline, undated_fact
from engine.ingestion.source_pipeline import ParsedInput, ProblemList
from engine.kernel.config_models import MarketConfig

_CODE: Final = re.compile(r"-?\d{1,6}", re.ASCII)
_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{1,79}", re.ASCII)


class IbErrorCodesPipeline(GlobalFactsPipeline):
    """Error codes; source "ib_error_codes", subject = code, name "error_name"."""

    name = "ib_error_codes"
    title = "error codes of Interactive Brokers (TSV, CSV)"

    def recognises(self, file: InputFile) -> bool:
        """Columns code and name, the first code a whole number."""
        head = file.head(2)
        first = re.split(r"[\t,;]", head[1])[0].strip() if len(head) == 2 else ""
        return header_of(file) == ("code", "name") and _CODE.fullmatch(first) is not None

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """One fact for every code and name; a code may have several names."""
        problems = ProblemList()
        rows: dict[tuple[str, str], NormalisedRow] = {}
        for number, row, cells in table_rows(file):
            if row is None:
                problems.add(number, "row", "not two cells", cells)
                continue
            code, name = row["code"].strip(), row["name"].strip()
            if not _CODE.fullmatch(code):
                problems.add(number, "code", "not a whole number", cells)
            elif not _NAME.fullmatch(name):
                problems.add(number, "name", "not a name in capitals", cells)
            elif (code, name) in rows:
                problems.add(number, "code", "second row of the same code and name", cells)
            else:
                rows[code, name] = undated_fact(market, self.name, code, "error_name", name)
        return problems.finish(list(rows.values()))
