"""Every detector, in the order in which they run. The diagnostician reads them by name."""

from __future__ import annotations

from typing import Final

from engine.agent.detectors.adwin import Adwin
from engine.agent.detectors.bad_ticks import BadTicks
from engine.agent.detectors.base import Detector
from engine.agent.detectors.calibration import Calibration
from engine.agent.detectors.drawdown import Drawdown
from engine.agent.detectors.edge_cusum import EdgeCusum
from engine.agent.detectors.edge_evidence import EdgeEvidence
from engine.agent.detectors.feature_distribution import FeatureDistribution
from engine.agent.detectors.feature_variance import FeatureVariance
from engine.agent.detectors.hit_rate import HitRate
from engine.agent.detectors.liquidity import Liquidity
from engine.agent.detectors.page_hinkley import PageHinkley
from engine.agent.detectors.population_stability import PopulationStability
from engine.agent.detectors.sharpe import Sharpe
from engine.agent.detectors.staleness import Staleness
from engine.agent.detectors.volatility import Volatility

DETECTORS: Final[tuple[type[Detector], ...]] = (
    Staleness,
    BadTicks,
    FeatureVariance,
    Volatility,
    Liquidity,
    EdgeEvidence,
    EdgeCusum,
    Sharpe,
    Drawdown,
    HitRate,
    Calibration,
    PopulationStability,
    FeatureDistribution,
    Adwin,
    PageHinkley,
)
