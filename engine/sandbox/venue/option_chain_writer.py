"""Option chains as CBOE's quote table: a blank line, two descriptive lines, a header, calls and puts side by side.

The snapshot's moment stands only in the third line, in New York time. Several snapshots in one file (the history)
follow one another as whole tables, each with its own blank line and header.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from engine.kernel.timestamps import to_datetime
from engine.sandbox.venue.market_facts import RELEASE_ZONE, TRADED_CONTRACT
from engine.sandbox.venue.option_quotes import ChainSnapshot, SideQuote, chain_snapshot
from engine.sandbox.venue.world import MarketWorld

HEADER = (
    "Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,"
    "Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest"
)
OPTION_ROOT = "HE"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_ZONE = ZoneInfo(RELEASE_ZONE)


def chains_text(world: MarketWorld, first: int, last: int) -> str:
    """One quote table per bar from `first` to `last` (included), stamped with the bar's end.

    A stopped chain feed repeats the content of its last healthy bar under the fresh stamp.
    """
    tables = []
    for bar in range(first, last + 1):
        snapshot = chain_snapshot(world, int(world.rules.chain_source[bar]))
        tables.append(_table(snapshot, to_datetime(world.times.end_ts(bar)).astimezone(_ZONE)))
    return "".join(tables)


def _table(snapshot: ChainSnapshot, moment: datetime) -> str:
    front = f"Lean Hogs Futures {TRADED_CONTRACT},Last: {_number(snapshot.future)},Change: {_number(snapshot.change)}"
    hour = moment.hour % 12 or 12
    stamp = (
        f'"Date: {_MONTHS[moment.month - 1]} {moment.day}, {moment.year} at {hour}:{moment:%M} '
        f'{"AM" if moment.hour < 12 else "PM"} {moment.tzname()}"'
    )
    sides = f"Bid: {_number(snapshot.future - 0.025)},Ask: {_number(snapshot.future + 0.025)},Size: 1*1"
    lines = ["", front, f"{stamp},{sides},Volume: {snapshot.traded_volume}", HEADER]
    expiry = snapshot.expiry
    day = f"{_WEEKDAYS[expiry.weekday()]} {_MONTHS[expiry.month - 1][:3]} {expiry.day:02d} {expiry.year}"
    for strike, call, put in snapshot.lines:
        calls = f"{_symbol(expiry, 'C', strike)},{_side(call)}"
        puts = f"{_symbol(expiry, 'P', strike)},{_side(put)}"
        lines.append(f"{day},{calls},{strike:.2f},{puts}")
    return "\n".join(lines) + "\n"


def _symbol(expiry: date, right: str, strike: float) -> str:
    return f"{OPTION_ROOT}{expiry:%y%m%d}{right}{round(strike * 1000):08d}"


def _side(quote: SideQuote) -> str:
    return (
        f"{_number(quote.mid)},0,{_number(quote.bid)},{_number(quote.ask)},{quote.volume},"
        f"{_number(quote.implied_volatility)},{_number(quote.delta)},{_number(quote.gamma)},{quote.open_interest}"
    )


def _number(value: float) -> str:
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
