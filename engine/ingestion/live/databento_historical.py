"""Databento's historical API: bars, definitions or statistics of a dataset, one calendar month a request.

Source: databento.com/docs/api-reference-historical (key as the user of basic authentication with an empty password;
form of `timeseries.get_range`: dataset, symbols, schema, stype_in, start inclusive, end exclusive, encoding,
compression; `metadata.get_dataset_range`, `get_record_count`, `get_cost` in USD; 422 `data_end_after_available_end`
past what is available; 429 with Retry-After, 100 time-series requests a second).

Data costs money when it is asked for, so: nothing that is stored is asked for again, a month without records is passed
over by its count, which is free, and a poll ends before it costs more than the settings allow. The end of a request is
cut down to whole bars, since a bar that is still forming would have to be bought twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Self

from engine.ingestion.live.fetch_errors import FetchFailed
from engine.ingestion.live.http_fetch import FetchRequest, HttpFetcher
from engine.ingestion.live.live_client import (
    ClientParts,
    Cursor,
    FetchedReply,
    LiveClient,
    PartsCursor,
    changed_layout,
    json_of,
)
from engine.ingestion.live.redaction import Secret
from engine.ingestion.live.reply_body import ExpectedContent
from engine.ingestion.parsing.json_reply import fields_of
from engine.ingestion.parsing.published_time import published_ts
from engine.kernel.config_models import HydraConfig, LiveDatabentoConfig
from engine.kernel.timestamps import (
    MICROS_PER_DAY,
    MICROS_PER_HOUR,
    MICROS_PER_MINUTE,
    MICROS_PER_SECOND,
    parse_iso,
    to_datetime,
    to_iso,
    to_ts,
)

KEY: Final = "HYDRA_DATABENTO_KEY"
_NUMBER: Final = ExpectedContent("a JSON number", ("application/json", "text/json", "text/plain"))
_BINARY_TYPES: Final = ("application/octet-stream", "binary/octet-stream", "application/zstd", "application/dbn")
# A Zstandard frame begins so (RFC 8878 section 3.1.1), and plain DBN
# (databento.com/docs/standards-and-conventions/databento-binary-encoding).
_DATA: Final = {
    "dbn": ExpectedContent("DBN", _BINARY_TYPES, (b"\x28\xb5\x2f\xfd", b"DBN")),
    "csv": ExpectedContent("CSV", ("text/csv", "text/plain", *_BINARY_TYPES), (b"ts_",)),
}
_BAR_LENGTHS: Final = {
    "ohlcv-1s": MICROS_PER_SECOND,
    "ohlcv-1m": MICROS_PER_MINUTE,
    "ohlcv-1h": MICROS_PER_HOUR,
    "ohlcv-1d": MICROS_PER_DAY,
}


class DatabentoHistoricalClient(LiveClient):
    """Cursor by schema: `end_ts`, up to which everything is stored (event time, UTC microseconds, exclusive)."""

    source = "databento"
    title = "Databento historical"
    required_credentials = (KEY,)

    def __init__(self, fetcher: HttpFetcher, settings: LiveDatabentoConfig, key: Secret) -> None:
        self._fetcher = fetcher
        self._settings = settings
        self._key = key
        self._spent_usd = 0.0

    @classmethod
    def build(cls, parts: ClientParts) -> Self:
        settings = parts.config.live.databento
        return cls(parts.fetcher(settings.requests_per_minute), settings, parts.credentials[KEY])

    @classmethod
    def missing_setting(cls, config: HydraConfig) -> str:
        if not config.live.databento.symbols:
            return "live.databento.symbols names no symbol"
        return "" if config.live.databento.schemas else "live.databento.schemas names no schema"

    @classmethod
    def feeds_of(cls, config: HydraConfig) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(_feed_of, config.live.databento.schemas)))

    def first_cursor(self, last_known_ts: Mapping[str, int]) -> Cursor:
        known = {schema: last_known_ts.get(_feed_of(schema)) for schema in self._settings.schemas}
        return {schema: {"end_ts": end_ts} for schema, end_ts in known.items() if end_ts is not None}

    def fetch(self, cursor: Cursor, now_ts: int) -> Iterator[FetchedReply]:
        self._spent_usd = 0.0
        available = self._available_ends()
        yield from PartsCursor.of(cursor).each(
            self._settings.schemas,
            lambda schema, state: self._fetch_schema(schema, state, min(now_ts, _end_of(schema, available))),
        )

    def close(self) -> None:
        self._fetcher.close()

    def _fetch_schema(self, schema: str, state: Any, until_ts: int) -> Iterator[tuple[FetchedReply, Any]]:
        length = _BAR_LENGTHS.get(schema, MICROS_PER_MINUTE)
        until_ts -= until_ts % length
        start_ts = state["end_ts"] if state else parse_iso(self._settings.history_start)
        while start_ts < until_ts:
            end_ts = min(_next_month(start_ts), until_ts)
            yield self._fetch_range(schema, start_ts, end_ts), {"end_ts": end_ts}
            start_ts = end_ts

    def _fetch_range(self, schema: str, start_ts: int, end_ts: int) -> FetchedReply:
        settings = self._settings
        question = {
            "dataset": settings.dataset,
            "symbols": ",".join(settings.symbols),
            "schema": schema,
            "stype_in": settings.stype_in,
            "start": to_iso(start_ts),
            "end": to_iso(end_ts),
        }
        name = f"databento {settings.dataset} {schema} {to_iso(start_ts)} to {to_iso(end_ts)}.{settings.encoding}"
        if not self._number("metadata.get_record_count", question):
            return FetchedReply(name, b"", self._fetcher.clock.now_ts(), {})
        cost = self._number("metadata.get_cost", question)
        if self._spent_usd + cost > settings.max_usd_per_poll:
            raise FetchFailed(
                f"{name}: would cost {cost:.2f} USD after {self._spent_usd:.2f} USD in this poll; "
                f"live.databento.max_usd_per_poll is {settings.max_usd_per_poll:.2f}"
            )
        form = {
            **question, "encoding": "csv", "compression": "none", "pretty_px": "true", "pretty_ts": "true",
            "map_symbols": "true",
        } if settings.encoding == "csv" else {**question, "encoding": "dbn", "compression": "zstd"}  # fmt: skip
        self._spent_usd += cost
        result = self._fetcher.fetch(self._request("timeseries.get_range", form, _DATA[settings.encoding]))
        return FetchedReply(name, result.content, result.fetched_ts, {})

    def _number(self, method: str, question: Mapping[str, str]) -> float:
        content = self._fetcher.fetch(self._request(method, question, _NUMBER)).content
        try:
            number = float(content)
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and number >= 0.0):
            raise changed_layout(f"databento {method}", "the reply is not a number")
        return number

    def _available_ends(self) -> Mapping[str, object]:
        request = FetchRequest(
            f"{self._settings.base_url}/metadata.get_dataset_range",
            params={"dataset": self._settings.dataset},
            basic_auth=(self._key, None),
            credential=KEY,
        )
        reply = fields_of(json_of("databento dataset range", self._fetcher.fetch(request).content))
        if reply is None:
            raise changed_layout("databento dataset range", "the reply is not an object")
        return reply

    def _request(self, method: str, form: Mapping[str, str], expected: ExpectedContent) -> FetchRequest:
        return FetchRequest(
            f"{self._settings.base_url}/{method}",
            form=form,
            basic_auth=(self._key, None),
            expected=expected,
            credential=KEY,
        )


def _feed_of(schema: str) -> str:
    """The source under which the pipelines store a schema: "databento_1h" for bars, "databento" for the others."""
    return f"databento_{schema.removeprefix('ohlcv-')}" if schema in _BAR_LENGTHS else "databento"


def _end_of(schema: str, available: Mapping[str, object]) -> int:
    """Until when data of a schema can be had, exclusive; that of the dataset where it has none of its own."""
    own = fields_of((fields_of(available.get("schema")) or {}).get(schema)) or {}
    end_ts = published_ts(own.get("end", available.get("end")))
    if end_ts is None:
        raise changed_layout("databento dataset range", "the reply has no readable end")
    return end_ts


def _next_month(ts: int) -> int:
    moment = to_datetime(ts)
    year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    return to_ts(datetime(year, month, 1, tzinfo=UTC))
