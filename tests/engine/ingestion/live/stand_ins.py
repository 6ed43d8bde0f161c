"""Stand-ins of every live source: small replies in the real formats, with the paging of the real interfaces."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.kernel.timestamps import MICROS_PER_SECOND, parse_iso, to_iso
from tests.engine.ingestion.live.loopback import Answer, Asked, Reply

SECRET = "s3cret-value-of-a-key"
START = parse_iso("2026-11-18T08:00Z")
HOUR = 3_600 * MICROS_PER_SECOND


@dataclass(frozen=True, slots=True)
class StandIn:
    """One source: what answers for it, the settings that lead there, its credentials, where its data is asked for, the
    rows of the lake after a poll without faults, and a reply of its media type whose layout is another."""

    source: str
    answer: Answer
    settings: Mapping[str, Any]
    addresses: Mapping[str, str]
    credentials: tuple[str, ...]
    data_path: str
    rows: int
    other_layout: bytes
    content_type: str = "application/json"
    pages: int = 3

    def config(self, url: str) -> HydraConfig:
        """Settings of lean hogs that lead to a server at `url`."""
        flags = {f"live.{key}": value for key, value in self.settings.items()}
        flags |= {f"live.{key}": f"{url}{path}" for key, path in self.addresses.items()}
        flags |= {"live.sources": [self.source]}
        return load_config("lean_hogs", environment={}, flags=_resolved(flags, url)).config


def _resolved(flags: Mapping[str, Any], url: str) -> dict[str, Any]:
    return {
        key: [one.replace("URL", url) for one in value] if isinstance(value, list) and key.endswith("urls") else value
        for key, value in flags.items()
    }


def as_json(document: Any) -> Reply:
    return Reply.packed(json.dumps(document).encode())


def stamp(ts: int) -> str:
    return to_iso(ts)


# -- NewsAPI ------------------------------------------------------------------------------------------------------

ARTICLES = [
    {
        "source": {"id": None, "name": "Farm Wire"}, "author": None, "title": f"Hogs close higher in session {number}",
        "description": "x", "url": f"https://example.org/{number}", "urlToImage": None,
        "publishedAt": stamp(START + number * HOUR), "content": None,
    }
    for number in range(5)
]  # fmt: skip


def newsapi_answer(asked: Asked) -> Reply:
    if asked.headers.get("x-api-key") != SECRET:
        return refusal({"status": "error", "code": "apiKeyInvalid", "message": "Your API key is invalid."})
    found = [
        article
        for article in reversed(ARTICLES)
        if asked.values["from"] <= str(article["publishedAt"]).rstrip("Z") <= asked.values["to"]
    ]
    size, page = int(asked.values["pageSize"]), int(asked.values["page"])
    part = found[size * (page - 1) : size * page]
    return as_json({"status": "ok", "totalResults": len(found), "articles": part})


def refusal(document: Any) -> Reply:
    return Reply(json.dumps(document).encode(), status=401)


NEWSAPI = StandIn(
    source="newsapi",
    answer=newsapi_answer,
    settings={"newsapi.query": "hogs", "newsapi.page_size": 2},
    addresses={"newsapi.base_url": ""},
    credentials=("HYDRA_NEWSAPI_KEY",),
    data_path="/v2/everything",
    rows=5,
    other_layout=json.dumps({"status": "ok", "totalResults": 1, "results": [{"publishedAt": "x"}]}).encode(),
    pages=5,  # each full page overlaps the one before by one article
)

# -- Benzinga -----------------------------------------------------------------------------------------------------

STORIES = [
    {
        "id": 100 + number, "author": "A Writer", "created": stamp(START + number * HOUR),
        "updated": stamp(START + number * HOUR + 60 * MICROS_PER_SECOND), "title": f"Pork cutout moves up {number}",
        "teaser": "", "body": "", "url": "https://example.org", "image": [], "channels": [{"name": "Commodities"}],
        "stocks": [], "tags": [],
    }
    for number in range(5)
]  # fmt: skip


def benzinga_answer(asked: Asked) -> Reply:
    if asked.values.get("token") != SECRET:
        return refusal({"message": f"token {asked.values.get('token')} is not known"})
    if asked.headers.get("accept") != "application/json":
        return Reply(b"<?xml version='1.0'?><result/>", content_type="text/xml")
    since = int(asked.values["updatedSince"]) * MICROS_PER_SECOND
    found = [story for story in STORIES if parse_iso(str(story["updated"])) >= since]
    size, page = int(asked.values["pageSize"]), int(asked.values["page"])
    return as_json(found[size * page : size * (page + 1)])


BENZINGA = StandIn(
    source="benzinga",
    answer=benzinga_answer,
    settings={"benzinga.page_size": 2},
    addresses={"benzinga.base_url": ""},
    credentials=("HYDRA_BENZINGA_KEY",),
    data_path="/api/v2/news",
    rows=5,
    other_layout=json.dumps({"data": [{"headline": "x"}]}).encode(),
)

# -- RSS and Atom -------------------------------------------------------------------------------------------------

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Pork Daily</title>
<item><title>Hog weights ease</title><guid>a1</guid><pubDate>Wed, 18 Nov 2026 08:00:00 GMT</pubDate></item>
<item><title>Packers bid up for hogs</title><guid>a2</guid><pubDate>Wed, 18 Nov 2026 09:00:00 GMT</pubDate></item>
</channel></rss>"""
ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Livestock Desk</title>
<entry><title>Swine numbers fall</title><id>b1</id><published>2026-11-18T10:00:00Z</published>
<updated>2026-11-18T10:05:00Z</updated></entry></feed>"""


def feeds_answer(asked: Asked) -> Reply:
    body = RSS if asked.path == "/rss" else ATOM
    tag = f'"{len(body)}"'
    if asked.headers.get("if-none-match") == tag:
        return Reply(status=304)
    return Reply.packed(body, content_type="application/rss+xml; charset=utf-8", headers={"ETag": tag})


FEEDS = StandIn(
    source="feeds",
    answer=feeds_answer,
    settings={"feeds.urls": [f"URL/rss?token={SECRET}", "URL/atom"]},
    addresses={},
    credentials=(),
    data_path="/",
    rows=3,
    other_layout=b"<?xml version='1.0'?><news><story>Hogs</story></news>",
    content_type="application/xml",
    pages=2,
)

# -- StockTwits ---------------------------------------------------------------------------------------------------

MESSAGES = [
    {
        "id": 5_000 + number, "body": f"$HE_F hogs bid into the close {number}",
        "created_at": stamp(START + number * HOUR),
        "user": {"id": 1, "username": "someone"}, "source": {"id": 1, "title": "x", "url": "x"},
        "symbols": [{"id": 9, "symbol": "HE_F", "title": "Lean Hogs"}], "entities": {"sentiment": None},
    }
    for number in range(5)
]  # fmt: skip


def stocktwits_answer(asked: Asked) -> Reply:
    size = int(asked.values["limit"])
    since, upto = int(asked.values.get("since", 0)), int(asked.values.get("max", 10**12))
    found = [message for message in reversed(MESSAGES) if since < int(str(message["id"])) <= upto]
    part = found[:size]
    cursor = {"more": len(found) > size}
    if part:
        cursor |= {"since": part[0]["id"], "max": part[-1]["id"]}
    reply = {"response": {"status": 200}, "symbol": {"id": 9, "symbol": "HE_F"}, "cursor": cursor, "messages": part}
    return as_json(reply)


STOCKTWITS = StandIn(
    source="stocktwits",
    answer=stocktwits_answer,
    settings={"stocktwits.symbols": ["HE_F"], "stocktwits.page_size": 2, "stocktwits.requests_per_minute": 600},
    addresses={"stocktwits.base_url": ""},
    credentials=(),
    data_path="/api/2/streams",
    rows=5,
    other_layout=json.dumps({"response": {"status": 200}, "stream": []}).encode(),
)

# -- Reddit -------------------------------------------------------------------------------------------------------

POSTS = [
    {
        "kind": "t3",
        "data": {
            "name": f"t3_1abc{number}", "id": f"1abc{number}", "title": f"Raising pigs through the winter {number}",
            "created_utc": (START + number * HOUR) / MICROS_PER_SECOND, "stickied": False, "author": "farmer",
            "selftext": "", "subreddit": "farming",
        },
    }
    for number in range(5)
]  # fmt: skip


def reddit_answer(asked: Asked, posts: Callable[[], list[Any]] = lambda: POSTS) -> Reply:
    if asked.path == "/api/v1/access_token":
        if not asked.headers.get("authorization", "").startswith("Basic "):
            return refusal({"message": "Unauthorized", "error": 401})
        return as_json({"access_token": "bearer-token-of-an-hour", "token_type": "bearer", "expires_in": 3600})
    if asked.headers.get("authorization") != "bearer bearer-token-of-an-hour":
        return refusal({"message": "Unauthorized", "error": 401})
    newest_first = posts()[::-1]
    names = [post["data"]["name"] for post in newest_first]
    begin = names.index(asked.values["after"]) + 1 if "after" in asked.values else 0
    size = int(asked.values["limit"])
    part = newest_first[begin : begin + size]
    following = part[-1]["data"]["name"] if begin + size < len(newest_first) else None
    return as_json(
        {"kind": "Listing", "data": {"after": following, "dist": len(part), "children": part, "before": None}}
    )


REDDIT = StandIn(
    source="reddit",
    answer=reddit_answer,
    settings={"reddit.subreddits": ["farming"], "reddit.page_size": 100},
    addresses={"reddit.base_url": "", "reddit.token_url": "/api/v1/access_token"},
    credentials=("HYDRA_REDDIT_CLIENT_ID", "HYDRA_REDDIT_CLIENT_SECRET"),
    data_path="/r/",
    rows=5,
    other_layout=json.dumps({"kind": "Listing", "data": {"posts": []}}).encode(),
    pages=1,
)

# -- CFTC ---------------------------------------------------------------------------------------------------------

LEGACY_HEADER = (
    '"Market and Exchange Names","As of Date in Form YYMMDD","As of Date in Form YYYY-MM-DD",'
    '"CFTC Contract Market Code","CFTC Market Code in Initials","Open Interest (All)",'
    '"Noncommercial Positions-Long (All)","Noncommercial Positions-Short (All)",'
    '"Noncommercial Positions-Spreading (All)","Commercial Positions-Long (All)",'
    '"Commercial Positions-Short (All)"," Total Reportable Positions-Long (All)",'
    '"Nonreportable Positions-Long (All)","Nonreportable Positions-Short (All)"'
)
WEEKS = {"2025": ("2025-06-03", "2025-06-10"), "2026": ("2026-11-03", "2026-11-10")}


def legacy_row(day: str, code: str = "054642") -> str:
    return (
        f'"LEAN HOGS - CHICAGO MERCANTILE EXCHANGE",{day[2:].replace("-", "")},{day},{code},CME ,  300000,'
        "   90000,   60000,   50000,  120000,  160000,  210000,   40000,   30000"
    )


def archive(year: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as folder:
        text = "\n".join([LEGACY_HEADER, *map(legacy_row, WEEKS[year])]) + "\n"
        folder.writestr(zipfile.ZipInfo("annual.txt", (2026, 1, 1, 0, 0, 0)), text)
    return packed.getvalue()


def other_archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as folder:
        folder.writestr(zipfile.ZipInfo("annual.txt", (2026, 1, 1, 0, 0, 0)), "Market;Date;Long;Short\nHogs;x;1;2\n")
    return packed.getvalue()


def cftc_answer(asked: Asked) -> Reply:
    if asked.path.startswith("/resource/"):
        days = [day for year in WEEKS.values() for day in year if f"> '{day}" not in asked.values["$where"]]
        rows = [
            {"report_date_as_yyyy_mm_dd": f"{day}T00:00:00.000", "cftc_contract_market_code": "054642"} for day in days
        ]
        offset = int(asked.values["$offset"])
        return as_json(rows[offset : offset + int(asked.values["$limit"])])
    if asked.path.startswith("/dea/newcot/"):
        body, kind = (legacy_row("2026-11-10") + "\n").encode(), "text/plain"
    else:
        year = asked.path.removesuffix(".zip")[-4:]
        if year not in WEEKS:
            return Reply(b"not here", status=404, content_type="text/plain")
        body, kind = archive(year), "application/x-zip-compressed"
    changed = "Fri, 13 Nov 2026 20:30:00 GMT"
    if asked.headers.get("if-modified-since") == changed:
        return Reply(status=304)
    return Reply(body, content_type=kind, headers={"Last-Modified": changed})


CFTC = StandIn(
    source="cftc",
    answer=cftc_answer,
    settings={
        "cftc.routes": ["archives"], "cftc.reports": ["legacy_futures"], "cftc.history_from_year": 2025,
        "cftc.requests_per_minute": 600,
    },
    addresses={"cftc.site_url": "", "cftc.socrata_url": ""},
    credentials=(),
    data_path="/files/dea/history/",
    rows=12,  # four reports of three trader categories
    other_layout=other_archive(),
    content_type="application/zip",
    pages=2,
)  # fmt: skip

# -- Databento ----------------------------------------------------------------------------------------------------

BARS = [
    parse_iso(f"2026-{month}-{day}T15:00Z") for month, day in (("09", "29"), ("09", "30"), ("11", "03"), ("11", "04"))
]


def databento_answer(asked: Asked) -> Reply:
    if not asked.headers.get("authorization", "").startswith("Basic "):
        return refusal({"detail": {"case": "auth_no_credentials", "message": "no key", "status_code": 401}})
    method = asked.path.rpartition("/")[2]
    if method == "metadata.get_dataset_range":
        end = "2026-11-19T06:30:00.000000000Z"
        return as_json({"start": "2010-06-06T00:00:00.000000000Z", "end": end, "schema": {"ohlcv-1h": {"end": end}}})
    start, end = parse_iso(asked.values["start"]), parse_iso(asked.values["end"])
    held = [bar for bar in BARS if start <= bar < end]
    if method == "metadata.get_record_count":
        return as_json(len(held))
    if method == "metadata.get_cost":
        return as_json(0.25)
    lines = ["ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol"]
    lines += [
        f"{stamp(bar)[:-1]}.000000000Z,34,1,350,80.100000000,80.400000000,80.000000000,80.200000000,120,HE.v.0"
        for bar in held
    ]
    return Reply(("\n".join(lines) + "\n").encode(), content_type="application/octet-stream")


DATABENTO = StandIn(
    source="databento",
    answer=databento_answer,
    settings={
        "databento.symbols": ["HE.v.0"], "databento.encoding": "csv", "databento.history_start": "2026-09-01",
        "databento.requests_per_minute": 6000,
    },
    addresses={"databento.base_url": "/v0"},
    credentials=("HYDRA_DATABENTO_KEY",),
    data_path="/v0/timeseries.get_range",
    rows=4,
    other_layout=b"ts_start,kind,o,h,l,c\n2026-09-29T15:00:00Z,34,1,2,3,4\n",
    content_type="text/csv",
    pages=2,  # October has no bars
)  # fmt: skip

STAND_INS = (DATABENTO, CFTC, NEWSAPI, BENZINGA, FEEDS, STOCKTWITS, REDDIT)


def decoded(asked: Asked) -> str:
    """A request as text, to look for secrets."""
    return unquote(f"{asked.path} {asked.values}")
