"""Which market a symbol, a CFTC code or a file's name means.

Shipped and operator's markets come from their YAML files. Data of other instruments (an index whose options are read,
a related grain) are stored under a reference market of their own: `config/reference_markets.yaml` names those about
which facts are known, any other symbol becomes a market of its name with no price limits, in UTC, whose daily bars
count as known at the end of the day. A reference market can be read and never be traded. The simulated market is never
found by symbol: real data do not mix with simulated ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import yaml

from engine.kernel.config_models import MarketConfig
from engine.kernel.configuration import known_markets, load_config
from engine.kernel.errors import ConfigError

UNKNOWN_RULE: Final = "unknown"
_WORDS: Final = re.compile(r"[a-z0-9]+")
_KEY: Final = re.compile(r"[^a-z0-9]+")


def shipped_markets(own: Path | None = None) -> tuple[MarketConfig, ...]:
    """The markets of the shipped YAML files and of an operator's folder, without anybody's settings on top."""
    return tuple(load_config(name, market_folder=own, environment={}).config.market for name in known_markets(own))


class MarketDirectory:
    """Finds markets; `home` is the market that is meant where a file names none."""

    def __init__(self, home: MarketConfig, markets: Iterable[MarketConfig]) -> None:
        self.home = home
        self._real = [market for market in markets if not market.simulated]
        self._roots = {root: market for market in self._real for root in (*market.roots, market.contract.root)}

    @property
    def markets(self) -> tuple[MarketConfig, ...]:
        """Every real market that is known by name, reference markets included."""
        return tuple({market.market: market for market in (*self._real, *_references())}.values())

    @property
    def readers_of_texts(self) -> tuple[MarketConfig, ...]:
        """The markets that look for words in news and posts."""
        return tuple(market for market in self._real if market.relevance_keywords)

    def by_root(self, root: str) -> MarketConfig:
        """The market of an exchange root or ticker ("HE", "SPX"); a reference market of its own where none knows it."""
        if not self.home.simulated and root in (self.home.contract.root, *self.home.roots):
            return self.home
        found = self._roots.get(root)
        if found is not None:
            return found
        return next((market for market in _references() if root in market.roots), None) or reference_market(root)

    def named_by(self, file_name: str) -> MarketConfig | None:
        """The market whose alias stands in a file's name as whole words ("Live_Cattle.csv"); the longest alias wins."""
        words = f" {' '.join(_WORDS.findall(file_name.lower()))} "
        known = [
            (alias, market)
            for market in self.markets
            for alias in (" ".join(_WORDS.findall(text.lower())) for text in market.aliases)
            if alias and f" {alias} " in words
        ]
        return max(known, key=lambda entry: len(entry[0]))[1] if known else None


def reference_market(root: str) -> MarketConfig:
    """A market about which nothing is known but its root symbol."""
    return _reference(root, {})


def is_reference(market: MarketConfig) -> bool:
    """Whether a market can only be read: nothing is known of when its contracts end."""
    return market.contract.last_trade_rule == UNKNOWN_RULE


@lru_cache(maxsize=1)
def _references() -> tuple[MarketConfig, ...]:
    entries = _document()["markets"]
    return tuple(_reference(root, facts) for root, facts in entries.items())


@lru_cache(maxsize=1)
def _document() -> Mapping[str, Any]:
    text = resources.files("config").joinpath("reference_markets.yaml").read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    if not isinstance(document, dict) or set(document) != {"template", "markets"}:
        raise ConfigError("reference_markets.yaml must hold 'template' and 'markets'")
    return document


@lru_cache(maxsize=1024)
def _unknown(root: str) -> MarketConfig:
    return _built(root, {})


def _reference(root: str, facts: Mapping[str, Any]) -> MarketConfig:
    return _built(root, facts) if facts else _unknown(root)


def _built(root: str, facts: Mapping[str, Any]) -> MarketConfig:
    template = _document()["template"]
    given = {key: value for key, value in facts.items() if key not in ("session", "contract")}
    key = _KEY.sub("_", root.lower()).strip("_") or "unnamed"
    body = {
        **template,
        "market": key,
        "title": root,
        "roots": [root],
        **given,
        "session": {**template["session"], **facts.get("session", {})},
        "contract": {**template["contract"], "root": root, **facts.get("contract", {})},
    }
    return MarketConfig.model_validate(body)
