from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.ingestion.ingest import ingest_paths
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.lake_rows import UNDATED_TS, TrainingText
from engine.ingestion.market_directory import MarketDirectory, shipped_markets
from engine.ingestion.sources import recognise_input
from engine.ingestion.texts.labelled_texts import LabelledText, LabelledTextsPipeline, day_first_ts, read_labelled
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import parse_iso, to_iso
from storage.stores import Stores
from tests.engine.ingestion.mutated_bytes import assert_rows_or_one_sentence, mutations

PHRASES = "Profit rose at N\xf6rdea .@positive\r\nMail a@b fell .@negative\n\nFlat .@neutral\n".encode("latin-1")
TWEETS = (
    b'text,label\n$A - cut &amp; sold,0\n"$B, raised",1\nflat,2\nodd,7\n,1\nbad \xef\xbf\xbd,1\nx,1,2\nup,bullish\n'
)
HEADLINES = (
    b"Dates\tURL\tNews\tPrice Sentiment\n28-01-2016\tu\tgold falls\tnegative\n5/3/2002\tu\tgold up\tpositive\n"
    b"2016-01-28\tu\tin gold we trust\tnone\n31-31-2016\tu\tgold flat\tneutral\n1/1/2016\tu\tgold\tperhaps\n"
)
POSTS = (
    b'{"1": {"sentence": "$A wins", "info": [{"sentiment_score": "0.5"}, {"sentiment_score": -0.25}]},'
    b' "2": {"sentence": "$B", "info": []}, "3": {"sentence": "$C", "info": [{"sentiment_score": "7"}]}, "4": 5}'
)


def test_phrases_in_an_old_encoding() -> None:
    read = read_labelled(unpack("f", PHRASES))
    assert read.texts == (
        LabelledText("Profit rose at Nördea .", 1.0),
        LabelledText("Mail a@b fell .", -1.0),
        LabelledText("Flat .", 0.0),
    )


def test_tweets() -> None:
    read = read_labelled(unpack("f", TWEETS))
    assert [(one.text, one.tone) for one in read.texts] == [
        ("$A - cut & sold", -1.0), ("$B, raised", 1.0), ("flat", 0.0), ("up", 1.0)]  # fmt: skip
    assert [(problem.row_number, problem.reason) for problem in read.problems] == [
        (4, "not a label"), (5, "text is empty"), (6, "holds bytes that are not text"),
        (7, "text is missing")]  # fmt: skip


def test_headlines_have_the_day_first_and_are_known_at_its_end() -> None:
    read = read_labelled(unpack("f", HEADLINES))
    assert [one.known_ts for one in read.texts] == [
        parse_iso("2016-01-29T12:00Z"), parse_iso("2002-03-06T12:00Z"), parse_iso("2016-01-29T12:00Z"),
        None]  # fmt: skip
    assert [one.tone for one in read.texts[:2]] == [-1.0, 1.0] and math.isnan(read.texts[2].tone)
    assert [(problem.row_number, problem.reason) for problem in read.problems] == [(5, "not a label")]


def test_posts_have_a_tone_for_each_target() -> None:
    read = read_labelled(unpack("f", POSTS))
    assert read.texts == (LabelledText("$A wins", 0.5), LabelledText("$A wins", -0.25))
    assert [(problem.row_number, problem.reason) for problem in read.problems] == [
        (2, "not a label"), (3, "not a label"), (4, "text is missing")]  # fmt: skip


@pytest.mark.parametrize(("document", "texts"), [(PHRASES, 3), (TWEETS, 4), (HEADLINES, 4), (POSTS, 2)])
def test_a_labelled_text_is_training_material_and_never_a_headline(
    document: bytes, texts: int, hogs: HydraConfig
) -> None:
    everything = hogs.market.model_copy(
        update={"relevance_keywords": ("gold", "wins", "flat", "profit", "cut", "raised", "up")}
    )
    file = unpack("lean_hogs.csv", document)
    assert recognise_input(file).name == "labelled_texts"
    parsed = LabelledTextsPipeline().parse(file, everything)
    assert len(parsed.rows) == texts and {type(row) for row in parsed.rows} == {TrainingText}
    directory = MarketDirectory(everything, shipped_markets())
    assert [market.market for market in LabelledTextsPipeline().markets_in(file, directory)] == ["global"]


def test_times_and_occurrences(hogs: HydraConfig) -> None:
    pipeline = LabelledTextsPipeline()
    rows = pipeline.parse(unpack("f", HEADLINES), hogs.market).rows
    assert [(row.event_ts, row.known_ts) for row in rows] == [
        (ts, ts) for ts in (parse_iso("2016-01-29T12:00Z"), parse_iso("2002-03-06T12:00Z"),
                            parse_iso("2016-01-29T12:00Z"), UNDATED_TS)
    ]  # fmt: skip
    rows = pipeline.parse(unpack("f", POSTS), hogs.market).rows
    assert [(row.text, row.tone, row.occurrence) for row in rows if isinstance(row, TrainingText)] == [
        ("$A wins", 0.5, 0), ("$A wins", -0.25, 1)]  # fmt: skip


@pytest.mark.parametrize("text", ["", "soon", "2016-13-01", "32/1/2016", "1/1/16", "1.1.2016"])
def test_what_is_no_day(text: str) -> None:
    assert day_first_ts(text) is None


@pytest.mark.parametrize("document", [PHRASES, TWEETS, HEADLINES, POSTS])
def test_damage(document: bytes, hogs: HydraConfig) -> None:
    @settings(max_examples=80, deadline=None)
    @given(content=mutations(document))
    def check(content: bytes) -> None:
        assert_rows_or_one_sentence(LabelledTextsPipeline(), content, hogs.market)

    check()


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("path", "tones", "damaged"),
    [
        ("financial_phrasebank/Sentences_AllAgree.txt.gz", {1.0: 570, -1.0: 303, 0.0: 1_391}, 0),
        ("twitter_financial/sent_train.csv.gz", {1.0: 1_923, -1.0: 1_442, 0.0: 6_173}, 5),
        ("gold_headlines/gold_first8000.tsv.gz", {1.0: 3_362, -1.0: 2_886, 0.0: 288, None: 1_458}, 4),
    ],
)
def test_real_sets(real_data: Path, path: str, tones: dict[float | None, int], damaged: int) -> None:
    file = read_input(real_data / "news" / path)
    assert recognise_input(file).name == "labelled_texts"
    read = read_labelled(file)
    assert Counter(None if math.isnan(one.tone) else one.tone for one in read.texts) == tones
    assert Counter(problem.reason for problem in read.problems) == (
        {"holds bytes that are not text": damaged} if damaged else {}
    )


@pytest.mark.real_data
def test_real_posts_and_days_and_years_that_lost_a_digit(real_data: Path) -> None:
    posts = read_labelled(read_input(real_data / "news" / "fiqa" / "FiQA_post.json.gz")).texts
    tones = [one.tone for one in posts]
    assert (len(tones), min(tones), max(tones)) == (675, -0.745, 0.814)
    assert (sum(tone > 0 for tone in tones), sum(tone < 0 for tone in tones)) == (440, 234)
    gold = read_labelled(read_input(real_data / "news" / "gold_headlines" / "gold_first8000.tsv.gz")).texts
    days = [one.known_ts for one in gold if one.known_ts is not None]
    assert len(gold) - len(days) == 125
    assert to_iso(min(days)) == "2000-02-16T12:00:00Z"
    assert to_iso(max(days)) == "2019-01-31T12:00:00Z"


@pytest.mark.real_data
def test_real_sets_are_stored_once(real_data: Path, stores: Stores, simulated: HydraConfig) -> None:
    news = real_data / "news"
    paths = [news / "financial_phrasebank" / "Sentences_AllAgree.txt.gz",
             news / "twitter_financial" / "sent_train.csv.gz",
             news / "gold_headlines" / "gold_first8000.tsv.gz", news / "fiqa" / "FiQA_post.json.gz"]  # fmt: skip
    directory = MarketDirectory(simulated.market, shipped_markets())
    now_ts = parse_iso("2026-03-02T15:00Z")
    # 2,264 sentences; 9,543 tweets and 7,998 headlines less the damaged ones; 675 opinions.
    expected = [2_264, 9_543 - 5, 7_998 - 4, 675]
    reports = ingest_paths(stores, simulated, paths, now_ts=now_ts, directory=directory)
    assert [(report.rows_added, dict(report.rows_by_market)) for report in reports] == [
        (count, {"global": count}) for count in expected
    ]
    again = ingest_paths(stores, simulated, paths, now_ts=now_ts + 1, directory=directory)
    assert [(report.rows_added, report.rows_duplicate) for report in again] == [(0, count) for count in expected]
    assert stores.lake.read("global", "headline").num_rows == 0
