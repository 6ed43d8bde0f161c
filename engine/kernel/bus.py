"""In-process delivery of events that are already persisted. A failing subscriber never stops the others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from engine.kernel.events import Event

Handler = Callable[[Event], None]
FailureHandler = Callable[[Event, str, Exception], None]
_log = logging.getLogger(__name__)


class EventBus:
    """`subscribe(kind, handler)` and `publish(event)`; "*" subscribes to every kind.

    Publishing happens after the event is in the log (persist, then deliver). An exception in a handler goes to
    `on_failure(event, handler_name, error)`, and the remaining handlers still run.
    """

    def __init__(self, on_failure: FailureHandler | None = None) -> None:
        self._handlers: dict[str, list[Handler]] = {}
        self._lock = threading.Lock()
        self._on_failure = on_failure

    def subscribe(self, kind: str, handler: Handler) -> None:
        """Deliver every later event of `kind` to `handler`."""
        with self._lock:
            self._handlers.setdefault(kind, []).append(handler)

    def publish(self, event: Event) -> None:
        """Deliver a persisted event to its subscribers, in order of subscription."""
        with self._lock:
            handlers = [*self._handlers.get(event.kind, ()), *self._handlers.get("*", ())]
        for handler in handlers:
            try:
                handler(event)
            except Exception as error:
                name = getattr(handler, "__qualname__", repr(handler))
                _log.exception("subscriber %s failed on event %s", name, event.kind)
                if self._on_failure is not None:
                    self._on_failure(event, name, error)
