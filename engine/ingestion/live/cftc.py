"""Commitments of Traders from the CFTC by three routes: yearly archives, the current week's text files, Socrata.

Source: www.cftc.gov/MarketReports/CommitmentsofTraders/HistoricalCompressed (archives below /files/dea/history; years
to 2016 lie in one file each), www.cftc.gov/dea/newcot (text without a header, all markets, replaced each week) and
publicreporting.cftc.gov (dev.socrata.com/docs/queries: $where, $order, $limit up to 50000, $offset; a page needs a
stable $order; 429 where throttled, less with a token in the header X-App-Token).

Files are asked for with conditions (ETag, Last-Modified), so that an unchanged week costs one empty reply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final, Self

from engine.ingestion.live.fetch_errors import NotThere
from engine.ingestion.live.http_fetch import FetchRequest, FetchState, HttpFetcher
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
from engine.kernel.config_models import HydraConfig, LiveCftcConfig
from engine.kernel.timestamps import parse_iso, to_datetime

APP_TOKEN: Final = "HYDRA_CFTC_APP_TOKEN"
# Report -> (its feed, archive of a year, archive of the years to 2016, file of the week, Socrata data set).
_REPORTS: Final[Mapping[str, tuple[str, str, str, str, str]]] = {
    "legacy_futures": ("cot_legacy", "deacot{}.zip", "deacot1986_2016.zip", "deafut.txt", "6dca-aqww"),
    "legacy_combined": ("cot_legacy", "deahistfo{}.zip", "deahistfo_1995_2016.zip", "deacom.txt", "jun7-fc8e"),
    "disaggregated_futures": (
        "cot_disaggregated", "fut_disagg_txt_{}.zip", "fut_disagg_txt_hist_2006_2016.zip", "f_disagg.txt", "72hh-3qpy",
    ),
    "disaggregated_combined": (
        "cot_disaggregated", "com_disagg_txt_{}.zip", "com_disagg_txt_hist_2006_2016.zip", "c_disagg.txt", "kh3c-gbw2",
    ),
    "supplemental": (
        "cot_supplemental", "dea_cit_txt_{}.zip", "dea_cit_txt_2006_2016.zip", "deacit.txt", "4zgm-a668",
    ),
}  # fmt: skip
_LAST_BUNDLED_YEAR: Final = 2016
_ZIP: Final = ExpectedContent(
    "a zip archive", ("application/zip", "application/x-zip-compressed", "application/octet-stream"), (b"PK",)
)
_TEXT: Final = ExpectedContent("text", ("text/plain", "text/csv", "application/octet-stream"), (b'"',))
_PAGE_ROWS: Final = 1_000
_OVERLAP: Final = timedelta(days=35)  # a correction of the last weeks comes as a revision
_DATE: Final = "report_date_as_yyyy_mm_dd"


class CftcClient(LiveClient):
    """Cursor by part: a file's ETag and Last-Modified, kept also for the archive of a past year, which is then done; a
    Socrata data set's `after` (newest report day) and, between pages, `offset` and `newest`."""

    source = "cftc"
    title = "CFTC Commitments of Traders"
    optional_credentials = (APP_TOKEN,)

    def __init__(
        self, fetcher: HttpFetcher, settings: LiveCftcConfig, market_codes: tuple[str, ...], token: Secret | None = None
    ) -> None:
        self._fetcher = fetcher
        self._settings = settings
        self._codes = market_codes
        self._token = token

    @classmethod
    def build(cls, parts: ClientParts) -> Self:
        settings = parts.config.live.cftc
        codes = parts.config.market.cot_market_codes
        return cls(parts.fetcher(settings.requests_per_minute), settings, codes, parts.credentials.get(APP_TOKEN))

    @classmethod
    def missing_setting(cls, config: HydraConfig) -> str:
        if not config.live.cftc.reports or not config.live.cftc.routes:
            return "live.cftc.reports or live.cftc.routes names nothing"
        return "" if config.market.cot_market_codes else "market.cot_market_codes names no market"

    @classmethod
    def feeds_of(cls, config: HydraConfig) -> tuple[str, ...]:
        return tuple(sorted({_REPORTS[report][0] for report in config.live.cftc.reports}))

    def fetch(self, cursor: Cursor, now_ts: int) -> Iterator[FetchedReply]:
        today = to_datetime(now_ts)
        parts: dict[str, str] = {}
        for route in self._settings.routes:
            for report in self._settings.reports:
                if route == "archives":
                    parts |= dict.fromkeys(self._archives(report, today.year, today.month == 1, cursor), route)
                elif route == "weekly":
                    parts[f"/dea/newcot/{_REPORTS[report][3]}"] = route
                else:
                    parts[f"/resource/{_REPORTS[report][4]}.json"] = route

        def fetch_part(part: str, state: Any) -> Iterator[tuple[FetchedReply, Any]]:
            if parts[part] == "socrata":
                yield from self._fetch_data_set(part, state or {})
            else:
                yield from self._fetch_file(part, state, not_yet=str(today.year) in part)

        yield from PartsCursor.of(cursor).each(parts, fetch_part)

    def close(self) -> None:
        self._fetcher.close()

    def _archives(self, report: str, year: int, is_january: bool, cursor: Cursor) -> Iterator[str]:
        """Archives not fetched yet, the current year's and in January, when its last report comes, the past one's."""
        _, yearly, bundle, _, _ = _REPORTS[report]
        first = self._settings.history_from_year
        names = [bundle] if first <= _LAST_BUNDLED_YEAR else []
        names += [yearly.format(one) for one in range(max(first, _LAST_BUNDLED_YEAR + 1), year + 1)]
        growing = {yearly.format(year)} | ({yearly.format(year - 1)} if is_january else set())
        paths = {f"/files/dea/history/{name}": name in growing for name in names}
        return (path for path, grows in paths.items() if grows or path not in cursor)

    def _fetch_file(self, path: str, state: Any, *, not_yet: bool) -> Iterator[tuple[FetchedReply, Any]]:
        expected = _ZIP if path.endswith(".zip") else _TEXT
        name = path.rpartition("/")[2]
        try:
            result = self._fetcher.fetch(
                FetchRequest(f"{self._settings.site_url}{path}", expected=expected), FetchState.of(state)
            )
        except NotThere:
            if not_yet and state is None and path.endswith(".zip"):
                return  # a year's archive appears with its first report
            raise
        yield FetchedReply(name, result.content, result.fetched_ts, {}), result.state.to_json()

    def _fetch_data_set(self, path: str, stored: Mapping[str, Any]) -> Iterator[tuple[FetchedReply, Any]]:
        after, offset, newest = stored.get("after", ""), stored.get("offset", 0), stored.get("newest", "")
        while True:
            name = f"cftc {path.rpartition('/')[2].removesuffix('.json')} after {after or 'start'} row {offset}.json"
            result = self._fetcher.fetch(self._data_set_request(path, after, offset))
            rows = json_of(name, result.content)
            if not isinstance(rows, list):
                raise changed_layout(name, "the reply is not a list of rows")
            days = [day for row in rows if isinstance(day := (fields_of(row) or {}).get(_DATE), str)]
            if rows and not days:
                raise changed_layout(name, f"no row has a {_DATE}")
            newest = max([newest, *(day[:10] for day in days)])
            is_full = len(rows) == _PAGE_ROWS
            offset += len(rows)
            state = {"after": after, "offset": offset, "newest": newest} if is_full else {"after": newest or after}
            yield FetchedReply(name, result.content if rows else b"", result.fetched_ts, {}), state
            if not is_full:
                return

    def _data_set_request(self, path: str, after: str, offset: int) -> FetchRequest:
        codes = ", ".join(f"'{code}'" for code in self._codes)
        where = f"cftc_contract_market_code in ({codes})"
        if after:
            since = (to_datetime(parse_iso(after)) - _OVERLAP).date().isoformat()
            where += f" AND {_DATE} > '{since}T00:00:00.000'"
        return FetchRequest(
            f"{self._settings.socrata_url}{path}",
            params={"$where": where, "$order": f"{_DATE},:id", "$limit": str(_PAGE_ROWS), "$offset": str(offset)},
            secret_headers={} if self._token is None else {"X-App-Token": self._token},
            credential=APP_TOKEN,
        )
