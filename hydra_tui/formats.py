"""Numbers as an operator reads them: sign first, fixed decimals, thousands, a dash for what nobody recorded."""

from __future__ import annotations

from hydra_tui.readings import MISSING


def signed_usd(value: float | None) -> str:
    """`+1,904`, `-655`, `0`."""
    if value is None:
        return MISSING
    return "0" if abs(value) < 0.5 else f"{value:+,.0f}"


def usd(value: float | None) -> str:
    """`100,571`."""
    return MISSING if value is None else f"{value:,.0f}"


def price(value: float | None) -> str:
    """`81.275`."""
    return MISSING if value is None else f"{value:.3f}"


def percent(fraction: float | None, decimals: int = 1) -> str:
    """`2.6%` of 0.026."""
    return MISSING if fraction is None else f"{100 * fraction:.{decimals}f}%"


def lots(value: int | None) -> str:
    """`+2`, `-3`, `0`."""
    return MISSING if value is None else ("0" if value == 0 else f"{value:+d}")


def plain(value: object, decimals: int = 2) -> str:
    """A number with fixed decimals, a truth as yes or no, anything else as its text."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if value != 0 and abs(value) < 10**-decimals:
            return f"{value:.2g}"
        return f"{value:,.{decimals}f}"
    return str(value)


def limit_value(value: float | None, unit: str) -> str:
    """A limit's value in its own unit."""
    if value is None:
        return MISSING
    unit = unit.lower()
    if unit in ("fraction", "share", "%"):
        return percent(value) if unit != "%" else f"{value:.1f}%"
    if unit == "usd":
        return f"{value:,.0f}"
    if unit in ("lots", "count", "orders", "errors"):
        return f"{value:,.0f}"
    if unit in ("s", "seconds"):
        return f"{value:.1f}s"
    return f"{value:,.2f}"


def words(name: str) -> str:
    """A key as words: `max_adv_fraction` -> `max adv fraction`."""
    return name.replace("_", " ").replace(".", " ")
