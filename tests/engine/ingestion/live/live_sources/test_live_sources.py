"""The registry of live sources and what keeps one of them off."""

from __future__ import annotations

from typing import get_args

import pytest

from engine.ingestion.live.credentials import FoundCredential
from engine.ingestion.live.live_sources import LIVE_CLIENTS, DisabledSource, live_client_type, open_live_client
from engine.ingestion.live.redaction import Secret
from engine.kernel.config_models import HydraConfig, LiveConfig
from engine.kernel.configuration import load_config
from engine.kernel.errors import ConfigError
from tests.engine.ingestion.live.fake_time import FakeTime


def there(name: str) -> FoundCredential:
    return FoundCredential(name, Secret("abc"), "")


def test_the_setting_knows_the_same_sources() -> None:
    annotation = LiveConfig.model_fields["sources"].annotation
    assert get_args(get_args(annotation)[0]) == tuple(client.source for client in LIVE_CLIENTS)


def test_an_unknown_source_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'newsapi'"):
        live_client_type("newsapy")


def test_nothing_is_polled_unless_it_is_switched_on(hogs: HydraConfig, simulated: HydraConfig) -> None:
    assert hogs.live.sources == simulated.live.sources == ()


@pytest.mark.parametrize(
    ("source", "flags", "missing"),
    [
        ("databento", {"live.databento.symbols": []}, "live.databento.symbols"),
        ("databento", {"live.databento.schemas": []}, "live.databento.schemas"),
        ("cftc", {"live.cftc.reports": []}, "live.cftc.reports"),
        ("cftc", {"market.cot_market_codes": []}, "market.cot_market_codes"),
        ("newsapi", {"live.newsapi.query": " "}, "live.newsapi.query"),
        ("feeds", {}, "live.feeds.urls"),
        ("stocktwits", {"live.stocktwits.symbols": []}, "live.stocktwits.symbols"),
        ("reddit", {}, "live.reddit.subreddits"),
    ],
)
def test_a_missing_setting_disables_and_names_itself(
    source: str, flags: dict[str, object], missing: str, when: FakeTime
) -> None:
    config = load_config("lean_hogs", environment={}, flags=flags).config
    found = open_live_client(source, config, when.as_fetch_time(), find=there)
    assert isinstance(found, DisabledSource) and missing in found.reason


def test_a_simulated_market_has_no_live_sources(simulated: HydraConfig, when: FakeTime) -> None:
    for client in LIVE_CLIENTS:
        found = open_live_client(client.source, simulated, when.as_fetch_time(), find=there)
        assert isinstance(found, DisabledSource) and "simulated" in found.reason


def test_default_addresses_are_https(hogs: HydraConfig) -> None:
    live = hogs.live
    addresses = [live.databento.base_url, live.cftc.site_url, live.cftc.socrata_url, live.newsapi.base_url,
                 live.benzinga.base_url, live.stocktwits.base_url, live.reddit.base_url,
                 live.reddit.token_url]  # fmt: skip
    assert all(address.startswith("https://") and not address.endswith("/") for address in addresses)
