"""What the option families hold, as pictures for the Market screen. Nothing is fitted here but the smile, which costs
less than it would to keep; the density is the one that the features came from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from engine.host.operations.market_picture import (
    ChainPicture,
    DensityPicture,
    OutcomePicture,
    SmilePicture,
    SmileStrike,
    TermPoint,
)
from engine.host.picture_numbers import rounded, rounded_all
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.density_outcomes import HELD_PROBABILITIES, ExpiryOutcome
from engine.signals.option_snapshot import prepare_snapshot
from engine.signals.options_math.implied_volatility import implied_volatility
from engine.signals.options_math.smile import Smile, fit_smile
from engine.signals.options_math.status_codes import OptionStatus

if TYPE_CHECKING:
    from engine.core.records import OptionChain
    from engine.signals.option_book import OptionBook
    from engine.signals.option_density import FittedDensity
    from engine.signals.option_snapshot import OptionSnapshot
    from engine.signals.options_math.black76 import FloatArray
    from engine.signals.options_math.chain_cleaning import CleanQuote
    from engine.signals.options_math.chain_rate import RateBounds
    from engine.signals.options_math.density_band import DensityReport

MOST_STRIKES: Final = 40
MOST_EXPIRIES: Final = 12
MOST_OUTCOMES: Final = 8
DENSITY_POINTS: Final = 61
_REACH_DEVIATIONS: Final = 3.5
Item = TypeVar("Item")


def chain_picture(book: OptionBook) -> ChainPicture:
    """The reference chain and what its quotes are worth, or why there is none."""
    snapshot = book.reference
    if snapshot is None:
        why = "no option chain is stored" if book.newest_ts == 0 else "no stored chain has two days left to live"
        return ChainPicture(quality="none", why=why)
    chain, quotes = snapshot.chain, snapshot.clean.quotes
    rejected = Counter(quote.reason for quote in snapshot.clean.rejected)
    return ChainPicture(
        as_of_ts=chain.event_ts,
        first_seen_ts=snapshot.event_ts,
        expiry_ts=chain.expiry_ts,
        max_age_us=book.max_age_us,
        source=chain.source[:40],
        contract=(chain.contract or "")[:40],
        style=chain.style,
        forward=rounded(snapshot.forward),
        years=rounded(snapshot.years),
        quotes=len(quotes),
        two_sided=sum(quote.two_sided for quote in quotes),
        rejected=", ".join(f"{count} {reason}" for reason, count in rejected.most_common(4)),
        quality="unusable" if not snapshot.usable else "repeated" if snapshot.repeated else "ok",
        why="" if snapshot.usable else _why_unusable(snapshot),
    )


def smile_of(snapshot: OptionSnapshot | None) -> Smile | None:
    """The smile of a snapshot; None where it cannot be fitted."""
    if snapshot is None or not snapshot.usable:
        return None
    return fit_smile(snapshot.clean.quotes, snapshot.forward, snapshot.years, snapshot.discount)


def smile_picture(snapshot: OptionSnapshot | None, smile: Smile | None, fitted: FittedDensity | None) -> SmilePicture:
    """Volatility by strike of the newest chain, with the fitted curve; at most MOST_STRIKES strikes, evenly
    spread over what lies within 3.5 standard deviations of the money."""
    if snapshot is None or not snapshot.usable:
        return SmilePicture()
    quotes = _outside_quotes(snapshot.clean.quotes, snapshot.forward)
    reach = _REACH_DEVIATIONS * smile.atm_iv * math.sqrt(snapshot.years) if smile else math.inf
    shown = evenly([quote for quote in quotes if abs(math.log(quote.strike / snapshot.forward)) <= reach])
    strike = np.array([quote.strike for quote in shown])
    vols = quote_volatilities(shown, snapshot)
    curve = _curve(smile, np.log(strike / snapshot.forward), snapshot.years)
    density = fitted.density if fitted is not None and _same_expiry(fitted, snapshot) else None
    below = density.cdf(strike) if density is not None else np.full(strike.shape, math.nan)
    return SmilePicture(
        atm_vol=rounded(smile.atm_iv) if smile else None,
        atm_error=rounded(smile.atm_iv_error) if smile else None,
        slope=rounded(smile.skew_slope) if smile else None,
        slope_error=rounded(smile.skew_slope_error) if smile else None,
        listed=len(quotes),
        strikes=tuple(
            SmileStrike(
                strike=rounded(quote.strike),
                right="C" if quote.is_call else "P",
                bid=rounded(quote.bid) if quote.two_sided else None,
                ask=rounded(quote.ask),
                bid_vol=rounded(vols[0, place], 5),
                mid_vol=rounded(vols[1, place], 5) if quote.two_sided else None,
                ask_vol=rounded(vols[2, place], 5),
                fitted_vol=rounded(curve[place], 5),
                below=rounded(below[place], 4),
            )
            for place, quote in enumerate(shown)
        ),
        why="" if smile else "no volatility can be inverted from the quotes",
    )


def report_of(fitted: FittedDensity | None) -> DensityReport | None:
    """The newest density with its band on DENSITY_POINTS prices, from far in one tail to far in the other."""
    return fitted.density.report(DENSITY_POINTS) if fitted is not None and fitted.density is not None else None


def density_picture(
    fitted: FittedDensity | None, report: DensityReport | None, max_age_us: int, tick: float
) -> DensityPicture:
    """The newest density, or why there is none; `tick` is that of the future, in price units."""
    if fitted is None:
        return DensityPicture(quality="none", why="no density has been fitted yet")
    density, snapshot = fitted.density, fitted.snapshot
    if density is None or report is None:
        why = _why_unusable(snapshot) if not snapshot.usable else "no volatility can be inverted from the quotes"
        return DensityPicture(
            as_of_ts=snapshot.event_ts, max_age_us=max_age_us, expiry_ts=snapshot.chain.expiry_ts, quality="none",
            why=why,
        )  # fmt: skip
    low, high = density.quoted_range
    outside = float(np.interp(low, report.grid, report.cdf) + 1.0 - np.interp(high, report.grid, report.cdf))
    return DensityPicture(
        as_of_ts=snapshot.event_ts,
        max_age_us=max_age_us,
        expiry_ts=snapshot.chain.expiry_ts,
        forward=rounded(density.forward),
        quality=density.quality,
        two_sided=density.two_sided_quotes,
        repaired=len(density.repaired),
        outside=rounded(outside),
        methods=", ".join(
            f"{name} {100 * share:.0f}%" for name, share in sorted(density.methods.items(), key=lambda one: -one[1])[:3]
        ),
        tick=rounded(tick),
        prices=rounded_all(report.grid),
        pdf=rounded_all(report.pdf),
        probabilities=HELD_PROBABILITIES,
        quantiles=rounded_all([density.quantile(probability) for probability in HELD_PROBABILITIES]),
        quantile_lows=rounded_all(np.interp(HELD_PROBABILITIES, report.cdf_high, report.grid)),
        quantile_highs=rounded_all(np.interp(HELD_PROBABILITIES, report.cdf_low, report.grid)),
    )


def with_price(picture: DensityPicture, report: DensityReport | None, price: float) -> DensityPicture:
    """The picture with the probability of ending below a price, and its band."""
    if report is None or not price > 0.0:
        return picture
    below, low, high = (
        float(np.interp(price, report.grid, curve)) for curve in (report.cdf, report.cdf_low, report.cdf_high)
    )
    return replace(
        picture,
        price_probability=rounded(below),
        price_probability_low=rounded(low),
        price_probability_high=rounded(high),
    )


def term_points(
    chains: Sequence[OptionChain], reference: OptionSnapshot | None, smile: Smile | None, bounds: RateBounds
) -> tuple[TermPoint, ...]:
    """Volatility at the money of the nearest MOST_EXPIRIES expiries; `smile` is that of the reference, `bounds` the
    rates thought possible."""
    points = []
    for chain in chains[:MOST_EXPIRIES]:
        if reference is not None and reference.chain is chain:
            points.append(_term_point(reference, smile))
        else:
            snapshot = prepare_snapshot(chain, chain.event_ts, False, bounds)
            points.append(_term_point(snapshot, smile_of(snapshot)))
    return tuple(points)


def outcome_pictures(
    ahead: Sequence[ExpiryOutcome], settled: Sequence[ExpiryOutcome], reference_expiry_ts: int | None
) -> tuple[OutcomePicture, ...]:
    """The reference expiry, then those that have passed, newest first, then the others ahead, nearest first; at most
    MOST_OUTCOMES."""
    reference = [one for one in ahead if one.expiry_ts == reference_expiry_ts]
    others = [one for one in ahead if one.expiry_ts != reference_expiry_ts]
    return tuple(_outcome(one) for one in [*reference, *settled, *others][:MOST_OUTCOMES])


def _outcome(one: ExpiryOutcome) -> OutcomePicture:
    low, middle, high = (one.first.quantiles[HELD_PROBABILITIES.index(p)] for p in (0.05, 0.5, 0.95))
    why = ""
    if one.first.contract is None:
        why = "the options were on another future than the traded one"
    elif one.price is None:
        why = "no bar of the contract was seen before the expiry"
    price = one.price if one.is_judged else None
    return OutcomePicture(
        expiry_ts=one.expiry_ts,
        settled=one.settled,
        held_ts=one.first.as_of_ts,
        last_held_ts=one.last.as_of_ts,
        days_ahead=rounded(one.days_ahead),
        quality=one.first.quality,
        low=rounded(low),
        middle=rounded(middle),
        high=rounded(high),
        price=rounded(price),
        price_ts=one.price_ts if price is not None else None,
        first_below=rounded(one.first.probability_below(price)) if price is not None else None,
        last_below=rounded(one.last.probability_below(price)) if price is not None else None,
        why=why,
    )


def _term_point(snapshot: OptionSnapshot, smile: Smile | None) -> TermPoint:
    chain = snapshot.chain
    why = "" if smile else _why_unusable(snapshot) if not snapshot.usable else "no volatility can be inverted"
    return TermPoint(
        expiry_ts=chain.expiry_ts,
        as_of_ts=chain.event_ts,
        days=rounded((chain.expiry_ts - chain.event_ts) / MICROS_PER_DAY),
        forward=rounded(snapshot.forward),
        atm_vol=rounded(smile.atm_iv) if smile else None,
        atm_error=rounded(smile.atm_iv_error) if smile else None,
        slope=rounded(smile.skew_slope) if smile else None,
        two_sided=sum(quote.two_sided for quote in snapshot.clean.quotes),
        why=why,
    )


def _why_unusable(snapshot: OptionSnapshot) -> str:
    chain = snapshot.chain
    if chain.style == "unknown":
        return "the exercise style of the chain is unknown"
    if not math.isfinite(snapshot.forward):
        return f"no forward: the chain names no futures price, and {chain.style} quotes give none here"
    return "none of its quotes can be used"


def _outside_quotes(quotes: Sequence[CleanQuote], forward: float) -> list[CleanQuote]:
    """One quote of each strike, by rising strike: the out-of-the-money one, else the other one."""
    chosen: dict[float, CleanQuote] = {}
    for quote in quotes:
        held = chosen.get(quote.strike)
        if held is None or quote.is_call == (quote.strike >= forward):
            chosen[quote.strike] = quote
    return [chosen[strike] for strike in sorted(chosen)]


def evenly(items: Sequence[Item]) -> list[Item]:
    """At most MOST_STRIKES of the items, evenly spread, both ends among them."""
    if len(items) <= MOST_STRIKES:
        return list(items)
    return [items[round(place * (len(items) - 1) / (MOST_STRIKES - 1))] for place in range(MOST_STRIKES)]


def quote_volatilities(quotes: Sequence[CleanQuote], snapshot: OptionSnapshot) -> FloatArray:
    """Implied volatility of bid, mid and ask, shape [3, n]; NaN where none exists."""
    strike = np.array([quote.strike for quote in quotes])
    is_call = np.array([quote.is_call for quote in quotes])
    prices = np.array(
        [[quote.bid for quote in quotes], [quote.mid for quote in quotes], [quote.ask for quote in quotes]]
    )
    values, status = implied_volatility(prices, snapshot.forward, strike, snapshot.years, is_call, snapshot.discount)
    result: FloatArray = np.where(status == OptionStatus.OK, values, math.nan)
    return result


def _curve(smile: Smile | None, log_moneyness: FloatArray, years: float) -> FloatArray:
    if smile is None:
        return np.full(log_moneyness.shape, math.nan)
    return smile.volatility(log_moneyness, years)


def _same_expiry(fitted: FittedDensity, snapshot: OptionSnapshot) -> bool:
    return fitted.snapshot.chain.expiry_ts == snapshot.chain.expiry_ts
