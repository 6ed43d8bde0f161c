"""The pictures behind the Market screen, written with each bar: what the feature families hold, drawn small.

Nothing here decides or enters a feature. `market_view` is written when a bar, a chain or a density is new,
`positioning_view` when a report is; what did not change is not drawn again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.host.operations.market_picture import (
    MARKET_VIEW,
    POSITIONING_VIEW,
    DensityPicture,
    MarketPicture,
    document_of,
)
from engine.signals.options_math.chain_rate import RateBounds

if TYPE_CHECKING:
    from engine.host.feature_feed import FeatureFeed
    from engine.kernel.config_models import HydraConfig
    from engine.signals.option_book import OptionBook
    from engine.signals.pipeline import FeaturePipeline
    from storage.stores import Stores


class MarketView:
    """Writes the pictures of one market. `features` may start again at any time; the next write draws all anew."""

    def __init__(self, stores: Stores, config: HydraConfig, features: FeatureFeed) -> None:
        self._stores = stores
        self._config = config
        self._bounds = RateBounds.of(config.features)
        self._market = config.market.market
        self._features = features
        self._pipeline: FeaturePipeline | None = None
        self._drawn: dict[str, tuple[tuple[Any, ...], Any]] = {}
        self._written: dict[str, tuple[Any, ...]] = {}

    def write(self, ts: int) -> None:
        """Write what is new, in the caller's transaction where there is one; nothing before the features began."""
        pipeline = self._features.pipeline
        if pipeline is None:
            return
        if pipeline is not self._pipeline:
            self._pipeline, self._drawn, self._written = pipeline, {}, {}
        self._write_market(pipeline, ts)
        self._write_positioning(pipeline, ts)

    def _write_market(self, pipeline: FeaturePipeline, ts: int) -> None:
        from engine.signals.option_book import OptionBook

        book = pipeline.family(OptionBook)
        key = (book.bar, book.chains_seen, book.fitted)
        if not self._is_new(MARKET_VIEW, key):
            return
        document = document_of(self._picture(pipeline, book, ts))
        self._stores.state.put_view(MARKET_VIEW, {"market": self._market, **document}, ts)

    def _write_positioning(self, pipeline: FeaturePipeline, ts: int) -> None:
        from engine.host.crowd_pictures import positioning_picture
        from engine.signals.positioning import Positioning
        from engine.signals.positioning_history import PositioningHistory

        history = pipeline.family(PositioningHistory)
        if not self._is_new(POSITIONING_VIEW, (history.reports_seen,)):
            return
        max_age_us = pipeline.family(Positioning).describe()[0].max_age_us
        document = document_of(positioning_picture(history, max_age_us))
        self._stores.state.put_view(POSITIONING_VIEW, {"market": self._market, **document}, ts)

    def _picture(self, pipeline: FeaturePipeline, book: OptionBook, ts: int) -> MarketPicture:
        from engine.host import crowd_pictures, option_pictures
        from engine.host.gamma_picture import gamma_picture
        from engine.signals.density_outcomes import DensityOutcomes
        from engine.signals.divergence.axes import DivergenceThresholds
        from engine.signals.divergence_features import DivergenceFeatures
        from engine.signals.sentiment_blend import SentimentBlend

        outcomes = pipeline.family(DensityOutcomes)
        blend, divergence = pipeline.family(SentimentBlend), pipeline.family(DivergenceFeatures)
        bar, reference, fitted = book.bar, book.reference, book.fitted
        smile = self._once("fit", (reference,), option_pictures.smile_of)
        return MarketPicture(
            written_ts=ts,
            price=None if bar is None else bar.close,
            price_ts=None if bar is None else bar.known_ts,
            contract="" if bar is None else (bar.contract or "")[:40],
            chain=option_pictures.chain_picture(book),
            smile=self._once("smile", (reference, smile, fitted), option_pictures.smile_picture),
            density=self._density(pipeline, book),
            gamma=self._once("gamma", (reference, self._config.market.contract.usd_per_point), gamma_picture),
            term=option_pictures.term_points(book.chains, reference, smile, self._bounds),
            outcomes=option_pictures.outcome_pictures(
                outcomes.open, outcomes.settled, None if reference is None else reference.chain.expiry_ts
            ),
            sentiment=crowd_pictures.sentiment_picture(pipeline.latest, blend.parts, book.max_age_us),
            divergence=crowd_pictures.divergence_picture(
                divergence.last,
                pipeline.latest.get("divergence_direction"),
                DivergenceThresholds.of(self._config.features),
                book.max_age_us,
            ),
        )

    def _density(self, pipeline: FeaturePipeline, book: OptionBook) -> DensityPicture:
        from engine.host.option_pictures import density_picture, report_of, with_price
        from engine.signals.option_density import OptionDensity

        max_age_us = pipeline.family(OptionDensity).describe()[0].max_age_us
        report = self._once("report", (book.fitted,), report_of)
        tick = self._config.market.contract.tick_size
        picture: DensityPicture = self._once("density", (book.fitted, report, max_age_us, tick), density_picture)
        return picture if book.bar is None else with_price(picture, report, book.bar.close)

    def _once(self, name: str, inputs: tuple[Any, ...], draw: Any) -> Any:
        """Draw from the same inputs once."""
        held = self._drawn.get(name)
        if held is None or not _same(held[0], inputs):
            held = (inputs, draw(*inputs))
            self._drawn[name] = held
        return held[1]

    def _is_new(self, name: str, key: tuple[Any, ...]) -> bool:
        written = self._written.get(name)
        if written is not None and _same(written, key):
            return False
        self._written[name] = key
        return True


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """By identity, and by value for plain numbers: comparing chains quote by quote would cost more than drawing."""
    return len(one) == len(other) and all(
        a is b or (isinstance(a, (int, float)) and a == b) for a, b in zip(one, other, strict=True)
    )
