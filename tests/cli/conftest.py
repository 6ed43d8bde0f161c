"""Small files as vendors write them, made by a seeded generator."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def daily_csv() -> Callable[..., Path]:
    """`write(path, days, scale=1.0)`: a lean-hog file in yfinance's format with its three header lines."""

    def write(path: Path, days: int, scale: float = 1.0) -> Path:
        chance = random.Random(7)
        lines = ["Price,Adj Close,Close,High,Low,Open,Volume", "Ticker" + ",HE=F" * 6, "Date,,,,,,"]
        day, close = date(2015, 1, 5), 80.0
        while len(lines) < days + 3:
            if day.weekday() < 5:
                opened, close = close, round(80.0 * (close / 80.0) ** 0.97 * math.exp(chance.gauss(0.0, 0.01)), 3)
                high, low = max(opened, close) + 0.3, min(opened, close) - 0.3
                close_text, high_text, low_text, open_text = (
                    f"{value * scale:.3f}" for value in (close, high, low, opened)
                )
                lines.append(
                    f"{day},{close_text},{close_text},{high_text},{low_text},{open_text},{chance.randint(5000, 30000)}"
                )
            day += timedelta(days=1)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write
