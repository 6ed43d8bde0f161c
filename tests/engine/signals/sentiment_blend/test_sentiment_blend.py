"""The composite at a bar: the weights of the settings, the parts for a screen, sources that take no part."""

from __future__ import annotations

import math

import pytest

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore
from engine.signals.sentiment_blend import SentimentBlend

BAR = FuturesBar("lean_hogs", "yahoo", "HEM24", 1, 86_400, 10, 20, 80.0, 81.0, 79.0, 80.5, 1_000.0)


class Says:
    def __init__(self, score: float = math.nan, confidence: float = 0.0) -> None:
        self.asked_ts: list[int] = []
        self._said = SentimentScore(score, confidence, 7, ("because",)) if confidence else NO_DATA

    def sentiment(self, as_of_ts: int) -> SentimentScore:
        self.asked_ts.append(as_of_ts)
        return self._said


def settings(**features: object) -> HydraConfig:
    return load_config("lean_hogs", environment={}, flags={f"features.{k}": v for k, v in features.items()}).config


def blend_of(config: HydraConfig, cot: Says, news: Says, social: Says | None = None, flow: Says | None = None,
             cross_market: Says | None = None) -> SentimentBlend:  # fmt: skip
    """A blend whose other sources are silent."""
    return SentimentBlend(config, cot, news, social or Says(), flow or Says(), cross_market or Says())


def blended(blend: SentimentBlend) -> tuple[float, float]:
    composite, confidence = blend.on_decision_bar(BAR, {})
    assert composite.event_ts == confidence.event_ts == BAR.event_ts and composite.quality == confidence.quality
    return composite.value, confidence.value


def test_weights_come_from_the_settings() -> None:
    equal = settings(sentiment_weight_cot=0.5, sentiment_weight_news=0.5)
    tilted = settings(sentiment_weight_cot=0.75, sentiment_weight_news=0.25)
    assert blended(blend_of(equal, Says(1.0, 0.6), Says(0.0, 0.6)))[0] == pytest.approx(0.5)
    assert blended(blend_of(tilted, Says(1.0, 0.6), Says(0.0, 0.6)))[0] == pytest.approx(0.75)


def test_sources_are_asked_at_the_moment_the_bar_is_known() -> None:
    sources = [Says(0.5, 0.5) for _ in range(5)]
    blended(blend_of(settings(), *sources))
    assert all(source.asked_ts == [BAR.known_ts] for source in sources)


def test_parts_are_kept_for_a_screen() -> None:
    blend = blend_of(settings(), Says(0.5, 0.6), Says(), social=Says(-0.2, 0.1), flow=Says(0.1, 0.3))
    assert blend.parts == ()
    blended(blend)
    said = [(part.name, part.weight, part.score.confidence, part.score.as_of_ts) for part in blend.parts]
    assert said == [
        ("cot", 0.35, 0.6, 7), ("news", 0.35, 0.0, 0), ("social", 0.05, 0.1, 7), ("flow", 0.15, 0.3, 7),
        ("cross_market", 0.0, 0.0, 0),
    ]  # fmt: skip


def test_a_market_without_related_ones_is_not_less_sure_for_it() -> None:
    none_set = blended(blend_of(settings(), Says(0.5, 0.6), Says(0.5, 0.6), cross_market=Says()))
    related = settings(related_markets=["live_cattle:yahoo:1"])
    silent = blended(blend_of(related, Says(0.5, 0.6), Says(0.5, 0.6), cross_market=Says()))
    assert silent[0] == none_set[0] and silent[1] < none_set[1]


def test_posts_alone_move_little() -> None:
    quiet = blended(blend_of(settings(), Says(0.5, 0.6), Says(0.5, 0.6), social=Says()))
    loud = blended(blend_of(settings(), Says(0.5, 0.6), Says(0.5, 0.6), social=Says(-1.0, 0.5)))
    assert quiet[0] - loud[0] < 0.15


def test_no_source_no_composite() -> None:
    value, confidence = blended(blend_of(settings(), Says(), Says(), social=Says(), flow=Says()))
    assert math.isnan(value) and confidence == 0.0
