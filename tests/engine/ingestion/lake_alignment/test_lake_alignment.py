from __future__ import annotations

import math
from dataclasses import replace

from engine.core.records import CotPosition, CotReport, FuturesBar, Headline
from engine.ingestion.lake_alignment import align, aligned_datasets
from engine.ingestion.lake_rows import UNDATED_TS, Instrument

BAR = FuturesBar("lean_hogs", "yahoo", "HEJ20", 1, 86_400, 100, 200, 80.0, 81.0, 79.0, 80.0, 500.0)
REPORT = CotReport("lean_hogs", "legacy", False, 100, 900, 5.0, (CotPosition("commercial", 1.0, 2.0, math.nan),))


def test_new_events_pass_unchanged() -> None:
    news = Headline("lean_hogs", "Wire", 1, 1, "Hogs", "abc")
    result = align([BAR, REPORT, news], [], 10_000)
    assert result.rows == (BAR, REPORT, news) and result.revisions == 0


def test_a_headline_touched_again_is_the_stored_one() -> None:
    stored = Headline("lean_hogs", "Wire", 100, 150, "Hogs up", "abc")
    touched = replace(stored, known_ts=900, title="HOGS up", source="Wire service")
    rewritten = replace(touched, title="Hogs down", text_hash="def")
    later = replace(touched, event_ts=800)
    result = align([touched, rewritten, later], [stored], 10_000)
    assert result.rows == (stored, rewritten, later) and result.revisions == 0


def test_the_same_figures_take_their_stored_form() -> None:
    stored = replace(BAR, known_ts=5_000, flags=("revision",))
    stored_report = replace(REPORT, known_ts=7_000)
    assert align([BAR, REPORT], [stored, stored_report], 10_000).rows == (stored, stored_report)


def test_other_figures_are_revisions_known_now() -> None:
    result = align([replace(BAR, close=80.5), replace(REPORT, open_interest=6.0)], [BAR, REPORT], 10_000)
    bar, report = result.rows
    assert (bar.known_ts, bar.flags, bar.close) == (10_000, ("revision",), 80.5)
    assert report.known_ts == 10_000
    assert result.revisions == 2


def test_a_revision_is_never_known_earlier_than_the_first_figure() -> None:
    assert align([replace(BAR, close=80.5)], [BAR], 3).rows[0].known_ts == BAR.known_ts


def test_another_contract_at_the_same_time_is_another_event() -> None:
    other = replace(BAR, contract="HEK20", close=99.0)
    assert align([other], [BAR], 10_000).rows == (other,)


def test_an_undated_definition_keeps_the_moment_of_its_first_arrival() -> None:
    undated = Instrument(
        "amd", "ib_replies", "AMD", "4391", "equity", "", "SMART", "USD", UNDATED_TS, UNDATED_TS, 0, 0, math.nan, "",
        0.01, math.nan,
    )  # fmt: skip
    (stored,) = align([undated], [], 10_000).rows
    assert stored == replace(undated, event_ts=10_000, known_ts=10_000)
    assert align([undated], [stored], 20_000).rows == (stored,)
    (changed,) = align([replace(undated, tick_size=0.05)], [stored], 20_000).rows
    assert (changed.event_ts, changed.known_ts) == (20_000, 20_000)


def test_held_definitions_are_read_for_undated_ones_alone() -> None:
    dated = Instrument(
        "es", "databento", "ESH4", "1", "future", "", "GLBX", "USD", 5, 5, 0, 9, math.nan, "", 0.25, 50.0
    )
    assert aligned_datasets([dated, BAR]) == ["futures_bar"]
    assert aligned_datasets([replace(dated, event_ts=UNDATED_TS)]) == ["instrument"]
