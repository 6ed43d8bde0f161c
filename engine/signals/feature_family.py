"""The one interface of feature families, and what a family tells the registry about its features.

A family is a small state machine. The pipeline hands it records in the order of `order_of` and decision bars as they
complete; it answers with readings. It sees nothing but what it was handed, so no reading can know the future.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.core.records import CotReport, FuturesBar, Headline, OptionChain
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_SECOND
from engine.signals.feature_row import Reading


@dataclass(frozen=True, slots=True)
class FeatureDescription:
    """A registered feature: unit, range of possible values (None where unbounded), source and the age, in microseconds
    from its event time, after which a reading is stale. `version` rises whenever the value's meaning changes."""

    name: str
    unit: str
    source: str
    low: float | None
    high: float | None
    max_age_us: int
    description: str
    version: int = 1


class FeatureFamily:
    """Base of the families: every hook answers nothing unless a family says otherwise."""

    def describe(self) -> Sequence[FeatureDescription]:
        """The features of this family, in registered order."""
        raise NotImplementedError

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """A bar of the traded series is complete. `latest` holds the newest reading of every feature so far."""
        return ()

    def on_deferred_bar(self, bar: FuturesBar) -> Sequence[Reading]:
        """A bar of the deferred contract became known."""
        return ()

    def on_related_bar(self, bar: FuturesBar) -> None:
        """A bar of a related market became known. It may be remembered for the next decision bar and says nothing by
        itself: a market speaks when its own records do."""

    def on_chain(self, chain: OptionChain) -> Sequence[Reading]:
        """An option chain became known."""
        return ()

    def on_report(self, report: CotReport) -> Sequence[Reading]:
        """A Commitments-of-Traders report was published."""
        return ()

    def on_headline(self, headline: Headline) -> Sequence[Reading]:
        """A text was published."""
        return ()


def bar_max_age_us(config: HydraConfig) -> int:
    """Age at which a reading from bars is stale: three intraday bars, or five days of a daily series (the longest
    holiday weekend of the exchange)."""
    if config.market.bar_seconds >= 86_400:
        return 5 * MICROS_PER_DAY
    return 3 * config.market.bar_seconds * MICROS_PER_SECOND
