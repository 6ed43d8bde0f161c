"""Which listed contract a vendor's instrument id means, from the days on which it led and the contract calendar.

A volume-led series passes through the listed contracts in order. An id that leads until some day is not expired on it,
so it is the front contract of its last day, or the one after its predecessor's where that is later. Nothing here looks
at prices: `roll_evidence.py` does, and a wrong name shows there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from engine.ingestion.calendars.contract_calendar import ContractCalendar


def contracts_of_instruments(leads: Iterable[tuple[date, str]], calendar: ContractCalendar) -> dict[str, str]:
    """Instrument id -> contract such as "HEM23", from (session day, id of the leading instrument) in order of time."""
    last_led: dict[str, date] = {}
    for day, instrument in leads:
        last_led[instrument] = day
    contracts: dict[str, str] = {}
    previous_expiry = date.min
    for instrument, last_day in sorted(last_led.items(), key=lambda item: item[1]):
        contract = calendar.front_contract(last_day)
        if calendar.expiry_of(contract) <= previous_expiry:
            contract = calendar.front_contract(previous_expiry + timedelta(days=1))
        contracts[instrument] = contract
        previous_expiry = calendar.expiry_of(contract)
    return contracts
