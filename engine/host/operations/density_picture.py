"""`hydra options plot`: density, CDF, smile and gamma of one chain as a picture; same input, same bytes.

matplotlib draws without a window. Colours are of Okabe and Ito's set, which colour-blind readers tell apart, and every
line differs in style or marker too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.host.operations.option_densities import ChainDensity
from engine.kernel.errors import CalculationError, StoreError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from engine.signals.options_math.black76 import FloatArray
    from engine.signals.options_math.density import ImpliedDensity
    from engine.signals.options_math.flows import OptionFlows
    from engine.signals.options_math.quoted_intervals import BoolArray

POINTS: Final = 401
_BLUE, _ORANGE, _GREEN, _GREY, _SKY = "#0072B2", "#D55E00", "#009E73", "#555555", "#56B4E9"
_PRICE: Final = "price at expiry (unit of the quotes)"
_STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "hydra",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
}


def draw_density(found: ChainDensity, target: Path) -> dict[str, Any]:
    """Write the picture; what it is called, its panels and the quality of the density.

    CalculationError where the chain has no density, StoreError where the file cannot be written.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    density = found.density
    if density is None:
        raise CalculationError(f"{found.chain.name}: no quote says anything about the price at expiry, nothing to draw")
    panels = {"density": _density_panel, "CDF": _cdf_panel, "smile": _smile_panel}
    if any(quote.open_interest >= 0.0 for quote in found.chain.quotes):
        panels["GEX by strike"] = _gex_panel
    with rc_context(_STYLE):
        rows = 2 if len(panels) > 3 else 1
        figure = Figure(figsize=(10.0, 7.4) if rows == 2 else (13.0, 4.0), layout="constrained")
        axes = figure.subplots(rows, 2 if rows == 2 else 3).ravel()
        for axis, (name, draw) in zip(axes, panels.items(), strict=True):
            draw(axis, found, density)
            axis.set_title(name, loc="left", fontsize=10.0, fontweight="bold")
        figure.suptitle(_title(found, density), fontsize=10.0)
        plain = {"Date": None} if target.suffix.lower() == ".svg" else {"Software": None}
        try:
            figure.savefig(target, dpi=150, metadata=plain)
        except OSError as error:
            raise StoreError(f"{target} cannot be written: {error.strerror or error}") from error
    return {"picture": str(target), "panels": list(panels), "quality": density.quality}


def _title(found: ChainDensity, density: ImpliedDensity) -> str:
    return (
        f"{found.chain.name}: {density.two_sided_quotes} two-sided quotes, quality {density.quality}; "
        f"forward {found.chain.terms.forward:g}, {found.request.years:.4g} years, {found.request.style}"
    )


def _density_panel(axis: Axes, found: ChainDensity, density: ImpliedDensity) -> None:
    import numpy as np

    from engine.signals.options_math.density_band import BAND_HIGH, BAND_LOW, weighted_quantiles

    report = density.report(POINTS)
    x = report.grid / density.forward
    drawn = density.posterior.log_density(np.log(x)) / report.grid
    low, high = weighted_quantiles(drawn, density.posterior.weight, (BAND_LOW, BAND_HIGH))
    low, high = np.minimum(low, report.pdf), np.maximum(high, report.pdf)
    axis.fill_between(report.grid, low, high, color=_SKY, alpha=0.4, linewidth=0.0, label="5 to 95 % band")
    axis.plot(report.grid, report.pdf, color=_BLUE, label="density")
    _mark_quotes(axis, density)
    axis.set_xlabel(_PRICE)
    axis.set_ylabel("probability per unit of price")
    axis.set_ylim(bottom=0.0)
    axis.legend()


def _cdf_panel(axis: Axes, found: ChainDensity, density: ImpliedDensity) -> None:
    report = density.report(POINTS)
    prices, least, most = density.bounds()
    axis.fill_between(report.grid, report.cdf_low, report.cdf_high, color=_SKY, alpha=0.4, linewidth=0.0,
                      label="5 to 95 % band")  # fmt: skip
    axis.plot(report.grid, report.cdf, color=_BLUE, label="CDF")
    axis.plot(prices, least, color=_GREY, linestyle=":", label="no-arbitrage bounds")
    axis.plot(prices, most, color=_GREY, linestyle=":")
    _mark_quotes(axis, density)
    axis.set_xlabel(_PRICE)
    axis.set_ylabel("probability of a price at or below")
    axis.set_ylim(-0.02, 1.02)
    axis.legend()


def _mark_quotes(axis: Axes, density: ImpliedDensity) -> None:
    """The forward, and grey beyond the quoted strikes, where no quote speaks."""
    low, high = density.quoted_range
    left, right = axis.get_xlim()
    axis.axvspan(left, low, color="#EEEEEE", linewidth=0.0, zorder=0)
    axis.axvspan(high, right, color="#EEEEEE", linewidth=0.0, zorder=0, label="beyond the quoted strikes")
    axis.set_xlim(left, right)
    axis.axvline(density.forward, color=_GREY, linestyle="--", linewidth=0.8, label="forward")


def _smile_panel(axis: Axes, found: ChainDensity, density: ImpliedDensity) -> None:
    import numpy as np

    from engine.signals.options_math.european_intervals import european_intervals
    from engine.signals.options_math.implied_volatility import implied_volatility

    quotes = [quote for quote in found.chain.quotes if quote.is_call == (quote.strike >= density.forward)]
    asked = european_intervals(quotes or found.chain.quotes, density.terms)
    sides = [implied_volatility(side, 1.0, asked.strike, density.years, asked.is_call)[0]
             for side in (asked.low, asked.high)]  # fmt: skip
    bid, ask = (100.0 * side for side in sides)
    strike = density.forward * asked.strike
    for is_call, colour, marker in ((False, _ORANGE, "_"), (True, _GREEN, "+")):
        both = (asked.is_call == is_call) & np.isfinite(bid) & np.isfinite(ask)
        middle = 0.5 * (bid + ask)[both]
        axis.errorbar(strike[both], middle, yerr=0.5 * (ask - bid)[both], fmt=marker, color=colour, elinewidth=1.0,
                      capsize=2.0, label=f"{'calls' if is_call else 'puts'}, bid to ask")  # fmt: skip
    unbid = np.isfinite(ask) & ~np.isfinite(bid)
    if unbid.any():
        axis.plot(strike[unbid], ask[unbid], "v", color=_GREY, markersize=4.0, label="ask without a bid")
    quoted = strike[np.isfinite(ask)]
    if quoted.size:
        fine = np.linspace(float(quoted.min()), float(quoted.max()), POINTS)
        axis.plot(fine, 100.0 * _fitted_volatility(density, fine), color=_BLUE, label="fit")
    axis.set_xlabel("strike (unit of the quotes)")
    axis.set_ylabel("volatility (% per year)")
    axis.legend()


def _fitted_volatility(density: ImpliedDensity, strike: FloatArray) -> FloatArray:
    """Volatility of the fitted density's own prices."""
    import numpy as np

    from engine.signals.options_math.implied_volatility import implied_volatility

    x, is_call = strike / density.forward, strike >= density.forward
    fitted = density.distribution
    price = np.where(is_call, fitted.call_prices(x), fitted.put_prices(x))
    return implied_volatility(price, 1.0, x, density.years, is_call)[0]


def _gex_panel(axis: Axes, found: ChainDensity, density: ImpliedDensity) -> None:
    import numpy as np

    from engine.signals.options_math.flows import option_flows

    quotes = found.chain.quotes
    strike, interest = np.array([q.strike for q in quotes]), np.array([q.open_interest for q in quotes])
    is_call, volatility = np.array([q.is_call for q in quotes]), _fitted_volatility(density, strike)

    def flows(chosen: BoolArray) -> OptionFlows:
        return option_flows(density.forward, strike[chosen], is_call[chosen], density.years, volatility[chosen],
                            interest[chosen], density.terms.rate)  # fmt: skip

    every = flows(np.ones(len(quotes), dtype=bool))
    net = every.by_strike
    gap = float(np.min(np.diff(net.strike))) if net.strike.size > 1 else 1.0
    for side, colour, label in ((is_call, _GREEN, "calls"), (~is_call, _ORANGE, "puts")):
        part = flows(side).by_strike
        axis.bar(part.strike, part.gex_contracts_per_cent, width=0.8 * gap, color=colour, alpha=0.75, label=label)
    axis.plot(net.strike, net.gex_contracts_per_cent, "o", color="black", markersize=2.5, label="net")
    axis.axhline(0.0, color=_GREY, linewidth=0.8)
    axis.axvline(density.forward, color=_GREY, linestyle="--", linewidth=0.8, label="forward")
    inside = [level for level in every.zero_gamma_levels if strike.min() <= level <= strike.max()]
    for place, level in enumerate(inside):
        axis.axvline(level, color=_BLUE, linestyle=":", label="_" if place else "zero gamma")
    axis.set_xlabel("strike (unit of the quotes)")
    axis.set_ylabel("GEX (futures contracts per unit of price)")
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + 0.35 * (high - low))  # room for the legend
    axis.legend(title="assumed: hedgers long calls, short puts", title_fontsize=8.0)
