"""Bars of single contracts become one series; nothing of a session decides that session."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import FuturesBar
from engine.ingestion.rolls.continuous_series import CONTINUOUS, ContinuousSeries
from engine.ingestion.rolls.roll_rule import RollPolicy

DAY = 86_400_000_000
FIRST = date(2024, 1, 2)
EXPIRIES = {"A": FIRST + timedelta(days=9), "B": FIRST + timedelta(days=30), "C": FIRST + timedelta(days=60)}
POLICY = RollPolicy("volume", 1, 1.0, 1)


def bar(contract: str, place: int, close: float, volume: float) -> FuturesBar:
    event_ts = place * DAY
    return FuturesBar("m", "lean_1d", contract, 0, 86_400, event_ts, event_ts + DAY, close, close, close, close, volume)


def run(sessions: list[list[FuturesBar]]) -> list[list[FuturesBar]]:
    series = ContinuousSeries(POLICY, EXPIRIES)
    return [series.session(FIRST + timedelta(days=place), bars) for place, bars in enumerate(sessions)]


def test_held_contract_first_and_the_next_one_behind_it() -> None:
    made = run([[bar("B", 0, 52, 9), bar("A", 0, 50, 3), bar("C", 0, 54, 1)], [bar("A", 1, 51, 9), bar("B", 1, 53, 9)]])
    assert [(one.contract, one.nearby, one.series) for one in made[0]] == [("A", 1, CONTINUOUS), ("B", 2, CONTINUOUS)]
    assert [(one.contract, one.nearby, one.close) for one in made[1]] == [("B", 1, 53)], "B led the session before"


def test_a_session_in_which_the_held_contract_did_not_trade_is_missing() -> None:
    made = run([[bar("A", 0, 50, 9), bar("B", 0, 52, 3)], [bar("B", 1, 53, 2)], [bar("A", 2, 51, 4)]])
    assert [[one.contract for one in session] for session in made] == [["A", "B"], [], ["A"]]


def test_a_contract_of_unknown_expiry_is_never_held() -> None:
    assert run([[bar("X", 0, 50, 99)]]) == [[]]


def test_it_goes_on_with_a_contract_that_was_chosen_before() -> None:
    series = ContinuousSeries(POLICY, EXPIRIES)
    series.hold("B")
    assert [one.contract for one in series.session(FIRST, [bar("A", 0, 50, 9), bar("B", 0, 52, 1)])] == ["B"]


@given(st.lists(st.lists(st.floats(0, 1e5), min_size=3, max_size=3), min_size=2, max_size=40), st.data())
def test_figures_of_a_session_never_decide_it(volumes: list[list[float]], data: st.DataObject) -> None:
    sessions = [
        [bar(name, place, 50.0, volume) for name, volume in zip("ABC", row, strict=True)]
        for place, row in enumerate(volumes)
    ]
    cut = data.draw(st.integers(0, len(sessions) - 1))
    changed = [
        *sessions[:cut],
        [bar(str(one.contract), cut, 99.0, one.volume * 7 + 1) for one in sessions[cut]],
    ]
    assert [one.contract for one in run(changed)[cut]] == [one.contract for one in run(sessions)[cut]]
