"""What a registered model is, as frozen values that go to and from JSON (column `models.config` of the registry)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self, cast

from engine.kernel.errors import InputError
from models.interface import Parameter

VolatilityMode = Literal["training", "ewma", "ewma_scaled"]
VOLATILITY_MODES: tuple[VolatilityMode, ...] = ("training", "ewma", "ewma_scaled")


@dataclass(frozen=True, slots=True)
class Restandardise:
    """Repair of an input whose units moved: x' = (x - offset) / scale, before the model's own standardisation."""

    offset: float
    scale: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.offset) and math.isfinite(self.scale) and self.scale > 0.0):
            raise InputError(
                f"restandardise needs a finite offset and a scale above 0, got {self.offset} and {self.scale}"
            )


@dataclass(frozen=True, slots=True)
class TrainingRange:
    """Which rows taught the model: known times from `from_ts` up to `to_ts` (UTC microseconds), `window_bars` rows.

    `volatility_ewma` is the value of the EWMA volatility that `return_sd` stands for (its root mean square over the
    training rows); None where it was not recorded, and then only volatility mode "training" works.
    """

    from_ts: int
    to_ts: int
    window_bars: int
    volatility_ewma: float | None = None


@dataclass(frozen=True, slots=True)
class Adjustments:
    """Reversible repairs that need no new fit.

    `volatility`: "training" keeps the model's return_sd; "ewma" multiplies it by current / training EWMA volatility;
    "ewma_scaled" multiplies the expected return too (the ratio of edge to noise stays, as when both scale together).
    `size_multiplier` in [0, 1] shrinks every position; `trading_rate` in (0, 1] is the share of the way to the target
    position that is traded on one bar.
    """

    restandardise: Mapping[str, Restandardise] = field(default_factory=dict)
    quarantine: tuple[str, ...] = ()
    size_multiplier: float = 1.0
    volatility: VolatilityMode = "training"
    trading_rate: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.size_multiplier <= 1.0:
            raise InputError(f"size_multiplier must lie in [0, 1], got {self.size_multiplier}")
        if not 0.0 < self.trading_rate <= 1.0:
            raise InputError(f"trading_rate must lie in (0, 1], got {self.trading_rate}")
        if self.volatility not in VOLATILITY_MODES:
            raise InputError(f"volatility must be one of {', '.join(VOLATILITY_MODES)}, got '{self.volatility}'")


@dataclass(frozen=True, slots=True)
class EdgeSummary:
    """The out-of-sample edge that sizing may rely on; see `models.edge.EdgeEstimate` for the meaning of each number."""

    mean_score: float
    standard_error: float
    lower_bound: float
    information_coefficient: float
    shrinkage: float
    n: int


@dataclass(frozen=True, slots=True)
class PlattParameters:
    """Calibrated logit = slope * raw logit + intercept."""

    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model version: kind, features in trained order, training range, adjustments, parameters, edge, calibration.

    Without `edge` the champion reports a lower bound and shrinkage of 0: nothing is traded on an unknown edge.
    """

    kind: str
    features: tuple[str, ...]
    training: TrainingRange
    adjustments: Adjustments = field(default_factory=Adjustments)
    params: Mapping[str, Parameter] = field(default_factory=dict)
    edge: EdgeSummary | None = None
    calibration: PlattParameters | None = None

    def __post_init__(self) -> None:
        if not self.features or len(set(self.features)) != len(self.features):
            raise InputError(f"a model needs one or more distinct features, got {list(self.features)}")
        foreign = sorted({*self.adjustments.quarantine, *self.adjustments.restandardise} - set(self.features))
        if foreign:
            raise InputError(f"adjustments name features that the model does not use: {', '.join(foreign)}")

    def with_adjustments(self, **changes: Any) -> ModelSpec:
        """The same model with some adjustments changed, e.g. `with_adjustments(quarantine=("carry",))`."""
        return replace(self, adjustments=replace(self.adjustments, **changes))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready form, as documented in the registry."""
        adjustments = self.adjustments
        return {
            "kind": self.kind,
            "features": list(self.features),
            "training": _fields(self.training),
            "adjustments": {
                "restandardise": {name: _fields(repair) for name, repair in adjustments.restandardise.items()},
                "quarantine": list(adjustments.quarantine),
                "size_multiplier": adjustments.size_multiplier,
                "volatility": adjustments.volatility,
                "trading_rate": adjustments.trading_rate,
            },
            "params": dict(self.params),
            "edge": None if self.edge is None else _fields(self.edge),
            "calibration": None if self.calibration is None else _fields(self.calibration),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`; raises InputError naming what is missing, unknown or out of bounds."""
        try:
            adjustments = dict(document.get("adjustments", {}))
            repairs = adjustments.pop("restandardise", {})
            edge, calibration = document.get("edge"), document.get("calibration")
            unknown = document.keys() - {"kind", "features", "training", "adjustments", "params", "edge", "calibration"}
            if unknown:
                raise InputError(f"a model specification has no field {', '.join(sorted(unknown))}")
            return cls(
                kind=str(document["kind"]),
                features=tuple(document["features"]),
                training=TrainingRange(**document["training"]),
                adjustments=Adjustments(
                    restandardise={name: Restandardise(**repair) for name, repair in repairs.items()},
                    quarantine=tuple(adjustments.pop("quarantine", ())),
                    **adjustments,
                ),
                params=dict(document.get("params", {})),
                edge=None if edge is None else EdgeSummary(**edge),
                calibration=None if calibration is None else PlattParameters(**calibration),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"a model specification is malformed: {error}") from error


def _fields(value: Any) -> dict[str, Any]:
    return {name: cast(object, getattr(value, name)) for name in value.__dataclass_fields__}
