"""Every repair, in the order in which they work on a bar."""

from __future__ import annotations

from typing import Final

from engine.agent.treatment.repairs.interface import Repair
from engine.agent.treatment.repairs.quarantine_feature import QuarantineFeature
from engine.agent.treatment.repairs.refit_from_change import RefitFromChange
from engine.agent.treatment.repairs.reject_value import RejectValue
from engine.agent.treatment.repairs.resize_volatility import ResizeVolatility
from engine.agent.treatment.repairs.restandardise_feature import RestandardiseFeature
from engine.agent.treatment.repairs.scheduled_challenge import ScheduledChallenge
from engine.agent.treatment.repairs.simpler_model import SimplerModel
from engine.agent.treatment.repairs.trade_slower import TradeSlower

REPAIRS: Final[tuple[type[Repair], ...]] = (
    RejectValue,
    QuarantineFeature,
    RestandardiseFeature,
    ResizeVolatility,
    TradeSlower,
    SimplerModel,
    RefitFromChange,
    ScheduledChallenge,
)
