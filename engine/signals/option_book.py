"""The newest option chains of a market, kept for those who draw them: nothing here is a feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.core.records import FuturesBar, OptionChain
from engine.kernel.config_models import HydraConfig
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import Reading
from engine.signals.option_density import FittedDensity, OptionDensity
from engine.signals.option_snapshot import OptionSnapshot
from engine.signals.option_surface import OptionSurface


class OptionBook(FeatureFamily):
    """What the option families saw last. It stands behind them in the pipeline and computes nothing.

    `reference` is the newest snapshot of the reference expiry, `fitted` the newest density with its snapshot, `bar` the
    newest decision bar, `newest_ts` the moment of the newest chain (0 before the first),
    `chains_seen` how many came. A repeated snapshot replaces
    the one before it.
    """

    def __init__(self, config: HydraConfig, surface: OptionSurface, density: OptionDensity) -> None:
        self._surface = surface
        self._density = density
        self._chains: dict[int, OptionChain] = {}
        self.max_age_us = bar_max_age_us(config)
        self.newest_ts = 0
        self.chains_seen = 0
        self.reference: OptionSnapshot | None = None
        self.bar: FuturesBar | None = None

    def describe(self) -> Sequence[FeatureDescription]:
        """No feature of its own."""
        return ()

    def on_chain(self, chain: OptionChain) -> Sequence[Reading]:
        """Keep the chain and what the surface made of it."""
        self.chains_seen += 1
        held = self._chains.get(chain.expiry_ts)
        if held is None or held.event_ts <= chain.event_ts:
            self._chains[chain.expiry_ts] = chain
        if chain.event_ts > self.newest_ts:
            self.newest_ts = chain.event_ts
            oldest_ts = self.newest_ts - self.max_age_us
            self._chains = {
                expiry_ts: one
                for expiry_ts, one in self._chains.items()
                if expiry_ts > self.newest_ts and one.event_ts >= oldest_ts
            }
        if self._surface.snapshot is not None:
            self.reference = self._surface.snapshot
        return ()

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """Keep the bar."""
        self.bar = bar
        return ()

    @property
    def fitted(self) -> FittedDensity | None:
        """The newest density and the snapshot to which it was fitted."""
        return self._density.last

    @property
    def chains(self) -> tuple[OptionChain, ...]:
        """The newest chain of every expiry that is still ahead, nearest expiry first. A chain that is older than the
        newest one by more than the age at which chains are stale is gone: that expiry is not quoted any more."""
        return tuple(self._chains[expiry_ts] for expiry_ts in sorted(self._chains))
