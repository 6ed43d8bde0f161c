"""Risk settings with the operator's overrides laid over them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from engine.kernel.config_models import RiskConfig
from engine.kernel.errors import ConfigError


def effective_limits(risk: RiskConfig, overrides: Mapping[str, float]) -> RiskConfig:
    """`risk` with some numbers replaced; an unknown name or a value out of range raises ConfigError."""
    return _overridden(risk, tuple(sorted(overrides.items()))) if overrides else risk


@lru_cache(maxsize=64)
def _overridden(risk: RiskConfig, overrides: tuple[tuple[str, float], ...]) -> RiskConfig:
    unknown = [name for name, _ in overrides if name not in RiskConfig.model_fields]
    if unknown:
        raise ConfigError(f"unknown limit '{unknown[0]}'; limits are the keys of the section 'risk'")
    try:
        return RiskConfig.model_validate({**risk.model_dump(), **dict(overrides)})
    except ValueError as error:
        raise ConfigError(f"a limit override is out of range: {error}") from error
