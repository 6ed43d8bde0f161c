"""Every baseline, in the order of the table."""

from __future__ import annotations

from typing import Final

from engine.sandbox.healbench.baselines.alarm_retrain import AlarmRetrain
from engine.sandbox.healbench.baselines.base import Baseline
from engine.sandbox.healbench.baselines.blind_retrain import BlindRetrain
from engine.sandbox.healbench.baselines.frozen import Frozen
from engine.sandbox.healbench.baselines.oracle import Oracle

BASELINES: Final[tuple[Baseline, ...]] = (
    Frozen(),
    BlindRetrain(500, 100),
    BlindRetrain(250, 50),
    AlarmRetrain(),
    Oracle(),
)
