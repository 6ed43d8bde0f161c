"""Every live source, and whether it can be asked here: what it lacks is a reason in words, never an error."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.ingestion.live.benzinga import BenzingaClient
from engine.ingestion.live.cftc import CftcClient
from engine.ingestion.live.credentials import FoundCredential, find_credential
from engine.ingestion.live.databento_historical import DatabentoHistoricalClient
from engine.ingestion.live.feeds import FeedsClient
from engine.ingestion.live.http_fetch import FetchTime
from engine.ingestion.live.live_client import ClientParts, LiveClient
from engine.ingestion.live.newsapi import NewsApiClient
from engine.ingestion.live.reddit import RedditClient
from engine.ingestion.live.stocktwits import StockTwitsClient
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import ConfigError

LIVE_CLIENTS: Final[tuple[type[LiveClient], ...]] = (
    DatabentoHistoricalClient,
    CftcClient,
    NewsApiClient,
    BenzingaClient,
    FeedsClient,
    StockTwitsClient,
    RedditClient,
)


@dataclass(frozen=True, slots=True)
class DisabledSource:
    """A live source that cannot be asked, and what is missing."""

    source: str
    reason: str


def live_client_type(source: str) -> type[LiveClient]:
    """The client of a source; ConfigError with the nearest name for an unknown one."""
    known = {client.source: client for client in LIVE_CLIENTS}
    if source not in known:
        close = difflib.get_close_matches(source, known, n=1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        raise ConfigError(f"unknown live source '{source}'{hint}; known: {', '.join(known)}")
    return known[source]


def open_live_client(
    source: str,
    config: HydraConfig,
    when: FetchTime,
    *,
    find: Callable[[str], FoundCredential] = find_credential,
) -> LiveClient | DisabledSource:
    """The client of a source under these settings, or why there is none. Whoever gets a client closes it."""
    kind = live_client_type(source)
    if config.market.simulated:
        return DisabledSource(source, f"market {config.market.market} is simulated: its venue is its only source")
    if missing := kind.missing_setting(config):
        return DisabledSource(source, missing)
    required = [find(name) for name in kind.required_credentials]
    absent = [found for found in required if found.secret is None]
    if absent:
        return DisabledSource(source, "; ".join(found.reason for found in absent))
    found = [*required, *map(find, kind.optional_credentials)]
    credentials = {one.name: one.secret for one in found if one.secret is not None}
    return kind.build(ClientParts(config, when, credentials))
