from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.ingestion.ingest import ingest_paths
from engine.ingestion.input_file import unpack
from engine.ingestion.lake_rows import Statistic
from engine.ingestion.market_directory import MarketDirectory, reference_market, shipped_markets
from engine.ingestion.reference.oecd_rates import OecdRatesPipeline
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso, to_iso
from storage.stores import Stores
from tests.engine.ingestion.mutated_bytes import assert_rows_or_one_sentence, mutations

GLOBAL = reference_market("global")
FILE = "databento/nautilus/options_catalog/usd_short_term_rate.xml"


def observation(month: str, value: str, status: str = "A") -> str:
    return (
        f'<generic:Obs><generic:ObsDimension id="TIME_PERIOD" value="{month}"/><generic:ObsValue value="{value}"/>'
        f'<generic:Attributes><generic:Value id="OBS_STATUS" value="{status}"/></generic:Attributes></generic:Obs>'
    )


def document(*observations: str, measure: str = "IR3TIB", prepared: str = "2025-01-31T12:36:14") -> bytes:
    key = {"REF_AREA": "USA", "FREQ": "M", "MEASURE": measure, "UNIT_MEASURE": "PA"}
    values = "".join(f'<generic:Value id="{name}" value="{value}"/>' for name, value in key.items())
    return (
        "<!--Service--><message:GenericData><message:Header>"
        f"<message:Prepared>{prepared}</message:Prepared></message:Header><message:DataSet><generic:Series>"
        f"<generic:SeriesKey>{values}</generic:SeriesKey>{''.join(observations)}</generic:Series></message:DataSet>"
        "</message:GenericData>"
    ).encode()


GOOD = document(observation("2021-09", "0.1"), observation("2021-08", "-0.25", "E"))


def test_months_in_order_known_when_the_reply_was_prepared() -> None:
    file = unpack("f", GOOD)
    assert recognise_input(file).name == "oecd"
    rows = [row for row in OecdRatesPipeline().parse(file, GLOBAL).rows if isinstance(row, Statistic)]
    assert [(row.name, row.unit, to_iso(row.event_ts), row.value, row.flags) for row in rows] == [
        ("interest_rate_usa_interbank_3_months", "percent/year", "2021-08-01T00:00:00Z", -0.25, ("status_e",)),
        ("interest_rate_usa_interbank_3_months", "percent/year", "2021-09-01T00:00:00Z", 0.1, ()),
    ]
    assert {to_iso(row.known_ts) for row in rows} == {"2025-02-01T00:36:14Z"}  # no zone: the last one on earth


def test_bad_observations_are_kept_out() -> None:
    content = document(
        observation("2021-13", "1"), observation("2021-12", "NaN"), observation("2021-11", "1"),
        observation("2021-11", "2"), observation("2026-01", "1"))  # fmt: skip
    parsed = OecdRatesPipeline().parse(unpack("f", content), GLOBAL)
    assert len(parsed.rows) == 1
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (1, "not a month"), (2, "not a number"), (4, "second value of the same month"),
        (5, "a month after the reply was prepared")]  # fmt: skip


def test_other_measures_are_ignored() -> None:
    parsed = OecdRatesPipeline().parse(unpack("f", document(observation("2021-01", "1"), measure="CCRE")), GLOBAL)
    assert parsed.rows == () and parsed.ignored == {"no monthly interest rate in percent a year": 1}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (GOOD.replace(b"<message:Gen", b'<!DOCTYPE x [<!ENTITY a "b">]><message:Gen', 1), "declares a document type"),
        (GOOD[:-40], "not well-formed XML"),
        (document(observation("2021-01", "1"), prepared="?"), "does not say when it was prepared"),
        (b"<GenericData>" + b"<a>" * 100 + b"</a>" * 100 + b"</GenericData>", "nested too deeply"),
    ],
)
def test_documents_that_cannot_be_used(content: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=f"^f: .*{sentence}"):
        OecdRatesPipeline().parse(unpack("f", content), GLOBAL)


@settings(max_examples=80, deadline=None)
@given(content=mutations(GOOD))
def test_damage(content: bytes) -> None:
    assert_rows_or_one_sentence(OecdRatesPipeline(), content, GLOBAL)


@pytest.mark.real_data
def test_the_real_reply(real_data: Path, stores: Stores, simulated: HydraConfig) -> None:
    text = (real_data / FILE).read_text()
    months = re.findall(r'id="TIME_PERIOD" value="([\d-]+)"', text)
    assert (len(months), min(months), max(months)) == (59, "2020-01", "2024-12")
    directory = MarketDirectory(simulated.market, shipped_markets())
    now_ts = parse_iso("2026-03-02T15:00Z")
    report = ingest_paths(stores, simulated, [real_data / FILE], now_ts=now_ts, directory=directory)[0]
    assert (report.rows_added, dict(report.rows_by_market)) == (59, {"global": 59})
    assert (report.first_event_ts, report.last_event_ts) == (parse_iso("2020-01-01"), parse_iso("2024-12-01"))
    again = ingest_paths(stores, simulated, [real_data / FILE], now_ts=now_ts, directory=directory)[0]
    assert (again.rows_added, again.rows_duplicate) == (0, 59)
    table = stores.lake.read("global", "statistic")
    stored = dict(zip(table.column("event_ts").to_pylist(), table.column("value").to_pylist(), strict=True))
    assert [stored[parse_iso(day)] for day in ("2020-03-01", "2023-10-01", "2024-12-01")] == [1.35, 5.46, 4.46]
