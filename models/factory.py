"""The registry of model kinds. A kind's module, and the library behind it, is imported only when it is asked for."""

from __future__ import annotations

from typing import Final

from engine.kernel.errors import CorruptStoreError, InputError
from models.artifact import unpack
from models.interface import TradingModel

MODEL_KINDS: Final = ("ridge", "logistic", "lightgbm", "zero", "momentum")
LIGHT_KINDS: Final = frozenset({"ridge", "logistic", "zero", "momentum"})
"""Kinds that need numpy alone, so that the process that paints the screen may predict with them."""


def create_model(kind: str) -> TradingModel:
    """An untrained model of a kind; raises InputError for an unknown one."""
    return _class_of(kind)()


def load_model(data: bytes) -> TradingModel:
    """The model that `TradingModel.serialize` wrote; raises CorruptStoreError where the bytes do not verify."""
    header, _ = unpack(data)
    if header["kind"] not in MODEL_KINDS:
        raise CorruptStoreError(f"the artifact holds a model of unknown kind '{header['kind']}'")
    return _class_of(header["kind"]).deserialize(data)


def _class_of(kind: str) -> type[TradingModel]:
    if kind == "ridge":
        from models.ridge import RidgeModel

        return RidgeModel
    if kind == "logistic":
        from models.logistic import LogisticModel

        return LogisticModel
    if kind == "lightgbm":
        from models.lightgbm_model import LightGBMModel

        return LightGBMModel
    if kind in ("zero", "momentum"):
        from models.baselines import MomentumModel, ZeroModel

        return ZeroModel if kind == "zero" else MomentumModel
    raise InputError(f"unknown model kind '{kind}'; known: {', '.join(MODEL_KINDS)}")
