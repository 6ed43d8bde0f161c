"""The part of a headline that speaks of one market: "Hogs fall, cattle rally" is bad news for hogs.

Wire headlines put several markets into one line. Clauses that name other traded things and not the market are left
out, where a clause that names the market remains. A headline of one market stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from engine.signals.sentiment.vocabulary import word_set

_CLAUSE: Final = re.compile(r"[,;:]\s+|\s+(?:but|while|as|whereas|even as|and as)\s+", re.IGNORECASE)
_WORD: Final = re.compile(r"[a-z]+")
OTHER_MARKETS: Final = word_set("""
aluminium aluminum barley beef bonds butter calves canola cattle cheese cocoa coffee copper corn cotton crude dairy
dollar equities euro ethanol feeder feeders gas gasoline gold grain grains greenback hog hogs indexes juice livestock
loonie lumber maize metals milk nasdaq natgas nickel oats oil oilseeds palladium peso platinum pork poultry rapeseed
rice rouble rubber ruble rupee rupees sensex shares silver soy soybean soybeans soymeal soyoil steel sterling stocks
sugar swine treasuries wheat yen yields yuan zinc
""")
"""Words for things that have a price of their own, in the lower case of headlines."""


def focused_text(text: str, names_market: Callable[[str], bool], has_tone: Callable[[str], bool]) -> str:
    """`text` without the clauses on other markets. `names_market` says whether a clause names the market, `has_tone`
    whether it carries tone. The whole text where no clause names the market and carries tone."""
    low = text.lower()
    if OTHER_MARKETS.isdisjoint(_WORD.findall(low)):
        return text
    clauses = [clause for clause in _CLAUSE.split(text) if clause.strip()]
    own = [names_market(clause) for clause in clauses]
    if len(clauses) < 2 or not any(mine and has_tone(clause) for clause, mine in zip(clauses, own, strict=True)):
        return text
    kept = [
        clause
        for clause, mine in zip(clauses, own, strict=True)
        if mine or OTHER_MARKETS.isdisjoint(_WORD.findall(clause.lower()))
    ]
    return "; ".join(kept) if len(kept) < len(clauses) else text
