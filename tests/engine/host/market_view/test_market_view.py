"""The pictures behind the Market screen: what they say, when they are written, how large they may become."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.core.records import (
    CotPosition,
    CotReport,
    FuturesBar,
    Headline,
    OptionChain,
    OptionQuote,
    RawRecord,
    order_of,
)
from engine.host.crowd_pictures import divergence_picture, sentiment_picture
from engine.host.market_runner import MarketRunner
from engine.host.market_view import MarketView
from engine.host.operations.market_picture import (
    MARKET_VIEW,
    POSITIONING_VIEW,
    MarketPicture,
    PositioningPicture,
    picture_of,
)
from engine.host.option_pictures import MOST_EXPIRIES, MOST_OUTCOMES, MOST_STRIKES
from engine.kernel.clock import ManualClock
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_SECOND, local_ts
from engine.signals.divergence.axes import DivergenceInput, DivergenceThresholds, Latches
from engine.signals.divergence.detector import detect
from engine.signals.feature_row import Reading
from engine.signals.options_math.black76 import price
from engine.signals.pipeline import FeaturePipeline
from engine.signals.sentiment.composite import SourceOpinion
from engine.signals.sentiment.sentiment_score import SentimentScore
from storage.stores import Stores
from tests.engine import small_market, small_workspace

CONFIG = load_config("simulated_hogs", environment={}).config
MARKET = CONFIG.market.market
START = local_ts(2024, 1, 1, 8, 30, "America/Chicago")
BAR_US = 300 * MICROS_PER_SECOND
FORWARD = 80.0


class Feed:
    """Stands for the feature feed: only its pipeline is looked at."""

    def __init__(self) -> None:
        self.pipeline: FeaturePipeline | None = None


def bar(index: int, close: float = FORWARD) -> FuturesBar:
    start = START + index * BAR_US
    return FuturesBar(MARKET, "venue", "HEJ24", 1, 300, start, start + BAR_US, close, close, close, close, 100.0)


def chain(
    index: int, strikes: Sequence[float] = tuple(range(72, 90, 2)), days: int = 45, **changes: Any
) -> OptionChain:
    """Quotes of a flat smile at 25 %, about 2 % of the premium wide, known at the close of bar `index`."""
    ts = START + (index + 1) * BAR_US
    years = days / 365.0
    quotes = []
    for right in ("C", "P"):
        fair, _ = price(FORWARD, np.array(strikes, dtype=float), years, 0.25, right == "C")
        for strike, value in zip(strikes, fair, strict=True):
            half = max(0.025, 0.02 * float(value))
            bid = math.floor(max(0.0, float(value) - half) / 0.025) * 0.025
            ask = math.ceil((float(value) + half) / 0.025) * 0.025
            quotes.append(OptionQuote(float(strike), right, bid, ask, math.nan, 0.0, 500.0))
    made = OptionChain(MARKET, "cboe_quotes", None, "european", ts, ts, ts + days * MICROS_PER_DAY, FORWARD,
                       tuple(quotes))  # fmt: skip
    return dataclasses.replace(made, **changes)


def report(week: int, net: float) -> CotReport:
    position = CotPosition("noncommercial", 50_000.0 + net, 50_000.0, 0.0)
    event_ts = START - (200 - week) * 7 * MICROS_PER_DAY
    known_ts = event_ts + 3 * MICROS_PER_DAY
    return CotReport(MARKET, "legacy", False, event_ts, known_ts, 200_000.0, (position,))


@pytest.fixture
def stores(tmp_path: Path) -> Any:
    with Stores.open(tmp_path) as opened:
        yield opened


def drawn(
    stores: Stores, *records: RawRecord, ts: int = 7, config: HydraConfig = CONFIG
) -> tuple[MarketPicture, PositioningPicture]:
    """Both pictures after the records, as a screen reads them."""
    feed = Feed()
    feed.pipeline = FeaturePipeline(config)
    feed.pipeline.run(sorted(records, key=order_of))
    MarketView(stores, config, feed).write(ts)  # type: ignore[arg-type]
    return read(stores)


def read(stores: Stores) -> tuple[MarketPicture, PositioningPicture]:
    return (
        picture_of(MarketPicture, stores.state.get(MARKET_VIEW)),
        picture_of(PositioningPicture, stores.state.get(POSITIONING_VIEW)),
    )


def test_a_market_with_everything(stores: Stores) -> None:
    reports = [report(week, 100.0 * week) for week in range(60)]
    picture, positioning = drawn(stores, *reports, chain(0), chain(0, days=90), bar(0), bar(1, 81.0), ts=99)
    assert (picture.written_ts, picture.price, picture.contract) == (99, 81.0, "HEJ24")
    assert (picture.chain.quality, picture.chain.forward, picture.chain.quotes) == ("ok", FORWARD, 18)
    assert picture.smile.listed == len(picture.smile.strikes) == 9
    assert picture.smile.atm_vol == pytest.approx(0.25, abs=0.01)
    for strike in picture.smile.strikes:
        assert strike.right == ("C" if strike.strike >= FORWARD else "P")  # type: ignore[operator]
        assert strike.bid_vol < strike.mid_vol < strike.ask_vol  # type: ignore[operator]
        assert strike.fitted_vol == pytest.approx(0.25, abs=0.01)
    density = picture.density
    assert density.quality == "good" and density.why == ""
    assert len(density.prices) == len(density.pdf) == 61 and min(density.pdf) >= 0.0
    banded = zip(density.quantile_lows, density.quantiles, density.quantile_highs, strict=True)
    assert all(low <= value <= high for low, value, high in banded)
    assert density.price_probability == pytest.approx(0.57, abs=0.05)
    assert density.price_probability_low <= density.price_probability <= density.price_probability_high  # type: ignore[operator]
    assert density.quantiles == tuple(sorted(density.quantiles))
    assert [round(point.days or 0.0) for point in picture.term] == [45, 90]
    assert picture.outcomes[0].price == 81.0 and not picture.outcomes[0].settled
    assert "USD" in picture.gamma.unit and "assumed" in picture.gamma.sign_rule
    assert len(picture.gamma.strikes) == 9
    assert picture.gamma.total == pytest.approx(
        math.fsum(one.exposure or 0.0 for one in picture.gamma.strikes), rel=1e-4
    )
    assert picture.divergence.kind == "insufficient" and picture.divergence.rule
    assert {part.name for part in picture.sentiment.parts} >= {"cot", "news"}
    assert positioning.kind == "legacy, futures only" and len(positioning.days) == 60
    assert positioning.score == pytest.approx(1.0, abs=0.05)
    assert positioning.known_ts == reports[-1].known_ts


def test_evidence_says_whether_its_threshold_opens_or_closes() -> None:
    """By each axis: `opens at` before it is open, `closes below` once it was."""
    values = DivergenceInput(3.0, 0.9, -3.0, 0.9, 3.0, 0.9)
    thresholds = DivergenceThresholds(1.5, 1.0, 2.0, 1.6, 0.2, 0.1)
    first = detect(values, Latches(), thresholds)
    second = detect(values, first.latches, thresholds)
    since = Reading("divergence_direction", 5, 1.0, "", "")
    opened, held = (divergence_picture(found, since, thresholds, 9).evidence for found in (first, second))
    needed = [item for item in opened if item.threshold is not None]
    assert len(needed) == 6 and not any(item.closes for item in opened)
    assert {item.name for item in held if item.closes} == {item.name for item in needed}
    assert [item.threshold for item in held] == [1.0, 1.0, 1.6, 1.0, 0.1, 0.1, None]


def test_a_density_knows_the_tick_of_its_future(stores: Stores) -> None:
    picture, _ = drawn(stores, chain(0), bar(0), bar(1))
    assert picture.density.tick == CONFIG.market.contract.tick_size


def test_long_evidence_is_kept_to_be_scrolled() -> None:
    said = SentimentScore(0.1, 0.5, 7, tuple(f"headline {number}" for number in range(60)))
    latest = {"composite_sentiment": Reading("composite_sentiment", 7, 0.1, "", "")}
    (part,) = sentiment_picture(latest, [SourceOpinion("news", 0.3, said)], 9).parts
    assert len(part.evidence) == 400 and "headline 20" in part.evidence


def test_a_market_without_chains_says_so_and_still_shows_the_rest(stores: Stores) -> None:
    picture, positioning = drawn(stores, bar(0), bar(1, 81.5))
    assert picture.price == 81.5
    assert picture.chain.why == "no option chain is stored" and picture.chain.as_of_ts is None
    assert picture.density.why and not picture.density.prices and not picture.smile.strikes and picture.term == ()
    assert positioning.why == "no report is stored"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"style": "unknown"}, "exercise style"),
        (
            {
                "underlying_price": math.nan,
                "style": "american",
                "quotes": (OptionQuote(80.0, "C", 1.0, 1.5, math.nan, 0.0, 5.0),),
            },
            "no forward",
        ),
        ({"quotes": (OptionQuote(80.0, "C", 1.0, 0.5, math.nan, 0.0, 5.0),)}, "none of its quotes"),
    ],
)
def test_a_chain_that_cannot_be_used_says_why(stores: Stores, changes: dict[str, Any], words: str) -> None:
    picture, _ = drawn(stores, chain(0, **changes), bar(0))
    assert words in picture.chain.why and picture.chain.quality == "unusable"
    assert words in picture.term[0].why and picture.density.quality == "none"


def test_chains_that_die_within_two_days_do_not_speak(stores: Stores) -> None:
    picture, _ = drawn(stores, chain(0, days=1), bar(0))
    assert picture.chain.why == "no stored chain has two days left to live"


def test_a_repeated_chain_is_as_old_as_its_numbers(stores: Stores) -> None:
    again = dataclasses.replace(chain(0), event_ts=chain(3).event_ts, known_ts=chain(3).known_ts)
    picture, _ = drawn(stores, chain(0), bar(0), again, bar(3))
    assert picture.chain.quality == "repeated"
    assert (picture.chain.as_of_ts, picture.chain.first_seen_ts) == (again.event_ts, chain(0).event_ts)


def test_a_quote_that_nobody_bids_has_no_middle(stores: Stores) -> None:
    no_bid = tuple(dataclasses.replace(q, bid=0.0) if q.strike == 72.0 else q for q in chain(0).quotes)
    picture, _ = drawn(stores, chain(0, quotes=no_bid), bar(0))
    low = picture.smile.strikes[0]
    assert low.strike == 72.0 and low.bid is low.bid_vol is low.mid_vol is None and low.ask_vol is not None


def test_missing_open_interest_is_counted_and_none_at_all_is_a_reason(stores: Stores) -> None:
    quotes = chain(0).quotes
    some = tuple(dataclasses.replace(q, open_interest=math.nan) if q.strike == 80.0 else q for q in quotes)
    picture, _ = drawn(stores, chain(0, quotes=some), bar(0))
    assert picture.gamma.without_interest == 2 and len(picture.gamma.strikes) == 8
    none = tuple(dataclasses.replace(q, open_interest=math.nan) for q in quotes)
    picture, _ = drawn(stores, chain(0, quotes=none), bar(0))
    assert picture.gamma.strikes == () and picture.gamma.why == "the chain has no open interest"


def test_the_largest_picture_stays_small(stores: Stores) -> None:
    """300 strikes with many digits, 30 expiries, outcomes of ten, 400 reports, long names and headlines."""
    features = CONFIG.features.model_copy(update={"density_every_bars": 1})
    config = CONFIG.model_copy(update={"features": features})
    strikes = tuple(40.0 + 0.2717171717 * place for place in range(300))
    early = [one for index in range(10) for one in (chain(index, days=3), bar(index, 80.0 + index / 7.0))]
    wide = [chain(990, strikes, 3 + 7 * place, source="s" * 500, contract="c" * 500) for place in range(30)]
    reports = [report(week - 200, math.pi * 100.0 * math.sin(week)) for week in range(400)]
    known_ts = START + 990 * BAR_US
    news = [Headline(MARKET, "wire", known_ts, known_ts, "Hog prices strong, " + "robust demand " * 200, "h")]
    records = [*reports, *early, *wide, *news, bar(989, 81.1), bar(991, 81.123456789)]
    picture, positioning = drawn(stores, *records, config=config)
    assert len(picture.smile.strikes) == MOST_STRIKES and picture.smile.listed > MOST_STRIKES
    assert len(picture.gamma.strikes) == MOST_STRIKES and picture.gamma.listed == 300
    assert len(picture.term) == MOST_EXPIRIES and len(picture.outcomes) == MOST_OUTCOMES
    assert len(positioning.days) == 160
    reference, *others = picture.outcomes
    assert reference.expiry_ts == picture.chain.expiry_ts and not reference.settled
    assert all(one.settled for one in others), "what came goes before other expiries ahead"
    assert [one.expiry_ts for one in others] == sorted((one.expiry_ts for one in others), reverse=True)  # type: ignore[type-var]
    sizes = {
        key: len(stores.db.query_one("SELECT value FROM state WHERE key = ?", (key,))["value"])  # type: ignore[index]
        for key in (MARKET_VIEW, POSITIONING_VIEW)
    }
    assert sizes[MARKET_VIEW] <= 16_000 and sizes[POSITIONING_VIEW] <= 6_000, sizes


def test_pictures_do_not_move_the_state_number(stores: Stores) -> None:
    stores.state.put("limits", {}, 1)
    before = stores.state.state_seq()
    drawn(stores, chain(0), bar(0))
    assert stores.state.state_seq() == before


def test_what_did_not_change_is_not_written_again(stores: Stores) -> None:
    feed = Feed()
    view = MarketView(stores, CONFIG, feed)  # type: ignore[arg-type]
    view.write(1)
    assert stores.state.get(MARKET_VIEW) is None, "there is nothing to draw before the features began"
    feed.pipeline = FeaturePipeline(CONFIG)
    feed.pipeline.run([chain(0), bar(0)])
    view.write(1)
    view.write(2)
    assert read(stores)[0].written_ts == 1
    feed.pipeline.update(bar(1))
    view.write(3)
    assert read(stores)[0].written_ts == 3
    updated = "SELECT updated_ts FROM state WHERE key = ?"
    assert stores.db.query_one(updated, (POSITIONING_VIEW,))["updated_ts"] == 1  # type: ignore[index]
    feed.pipeline.update(report(200, 5.0))
    view.write(4)
    assert stores.db.query_one(updated, (POSITIONING_VIEW,))["updated_ts"] == 4  # type: ignore[index]


def test_drawn_bar_by_bar_equals_drawn_after_a_rebuild(stores: Stores) -> None:
    records = sorted(
        (*(chain(index, days=3) for index in range(4)), *(bar(index, 80.0 + index) for index in range(4)),
         bar(900, 83.0), chain(900), bar(901, 84.0), report(150, 9.0)),
        key=order_of,
    )  # fmt: skip
    feed = Feed()
    feed.pipeline = FeaturePipeline(CONFIG)
    live = MarketView(stores, CONFIG, feed)  # type: ignore[arg-type]
    for record in records:
        feed.pipeline.update(record)
        live.write(5)
    texts = json.dumps([stores.state.get(MARKET_VIEW), stores.state.get(POSITIONING_VIEW)])
    assert read(stores)[0].outcomes[-1].settled
    feed.pipeline = FeaturePipeline(CONFIG)
    feed.pipeline.run(records)
    live.write(5)
    assert json.dumps([stores.state.get(MARKET_VIEW), stores.state.get(POSITIONING_VIEW)]) == texts


def test_the_runner_draws_at_its_start_and_with_every_step(stores: Stores) -> None:
    """At the start from what is stored, then with each bar."""
    small_workspace.store_bars(stores, 200)
    clock = ManualClock(small_workspace.bar_at(199).known_ts)
    runner = MarketRunner(stores, small_market.settings(), clock, epoch=1)
    runner.start(lambda stage, done, total: None)
    picture, positioning = read(stores)
    last = small_workspace.bar_at(199)
    assert (picture.price, picture.price_ts) == (pytest.approx(last.close, rel=1e-5), last.known_ts)
    assert positioning.why == "no report is stored"
    small_workspace.store_bars(stores, 202)
    runner.take_live((), small_workspace.bar_at(201).known_ts)
    assert read(stores)[0].price_ts == small_workspace.bar_at(201).known_ts
    runner.close()
