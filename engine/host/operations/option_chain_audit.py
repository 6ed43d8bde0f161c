"""Real option chains end to end: what of each file's chains can be read, fitted and priced back.

One row per chain, one per file and one in all. A chain is read with the forward and the rate that its own quotes tell,
or those of the same moment (`chain_terms.py`); a density is fitted once; each accepted quote is priced back. Nothing is
dropped without a reason: quotes that reading a file set aside are counted in the row of the file, quotes that cleaning
rejected in that of the chain.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.core.records import ExerciseStyle
from engine.host.operations.option_chain_files import FileContent, FoundChain, read_chains
from engine.kernel.canonical import finite_or_none
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_SECOND, to_iso
from engine.signals.options_math.chain_check import ChainCheck, check_chain
from engine.signals.options_math.chain_rate import RateBounds, RateCurve
from engine.signals.options_math.chain_terms import ChainTerms, terms_of_chain

if TYPE_CHECKING:
    from engine.ingestion.input_file import InputFile
    from engine.ingestion.market_directory import MarketDirectory
    from engine.kernel.config_models import MarketConfig

_YEAR_US: Final = 365 * MICROS_PER_DAY
_SAME_MOMENT_US: Final = 3_600 * MICROS_PER_SECOND


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """How files are read: `bounds` are the rates thought possible where no quote tells one; `style` is that of chains
    that do not say theirs, None to leave them out."""

    market: MarketConfig
    directory: MarketDirectory | None
    bounds: RateBounds
    style: ExerciseStyle | None = None


@dataclass(frozen=True, slots=True)
class AuditedChain:
    """A chain with what became of it."""

    found: FoundChain
    years: float
    check: ChainCheck


@dataclass(frozen=True, slots=True)
class ChainAudit:
    """All chains in the order of files, moments and expiries, and what each file held."""

    chains: tuple[AuditedChain, ...]
    files: tuple[FileContent, ...]


def audit_chains(files: Sequence[InputFile], request: AuditRequest) -> ChainAudit:
    """Read all files and check every chain."""
    return check_contents(read_chains(files, request.market, request.directory, request.style), request.bounds)


def check_contents(
    contents: Sequence[FileContent], bounds: RateBounds, wanted: Callable[[FoundChain], bool] = lambda _: True
) -> ChainAudit:
    """Check the `wanted` chains of files that were read. All chains tell those of the same moment the rate; American
    options on something whose spot no vendor says take the forward of the nearest expiry of their moment for it."""
    alone = [one for content in contents for one in _alone(content, bounds)]
    told = [(one.found.quoted_ts, _years(one.found), one.terms.rate) for one in alone if one.terms is not None]
    curves = {
        moment: RateCurve.of((years, rate) for at, years, rate in told if abs(at - moment) <= _SAME_MOMENT_US)
        for moment in {one.found.quoted_ts for one in alone}
    }
    checked = [
        AuditedChain(one.found, _years(one.found), check_chain(one.found.chain, terms, one.found.vendor_volatilities))
        for one in alone
        if wanted(one.found)
        for terms in [_terms_among(one, bounds, curves[one.found.quoted_ts])]
    ]
    return ChainAudit(tuple(checked), tuple(contents))


@dataclass(frozen=True, slots=True)
class _Alone:
    """A chain, the spot that it was read with, and what its own quotes tell."""

    found: FoundChain
    spot: float
    terms: ChainTerms | None


def _alone(content: FileContent, bounds: RateBounds) -> list[_Alone]:
    """The chains of one file, each by itself, in the order of the file."""
    nearest: dict[tuple[str, int], float] = {}
    told: dict[int, _Alone] = {}
    for place in sorted(range(len(content.chains)), key=lambda place: content.chains[place].chain.expiry_ts):
        one = content.chains[place]
        moment = (one.market.market, one.chain.event_ts)
        spot = one.vendor_spot if one.vendor_spot > 0.0 else nearest.get(moment, math.nan)
        terms = terms_of_chain(one.chain, _years(one), bounds, on_spot=one.on_spot, spot=spot)
        if terms is not None:
            nearest.setdefault(moment, terms.forward)
        told[place] = _Alone(one, spot, terms)
    return [told[place] for place in range(len(content.chains))]


def _terms_among(one: _Alone, bounds: RateBounds, curve: RateCurve) -> ChainTerms | None:
    """Its own terms, or those with the rate of the other chains of the moment where they know it better."""
    years = _years(one.found)
    other = curve.at(years, without_own=True) if years > 0.0 else None
    if one.terms is None or other is None or other.error >= one.terms.rate.error:
        return one.terms
    return terms_of_chain(one.found.chain, years, bounds, curve=curve, on_spot=one.found.on_spot, spot=one.spot)


def _years(one: FoundChain) -> float:
    return (one.chain.expiry_ts - one.quoted_ts) / _YEAR_US


def audit_rows(audit: ChainAudit) -> list[dict[str, Any]]:
    """Rows as JSON: `row` is "chain", "file" or "total", which comes last.

    Shares are null where there is nothing to divide by. `iv_difference` is the median absolute difference of implied
    volatilities from the vendor's in points (0.01 a year) at liquid strikes, as `ChainCheck` says; times are ISO,
    prices in the unit of the quotes, rates per year. `expired_quotes`, `set_aside` and `ignored` count what reading
    kept out.
    """
    rows: list[dict[str, Any]] = []
    kept = [content for content in audit.files if content.refusal is None]
    for content in kept:
        chains = [one for one in audit.chains if one.found.file == content.file]
        rows += [_chain_row(one, content.source) for one in chains]
        rows.append(
            {
                "row": "file",
                "file": content.file,
                "source": content.source,
                **_sums(chains),
                "expired_quotes": content.expired,
                "set_aside": dict(content.set_aside),
                "ignored": dict(content.ignored),
            }
        )
    rows.append({"row": "total", "files": len(kept), **_sums(audit.chains)})
    return rows


def _chain_row(one: AuditedChain, source: str) -> dict[str, Any]:
    chain, check, terms = one.found.chain, one.check, one.check.terms
    return {
        "row": "chain",
        "file": one.found.file,
        "source": source,
        "market": one.found.market.market,
        "contract": chain.contract,
        "moment": to_iso(chain.event_ts),
        "quoted": to_iso(one.found.quoted_ts),
        "expiry": to_iso(chain.expiry_ts),
        "years": one.years,
        "style": chain.style,
        "underlying": _underlying(one.found),
        "outcome": check.outcome,
        **_terms_row(terms),
        "quotes": len(chain.quotes),
        "two_sided": check.two_sided,
        "accepted": check.accepted,
        "accepted_share": _share(check.accepted, check.two_sided),
        "rejected": dict(sorted(Counter(quote.reason for quote in check.clean.rejected).items())),
        "repriced": check.repriced,
        "repriced_share": _share(check.repriced, check.accepted),
        "quality": check.density.quality if check.density is not None else "none",
        "repaired": len(check.density.repaired) if check.density is not None else 0,
        "liquid_strikes": len(check.vendor_differences),
        "iv_difference": _points(check.vendor_differences),
    }


def _terms_row(terms: ChainTerms | None) -> dict[str, Any]:
    if terms is None:
        names = (
            "forward",
            "forward_error",
            "forward_from",
            "rate",
            "rate_error",
            "rate_from",
            "carry",
            "spot",
            "spot_after_dividend",
            "pairs",
        )
        return dict.fromkeys(names)
    return {
        "forward": terms.forward,
        "forward_error": terms.forward_error,
        "forward_from": terms.forward_source,
        "rate": terms.rate.rate,
        "rate_error": terms.rate.error,
        "rate_from": terms.rate.source,
        "carry": terms.carry,
        "spot": finite_or_none(terms.spot.now),
        "spot_after_dividend": finite_or_none(terms.spot.after),
        "pairs": terms.pairs,
    }


def _underlying(one: FoundChain) -> str:
    return "spot" if one.on_spot else "future"


def _sums(chains: Sequence[AuditedChain]) -> dict[str, Any]:
    checks = [one.check for one in chains]
    rejected: Counter[str] = Counter(quote.reason for check in checks for quote in check.clean.rejected)
    two_sided, accepted = sum(check.two_sided for check in checks), sum(check.accepted for check in checks)
    repriced = sum(check.repriced for check in checks)
    differences = [value for check in checks for value in check.vendor_differences]
    return {
        "chains": len(checks),
        "outcomes": dict(sorted(Counter(check.outcome for check in checks).items())),
        "outcome": "no quotes" if not two_sided else "read",
        "quotes": sum(len(one.found.chain.quotes) for one in chains),
        "two_sided": two_sided,
        "accepted": accepted,
        "accepted_share": _share(accepted, two_sided),
        "rejected": dict(sorted(rejected.items())),
        "repriced": repriced,
        "repriced_share": _share(repriced, accepted),
        "liquid_strikes": len(differences),
        "iv_difference": _points(differences),
    }


def _points(differences: Sequence[float]) -> float | None:
    """Median absolute difference in volatility points."""
    import numpy as np

    return 100.0 * float(np.median(np.abs(differences))) if differences else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
