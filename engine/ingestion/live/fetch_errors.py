"""Why a live source gave nothing: one sentence without secrets, and when it may be asked again."""

from __future__ import annotations

from engine.kernel.errors import InputError


class FetchFailed(InputError):
    """A request came to no usable reply. `retry_after_ts` (UTC microseconds) is there where the source asked for a
    pause; None leaves the moment of the next poll to the caller."""

    default_title = "Live source"

    def __init__(self, message: str, *, retry_after_ts: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_ts = retry_after_ts


class NotThere(FetchFailed):
    """The source has nothing at this address (404 or 410)."""
