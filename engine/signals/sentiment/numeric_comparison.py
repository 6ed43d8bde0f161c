"""Direction read from two amounts: "operating profit fell to EUR 35.4 mn from EUR 68.8 mn", "EPS $1.12 vs. $1.05".

A text that gives a figure and its predecessor says more than its verbs do. The amounts on both sides of a comparing
word are read with sign, scale and currency; the nearest noun says whether more of it is good (profit, sales, price),
bad (costs, debt, supplies) or a loss, whose amount counts below zero. Without such a noun, or where the units cannot
be compared, nothing is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["good", "bad", "loss"]

_SCALES: Final[dict[str, float]] = {
    "k": 1e3, "thousand": 1e3, "lakh": 1e5, "m": 1e6, "mn": 1e6, "mln": 1e6, "million": 1e6, "crore": 1e7,
    "b": 1e9, "bn": 1e9, "bln": 1e9, "billion": 1e9,
}  # fmt: skip
_UNITS: Final[dict[str, str]] = {
    "eur": "eur", "euro": "eur", "euros": "eur", "€": "eur", "usd": "usd", "us$": "usd", "$": "usd", "dollar": "usd",
    "dollars": "usd", "%": "%", "pct": "%", "percent": "%", "per cent": "%",
}  # fmt: skip
_CURRENCY: Final = r"euros?|eur|usd|us\$|gbp|sek|nok|dkk|rub|lvl|chf|cad|jpy|inr|rs|[$€£¥]"
_COUNTED: Final = r"dollars?|cents?|crowns?|kron[oe]r|rupees|yen|yuan|tons?|tonnes?|pounds?|head|bushels?|/\w+"
_AMOUNT: Final = re.compile(
    rf"(?<![\w.,])(?P<front>(?:{_CURRENCY})\.?\s*)?(?P<number>[-−]?\d[\d,]*(?:\.\d+)?)"
    rf"(?:[\s-]?(?P<scale>{'|'.join(sorted(_SCALES, key=len, reverse=True))})(?![a-z]))?"
    rf"(?:[\s-]?(?P<back>(?:(?:{_CURRENCY})(?!\s*\d)|{_COUNTED}|%|pct|percent|per cent)(?![a-z])))?"
)
_SPLIT_NUMBER: Final = re.compile(r"(?<=\d) (?=[.,]\d)")
_CONVERSION: Final = re.compile(r"[\s,(/-]*(?:(?:or|about|approximately|some)\s)?\s*(?:u\.s\.)?\s*")
_HEDGE: Final = r"(?:(?:a|an|about|around|some|just|almost|nearly|over|the|negative|minus)\s+)*"
_OLDER_FOLLOWS: Final = re.compile(
    r"\b(?:from|compared (?:to|with)|versus|vs\.?|against|comparison (?:to|with))\s+"
    r"(?:(?!and\b)[\w'().&-]+\s+){0,7}\(?\s*$"
)
_NEWER_FOLLOWS: Final = re.compile(rf"[^;]*\bto\s+{_HEDGE}$")
_FROM_AMOUNT: Final = re.compile(rf"\bfrom\s+{_HEDGE}$")
_RANGE: Final = re.compile(r"\b(?:could|may|might|between|ranges?|ranging)\b[^.;]{0,40}$")
_DATED: Final = re.compile(r"(?:from|to|with|versus|vs\.?|against|at|was|of)\s+$")
_YEARS: Final = range(1900, 2101)
_END_OF_SENTENCE: Final = re.compile(r"[;?!]|(?<!vs)\.\s+(?=[a-z])|\bwhile\b")
_LONGEST_GAP: Final = 140
_NOUN_REACH: Final = 150
_FROM_REACH: Final = 80

_GOOD_NOUNS: Final = (
    "profits?|profitability|earnings|income|ebit|ebita|ebitda|eps|sales|revenues?|turnover|orders?|cash|margins?|shares?"
    "|prices?|stock|futures|target|dividend|index|level|close|demand|exports?|cutout|bids?|value|results?|premiums?|ratio"
)
_BAD_NOUNS: Final = (
    "costs?|expenses?|expenditure|debts?|liabilities|unemployment|jobless|claims|inventory|inventories|stockpiles"
    "|supplies|slaughter|impairments?|write-downs?|gearing|complaints|errors|deficit"
)
_NOUN: Final = re.compile(rf"\b(?:(?P<loss>loss|losses)|(?P<bad>{_BAD_NOUNS})|(?P<good>{_GOOD_NOUNS}))\b(?!-)")
_PER_SHARE: Final = re.compile(r"\bper share\b")
_NOUN_BEFORE: Final = re.compile(r"\b(\w+)\s+(?:(?:of|to|at|was)\s+)?(?:(?:about|some|almost|around|only)\s+)?$")
_NOUN_BEHIND: Final = re.compile(rf"\s*(?:(?:net|operating|pretax|pre-tax|quarterly)\s+)?{_NOUN.pattern}")


@dataclass(frozen=True, slots=True)
class NumericComparison:
    """`direction` is +1 where the change is good, -1 where it is bad, 0 where nothing changed; `text` quotes both
    amounts, newer first."""

    direction: int
    text: str


@dataclass(frozen=True, slots=True)
class _Amount:
    start: int
    end: int
    number: float
    scale: float
    unit: str
    words: str


def numeric_comparisons(text: str) -> tuple[NumericComparison, ...]:
    """Every comparison of two amounts in a text, in order; empty where nothing is compared or can be judged."""
    low = _PER_SHARE.sub(" " * len("per share"), _SPLIT_NUMBER.sub("", text.lower()))
    groups = _groups(low)
    found: list[NumericComparison] = []
    for position in range(1, len(groups)):
        right = groups[position]
        for left in groups[max(0, position - 2) : position][::-1]:
            pair = _ordered(low, left, right)
            if pair is None:
                continue
            direction = _direction(low, *pair)
            if direction is not None:
                found.append(NumericComparison(direction, f"{pair[0].words} against {pair[1].words}"))
            break
    return tuple(found)


def _groups(low: str) -> list[list[_Amount]]:
    """Amounts in order. Those side by side are one amount in several currencies; a number without a unit is a date or
    a count unless a word before it says that it is measured."""
    groups: list[list[_Amount]] = []
    for match in _AMOUNT.finditer(low):
        number = float(match["number"].replace(",", "").replace("−", "-"))
        unit = (match["front"] or match["back"] or "").strip().rstrip(".")
        scale = match["scale"] or ""
        before = low[max(0, match.start() - 20) : match.start()]
        if not unit and not scale and (not _DATED.search(before) or number in _YEARS):
            continue
        if re.search(r"\b(?:negative|minus)\s+$", before):
            number = -abs(number)
        words = " ".join(match[0].split())
        amount = _Amount(match.start(), match.end(), number, _SCALES.get(scale, 1.0), _UNITS.get(unit, unit), words)
        if groups and _CONVERSION.fullmatch(low[groups[-1][-1].end : amount.start]):
            groups[-1].append(amount)
        else:
            groups.append([amount])
    return groups


def _ordered(low: str, left: list[_Amount], right: list[_Amount]) -> tuple[_Amount, _Amount] | None:
    """(newer, older) where the words between two amounts compare them."""
    gap = low[left[-1].end : right[0].start]
    if len(gap) > _LONGEST_GAP or _END_OF_SENTENCE.search(gap):
        return None
    before = low[max(0, left[0].start - _FROM_REACH) : left[0].start]
    left_is_older = _FROM_AMOUNT.search(before) is not None
    if left_is_older and _NEWER_FOLLOWS.search(gap) and not _RANGE.search(before):
        return _same_unit(right, left)
    if not left_is_older and _OLDER_FOLLOWS.search(gap):
        return _same_unit(left, right)
    return None


def _same_unit(newer: list[_Amount], older: list[_Amount]) -> tuple[_Amount, _Amount] | None:
    for one in newer:
        for other in older:
            if one.unit == other.unit:
                return one, other
    one, other = newer[0], older[0]
    return None if (one.unit and other.unit) or "%" in (one.unit, other.unit) else (one, other)


def _direction(low: str, newer: _Amount, older: _Amount) -> int | None:
    left, right = sorted((newer, older), key=lambda amount: amount.start)
    subject = _last_kind(low[max(0, left.start - _NOUN_REACH) : left.start])
    left_kind = _near_kind(low, left) or subject
    right_kind = _near_kind(low, right) or _last_kind(low[left.end : right.start]) or left_kind
    left_kind = left_kind or right_kind
    new_kind, old_kind = (left_kind, right_kind) if newer is left else (right_kind, left_kind)
    if new_kind is None or old_kind is None:
        return None
    # "EUR 8.77 mn compared to EUR 7.04": the scale is said once.
    scaled = (
        newer.scale == older.scale or 1.0 not in (newer.scale, older.scale) or max(newer.number, older.number) > 1e3
    )
    new_value = _signed(newer.number * (newer.scale if scaled else 1.0), new_kind)
    old_value = _signed(older.number * (older.scale if scaled else 1.0), old_kind)
    change = (new_value > old_value) - (new_value < old_value)
    return -change if new_kind == "bad" else change


def _signed(value: float, kind: Kind) -> float:
    return -abs(value) if kind == "loss" else value


def _near_kind(low: str, amount: _Amount) -> Kind | None:
    """The noun right before an amount ("a loss of EUR 9.6 m") or right behind it ("a EUR 9.6 m loss")."""
    before = _NOUN_BEFORE.search(low[max(0, amount.start - 40) : amount.start])
    match = _NOUN.fullmatch(before[1]) if before else None
    match = match or _NOUN_BEHIND.match(low, amount.end)
    return _kind_of(match) if match else None


def _last_kind(words: str) -> Kind | None:
    kind: Kind | None = None
    for match in _NOUN.finditer(words):
        kind = _kind_of(match)
    return kind


def _kind_of(match: re.Match[str]) -> Kind:
    return "loss" if match["loss"] else "bad" if match["bad"] else "good"
