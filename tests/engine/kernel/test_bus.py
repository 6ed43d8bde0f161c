"""Delivery in order of subscription; one subscriber that fails stops nobody."""

from __future__ import annotations

from engine.kernel.bus import EventBus
from engine.kernel.events import Event


def event(kind: str, seq: int = 1) -> Event:
    return Event(seq, 5, kind, "subject", "market", {}, None, "", "hash")


def test_subscribers_get_their_kind_in_order_and_all_kinds_last() -> None:
    bus, heard = EventBus(), []
    bus.subscribe("*", lambda item: heard.append(("all", item.kind)))
    bus.subscribe("halt.set", lambda item: heard.append(("first", item.kind)))
    bus.subscribe("halt.set", lambda item: heard.append(("second", item.kind)))
    bus.publish(event("halt.set"))
    bus.publish(event("case.closed"))
    assert heard == [("first", "halt.set"), ("second", "halt.set"), ("all", "halt.set"), ("all", "case.closed")]


def test_a_failing_subscriber_is_reported_and_the_others_still_hear() -> None:
    failures, heard = [], []
    bus = EventBus(lambda item, handler, error: failures.append((item.seq, handler, str(error))))

    def broken(item: Event) -> None:
        raise RuntimeError(f"cannot take {item.seq}")

    bus.subscribe("halt.set", broken)
    bus.subscribe("halt.set", lambda item: heard.append(item.seq))
    bus.publish(event("halt.set", 7))
    assert heard == [7]
    assert [(seq, text) for seq, _, text in failures] == [(7, "cannot take 7")]
    assert "broken" in failures[0][1]


def test_without_a_failure_handler_a_failing_subscriber_still_stops_nobody() -> None:
    bus, heard = EventBus(), []
    bus.subscribe("halt.set", lambda item: 1 / 0)
    bus.subscribe("halt.set", lambda item: heard.append(item.seq))
    bus.publish(event("halt.set"))
    assert heard == [1]


def test_a_subscriber_may_subscribe_while_it_is_called() -> None:
    bus, heard = EventBus(), []
    bus.subscribe("halt.set", lambda item: bus.subscribe("halt.set", lambda later: heard.append(later.seq)))
    bus.publish(event("halt.set", 1))
    assert heard == []
    bus.publish(event("halt.set", 2))
    assert heard == [2]
