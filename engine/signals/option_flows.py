"""Features of the open interest: what hedging it may do to the future as price, volatility and time move."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.core.records import OptionChain
from engine.kernel.config_models import HydraConfig
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, MISSING, Reading
from engine.signals.option_snapshot import OptionSnapshot
from engine.signals.option_surface import OptionSurface
from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.flows import OptionFlows, SignRule, option_flows
from engine.signals.options_math.implied_volatility import implied_volatility
from engine.signals.options_math.status_codes import OptionStatus


class OptionFlowFeatures(FeatureFamily):
    """`gex`, `vanna_flow`, `charm_flow`, `gross_gamma`, `flow_zero_gamma_distance` of the reference snapshot.

    Emitted when a chain becomes known, from its snapshot at the surface, as the surface's own features are: a repeated
    snapshot repeats its readings. `sign_rule` is the assumption about who holds the options and part of the features'
    meaning (options_math/flows.py). Quality is "partial" where a row has no open interest, so that the sum is over the
    others.
    """

    def __init__(
        self, config: HydraConfig, surface: OptionSurface, sign_rule: SignRule = "calls_long_puts_short"
    ) -> None:
        self._surface = surface
        self._sign_rule = sign_rule
        self._usd_per_point = config.market.contract.usd_per_point
        self._max_age_us = bar_max_age_us(config)

    def describe(self) -> Sequence[FeatureDescription]:
        """Signed gamma, vanna and charm of the open interest, unsigned gamma, distance to the zero of gamma."""
        age, rule = self._max_age_us, f"assumed: {self._sign_rule}"
        return (
            FeatureDescription("gex", "USD per 1 % move", "option_chain", None, None, age,
                               f"gamma of the open interest in USD of futures for a 1 % move; {rule}"),
            FeatureDescription("vanna_flow", "contracts per volatility point", "option_chain", None, None, age,
                               f"change of the open interest's delta if volatility rises by 0.01; {rule}"),
            FeatureDescription("charm_flow", "contracts per day", "option_chain", None, None, age,
                               f"change of the open interest's delta as one calendar day passes; {rule}"),
            FeatureDescription("gross_gamma", "contracts per price unit", "option_chain", 0.0, None, age,
                               "gamma of the open interest without signs"),
            FeatureDescription("flow_zero_gamma_distance", "share of forward", "option_chain", -1.0, None, age,
                               f"nearest price with zero net gamma over the forward, minus 1; {rule}"),
        )  # fmt: skip

    def on_chain(self, chain: OptionChain) -> Sequence[Reading]:
        """Readings of the reference snapshot that has just passed the surface."""
        snapshot = self._surface.snapshot
        if snapshot is None:
            return ()
        flows = snapshot_flows(snapshot, self._usd_per_point, self._sign_rule) if snapshot.usable else None
        if flows is None or not flows.options_used:
            why = _why_missing(snapshot, flows)
            names = (item.name for item in self.describe())
            return [Reading(name, snapshot.event_ts, MISSING, why, chain.source) for name in names]
        distance = _nearest(flows.zero_gamma_levels, snapshot.forward)
        values = (
            ("gex", flows.gex_usd_per_1pct),
            ("vanna_flow", flows.vanna_contracts_per_volpt),
            ("charm_flow", flows.charm_contracts_per_day),
            ("gross_gamma", flows.gross_gamma_contracts_per_cent),
            ("flow_zero_gamma_distance", distance),
        )
        quality = "repeated" if snapshot.repeated else "partial" if flows.missing_open_interest else GOOD
        return [
            Reading(name, snapshot.event_ts, value, quality if value == value else "no_zero_gamma_level", chain.source)
            for name, value in values
        ]


def snapshot_flows(
    snapshot: OptionSnapshot, usd_per_point: float, sign_rule: SignRule = "calls_long_puts_short"
) -> OptionFlows | None:
    """Flows of every option of the snapshot's chain that has open interest; None where no volatility can be inverted.

    The volatility of a strike is that of its two-sided out-of-the-money quote at the middle, for both rights; between
    such strikes it is interpolated in ln K, beyond them that of the last one. An option listed twice counts once.
    Greeks are European ones, which the early exercise of options on futures changes little out of the money.
    """
    known, volatility = _smile_points(snapshot)
    if not known.size:
        return None
    held: dict[tuple[float, bool], float] = {}
    for quote in snapshot.chain.quotes:
        if math.isfinite(quote.strike) and quote.strike > 0.0:
            option = (quote.strike, quote.right == "C")
            held[option] = np.fmax(held.get(option, math.nan), quote.open_interest)
    strike = np.array([option[0] for option in held])
    return option_flows(
        forward=snapshot.forward,
        strike=strike,
        is_call=np.array([option[1] for option in held], dtype=bool),
        years=snapshot.years,
        volatility=np.interp(np.log(strike), np.log(known), volatility),
        open_interest=np.array(list(held.values())),
        rate=-math.log(snapshot.discount) / snapshot.years,
        multiplier=usd_per_point,
        sign_rule=sign_rule,
    )


def _smile_points(snapshot: OptionSnapshot) -> tuple[FloatArray, FloatArray]:
    """Rising strikes with an invertible volatility, and the volatilities."""
    quotes = [
        quote
        for quote in snapshot.clean.quotes
        if quote.two_sided and quote.is_call == (quote.strike >= snapshot.forward)
    ]
    strike = np.array([quote.strike for quote in quotes])
    volatility, status = implied_volatility(
        np.array([quote.mid for quote in quotes]),
        snapshot.forward,
        strike,
        snapshot.years,
        np.array([quote.is_call for quote in quotes], dtype=bool),
        snapshot.discount,
    )
    usable = status == OptionStatus.OK
    return strike[usable], volatility[usable]


def _nearest(levels: Sequence[float], forward: float) -> float:
    return min((level / forward - 1.0 for level in levels), key=abs, default=MISSING)


def _why_missing(snapshot: OptionSnapshot, flows: OptionFlows | None) -> str:
    if not snapshot.usable:
        return snapshot.why_unusable
    return "no_volatility" if flows is None else "no_open_interest"
