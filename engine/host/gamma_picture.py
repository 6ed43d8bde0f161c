"""Gamma exposure by strike of the reference expiry, as a picture for the Market screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from engine.host.operations.market_picture import GammaPicture, GammaStrike
from engine.host.option_pictures import MOST_STRIKES
from engine.host.picture_numbers import rounded
from engine.signals.option_flows import snapshot_flows
from engine.signals.options_math.flows import FLOW_UNITS

if TYPE_CHECKING:
    from engine.signals.option_snapshot import OptionSnapshot
    from engine.signals.options_math.flows import SignRule

SIGN_RULE_WORDS: Final[dict[SignRule, str]] = {
    "calls_long_puts_short": "assumed: dealers long calls (+), short puts (-)",
    "calls_short_puts_long": "assumed: dealers short calls (-), long puts (+)",
    "unsigned": "unsigned: nothing assumed about who holds what",
}
_MOST_LEVELS: Final = 4


def gamma_picture(snapshot: OptionSnapshot | None, usd_per_point: float) -> GammaPicture:
    """Exposure of every strike under the sign rule of the features, with the rule in words; at most MOST_STRIKES
    strikes, those with the largest exposure."""
    if snapshot is None or not snapshot.usable:
        return GammaPicture()
    flows = snapshot_flows(snapshot, usd_per_point)
    unit = FLOW_UNITS["gex_usd_per_1pct"].removesuffix(" move of the future")
    if flows is None or not flows.options_used:
        return GammaPicture(
            unit=unit,
            why="no volatility can be inverted from the quotes" if flows is None else "the chain has no open interest",
        )
    held = flows.by_strike
    largest = np.sort(np.argsort(-np.abs(held.gex_usd_per_1pct), kind="stable")[:MOST_STRIKES])
    nearest = sorted(sorted(flows.zero_gamma_levels, key=lambda level: abs(level - snapshot.forward))[:_MOST_LEVELS])
    return GammaPicture(
        unit=unit,
        sign_rule=SIGN_RULE_WORDS[flows.sign_rule],
        total=rounded(flows.gex_usd_per_1pct),
        without_interest=flows.missing_open_interest,
        zero_levels=tuple(level for level in map(rounded, nearest) if level is not None),
        listed=int(held.strike.size),
        strikes=tuple(
            GammaStrike(
                strike=rounded(held.strike[place]),
                exposure=rounded(held.gex_usd_per_1pct[place]),
                calls=rounded(held.call_open_interest[place]),
                puts=rounded(held.put_open_interest[place]),
            )
            for place in largest
        ),
    )
