from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.core.records import Headline
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.market_directory import reference_market
from engine.ingestion.sources import recognise_input
from engine.ingestion.texts.headline_text import text_hash
from engine.ingestion.texts.reddit_posts import RedditListingPipeline, RedditTablePipeline
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso, to_iso
from tests.engine.ingestion.mutated_bytes import assert_rows_or_one_sentence, mutations

MOMENT = 1_708_439_670  # 2024-02-20T14:34:30Z


def post(name: str, title: object, **more: object) -> dict[str, object]:
    data = {"name": name, "title": title, "selftext": "pork", "created_utc": float(MOMENT), "edited": False}
    return {"kind": "t3", "data": {**data, **more}}


def comment(name: str, body: object, replies: object = "", **more: object) -> dict[str, object]:
    data = {"name": name, "body": body, "created_utc": MOMENT, "edited": False, "replies": replies}
    return {"kind": "t1", "data": {**data, **more}}


def listing(*things: object) -> dict[str, object]:
    return {"kind": "Listing", "data": {"after": None, "children": list(things)}}


THREAD = json.dumps(
    [
        listing(post("t3_a", "Hogs this week", edited=float(MOMENT + 900))),
        listing(
            comment("t1_a", "Pork is cheap", listing(comment("t1_b", "so are pigs", edited=MOMENT + 60))),
            comment("t1_c", "chess"),
            {"kind": "more", "data": {"children": ["x", "y"]}},
        ),
    ]
).encode()
TABLE = (
    b"title,score,id,url,comms_num,created,body,timestamp\n"
    b'Hog futures,1,s9i9bw,https://x,0,1642792067.0,"two\nlines",2022-01-21 11:07:47\n'
    b"Chess,1,s9i9bx,https://x,0,1642792067.0,,2022-01-21 11:07:47\n"
)


def test_posts_by_title_and_comments_by_body(hogs: HydraConfig) -> None:
    file = unpack("f", THREAD)
    assert recognise_input(file).name == "reddit"
    parsed = RedditListingPipeline().parse(file, hogs.market)
    moment = parse_iso("2024-02-20T14:34:30Z")
    assert sorted(parsed.rows, key=lambda row: row.title) == [
        Headline("lean_hogs", "reddit", moment, moment, "Hogs this week", text_hash("hogs this week")),
        Headline("lean_hogs", "reddit", moment, moment, "Pork is cheap", text_hash("pork is cheap")),
        Headline("lean_hogs", "reddit", moment, moment + 60_000_000, "so are pigs", text_hash("so are pigs")),
    ]
    assert parsed.ignored == {"off topic": 1, "neither post nor comment": 1}


def test_oddities(hogs: HydraConfig) -> None:
    things = [
        post("1", "[deleted]"), post("2", "Pork rules", stickied=True), comment("3", "pork", author="AutoModerator"),
        post("4", "Pork", created_utc="soon"), comment("5", "pork", edited="yes"), {"kind": "t3"}, None,
        post("8", None), {"kind": "t5", "data": {}}, post("10", "Pork", created_utc=float(MOMENT)),
        comment("11", "pork old edit", edited=True),
    ]  # fmt: skip
    parsed = RedditListingPipeline().parse(unpack("f", json.dumps(listing(*things)).encode()), hogs.market)
    assert {row.title for row in parsed.rows} == {"Pork"}
    assert parsed.ignored == {
        "removed by its author or a moderator": 1, "notice of a moderator": 2,
        "neither post nor comment": 1}  # fmt: skip
    assert [(problem.row_number, problem.field, problem.reason) for problem in parsed.problems] == [
        (4, "created_utc", "not a time"), (5, "created_utc", "not a time"), (6, "entry", "not a record of fields"),
        (7, "entry", "not a record of fields"), (8, "title or body", "title is missing"),
        (11, "created_utc", "not a time")]  # fmt: skip


def test_an_error_in_the_words_of_the_platform(hogs: HydraConfig) -> None:
    file = unpack("f", b'{"reason": "private", "message": "Forbidden", "error": 403}')
    assert recognise_input(file).name == "reddit"
    with pytest.raises(InputError, match=r"^f: Reddit answered with an error, 403: Forbidden$"):
        RedditListingPipeline().parse(file, hogs.market)


def test_a_dump_is_stored_under_the_same_source(hogs: HydraConfig) -> None:
    file = unpack("f", TABLE)
    pipeline = recognise_input(file)
    assert (pipeline.name, pipeline.source_of(file, hogs.market)) == ("reddit_table", "reddit")
    parsed = pipeline.parse(file, hogs.market)
    moment = parse_iso("2022-01-21T19:07:47Z")
    assert parsed.rows == (
        Headline("lean_hogs", "reddit", moment, moment, "Hog futures", text_hash("hog futures")),
    )  # fmt: skip
    assert parsed.ignored == {"off topic": 1}


def test_a_comment_in_a_dump_is_its_body(hogs: HydraConfig) -> None:
    table = (
        b"title,score,id,url,comms_num,created,body,timestamp\n"
        b"Comment,1,a,,0,1642792067.0,Hogs all the way,x\nComment,1,b,,0,1642792067.0,pork it is,x\n"
        b"Comment,1,c,https://x,0,1642792067.0,pork,x\n"
    )
    parsed = RedditTablePipeline().parse(unpack("f", table), hogs.market)
    assert sorted(row.title for row in parsed.rows if isinstance(row, Headline)) == ["Hogs all the way", "pork it is"]
    assert parsed.ignored == {"off topic": 1}  # a post with this title and an address


@settings(max_examples=150, deadline=None)
@given(content=mutations(THREAD))
def test_damaged_listings(content: bytes, hogs: HydraConfig) -> None:
    assert_rows_or_one_sentence(RedditListingPipeline(), content, hogs.market, unrecognised_too=True)


@settings(max_examples=150, deadline=None)
@given(content=mutations(TABLE))
def test_damaged_tables(content: bytes, hogs: HydraConfig) -> None:
    pipeline = RedditTablePipeline()
    assert_rows_or_one_sentence(pipeline, content, hogs.market)


@pytest.mark.real_data
def test_a_real_dump(real_data: Path, hogs: HydraConfig) -> None:
    file = read_input(real_data / "social" / "reddit" / "reddit_wsb_2022-01.csv.gz")
    parsed = recognise_input(file).parse(file, hogs.market)
    # 913 posts and 979 comments, 24 of them without a word or with too many tickers.
    assert parsed.rows == () and parsed.problems == () and parsed.ignored == {"off topic": 1_868, "spam": 24}
    archive = RedditTablePipeline().parse(file, reference_market("global"))
    assert (len(archive.rows), archive.ignored) == (1_868, {"spam": 24})
    assert "Comment" not in {row.title for row in archive.rows if isinstance(row, Headline)}
    assert (to_iso(archive.rows[0].known_ts), to_iso(archive.rows[-1].known_ts)) == (
        "2022-01-18T18:45:23Z", "2022-01-21T19:08:37Z")  # fmt: skip
