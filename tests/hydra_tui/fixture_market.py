"""Plausible pictures for the Market screen: whole, old, without options, with hostile text in every field."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass, replace
from statistics import NormalDist
from typing import Any, Final

from engine.host.operations import market_picture as drawn
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND

FORWARD: Final = 81.275
STRIKES: Final = tuple(float(strike) for strike in range(72, 91, 2))
PROBABILITIES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
REPORTS: Final = 157
HOSTILE_FIELDS: Final = (
    "price", "chain", "smile", "density", "term", "outcomes", "strikes", "prices", "why", "quotes", "days", "parts",
)  # fmt: skip
_NORMAL: Final = NormalDist(math.log(FORWARD) - 0.0045, 0.094)
_QUARTER_HOUR: Final = 15 * MICROS_PER_MINUTE


def whole_picture(now_ts: int, age_us: int = 10 * MICROS_PER_SECOND) -> drawn.MarketPicture:
    """A market with everything, drawn `age_us` before `now_ts`."""
    seen = now_ts - age_us
    expiry = seen + 44 * MICROS_PER_DAY
    return drawn.MarketPicture(
        written_ts=seen,
        price=FORWARD,
        price_ts=seen,
        contract="HEZ6",
        chain=drawn.ChainPicture(
            as_of_ts=seen, first_seen_ts=seen, expiry_ts=expiry, max_age_us=_QUARTER_HOUR, source="cboe_quotes",
            style="european", forward=FORWARD, years=44 / 365, quotes=19, two_sided=17,
            rejected="1 crossed", quality="ok",
        ),
        smile=drawn.SmilePicture(
            atm_vol=0.2714, atm_error=0.0021, slope=-0.0182, slope_error=0.0034, listed=len(STRIKES),
            strikes=tuple(_strike(strike) for strike in STRIKES),
        ),
        density=_density(seen - 70 * MICROS_PER_MINUTE, expiry),
        gamma=drawn.GammaPicture(
            unit="USD per 1 %", sign_rule="assumed: dealers long calls (+), short puts (-)",
            total=1_284_500.0, zero_levels=(78.41,), listed=len(STRIKES),
            strikes=tuple(
                drawn.GammaStrike(strike, 90_000.0 * (strike - 78.0) * math.exp(-(((strike - FORWARD) / 6) ** 2)),
                                  4_000.0 + 100 * place, 5_200.0 - 150 * place)
                for place, strike in enumerate(STRIKES)
            ),
        ),
        term=tuple(
            drawn.TermPoint(seen + days * MICROS_PER_DAY, seen, float(days), FORWARD, 0.29 - days / 5_000, 0.0021,
                            -0.0182, 17)
            for days in (16, 44, 72, 107)
        ),
        outcomes=(
            drawn.OutcomePicture(expiry, False, seen - MICROS_PER_DAY, seen, 45.2, "good", 69.31, 80.91, 94.57,
                                 FORWARD, seen, 0.527, 0.531),
            *(
                drawn.OutcomePicture(seen - days * MICROS_PER_DAY, True, seen - (days + 45) * MICROS_PER_DAY,
                                     seen - (days + 41) * MICROS_PER_DAY, 45.6, "good", 68.2, 79.4, 92.1, price,
                                     seen - days * MICROS_PER_DAY, below, below + 0.02)
                for days, price, below in ((6, 83.15, 0.702), (13, 66.9, 0.031), (20, 77.55, 0.401))
            ),
        ),
        sentiment=drawn.SentimentPicture(
            as_of_ts=seen - 5 * MICROS_PER_MINUTE, max_age_us=_QUARTER_HOUR, score=0.31, confidence=0.62, quality="ok",
            parts=(
                drawn.SentimentPart("cot", 0.55, 0.61, 0.3, seen - 3 * MICROS_PER_DAY, "crowd net +12.4% of interest"),
                drawn.SentimentPart("news", 0.12, 0.48, 0.3, seen - 41 * MICROS_PER_SECOND, "14 headlines, 9 toned"),
                drawn.SentimentPart("social", None, 0.0, 0.1, None, ""),
                drawn.SentimentPart("flow", -0.22, 0.3, 0.3, seen - 5 * MICROS_PER_MINUTE, ""),
            ),
        ),
        divergence=drawn.DivergencePicture(
            as_of_ts=seen - 5 * MICROS_PER_MINUTE, max_age_us=_QUARTER_HOUR, kind="options_bullish_sentiment_bearish",
            direction=1, magnitude=1.84, gap=3.11, confidence=0.41, bias="long",
            rule="options lean up and the crowd is bearish",
            evidence=(
                drawn.EvidencePicture("options_lean_sd", 1.72, 1.5),
                drawn.EvidencePicture("crowd_lean_sd", -1.39, 1.0, True),
                drawn.EvidencePicture("tails_sd", 0.21, 1.5), drawn.EvidencePicture("options_confidence", 0.61, 0.05),
            ),
        ),
    )  # fmt: skip


def whole_positioning(now_ts: int) -> drawn.PositioningPicture:
    """Three years of weekly reports, the newest three days old."""
    day = now_ts // MICROS_PER_DAY - 3
    shares = [0.08 + 0.1 * math.sin(week / 17.0) + 0.02 * math.cos(week * 1.7) for week in range(REPORTS)]
    scores = [None if week < 26 else max(-1.0, min(1.0, 9.0 * (shares[week] - 0.08))) for week in range(REPORTS)]
    return drawn.PositioningPicture(
        as_of_ts=day * MICROS_PER_DAY + 6 * MICROS_PER_HOUR,
        known_ts=(day + 3) * MICROS_PER_DAY - 3 * MICROS_PER_HOUR,
        max_age_us=16 * MICROS_PER_DAY,
        kind="disaggregated, futures only",
        score=0.55,
        net_share=0.1241,
        change_4w=0.0312,
        history=156,
        days=tuple(day - 7 * (REPORTS - 1 - week) for week in range(REPORTS)),
        net_shares=tuple(round(share, 4) for share in shares),
        scores=tuple(None if score is None else round(score, 4) for score in scores),
        others=("legacy, futures only: score +0.44, net +9.8 %",),
    )


def picture_without_options(now_ts: int) -> drawn.MarketPicture:
    """What a market without option chains shows: price, sentiment, and a divergence that says nothing."""
    full = whole_picture(now_ts)
    return replace(
        full,
        chain=drawn.ChainPicture(quality="none", why="no option chain is stored"),
        smile=drawn.SmilePicture(),
        density=drawn.DensityPicture(quality="none", why="no density has been fitted yet"),
        gamma=drawn.GammaPicture(),
        term=(),
        outcomes=(),
        divergence=replace(full.divergence, kind="insufficient", direction=0, magnitude=None, gap=None,
                           confidence=0.0, bias="none", rule="options unknown"),
    )  # fmt: skip


def as_one_moment(picture: drawn.MarketPicture, moved: float = 0.0) -> drawn.MarketPicture:
    """The picture with a density of the newest chain, whose forward has moved since by `moved`."""
    seen, forward = picture.chain.first_seen_ts, FORWARD - moved
    return replace(picture, density=replace(picture.density, as_of_ts=seen, forward=forward))


def with_divergence(picture: drawn.MarketPicture, **changes: Any) -> drawn.MarketPicture:
    """The picture with another divergence."""
    return replace(picture, divergence=replace(picture.divergence, **changes))


def with_much_evidence(picture: drawn.MarketPicture) -> drawn.MarketPicture:
    """The picture with more numbers and headlines than a small terminal has room for."""
    numbers = tuple(drawn.EvidencePicture(f"number_{place}", float(place)) for place in range(16))
    headlines = " ".join(f"headline{place}, pork prices firm" for place in range(20))
    parts = tuple(
        replace(part, evidence=headlines) if part.name == "news" else part for part in picture.sentiment.parts
    )
    return replace(with_divergence(picture, evidence=numbers), sentiment=replace(picture.sentiment, parts=parts))


def with_text(picture: Any, text: str) -> Any:
    """The picture with `text` in every field that holds text."""
    changes: dict[str, Any] = {}
    for field in fields(picture):
        value = getattr(picture, field.name)
        if isinstance(value, str):
            changes[field.name] = text
        elif is_dataclass(value):
            changes[field.name] = with_text(value, text)
        elif isinstance(value, tuple):
            changes[field.name] = tuple(
                with_text(one, text) if is_dataclass(one) else text if isinstance(one, str) else one for one in value
            )
    return replace(picture, **changes)


def _strike(strike: float) -> drawn.SmileStrike:
    moneyness = math.log(strike / FORWARD) / (0.2714 * math.sqrt(44 / 365))
    fit = 0.2714 - 0.0182 * moneyness + 0.006 * moneyness * moneyness
    half = 0.004 + 0.003 * abs(moneyness)
    bid = None if strike == 72.0 else 0.55
    return drawn.SmileStrike(
        strike=strike, right="P" if strike < FORWARD else "C", bid=bid, ask=0.65,
        bid_vol=None if bid is None else fit - half, mid_vol=None if bid is None else fit + 0.001,
        ask_vol=fit + half, fitted_vol=fit + (0.02 if strike == 90.0 else 0.0),
        below=_NORMAL.cdf(math.log(strike)),
    )  # fmt: skip


def _density(as_of_ts: int, expiry_ts: int) -> drawn.DensityPicture:
    prices = tuple(58.0 + 0.9 * place for place in range(61))
    quantiles = tuple(math.exp(_NORMAL.inv_cdf(p)) for p in PROBABILITIES)
    return drawn.DensityPicture(
        as_of_ts=as_of_ts, max_age_us=5 * MICROS_PER_HOUR, expiry_ts=expiry_ts, forward=81.1, quality="good",
        two_sided=17, repaired=1, outside=0.083, methods="svi 58%, lognormal_pair 31%", tick=0.025, prices=prices,
        pdf=tuple(_NORMAL.pdf(math.log(price)) / price for price in prices),
        probabilities=PROBABILITIES, quantiles=quantiles, quantile_lows=tuple(q - 0.4 for q in quantiles),
        quantile_highs=tuple(q + 0.4 for q in quantiles), price_probability=_NORMAL.cdf(math.log(FORWARD)),
        price_probability_low=0.501, price_probability_high=0.541,
    )  # fmt: skip
