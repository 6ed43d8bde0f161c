"""`hydra options`: prices, implied volatilities, densities and flows of options from CSV; nothing is stored."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hydra_tui.commands.options_chains import chains
from hydra_tui.commands.options_surface import surface
from hydra_tui.commands.output import json_option
from hydra_tui.commands.row_output import emit_document, emit_rows, fitting_table, number_cell, result_lines

if TYPE_CHECKING:
    from engine.host.operations.option_densities import ChainDensity

rows_json_option = click.option("--json", "as_json", is_flag=True, help="JSON lines: one object per row, in row order")
table_argument = click.argument("file", metavar="FILE")
SHOWN_ROWS = 10  # rejected and repaired rows in the text; JSON has all


class Finite(click.ParamType):
    """A finite number; with `above` one that is greater, with `least` one that is not less."""

    name = "number"

    def __init__(self, *, above: float | None = None, least: float | None = None) -> None:
        self.above, self.least = above, least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number, or a usage error."""
        try:
            number = float(value)
        except ValueError:
            self.fail(f"'{value}' is not a number", param, ctx)
        if not math.isfinite(number):
            self.fail(f"'{value}' is not finite", param, ctx)
        if self.above is not None and number <= self.above:
            self.fail(f"{number:g} is not above {self.above:g}", param, ctx)
        if self.least is not None and number < self.least:
            self.fail(f"{number:g} is less than {self.least:g}", param, ctx)
        return number


def chain_options(function: Callable[..., None]) -> Callable[..., None]:
    """FILE and what must be said of one expiry."""
    for option in reversed(
        (
            table_argument,
            click.option("--forward", type=Finite(above=0.0),
                         help="price of the future (default: from put-call parity)"),
            click.option("--years", type=Finite(above=0.0), required=True, help="time to expiry in years"),
            click.option("--rate", type=Finite(), help="continuous rate per year (default: from put-call parity, "
                         "European options without --forward)"),
            click.option("--style", type=click.Choice(("european", "american")), required=True,
                         help="how the options are exercised"),
            click.option("--tick", type=Finite(least=0.0), default=0.0, show_default=True,
                         help="smallest price step, in the unit of the quotes; 0: unknown"),
        )
    ):  # fmt: skip
        function = option(function)
    return function


@click.group("options")
def command() -> None:
    """Price options and read chains from CSV: FILE, or "-" for standard input. Nothing is stored.

    The first line names the columns; comma, semicolon or tab separates them, numbers have a decimal point. A row that
    cannot be used gets a status and a reason; exit code 3 means that the table as a whole cannot.
    """


@command.command("price", short_help="price and greeks of every row")
@table_argument
@rows_json_option
def price(file: str, as_json: bool) -> None:
    """Price and greeks per row; columns forward, strike, years, rate, vol, right (C, P), style (american, european).

    Options on a future, premium paid at once. Rates are continuous; vega and volga are per 1.00 of volatility, theta,
    charm and color per year of passing time, rho per 1.00 of rate. American greeks are good to a ten-thousandth of
    their usual size, volga to a thousandth; charm, speed and color are less so right at the exercise boundary.
    """
    from engine.host.operations.option_prices import GREEKS, price_rows

    rows = price_rows(file)
    emit_rows(rows, as_json, lambda: result_lines(rows, ("row", "status", "price", *GREEKS)))


@command.command("iv", short_help="implied volatility of every row, of its bid and ask")
@table_argument
@rows_json_option
def iv(file: str, as_json: bool) -> None:
    """Implied volatility per row; columns forward, strike, years, rate, right, style, and price or bid, ask (and tick).

    American rows give the volatility that reproduces the American price. iv_rounding is the volatility that half a unit
    in the last place of the price is worth, European rows only. A row that nobody bids has no iv, but an iv_ask;
    vol_per_tick needs the column tick.
    """
    from engine.host.operations.option_volatilities import volatility_rows

    rows = volatility_rows(file)
    shown = ("row", "status", "iv", "iv_rounding", "iv_bid", "iv_ask", "vol_per_tick")
    emit_rows(rows, as_json, lambda: result_lines(rows, shown))


@command.command("density", short_help="density of the price at expiry from one chain")
@chain_options
@json_option
@click.pass_context
def density(ctx: click.Context, file: str, as_json: bool, **terms: Any) -> None:
    """Density of the price at expiry from one chain; columns strike, right, bid, ask (and open_interest, volume).

    Prints grid, pdf, cdf with its 5 to 95 % band, moments with intervals, bounds that every arbitrage-free density
    keeps, the weight of each method, rejected rows with their reason and quotes that had to be repaired. An empty cell
    means none: no bid is one-sided information, no ask rejects the row. Exit code 8 with quality "none" where no quote
    says anything.
    """
    from engine.host.operations.option_densities import density_document

    found = _read(file, terms)
    document = density_document(found)
    emit_document(document, as_json, lambda: _density_lines(document))
    if found.density is None:
        click.echo(
            f"hydra: Calculation: {document['source']}: no quote says anything about the price at expiry", err=True
        )
        ctx.exit(8)


def _read(file: str, terms: dict[str, Any]) -> ChainDensity:
    from engine.host.operations.option_densities import DensityRequest, read_density

    return read_density(DensityRequest(source=file, **terms))


def _density_lines(document: dict[str, Any]) -> list[str]:
    """The document as a summary for people."""
    lines = [
        f"quality {document['quality']}: {document['accepted']} of {document['rows']} rows accepted, "
        f"{document['two_sided_quotes']} two-sided",
        f"forward {document['forward']:g} ({document['forward_from']}), rate {document['rate']:.4g} "
        f"({document['rate_from']}), {document['years']:g} years, {document['style']}",
    ]
    if document["quantiles"]:
        lines += ["", "price at expiry below", *fitting_table([
            {f"{float(share):.0%}": value for share, value in document["quantiles"].items()}
        ], [f"{float(share):.0%}" for share in document["quantiles"]])]  # fmt: skip
    for of, moments in document["moments"].items():
        if moments:
            rows = [{f"moment of {of.replace('_', ' ')}": name, "value": one["value"], "5 %": one["low"],
                     "95 %": one["high"], "beyond quotes": one["share_outside"]}
                    for name, one in moments.items()]  # fmt: skip
            lines += ["", *fitting_table(rows, list(rows[0]))]
    if document["methods"]:
        weights = sorted(document["methods"].items(), key=lambda item: -item[1])
        lines += ["", "methods: " + ", ".join(f"{name} {weight:.1%}" for name, weight in weights)]
    for what in ("rejected", "repaired"):
        lines += _some_rows(what, document[what], document["rows"])
    return lines


@command.command("flows", short_help="GEX, vanna, charm and put/call ratio of the open interest")
@table_argument
@click.option("--forward", type=Finite(above=0.0), required=True, help="price of the future")
@click.option("--rate", type=Finite(), required=True, help="continuous rate per year")
@click.option("--years", type=Finite(above=0.0), required=True, help="time to expiry in years")
@click.option(
    "--multiplier",
    type=Finite(above=0.0),
    required=True,
    help="USD of one price unit on one lot; lean hogs in cents: 400",
)
@click.option(
    "--sign-rule",
    type=click.Choice(("calls_long_puts_short", "calls_short_puts_long", "unsigned")),
    default="calls_long_puts_short",
    show_default=True,
    help="which side hedgers of options are assumed to hold",
)
@click.option(
    "--daily-volume",
    "average_daily_volume",
    type=Finite(above=0.0),
    help="average daily volume of the future in lots, for flows in percent of it",
)
@json_option
@click.pass_context
def flows(ctx: click.Context, file: str, as_json: bool, **terms: Any) -> None:
    """Hedging flows of the open interest of one expiry; columns strike, right, iv, open_interest.

    Prints GEX, vanna, charm, gross gamma, every zero-gamma level and the put/call ratio, each with its unit and sign
    rule. Who holds which side is an assumption. A row without a number, or of an option that an earlier row has, is
    left out and named. Exit code 8 where no row can be used.
    """
    from engine.host.operations.option_exposures import flow_document

    document = flow_document(file, **terms)
    emit_document(document, as_json, lambda: _flow_lines(document))
    if not document["options_used"]:
        click.echo(
            f"hydra: Calculation: {document['source']}: no row has strike, right, iv and open interest", err=True
        )
        ctx.exit(8)


def _flow_lines(document: dict[str, Any]) -> list[str]:
    """The sums as a table for people."""
    names = [name for name, item in document.items() if isinstance(item, dict) and "unit" in item]
    rows = []
    for name in names:
        item = document[name]
        value = item["value"]
        if isinstance(value, list):
            value = ", ".join(number_cell(one) for one in value) or "none"
        rows.append(
            {"flow": name.replace("_", " "), "value": value, "sign rule": item["sign_rule"], "unit": item["unit"]}
        )
    lines = [
        f"{document['options_used']} of {document['rows']} rows used; the sign rule is {document['sign_rule_is']}",
        "",
        *fitting_table(rows, list(rows[0])),
    ]
    if document["percent_of_daily_volume"]:
        shares = ", ".join(f"{name} {number_cell(one)}" for name, one in document["percent_of_daily_volume"].items())
        lines += ["", f"percent of the daily volume: {shares}"]
    return [*lines, *_some_rows("rejected", document["rejected"], document["rows"])]


def _some_rows(what: str, rows: list[dict[str, Any]], count: int) -> list[str]:
    """The first of the rows that were set aside, with the reason, or altered, with the amount."""
    if not rows:
        return []
    shown = rows[:SHOWN_ROWS]
    lines = (
        [f"row {row['row']}: {row['reason']}" for row in shown]
        if "reason" in rows[0]
        else fitting_table(shown, list(rows[0]))
    )
    more = [f"… and {len(rows) - SHOWN_ROWS} more; --json has all"] if len(rows) > SHOWN_ROWS else []
    return ["", f"{what}: {len(rows)} of {count} rows", *lines, *more]


@command.command("plot", short_help="picture of a chain: density, CDF, smile, GEX")
@chain_options
@click.option(
    "--out",
    "target",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="picture to write: NAME.svg or NAME.png",
)
@json_option
@click.pass_context
def plot(ctx: click.Context, file: str, target: Path, as_json: bool, **terms: Any) -> None:
    """Picture of one chain: density, CDF with band, smile with bid and ask, GEX by strike where open interest is given.

    Same input, same bytes. Exit code 8, and no picture, where no quote says anything.
    """
    if target.suffix.lower() not in (".svg", ".png"):
        raise click.UsageError(f"--out takes a name that ends in .svg or .png, not '{target.name}'")
    from engine.host.operations.density_picture import draw_density

    document = draw_density(_read(file, terms), target)
    emit_document(document, as_json, lambda: [f"{document['picture']}: {', '.join(document['panels'])}"])


command.add_command(chains)
command.add_command(surface)
