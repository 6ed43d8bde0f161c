"""A live client on a thread of its own: it waits for the network, the engine's loop never does.

The thread opens the client (a keyring may be slow), then gives one reply at a time and waits for the verdict on it, so
that the order "fetch, store, fetch the next" is the same as in a poll by hand. The loop looks in with `next_message`
and is never blocked. Everything stored is stored by the loop. Whoever got the client closes it.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.kernel.errors import InputError

if TYPE_CHECKING:
    from engine.ingestion.live.live_client import Cursor, FetchedReply, LiveClient
    from engine.ingestion.live.live_sources import DisabledSource

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """The client is there, or what it lacks."""

    client: LiveClient | DisabledSource


@dataclass(frozen=True, slots=True)
class Replied:
    """One reply; the thread waits for `verdict`."""

    reply: FetchedReply


@dataclass(frozen=True, slots=True)
class Ended:
    """No more replies; `failure` is what ended them early."""

    failure: InputError | None


@dataclass(frozen=True, slots=True)
class _Stop:
    pass


Message = Opened | Replied | Ended


class BackgroundFetch:
    """One poll's worth of fetching."""

    def __init__(self, source: str, open_client: Callable[[], LiveClient | DisabledSource]) -> None:
        self.source = source
        self._open = open_client
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"fetch-{source}", daemon=True)
        self._thread.start()

    def next_message(self) -> Message | None:
        """What the thread said, or None where it said nothing new; never waits."""
        try:
            return self._messages.get_nowait()
        except queue.Empty:
            return None

    def go_on(self, cursor: Cursor, now_ts: int) -> None:
        """After `Opened`: fetch from `cursor` on."""
        self._answers.put((cursor, now_ts))

    def verdict(self, failed: InputError | None) -> None:
        """After `Replied`: None where the reply was stored, its error where it could not be."""
        self._answers.put(failed)

    def stop(self) -> None:
        """Fetch no more; what the thread still says is of no concern."""
        self._answers.put(_Stop())

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; whether it ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        from engine.ingestion.live.live_client import LiveClient as Client

        try:
            client = self._open()
            self._messages.put(Opened(client))
            answer = self._answers.get()
            if isinstance(client, Client) and isinstance(answer, tuple):
                self._fetch(client, *answer)
        except InputError as error:
            self._messages.put(Ended(error))
        except Exception as error:  # a fault of ours must show in the source's health and not end in silence
            _log.exception("fetching %s failed", self.source)
            self._messages.put(Ended(InputError(f"{self.source}: the client failed unexpectedly: {error!r}")))

    def _fetch(self, client: LiveClient, cursor: Cursor, now_ts: int) -> None:
        from engine.ingestion.live.live_ingest import close_replies, following_reply

        replies: Iterator[FetchedReply] = client.fetch(cursor, now_ts)
        try:
            reply = next(replies, None)
            while reply is not None:
                self._messages.put(Replied(reply))
                answer = self._answers.get()
                if isinstance(answer, _Stop):
                    break
                reply = following_reply(replies, answer if isinstance(answer, InputError) else None)
            self._messages.put(Ended(None))
        finally:
            close_replies(replies)
