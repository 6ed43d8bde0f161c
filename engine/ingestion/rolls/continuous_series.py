"""A continuous series out of the bars of single contracts: the held contract as nearby 1, the next one as nearby 2.

Every bar keeps its contract, so a roll is a change of contract and never a return. The choice for a session uses the
volumes and open interests of the session before. Open interest of a day is known on the next one: what counts for a
session is the newest figure that was known before it began.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from engine.core.records import FuturesBar
from engine.ingestion.rolls.roll_rule import ContractFigures, RollPolicy, RollRule

CONTINUOUS: str = "continuous"


class ContinuousSeries:
    """State of one series over the sessions of its contracts; sessions come in order of time."""

    def __init__(self, policy: RollPolicy, expiries: Mapping[str, date]) -> None:
        """`expiries` gives the last usable day of every contract; a contract without one is never held."""
        self._rule = RollRule(policy)
        self._expiries = expiries
        self._volumes: dict[str, float] = {}
        self._interests: dict[str, float] = {}

    def hold(self, contract: str) -> None:
        """Continue with a contract that was chosen before."""
        self._rule.hold(contract, self._expiries[contract])

    def session(
        self, day: date, bars: Sequence[FuturesBar], open_interests: Iterable[tuple[str, float]] = ()
    ) -> list[FuturesBar]:
        """Bars of `day` in the series, held contract first; nothing where no contract can be held or the held one did
        not trade. `open_interests` are (contract, lots) that became known since the last session."""
        self._interests.update(open_interests)
        by_contract = {bar.contract: bar for bar in bars if bar.contract in self._expiries}
        known = {
            contract: ContractFigures(
                expiry, self._volumes.get(contract, math.nan), self._interests.get(contract, math.nan)
            )
            for contract, expiry in self._expiries.items()
            if contract in by_contract or contract in self._volumes
        }
        held = self._rule.contract_for(day, known)
        self._volumes = {contract: bar.volume for contract, bar in by_contract.items() if contract is not None}
        if held is None or held not in by_contract:
            return []
        later = sorted(
            (self._expiries[contract], contract)
            for contract in by_contract
            if contract is not None and self._expiries[contract] > self._expiries[held]
        )
        chosen = [held, *(contract for _, contract in later[:1])]
        return [
            replace(by_contract[contract], series=CONTINUOUS, nearby=place) for place, contract in enumerate(chosen, 1)
        ]
