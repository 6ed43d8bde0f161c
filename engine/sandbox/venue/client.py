"""The host's end of the venue: asks for history and bars, and says in one sentence when the venue is gone."""

from __future__ import annotations

import threading
from typing import TextIO

from engine.kernel.errors import EngineUnavailableError, InputError
from engine.sandbox.venue.protocol import (
    VenueRefusal,
    VenueRequest,
    VenueStep,
    decode_reply,
    encode_request,
)


class VenueClient:
    """Speaks to a venue process over its pipes; knows neither seed nor fault.

    `to_venue` is the process's stdin, `from_venue` its stdout, both text. Calls block until the venue answered and may
    come from several threads, one at a time.
    """

    def __init__(self, to_venue: TextIO, from_venue: TextIO) -> None:
        self._to_venue = to_venue
        self._from_venue = from_venue
        self._lock = threading.Lock()

    def history(self) -> VenueStep:
        """Have the history written; raises EngineUnavailableError when the venue died, InputError when it refused."""
        return self._ask(VenueRequest("history"))

    def advance(self, to_bar: int) -> VenueStep:
        """Have live bar `to_bar` (from 0) written; asking again gives the same files. Errors as in `history`."""
        return self._ask(VenueRequest("advance", to_bar))

    def close(self) -> None:
        """Tell the venue to stop and close its input; a venue that is already gone is fine."""
        with self._lock:
            try:
                if not self._to_venue.closed:
                    self._to_venue.write(encode_request(VenueRequest("stop")))
                    self._to_venue.close()
            except (BrokenPipeError, ValueError):
                return  # it ended before: nothing is left to stop

    def _ask(self, request: VenueRequest) -> VenueStep:
        with self._lock:
            try:
                self._to_venue.write(encode_request(request))
                self._to_venue.flush()
                line = self._from_venue.readline()
            except (OSError, ValueError) as error:
                raise _gone() from error
        if not line.endswith("\n"):
            raise _gone()
        reply = decode_reply(line)
        if isinstance(reply, VenueRefusal):
            raise InputError(f"the simulated venue refused: {reply.error}")
        return reply


def _gone() -> EngineUnavailableError:
    return EngineUnavailableError(
        "the simulated venue has stopped, so no new bars will come; open the simulation again", title="Simulated venue"
    )
