"""Every triage rule, and the rules in an order of an operator's choice.

The order below is the one in which causes can imitate each other: a dead feed explains everything after it, a
re-scaled input makes forecasts wrong, a regime changes how much to trade and not what the forecast says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.agent.triage.bad_ticks import BadTicks
from engine.agent.triage.dying_feed import DyingFeed
from engine.agent.triage.interface import TriageRule
from engine.agent.triage.leaking_feed import LeakingFeed
from engine.agent.triage.liquidity_regime import LiquidityRegime
from engine.agent.triage.lost_edge.rule import LostEdge
from engine.agent.triage.rescaled_input import RescaledInput
from engine.agent.triage.stale_feed import StaleFeed
from engine.agent.triage.volatility_regime import VolatilityRegime
from engine.kernel.errors import ConfigError

TRIAGE_RULES: Final[tuple[TriageRule, ...]] = (
    StaleFeed(),
    BadTicks(),
    DyingFeed(),
    LeakingFeed(),
    RescaledInput(),
    VolatilityRegime(),
    LiquidityRegime(),
    LostEdge(),
)
RULE_NAMES: Final = tuple(rule.name for rule in TRIAGE_RULES)


def rules_in_order(names: Sequence[str]) -> tuple[TriageRule, ...]:
    """The rules in the order of `agent.triage_order`; ConfigError unless it names every rule once and nothing else."""
    unknown = [name for name in names if name not in RULE_NAMES]
    missing = [name for name in RULE_NAMES if name not in names]
    twice = [name for name in RULE_NAMES if list(names).count(name) > 1]
    said = [
        f"{problem} {', '.join(found)}"
        for problem, found in (("does not know", unknown), ("lacks", missing), ("repeats", twice))
        if found
    ]
    if said:
        raise ConfigError(
            f"agent.triage_order {' and '.join(said)}; name every rule once, in the order of your choice: "
            f"{', '.join(RULE_NAMES)}"
        )
    by_name = {rule.name: rule for rule in TRIAGE_RULES}
    return tuple(by_name[name] for name in names)
