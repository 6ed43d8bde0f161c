"""Printed Python objects (`Name(field=value, ...)`) read without running anything.

The text is parsed into a syntax tree; only literals, lists, tuples, calls of names and times are accepted.
"""

from __future__ import annotations

import ast
import math
import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

_LONGEST: Final = 1_000_000
_MAX_DEPTH: Final = 40
_TIMES: Final = {"datetime.datetime": datetime, "datetime.date": date}
_UTC_NAMES: Final = ("datetime.timezone.utc", "datetime.UTC")


@dataclass(frozen=True, slots=True)
class PrintedObject:
    """One printed object: the name of its class, what stood without a name, and its named fields."""

    kind: str
    unnamed: tuple[object, ...]
    fields: dict[str, object]


class NotPrintedError(ValueError):
    """The text is no printed object of the accepted shapes."""


def read_printed(text: str) -> object:
    """The value of `text`: numbers, texts, None, truth values, datetimes, lists of these, PrintedObjects.

    Raises NotPrintedError for everything else.
    """
    if len(text) > _LONGEST:
        raise NotPrintedError("too long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the parser thinks of the style of foreign text
            tree = ast.parse(text.strip(), mode="eval")
        return _value(tree.body, 0)
    except (SyntaxError, ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise NotPrintedError("no printed object") from error


def _value(node: ast.expr, depth: int) -> object:
    if depth > _MAX_DEPTH:
        raise NotPrintedError("nested too deeply")
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, (bool, int, float, str))):
        return node.value
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(element, depth + 1) for element in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _value(node.operand, depth + 1)
        if isinstance(number, (int, float)) and not isinstance(number, bool):
            return -number
    if isinstance(node, ast.Name) and node.id == "nan":
        return math.nan
    if isinstance(node, ast.Call):
        return _object(node, depth)
    if isinstance(node, ast.Attribute) and _dotted(node) in _UTC_NAMES:
        return UTC
    raise NotPrintedError("an expression that no printed object has")


def _object(node: ast.Call, depth: int) -> object:
    name = _dotted(node.func)
    unnamed = [_value(argument, depth + 1) for argument in node.args]
    fields = {keyword.arg: _value(keyword.value, depth + 1) for keyword in node.keywords if keyword.arg is not None}
    if len(fields) < len(node.keywords):
        raise NotPrintedError("unpacked fields")
    kind = _TIMES.get(name)
    if kind is not None:
        return kind(*unnamed, **fields)  # type: ignore[arg-type]
    if "." in name:
        raise NotPrintedError(f"an object of {name}")
    return PrintedObject(name, tuple(unnamed), fields)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    raise NotPrintedError("a call of no name")
