"""Replay: minute bars through step, risk rules and fill model, on one core."""

from __future__ import annotations

import math
import random

from engine.core.records import FuturesBar
from engine.core.trading_types import Prediction
from engine.kernel.configuration import load_config
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.sandbox.replay import ReplayResult, replay
from tests.bench.figure import Figure, at_least, cpu_seconds

BARS = 60_000
MINUTES = 275
MINUTE_US = 60_000_000
START_TS = 1_699_887_600_000_000
BAR_PER_CPU_SECOND = 150_000.0


def measure() -> list[Figure]:
    """Bars per CPU-second without a forecast, with a forecast that changes once a session, and with one a minute."""
    config = load_config("simulated_hogs", environment={}, flags={"market.bar_seconds": 60}).config
    bars = _bars()
    figures = []
    for name, every in (("no forecast, no order", 0), ("sparse orders", MINUTES), ("an order almost every bar", 1)):
        predictions = _predictions(bars, every)
        best, result = math.inf, None
        for _ in range(3):
            holder: list[ReplayResult] = []
            seconds = cpu_seconds(
                lambda p=predictions, h=holder: h.append(replay(bars, p, config, resume_after_bars=1))
            )
            best, result = min(best, seconds), holder[0]
        assert result is not None
        how = f"{BARS:,} minute bars, {result.orders:,} orders, {len(result.fills):,} fills; best of 3"
        figures.append(at_least(f"replay, {name}", BARS / best, "bars per CPU-second", how, BAR_PER_CPU_SECOND))
    return figures


def _bars() -> list[FuturesBar]:
    draw = random.Random(5)
    price, bars = 85.0, []
    for index in range(BARS):
        open_ = price
        price *= math.exp(draw.gauss(0.0, 0.0004))
        event_ts = START_TS + (index // MINUTES) * MICROS_PER_DAY + (index % MINUTES) * MINUTE_US
        bars.append(
            FuturesBar(
                "simulated_hogs", "venue", "240715", 1, 60, event_ts, event_ts + MINUTE_US, open_,
                max(open_, price) * 1.0001, min(open_, price) * 0.9999, price, draw.choice((60.0, 250.0, 400.0, 900.0)),
            )
        )  # fmt: skip
    return bars


def _predictions(bars: list[FuturesBar], every: int) -> list[Prediction | None]:
    if not every:
        return [None] * len(bars)
    draw = random.Random(6)
    predictions: list[Prediction | None] = []
    expected = 0.0
    for index, bar in enumerate(bars):
        if index % every == 0:
            expected = draw.gauss(0.0, 0.0006)
        predictions.append(Prediction(bar.known_ts, "m-1", expected, 0.0004, 0.6, 0.1, 0.8))
    return predictions
