"""Dwell, deadband and escalation of alerts."""

from __future__ import annotations

from engine.agent.alerts import AlertBook
from engine.agent.detectors.base import AlertLevel, Reading


def _reading(value: float, level: AlertLevel = "WARNING") -> Reading:
    return Reading("edge", "champion", value, 10.0, value > 10.0, level, 1)


def test_dwell_before_raising_and_deadband_before_clearing() -> None:
    book = AlertBook(dwell_bars=2, deadband=0.5)
    assert book.update([_reading(11.0)]) == ([], [])
    raised, _ = book.update([_reading(11.0)])
    assert [item.code for item in raised] == ["edge:champion"]
    assert book.update([_reading(12.0)]) == ([], [])
    for value in (8.0, 6.0, 4.0):
        assert book.update([_reading(value)]) == ([], [])
    assert book.update([_reading(4.0)]) == ([], ["edge:champion"])


def test_a_gap_restarts_the_dwell() -> None:
    book = AlertBook(dwell_bars=2, deadband=0.5)
    for value in (11.0, 9.0, 11.0, 9.0):
        assert book.update([_reading(value)])[0] == []


def test_a_rising_level_is_said_again() -> None:
    book = AlertBook(dwell_bars=1, deadband=0.5)
    assert len(book.update([_reading(11.0)])[0]) == 1
    assert len(book.update([_reading(11.0, "CRITICAL")])[0]) == 1
    assert len(book.update([_reading(11.0, "CRITICAL")])[0]) == 0


def test_state_round_trip() -> None:
    book, other = AlertBook(1, 0.5), AlertBook(1, 0.5)
    book.update([_reading(11.0)])
    other.restore(book.state())
    assert other.state() == book.state()
    assert other.clear_all() == ["edge:champion"]


def test_an_open_alert_is_counted_down_beside_quiet_readings() -> None:
    book = AlertBook(dwell_bars=1, deadband=0.6)
    quiet = Reading("sharpe", "account", 0.0, 1.0, False, "INFO", 1)
    assert book.update([quiet, _reading(11.0)])[0] == [_reading(11.0)]
    assert book.update([quiet, _reading(0.1)]) == ([], [_reading(0.1).code])
    assert book.state() == {"breached": {}, "calm": {}, "open": {}}
