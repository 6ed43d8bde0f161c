"""What host and venue say to each other: one JSON object a line, each request answered by one reply.

Requests  {"op": "history"}                 write everything up to the first live bar
          {"op": "advance", "to_bar": k}    write live bar k (from 0; any bar, any number of times)
          {"op": "stop"}                    end in order
Replies   {"now_ts", "bar_index", "files", "end"}   after history `bar_index` is -1
          {"error": sentence}                        the request could not be met; the venue lives on
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from engine.kernel.errors import InputError

Operation = Literal["history", "advance", "stop"]


@dataclass(frozen=True, slots=True)
class VenueRequest:
    """One request; `to_bar` belongs to "advance" alone."""

    op: Operation
    to_bar: int | None = None


@dataclass(frozen=True, slots=True)
class VenueStep:
    """What one step delivered: simulated time after it (UTC microseconds), index of the newest live bar (-1: none
    yet), file names inside the inbox in order of delivery, and whether it was the last bar."""

    now_ts: int
    bar_index: int
    files: tuple[str, ...]
    end: bool


@dataclass(frozen=True, slots=True)
class VenueRefusal:
    """Why the venue did not do what was asked."""

    error: str


def encode_request(request: VenueRequest) -> str:
    """The request as one line."""
    body: dict[str, Any] = {"op": request.op}
    if request.to_bar is not None:
        body["to_bar"] = request.to_bar
    return json.dumps(body) + "\n"


def decode_request(line: str) -> VenueRequest:
    """Parse one request; raises InputError naming what is wrong with it."""
    body = _object(line)
    op = body.get("op")
    if op == "advance":
        bar = body.get("to_bar")
        if not isinstance(bar, int) or isinstance(bar, bool) or body.keys() != {"op", "to_bar"}:
            raise InputError("'advance' needs exactly one whole number 'to_bar'")
        return VenueRequest("advance", bar)
    if op not in ("history", "stop") or body.keys() != {"op"}:
        raise InputError(f"unknown request {line.strip()[:80]!r}")
    return VenueRequest(op)


def encode_reply(reply: VenueStep | VenueRefusal) -> str:
    """The reply as one line."""
    return json.dumps(asdict(reply)) + "\n"


def decode_reply(line: str) -> VenueStep | VenueRefusal:
    """Parse one reply; raises InputError for anything else."""
    body = _object(line)
    if isinstance(body.get("error"), str):
        return VenueRefusal(body["error"])
    now_ts, bar_index, files, end = (body.get(name) for name in ("now_ts", "bar_index", "files", "end"))
    if isinstance(now_ts, int) and isinstance(bar_index, int) and isinstance(files, list) and isinstance(end, bool):
        return VenueStep(now_ts, bar_index, tuple(str(name) for name in files), end)
    raise InputError(f"the venue answered {line.strip()[:80]!r}")


def _object(line: str) -> dict[str, Any]:
    try:
        body = json.loads(line)
    except ValueError as error:
        raise InputError(f"not JSON: {line.strip()[:80]!r}") from error
    if not isinstance(body, dict):
        raise InputError(f"not a JSON object: {line.strip()[:80]!r}")
    return body
