"""Replies and dumps in JSON, read defensively: bounded size and depth, one sentence where they cannot be used."""

from __future__ import annotations

import json
import re
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.kernel.errors import InputError

Fields = dict[str, object]

_MAX_BYTES: Final = 64 * 1024 * 1024
_MAX_DEPTH: Final = 64
_HEAD_BYTES: Final = 65_536
_KEY: Final = re.compile(rb'"([A-Za-z_]{1,40})"\s{0,8}:')
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def leading_keys(file: InputFile) -> frozenset[str]:
    """Names of fields in the first 64 KiB of a JSON object or list, for recognition; none where it is neither."""
    head = file.content[:_HEAD_BYTES].removeprefix(_BYTE_ORDER_MARK).lstrip()
    if not head.startswith((b"{", b"[")):
        return frozenset()
    return frozenset(key.decode("ascii") for key in _KEY.findall(head))


def read_json(file: InputFile) -> object:
    """The document; InputError where it is cut short, no JSON, too large or nested more than 64 levels deep.

    Bytes that are not UTF-8 become U+FFFD, so that one damaged text does not cost the others.
    """
    if len(file.content) > _MAX_BYTES:
        raise InputError(f"{file.name}: JSON of more than {_MAX_BYTES // 2**20} MiB; split it")
    text = file.content.removeprefix(_BYTE_ORDER_MARK).decode("utf-8", errors="replace")
    try:
        document: object = json.loads(text, parse_constant=refuse_constant)
    except RecursionError:
        raise InputError(f"{file.name}: the JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{file.name}: not complete JSON: {error.msg} in line {error.lineno}") from error
    except ValueError as error:
        raise InputError(f"{file.name}: the JSON holds a number that cannot be read") from error
    if _is_deep(document):
        raise InputError(f"{file.name}: the JSON is nested too deeply")
    return document


def fields_of(value: object) -> Fields | None:
    """`value` as an object of named fields, None where it is something else."""
    return value if isinstance(value, dict) else None


def items_of(value: object) -> list[object]:
    """`value` as a list, empty where it is something else."""
    return value if isinstance(value, list) else []


def refuse_constant(text: str) -> object:
    """For `parse_constant`: NaN and Infinity are no JSON. Raises ValueError."""
    raise ValueError(f"{text} is no JSON number")


def _is_deep(document: object) -> bool:
    level = [document]
    for _ in range(_MAX_DEPTH):
        level = [
            child
            for one in level
            if isinstance(one, (dict, list))
            for child in (one.values() if isinstance(one, dict) else one)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True
