"""Alerts: raised after a dwell, cleared below a deadband, so that they neither flicker nor linger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from engine.agent.detectors.base import AlertLevel, Reading

_RANK: Final[dict[AlertLevel, int]] = {"INFO": 0, "WARNING": 1, "CRITICAL": 2}


@dataclass(frozen=True, slots=True)
class Alert:
    """One condition the operator should know. `code` is its key; `first_ts` when it was raised, `since_ts` when the
    condition is thought to have begun; `value` and `threshold` in the detector's own unit."""

    code: str
    detector: str
    subject: str
    level: AlertLevel
    message: str
    value: float
    threshold: float
    since_ts: int
    first_ts: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


class AlertBook:
    """Which alerts are open. A reading raises one after `dwell_bars` breached bars in a row and clears it after as many
    bars below `deadband` times its threshold. A level that rises (INFO, WARNING, CRITICAL) raises again."""

    def __init__(self, dwell_bars: int, deadband: float) -> None:
        self._dwell = dwell_bars
        self._deadband = deadband
        self._breached: dict[str, int] = {}
        self._calm: dict[str, int] = {}
        self._open: dict[str, AlertLevel] = {}

    def update(self, readings: Sequence[Reading]) -> tuple[list[Reading], list[str]]:
        """Take one bar's readings; the ones to raise, and the codes to clear."""
        raised: list[Reading] = []
        cleared: list[str] = []
        counting = {code.partition(":")[0] for code in (*self._open, *self._breached)}
        # all others are quiet, as nearly all are: nothing to raise, to count down or to clear
        for reading in [item for item in readings if item.breached or item.detector in counting]:
            code = reading.code
            if reading.breached:
                self._calm.pop(code, None)
                count = self._breached[code] = self._breached.get(code, 0) + 1
                escalated = code in self._open and _RANK[reading.level] > _RANK[self._open[code]]
                if (code not in self._open and count >= self._dwell) or escalated:
                    self._open[code] = reading.level
                    raised.append(reading)
                continue
            self._breached.pop(code, None)
            if code in self._open and reading.value <= self._deadband * reading.threshold:
                calm = self._calm[code] = self._calm.get(code, 0) + 1
                if calm >= self._dwell:
                    del self._open[code], self._calm[code]
                    cleared.append(code)
        return raised, cleared

    def is_open(self, code: str) -> bool:
        """Whether an alert was raised and not cleared yet."""
        return code in self._open

    def clear_all(self) -> list[str]:
        """Forget everything, e.g. when a new champion begins; the codes that were open."""
        codes = sorted(self._open)
        self._breached, self._calm, self._open = {}, {}, {}
        return codes

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"breached": dict(self._breached), "calm": dict(self._calm), "open": dict(self._open)}

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._breached, self._calm, self._open = dict(state["breached"]), dict(state["calm"]), dict(state["open"])
