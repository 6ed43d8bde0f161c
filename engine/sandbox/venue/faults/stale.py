"""Stale: one feed stops. Chain and deferred-bar feeds repeat their last content under fresh time stamps; news falls
silent."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Final

import numpy as np

from engine.sandbox.venue.faults.fault_family import FaultFamily, FaultPlan, draw_live_bar, first_faulty_bar
from engine.sandbox.venue.world_rules import FloatArray, WorldRules

FEED_FEATURES: Final[dict[str, tuple[str, ...]]] = {
    "chain": ("skew_slope", "put_call_oi_ratio", "atm_iv"),
    "deferred": ("carry",),
    "news": ("nlp_score",),
}


class StaleFault(FaultFamily):
    """One of three feeds, drawn evenly, shows from the fault bar on what it showed just before."""

    name: ClassVar[str] = "stale"

    def plan(self, rng: np.random.Generator, loadings: FloatArray, live_bars: int) -> FaultPlan:
        """Severity is always total: the feed never recovers."""
        live_bar = draw_live_bar(rng, live_bars)
        feed = sorted(FEED_FEATURES)[int(rng.integers(len(FEED_FEATURES)))]
        return FaultPlan(self.name, live_bar, FEED_FEATURES[feed], feed, {"share_of_feed": 1.0})

    def apply(self, rules: WorldRules, plan: FaultPlan, history_bars: int) -> WorldRules:
        """From the fault bar on the feed's source is the bar before it (or, for news, nothing)."""
        start = first_faulty_bar(plan, history_bars)
        if plan.feed == "news":
            silent = rules.news_silent.copy()
            silent[start:] = True
            return replace(rules, news_silent=silent)
        if plan.feed == "chain":
            source = rules.chain_source.copy()
            source[start:] = start - 1
            return replace(rules, chain_source=source)
        source = rules.deferred_source.copy()
        source[start:] = start - 1
        return replace(rules, deferred_source=source)
