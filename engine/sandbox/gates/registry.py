"""Every gate, in the order in which verdicts list them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.kernel.errors import ConfigError
from engine.sandbox.evidence import Track
from engine.sandbox.gates.composite import CompositeGate
from engine.sandbox.gates.deflated_sharpe import DeflatedSharpeGate
from engine.sandbox.gates.drawdown import DrawdownGate
from engine.sandbox.gates.e_process import EProcessGate
from engine.sandbox.gates.interface import PromotionGate
from engine.sandbox.gates.lookahead import LookaheadGate
from engine.sandbox.gates.overfitting import OverfittingGate
from engine.sandbox.gates.sharpe_improvement import SharpeImprovementGate
from engine.sandbox.gates.stress import StressGate
from engine.sandbox.gates.windows import WindowsGate

GATES: Final[tuple[PromotionGate, ...]] = (
    LookaheadGate(),
    CompositeGate(),
    SharpeImprovementGate(),
    DrawdownGate(),
    WindowsGate(),
    StressGate(),
    DeflatedSharpeGate(),
    OverfittingGate(),
    EProcessGate(),
)


def names_for(track: Track) -> tuple[str, ...]:
    """Gates that may block on a track, in order."""
    return tuple(gate.name for gate in GATES if track in gate.tracks)


def checked_names(names: Iterable[str], track: Track) -> frozenset[str]:
    """The names of a setting; ConfigError for one that is no gate of this track."""
    wanted = frozenset(names)
    unknown = sorted(wanted - set(names_for(track)))
    if unknown:
        raise ConfigError(
            f"evaluator.{track}_gates: '{unknown[0]}' cannot block on the {track} track; "
            f"gates that can: {', '.join(names_for(track))}"
        )
    return wanted
