"""The mutation playbook: every change the agent may propose, its bounds, and what it prefers for which cause."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.agent.diagnosis import CAUSES, Cause
from engine.kernel.errors import ConfigError

MutationType = Literal[
    "retrain",
    "feature_add",
    "feature_remove",
    "hyperparameter",
    "architecture_swap",
    "loss_function",
    "ensemble_change",
    "window_adjust",
    "restandardise_feature",
    "quarantine_feature",
    "resize_volatility",
    "trade_slower",
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mutation(_Strict):
    """One kind of change; `bounds` name numbers of the proposal's change and their closed ranges."""

    meaning: str
    reversible: bool
    cooldown_bars: Annotated[int, Field(ge=0)]
    min_bars_since_change: Annotated[int, Field(ge=0)]
    bounds: dict[str, tuple[float, float]]


class Choice(_Strict):
    """One answer to a cause: prior (successes, failures), expected share of the lost utility that comes back."""

    mutation: MutationType
    weight: tuple[Annotated[float, Field(gt=0.0)], Annotated[float, Field(gt=0.0)]]
    expected: Annotated[float, Field(ge=0.0, le=1.0)]
    settings: dict[str, float] = Field(default_factory=dict)


class Playbook(_Strict):
    """All mutations and, for every cause of the closed list, the choices."""

    mutations: dict[MutationType, Mutation]
    causes: dict[Cause, tuple[Choice, ...]]

    @model_validator(mode="after")
    def _complete(self) -> Playbook:
        missing = set(CAUSES) - set(self.causes)
        unknown = {item.mutation for row in self.causes.values() for item in row} - set(self.mutations)
        if missing or unknown:
            raise ValueError(f"causes without a row: {sorted(missing)}; mutations without an entry: {sorted(unknown)}")
        return self


def parse_playbook(text: str, name: str) -> Playbook:
    """Read a playbook; ConfigError names the file and the first thing that is wrong."""
    try:
        content: Any = yaml.safe_load(text)
        return Playbook.model_validate(content)
    except yaml.YAMLError as error:
        raise ConfigError(f"{name} is not valid YAML: {str(error).splitlines()[0]}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{name}: '{where}': {first['msg']}") from error


@lru_cache(maxsize=1)
def shipped_playbook() -> Playbook:
    """`config/agent/mutation_playbook.yaml` of this installation."""
    name = "agent/mutation_playbook.yaml"
    return parse_playbook(resources.files("config").joinpath(name).read_text(encoding="utf-8"), name)
