"""Damaged files give good rows or one sentence, never a crash and never a number that was not there."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.records import CotReport
from engine.ingestion.input_file import unpack
from engine.kernel.config_models import HydraConfig, MarketConfig
from engine.kernel.errors import InputError
from tests.engine.ingestion.cot_files import (
    LAYOUTS,
    PIPELINES,
    Week,
    headerless_text,
    socrata_csv,
    socrata_json,
    workbook,
    yearly_text,
)
from tests.engine.ingestion.mutated_bytes import mutations

WEEKS = [Week(), Week(code="002602"), Week(seed=300)]
DOCUMENTS = [
    (kind, form(kind, WEEKS))
    for kind in LAYOUTS
    for form in (yearly_text, headerless_text, socrata_csv, socrata_json, workbook)
]


def assert_reports_or_input_error(kind: str, content: bytes, market: MarketConfig) -> None:
    try:
        file = unpack("deafut.txt", content)
        parsed = PIPELINES[kind].parse(file, market)
    except InputError as error:
        assert error.message.startswith("deafut.txt: ") and error.message.isprintable()
        return
    for row in parsed.rows:
        assert isinstance(row, CotReport)
        assert row.known_ts > row.event_ts
        numbers = [number for held in row.positions for number in (held.long, held.short, held.spreading)]
        assert all(math.isnan(number) or 0 <= number < math.inf for number in (row.open_interest, *numbers))
        assert not math.isnan(row.open_interest)
    assert all(problem.row_number >= 1 and problem.reason for problem in parsed.problems)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(DOCUMENTS).flatmap(lambda one: st.tuples(st.just(one[0]), mutations(one[1]))))
def test_damaged_files_give_reports_or_one_sentence(hogs: HydraConfig, damaged: tuple[str, bytes]) -> None:
    kind, content = damaged
    assert_reports_or_input_error(kind, content, hogs.market)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(DOCUMENTS).flatmap(lambda one: mutations(one[1])))
def test_recognition_of_damaged_files_never_crashes(content: bytes) -> None:
    try:
        file = unpack("x", content)
        names = [kind for kind, pipeline in PIPELINES.items() if pipeline.recognises(file)]
    except InputError as error:
        assert error.message.startswith("x: ")
        return
    assert len(names) <= 1


@pytest.mark.parametrize("kind", LAYOUTS)
def test_nothing_and_a_dot_are_missing_and_never_zero(hogs: HydraConfig, kind: str) -> None:
    for blank in (b"       .", b"", b"   "):
        text = yearly_text(kind, [Week(missing=(8, 9))]).replace(b"       .", blank)
        (report,) = PIPELINES[kind].parse(unpack("deafut.txt", text), hogs.market).rows
        assert isinstance(report, CotReport)
        assert math.isnan(report.positions[0].long) and math.isnan(report.positions[0].short)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("true", "not a number"), ('["1"]', "not a number"), ('{"a": 1}', "not a number"), ('"-5"', "negative position"),
     ('"many"', "not a number")],
)  # fmt: skip
def test_values_of_a_reply_that_are_no_counts(hogs: HydraConfig, cell: str, reason: str) -> None:
    reply = socrata_json("legacy", [Week()]).replace(b'"1008"', cell.encode())
    parsed = PIPELINES["legacy"].parse(unpack("rows.json", reply), hogs.market)
    assert parsed.rows == () and [problem.reason for problem in parsed.problems] == [reason]


def test_entries_of_a_reply_that_are_no_objects(hogs: HydraConfig) -> None:
    reply = socrata_json("legacy", [Week()]).replace(b"[{", b'[7, {"error": true}, {', 1)
    parsed = PIPELINES["legacy"].parse(unpack("rows.json", reply), hogs.market)
    assert len(parsed.rows) == 1 and parsed.ignored == {"other market": 1}
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [(1, "row cannot be read")]


def test_rows_that_the_csv_module_refuses(hogs: HydraConfig) -> None:
    text = yearly_text("legacy", [Week()]) + b'"' + b"9" * 140_000 + b'"\r\n' + b'"LEAN HOGS",210608\r\n'
    parsed = PIPELINES["legacy"].parse(unpack("deafut.txt", text), hogs.market)
    assert len(parsed.rows) == 1
    assert [problem.reason for problem in parsed.problems] == ["row cannot be read", "row is cut short"]


def test_a_reply_cut_short_is_one_sentence(hogs: HydraConfig) -> None:
    reply = socrata_json("legacy", [Week()])
    with pytest.raises(InputError, match=r"^rows\.json: not complete JSON"):
        PIPELINES["legacy"].parse(unpack("rows.json", reply[:-20]), hogs.market)


def test_days_outside_the_type_are_no_report_days(hogs: HydraConfig) -> None:
    from datetime import date

    text = yearly_text("disaggregated", [Week(day=date(2006, 6, 6)), Week(day=date(2006, 6, 13))])
    parsed = PIPELINES["disaggregated"].parse(unpack("f_year.txt", text), hogs.market)
    assert len(parsed.rows) == 1 and [problem.reason for problem in parsed.problems] == ["not a report day"]
