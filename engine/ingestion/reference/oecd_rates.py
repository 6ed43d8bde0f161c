"""Monthly interest rates of the OECD, as its SDMX service answers (generic data, XML).

A value is the average of a month in percent a year, kept as printed: `event_ts` = the month's first midnight UTC. When
each value was published the reply does not say; it is known from when the reply was prepared, late and never early.
No entity is expanded and nothing is fetched: a document type declaration is refused as a whole.
"""

from __future__ import annotations

import math
import re
import xml.parsers.expat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow, Statistic
from engine.ingestion.parsing.published_time import published_ts
from engine.ingestion.reference.global_facts import GlobalFactsPipeline
from engine.ingestion.source_pipeline import ParsedInput, ProblemList
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import to_ts

_ROOT_REACH: Final = 4_096
_ROOT: Final = re.compile(r"<(?:[\w.-]{1,20}:)?GenericData[\s>]", re.ASCII)
_MAX_BYTES: Final = 64 * 1024 * 1024
_MAX_DEPTH: Final = 64
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d{1,6}(?:\.\d{1,12})?", re.ASCII)
# Measures of the OECD's data set of financial markets (DF_FINMARK) by their codes.
_MEASURES: Final = {"IR3TIB": "interbank_3_months", "IRSTCI": "call_money", "IRLT": "government_10_years"}
_PERCENT_A_YEAR: Final = "percent/year"
_NORMAL: Final = "A"


@dataclass(slots=True)
class _Observation:
    period: str = ""
    value: str = ""
    status: str = _NORMAL
    series: dict[str, str] = field(default_factory=dict)


class OecdRatesPipeline(GlobalFactsPipeline):
    """OECD rates; source "oecd", statistics like "interest_rate_usa_interbank_3_months"."""

    name = "oecd"
    title = "interest rates of the OECD (SDMX XML)"

    def recognises(self, file: InputFile) -> bool:
        """XML whose root is GenericData."""
        head = file.content[:_ROOT_REACH].decode("utf-8-sig", errors="replace").lstrip()
        return head.startswith("<") and _ROOT.search(head) is not None

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Monthly rates in order of series and month; other units, frequencies and measures count as ignored."""
        reader = _read(file)
        known_ts = published_ts(reader.prepared)
        if known_ts is None:
            raise InputError(f"{file.name}: does not say when it was prepared, so nothing in it has a time of knowing")
        problems = ProblemList()
        rows: dict[tuple[str, int], Statistic] = {}
        for number, found in enumerate(reader.observations, 1):
            series = found.series
            if (
                series.get("FREQ") != "M"
                or series.get("UNIT_MEASURE") != "PA"
                or series.get("MEASURE") not in _MEASURES
            ):
                problems.ignore("no monthly interest rate in percent a year")
                continue
            event_ts = _month_ts(found.period)
            if event_ts is None:
                problems.add(number, "TIME_PERIOD", "not a month", found.period)
            elif event_ts > known_ts:
                problems.add(number, "TIME_PERIOD", "a month after the reply was prepared", found.period)
            elif not _NUMBER.fullmatch(found.value):
                problems.add(number, "ObsValue", "not a number", found.value)
            else:
                area = re.sub(r"[^a-z0-9]+", "_", series.get("REF_AREA", "").lower())
                name = f"interest_rate_{area}_{_MEASURES[series['MEASURE']]}"
                flags = () if found.status == _NORMAL else (f"status_{found.status.lower()[:10]}",)
                value = float(found.value)
                row = Statistic(market.market, self.name, None, name, _PERCENT_A_YEAR, event_ts, known_ts, value, flags)
                if not math.isfinite(value) or rows.setdefault((name, event_ts), row) is not row:
                    problems.add(number, "TIME_PERIOD", "second value of the same month", found.period)
        ordered: list[NormalisedRow] = [rows[key] for key in sorted(rows)]
        return problems.finish(ordered)


def _month_ts(text: str) -> int | None:
    month = _MONTH.fullmatch(text)
    if month is None or not 1 <= int(month[2]) <= 12 or not 1900 < int(month[1]) < 2100:
        return None
    return to_ts(datetime(int(month[1]), int(month[2]), 1, tzinfo=UTC))


def _read(file: InputFile) -> _Reader:
    if len(file.content) > _MAX_BYTES:
        raise InputError(f"{file.name}: XML of more than {_MAX_BYTES // 2**20} MiB")
    reader = _Reader(file.name)
    # Without namespaces: the service's replies are kept without the declarations of their prefixes.
    parser = xml.parsers.expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(file.content.lstrip(), True)
    except xml.parsers.expat.ExpatError as error:
        raise InputError(f"{file.name}: not well-formed XML: {error}") from error
    except (LookupError, ValueError) as error:
        raise InputError(f"{file.name}: the XML is in an encoding that cannot be read") from error
    return reader


class _Reader:
    def __init__(self, file_name: str) -> None:
        self.prepared = ""
        self.observations: list[_Observation] = []
        self._file_name = file_name
        self._path: list[str] = []
        self._series: dict[str, str] = {}
        self._observation: _Observation | None = None

    def refuse_doctype(self, *declaration: object) -> None:
        raise InputError(f"{self._file_name}: the XML declares a document type; such documents are refused")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        parent = self._path[-1] if self._path else ""
        self._path.append(local)
        if len(self._path) > _MAX_DEPTH:
            raise InputError(f"{self._file_name}: the XML is nested too deeply")
        value = attributes.get("value", "")
        if local == "Series":
            self._series = {}
        elif local == "Obs":
            self._observation = _Observation(series=self._series)
        elif local == "Value" and parent == "SeriesKey":
            self._series[attributes.get("id", "")] = value
        elif self._observation is not None and local == "ObsDimension" and attributes.get("id") == "TIME_PERIOD":
            self._observation.period = value
        elif self._observation is not None and local == "ObsValue":
            self._observation.value = value
        elif self._observation is not None and local == "Value" and attributes.get("id") == "OBS_STATUS":
            self._observation.status = value

    def text(self, characters: str) -> None:
        if self._path and self._path[-1] == "Prepared" and len(self.prepared) < 100:
            self.prepared += characters

    def end(self, name: str) -> None:
        self._path.pop()
        if name.rpartition(":")[2] == "Obs" and self._observation is not None:
            self.observations.append(self._observation)
            self._observation = None
