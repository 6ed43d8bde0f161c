"""Every feature HYDRA knows: the families that compute them, and their definitions for the store."""

from __future__ import annotations

from engine.kernel.config_models import HydraConfig
from engine.signals.bar_quality import BarQuality
from engine.signals.carry import Carry
from engine.signals.cross_market_features import CrossMarket
from engine.signals.density_outcomes import DensityOutcomes
from engine.signals.divergence_features import DivergenceFeatures
from engine.signals.feature_family import FeatureDescription, FeatureFamily
from engine.signals.news import News
from engine.signals.option_book import OptionBook
from engine.signals.option_density import OptionDensity
from engine.signals.option_flows import OptionFlowFeatures
from engine.signals.option_snapshot import SnapshotSelector
from engine.signals.option_surface import OptionSurface
from engine.signals.options_math.chain_rate import RateBounds
from engine.signals.positioning import Positioning
from engine.signals.positioning_history import PositioningHistory
from engine.signals.price_action import PriceAction
from engine.signals.roll_yield import RollYield
from engine.signals.seasonality import Seasonality
from engine.signals.sentiment_blend import SentimentBlend
from engine.signals.social import Social
from engine.signals.volume_flow import VolumeFlow
from storage.feature_definitions import FeatureDefinition

OWNER = "engine.signals"


def build_families(config: HydraConfig) -> tuple[FeatureFamily, ...]:
    """The families in the order in which they see each record: those that read others' results come last."""
    selector = SnapshotSelector(RateBounds.of(config.features))
    surface = OptionSurface(config, selector)
    density = OptionDensity(config, surface)
    book = OptionBook(config, surface, density)
    positioning = Positioning(config)
    news = News(config)
    social = Social(config)
    flow = VolumeFlow(config)
    cross_market = CrossMarket(config)
    return (
        PriceAction(config),
        flow,
        Seasonality(config),
        Carry(config),
        RollYield(config),
        BarQuality(config),
        positioning,
        PositioningHistory(positioning),
        surface,
        OptionFlowFeatures(config, surface),
        density,
        book,
        DensityOutcomes(book),
        news,
        social,
        cross_market,
        SentimentBlend(config, positioning, news, social, flow, cross_market),
        DivergenceFeatures(config),
    )


def feature_descriptions(config: HydraConfig) -> tuple[FeatureDescription, ...]:
    """What every family says about its features, in registered order."""
    return tuple(item for family in build_families(config) for item in family.describe())


def feature_names(config: HydraConfig) -> tuple[str, ...]:
    """Names of all registered features, in registered order."""
    return tuple(item.name for item in feature_descriptions(config))


def feature_definitions(config: HydraConfig) -> tuple[FeatureDefinition, ...]:
    """The definitions that the feature store registers, in registered order."""
    return tuple(
        FeatureDefinition(
            name=item.name,
            unit=item.unit,
            source=item.source,
            range_low=item.low,
            range_high=item.high,
            max_age_us=item.max_age_us,
            owner=OWNER,
            description=item.description,
            version=item.version,
        )
        for item in feature_descriptions(config)
    )
