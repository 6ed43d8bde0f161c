"""`hydra options density`: what the quotes of one expiry say about the price at expiry, as one document."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from engine.host.operations.option_chain_table import ChainTable, ExerciseStyle, read_chain
from engine.host.operations.option_rows import json_numbers
from engine.kernel.canonical import finite_or_none

if TYPE_CHECKING:
    from engine.signals.options_math.density import ImpliedDensity
    from engine.signals.options_math.density_moments import DensityMoments

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class DensityRequest:
    """What the operator says of one expiry. `forward` and `rate` are None where put-call parity shall give them;
    `years` to expiry; `tick` in price units, 0 where unknown."""

    source: str
    years: float
    style: ExerciseStyle
    forward: float | None = None
    rate: float | None = None
    tick: float = 0.0


@dataclass(frozen=True, slots=True)
class ChainDensity:
    """The chain as read, and its density; None where its quotes say nothing."""

    request: DensityRequest
    chain: ChainTable
    density: ImpliedDensity | None


def read_density(request: DensityRequest) -> ChainDensity:
    """Read the table and fit its density. Errors as `read_chain` raises them."""
    from engine.signals.options_math.density import implied_density
    from engine.signals.options_math.european_intervals import OptionTerms

    chain = read_chain(request.source, request.forward, request.years, request.rate, request.style, request.tick)
    # At this very rate: a forward that was read from the quotes was read with it.
    terms = OptionTerms(chain.terms.forward, request.years, chain.terms.rate, style=request.style, tick=request.tick)
    return ChainDensity(request, chain, implied_density(chain.quotes, terms) if chain.quotes else None)


def density_document(found: ChainDensity) -> dict[str, Any]:
    """The density as JSON: prices in the unit of the quotes, null for what the quotes do not say.

    `pdf` per price unit and `cdf` on `grid`, with the 5 to 95 % band `cdf_low`, `cdf_high`; `moments` of the price and
    of ln(S/F) over the life of the options; `bounds` that every arbitrage-free CDF keeps; `methods`, the weight of each
    family; rows count from 1. Quality "none" has an empty grid.
    """
    chain, request = found.chain, found.request
    document: dict[str, Any] = {
        "quality": "none",
        "two_sided_quotes": sum(quote.two_sided for quote in chain.quotes),
        "source": chain.name,
        "rows": chain.rows,
        "accepted": len(chain.quotes),
        **asdict(chain.terms),
        "years": request.years,
        "style": request.style,
        "tick": request.tick,
        **{name: [] for name in ("grid", "pdf", "cdf", "cdf_low", "cdf_high")},
        "quantiles": {},
        "moments": {"price": None, "log_return": None},
        "bounds": {"price": [], "low": [], "high": []},
        "methods": {},
        "rejected": [{"row": one.row, "code": one.code, "reason": one.reason} for one in chain.rejected],
        "repaired": [],
    }
    return document | ({} if found.density is None else _fitted(chain, found.density))


def _fitted(chain: ChainTable, density: ImpliedDensity) -> dict[str, Any]:
    report = density.report()
    rows = {(quote.strike, quote.is_call): row for quote, row in zip(chain.quotes, chain.row_of_quote, strict=True)}
    prices, low, high = density.bounds()
    return {
        "quality": density.quality,
        "two_sided_quotes": density.two_sided_quotes,
        "grid": json_numbers(report.grid),
        "pdf": json_numbers(report.pdf),
        "cdf": json_numbers(report.cdf),
        "cdf_low": json_numbers(report.cdf_low),
        "cdf_high": json_numbers(report.cdf_high),
        "quantiles": {f"{share:g}": finite_or_none(density.quantile(share)) for share in QUANTILES},
        "moments": {"price": _moments(density.price_moments), "log_return": _moments(density.log_moments)},
        "bounds": {"price": json_numbers(prices), "low": json_numbers(low), "high": json_numbers(high)},
        "methods": {name: float(weight) for name, weight in density.methods.items()},
        "repaired": [
            {
                "row": rows.get((quote.strike, quote.is_call)),
                "strike": quote.strike,
                "right": "C" if quote.is_call else "P",
                "amount": quote.amount,
                "ticks": finite_or_none(quote.ticks),
            }
            for quote in density.repaired
        ],
    }


def _moments(moments: DensityMoments) -> dict[str, dict[str, float | None]]:
    return {
        name: {part: finite_or_none(number) for part, number in estimate.items()}
        for name, estimate in asdict(moments).items()
    }
