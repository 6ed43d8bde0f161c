"""Secrets that never show: not in an error, not in a log, not in the name of a stored reply."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

HIDDEN: Final = "***"
_SECRET_PARAMETERS: Final = re.compile(
    r"(?i)\b((?:api_?key|access_token|token|key|client_secret|secret|password|signature|auth)=)[^&\s\"'<>]+"
)
_USER_PART: Final = re.compile(r"(?i)(https?://)[^/\s@]+@")


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential. It prints as three stars; `reveal` is for the request alone."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        """The text itself."""
        return self._value

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"


def redacted(text: str, secrets: Iterable[Secret] = ()) -> str:
    """`text` without these secrets in any spelling a request gives them, and without parameters that name one."""
    for secret in secrets:
        value = secret.reveal()
        token = value.rpartition(" ")[2]  # "bearer TOKEN"
        spellings = {value, token, quote(value, safe=""), quote_plus(value)} - {""}
        for spelling in sorted(spellings, key=len, reverse=True):
            text = text.replace(spelling, HIDDEN)
    return _USER_PART.sub(rf"\1{HIDDEN}@", _SECRET_PARAMETERS.sub(rf"\1{HIDDEN}", text))


def place_of(url: str) -> str:
    """Where a request went, for people: host and path, nothing of the query or a user part."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.hostname or ''}{port}{parts.path}"
