"""COT files scored report by report: one history whatever the files, reasons for what is missing, clear refusals."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.host.operations.cot_scores import cot_scores
from engine.ingestion.input_file import InputFile, read_input, unpack
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.kernel.errors import InputError
from tests.engine.ingestion.cot_files import (
    Week,
    headerless_text,
    socrata_csv,
    socrata_json,
    workbook,
    yearly_text,
)

FIRST_DAY = date(2021, 1, 5)
FORMS = ("legacy", "disaggregated", "supplemental")


@pytest.fixture(scope="module")
def hogs() -> HydraConfig:
    return load_config("lean_hogs", environment={}).config


def weeks(count: int, start: int = 0, seed: int = 1000) -> list[Week]:
    return [Week(day=FIRST_DAY + timedelta(days=7 * week), seed=seed + week * week % 97)
            for week in range(start, start + count)]  # fmt: skip


def text(kind: str, rows: list[Week], name: str = "annual.txt") -> InputFile:
    return unpack(name, yearly_text(kind, rows))


@pytest.mark.parametrize("kind", FORMS)
def test_every_form_of_a_report_gives_the_same_rows(hogs: HydraConfig, kind: str) -> None:
    rows = weeks(40)
    ways = (yearly_text, headerless_text, workbook, socrata_csv, socrata_json)
    said = {json.dumps(cot_scores([unpack("fut_disagg_annual.txt", way(kind, rows))], hogs).rows) for way in ways}
    assert len(said) == 1


def test_a_row_says_what_the_report_says(hogs: HydraConfig) -> None:
    (first, *_, last) = cot_scores([text("disaggregated", weeks(60))], hogs).rows
    assert list(first) == [
        "market", "report_type", "combined", "report_date", "known_ts", "open_interest", "net_share", "percentile_52w",
        "percentile_156w", "reports_52w", "reports_156w", "change_4w", "commercial_net_share", "commercial_score",
        "concentration", "score", "confidence", "missing",
    ]  # fmt: skip
    assert (first["report_date"], first["known_ts"]) == ("2021-01-05", "2021-01-08T20:30:00Z")
    assert first["net_share"] == pytest.approx(-1 / 9000) and first["open_interest"] == 9000.0
    assert first["score"] is None and first["confidence"] == 0.0 and len(first["missing"]) == 4
    assert last["missing"] == [] and last["reports_52w"] == 53 and last["reports_156w"] == 60
    assert 0.0 <= last["percentile_52w"] <= 1.0 and -1.0 <= last["score"] <= 1.0 and last["confidence"] > 0.0


def test_files_are_one_history_in_any_order_and_copies_count_once(hogs: HydraConfig) -> None:
    whole = cot_scores([text("legacy", weeks(60))], hogs).rows
    parts = [text("legacy", weeks(40)), text("legacy", weeks(30, 30), "more_annual.txt")]
    assert cot_scores(parts, hogs).rows == cot_scores(parts[::-1], hogs).rows == whole


def test_of_two_versions_the_later_file_counts_and_it_is_told(hogs: HydraConfig) -> None:
    other = Week(day=FIRST_DAY, seed=5000)
    found = cot_scores([text("legacy", weeks(30)), text("legacy", [other], "annual.new.txt")], hogs)
    assert found.rows[0]["open_interest"] == 45_000.0 and len(found.rows) == 30
    assert "annual.new.txt: replaces 1 different reports of annual.txt" in found.notes


def test_types_and_combined_reports_are_scored_apart(hogs: HydraConfig) -> None:
    futures = weeks(30)
    both = [Week(day=one.day, seed=one.seed + 500, combined=True) for one in futures]
    found = cot_scores([text("disaggregated", [*futures, *both]), text("legacy", futures)], hogs).rows
    assert len(found) == 90 and {row["reports_156w"] for row in found[-3:]} == {30}
    alone = cot_scores([text("legacy", futures)], hogs).rows
    assert tuple(row for row in found if row["report_type"] == "legacy") == alone


def test_suppressed_cells_are_null_with_their_reason(hogs: HydraConfig) -> None:
    rows = [*weeks(40), Week(day=FIRST_DAY + timedelta(days=280), missing=(13, 8))]
    last = cot_scores([text("disaggregated", rows)], hogs).rows[-1]
    assert last["net_share"] is last["commercial_net_share"] is last["concentration"] is last["score"] is None
    assert last["missing"] == [
        "no net position of the crowd (suppressed or absent)",
        "no net position of the hedgers (suppressed or absent)",
        "no concentration (a class is suppressed)",
    ]


def test_bad_rows_are_kept_out_and_named(hogs: HydraConfig) -> None:
    content = yearly_text("legacy", weeks(30)).replace(b"2021-01-12", b"2021-99-12")
    found = cot_scores([unpack("annual.txt", content)], hogs)
    assert len(found.rows) == 29
    assert "annual.txt: kept out, row 3: report_date: not a report day" in found.notes


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("prices.csv", b"Date,Close\n2021-01-05,80\n", "not a Commitments of Traders report"),
        ("noise.bin", bytes(range(256)) * 20, "not a Commitments of Traders report"),
        ("wide.txt", yearly_text("legacy", weeks(3)).decode().encode("utf-16"), "not a Commitments of Traders report"),
        ("head.txt", yearly_text("legacy", []), "CFTC code 054642 of market lean_hogs is in none of its 0 rows"),
        ("corn.txt", yearly_text("legacy", [Week(code="002602")]), "is in none of its 1 rows"),
        ("bonds.txt", yearly_text("financial", weeks(3)), "stored and not scored"),
        (
            "broken.txt",
            yearly_text("legacy", [Week()]).replace(b"2021-06-08", b"2021-13-41"),
            "no usable report; row 2",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(
    hogs: HydraConfig, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        cot_scores([text("legacy", weeks(3)), unpack(name, content)], hogs)
    assert caught.value.message.startswith(f"{name}: ") and words in caught.value.message
    assert caught.value.exit_code == 3 and "\n" not in caught.value.message


def test_a_market_without_a_code_is_refused(hogs: HydraConfig) -> None:
    nameless = hogs.model_copy(update={"market": hogs.market.model_copy(update={"cot_market_codes": ()})})
    with pytest.raises(InputError, match="has no CFTC code"):
        cot_scores([text("legacy", weeks(3))], nameless)


@pytest.mark.real_data
def test_real_hogs_of_2021_and_2023(real_data: Path, hogs: HydraConfig) -> None:
    names = ("fut_disagg_txt_2021.zip", "fut_disagg_txt_2023_to_20231010.zip", "fut_disagg_2023_to_20230221.txt.gz")
    found = cot_scores([read_input(real_data / "cot" / name) for name in names], hogs)
    rows = {row["report_date"]: row for row in found.rows}
    assert len(found.rows) == 92 and sum(row["score"] is not None for row in found.rows) == 67
    low, high = rows["2023-05-30"], rows["2021-08-03"]
    assert low["net_share"] == pytest.approx(-0.150, abs=5e-4) and low["score"] < -0.9, "funds short before the low"
    assert high["net_share"] == pytest.approx(0.305, abs=5e-4) and high["score"] > 0.8
    assert rows["2023-01-31"]["known_ts"] > "2023-02-24", "the reports of the ION incident came late"
    assert rows["2023-01-03"]["percentile_52w"] is None and rows["2023-01-03"]["reports_156w"] == 52
