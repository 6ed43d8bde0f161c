"""Loading of settings: defaults -> market -> operator's file -> environment -> flags, each value with its source."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import ConfigError

ENVIRONMENT_PREFIX = "HYDRA_"
_MARKET_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED = {"HYDRA_WORKSPACE", "HYDRA_CRASHPOINT", "HYDRA_REAL_DATA", "HYDRA_MARKET", "HYDRA_LOG_LEVEL"}


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """The merged settings and, for each dotted key, the layer its value came from."""

    config: HydraConfig
    sources: Mapping[str, str]


def known_markets(folder: Path | None = None) -> list[str]:
    """Names of the shipped markets and of those in an operator's folder (a workspace's `markets/`), sorted."""
    return sorted({*_shipped_markets(), *_own_markets(folder)})


def _shipped_markets() -> list[str]:
    files = resources.files("config").joinpath("markets").iterdir()
    return [file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml")]


def _own_markets(folder: Path | None) -> dict[str, Path]:
    if folder is None or not folder.is_dir():
        return {}
    return {path.stem: path for path in folder.glob("*.yaml")}


def load_config(
    market: str,
    *,
    user_file: Path | None = None,
    market_folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> LoadedConfig:
    """Merge all layers for one market, a shipped one or a `<market>.yaml` in `market_folder`.

    `environment` maps `HYDRA_RISK__MAX_POSITION_LOTS` to `risk.max_position_lots`; `flags` maps dotted keys to values.
    Raises ConfigError naming the layer, the key and the nearest valid name.
    """
    merged: dict[str, Any] = {}
    sources: dict[str, str] = {}
    _merge(merged, _read_resource("default.yaml"), "default.yaml", sources)
    market_file, market_layer = _market_layer(market, market_folder)
    _merge(merged, market_layer, market_file, sources)
    if user_file is not None and user_file.exists():
        _merge(merged, _read_yaml(user_file.read_text(encoding="utf-8"), str(user_file)), str(user_file), sources)
    for name, text in sorted((os.environ if environment is None else environment).items()):
        if name.startswith(ENVIRONMENT_PREFIX) and "__" in name and name not in _RESERVED:
            _set(
                merged,
                name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", "."),
                read_value(text, f"environment {name}"),
                f"environment {name}",
                sources,
            )
    for key, value in (flags or {}).items():
        _set(merged, key, value, "command line", sources)
    try:
        return LoadedConfig(HydraConfig.model_validate(merged), sources)
    except ValidationError as error:
        raise ConfigError(_explain(error, sources, market_file)) from error


def _market_layer(market: str, folder: Path | None) -> tuple[str, dict[str, Any]]:
    """(name of the file, its content) of a market; an operator's file may add a market, never replace a shipped one."""
    known = known_markets(folder)
    if market not in known:
        raise ConfigError(f"unknown market '{market}'{_nearest(market, known)}; known: {', '.join(known)}")
    own = _own_markets(folder).get(market)
    if own is None:
        return f"markets/{market}.yaml", _read_resource(f"markets/{market}.yaml")
    if market in _shipped_markets():
        raise ConfigError(
            f"{own} has the name of a shipped market; rename file and market, or set single values in config.yaml"
        )
    if not _MARKET_NAME.fullmatch(market):
        raise ConfigError(f"{own}: a market's name is small letters, digits and _ after a letter, not '{market}'")
    content = _read_yaml(_read_text(own), str(own))
    section = content.get("market")
    named = section.get("market") if isinstance(section, dict) else None
    if named != market:
        raise ConfigError(f"{own}: 'market.market' must be '{market}' like the file, was {named!r}")
    return str(own), content


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise ConfigError(f"{path} cannot be read: {reason}") from error


def _read_resource(name: str) -> dict[str, Any]:
    return _read_yaml(resources.files("config").joinpath(name).read_text(encoding="utf-8"), name)


class _UniqueKeyLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in one section, of which YAML would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping of a node; ConstructorError naming a key that stands twice."""
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"'{key.value}' stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _read_yaml(text: str, name: str) -> dict[str, Any]:
    try:
        content = yaml.load(text, _UniqueKeyLoader) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        raise ConfigError(f"{name} is not valid YAML{where}: {str(error).splitlines()[0]}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{name} must hold sections with settings, was {type(content).__name__}")
    return content


def read_value(text: str, name: str) -> Any:
    """A value written as YAML text; ConfigError naming where it was written if it is malformed."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{name} = {text!r} is not a value; quote it like a YAML text") from error


def _merge(
    target: dict[str, Any], layer: Mapping[str, Any], source: str, sources: dict[str, str], prefix: str = ""
) -> None:
    for key, value in layer.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, Mapping):
            child = target.setdefault(key, {})
            if not isinstance(child, dict):
                raise ConfigError(f"{source}: '{dotted}' is one value, not a section")
            _merge(child, value, source, sources, f"{dotted}.")
        else:
            target[key] = value
            sources[dotted] = source


def _set(target: dict[str, Any], dotted: str, value: Any, source: str, sources: dict[str, str]) -> None:
    *path, leaf = dotted.split(".")
    node: Any = target
    for part in path:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            raise ConfigError(f"{source}: '{dotted}' goes below '{part}', which is one value")
    node[leaf] = value
    sources[dotted] = source


def _explain(error: ValidationError, sources: Mapping[str, str], market_file: str) -> str:
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    dotted = ".".join(path)
    below = (source for key, source in sources.items() if key.startswith(f"{dotted}."))
    where = sources.get(dotted) or next(below, "settings")
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown setting '{dotted}'{_nearest(path[-1], _names_at(path[:-1]))}"
    if first["type"] == "missing":
        owner = f"{market_file}: " if path[0] == "market" else ""
        return f"{owner}setting '{dotted}' is missing; add it to the market's or the operator's file"
    return f"{where}: '{dotted}' = {first.get('input')!r}: {first['msg']}"


def _names_at(path: list[str]) -> list[str]:
    model: type[BaseModel] = HydraConfig
    for part in path:
        annotation = model.model_fields[part].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def describe_setting(key: str) -> str:
    """The one line of documentation of a dotted setting; ConfigError with the nearest name for an unknown one."""
    path = key.split(".")
    model: type[BaseModel] = HydraConfig
    for depth, part in enumerate(path):
        field = model.model_fields.get(part)
        if field is None:
            known = [".".join([*path[:depth], name]) for name in model.model_fields]
            raise ConfigError(f"unknown setting '{key}'{_nearest('.'.join(path[: depth + 1]), known)}")
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
        elif depth == len(path) - 1:
            return field.description or ""
    raise ConfigError(f"'{key}' is a section; name a setting in it: {', '.join(model.model_fields)}")
