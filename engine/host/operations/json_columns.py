"""Reading JSON columns without trusting them: what cannot be read is None or empty, never an error on a screen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from engine.kernel.canonical import finite_or_none

Json = Mapping[str, Any]
EMPTY: Final[Json] = MappingProxyType({})


@lru_cache(maxsize=2048)
def parse(text: str) -> Any:
    """The value of a JSON text; None where it is not JSON. Cached, since most rows do not change between looks."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def json_object(text: str | None) -> Json:
    """The object in a JSON text; a text that holds no object comes back as {"text": ...}, nothing as empty."""
    value = parse(text) if text else None
    if isinstance(value, dict):
        return value
    return MappingProxyType({"text": text}) if text else EMPTY


def number(value: Any) -> float | None:
    """A finite number, else None (booleans are no numbers)."""
    return finite_or_none(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def whole(value: Any) -> int | None:
    """A whole number, else None."""
    finite = number(value)
    return None if finite is None else int(finite)


def as_object(value: Any) -> Json:
    """The value where it is a JSON object, else the empty one."""
    return value if isinstance(value, dict) else EMPTY


def as_list(value: Any) -> list[Any]:
    """The list, or an empty one for anything else."""
    return list(value) if isinstance(value, (list, tuple)) else []
