"""From keys to commands: friction, guards, state number, HALT from anywhere."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from hydra_tui.dialogs.guard import GuardedDialog
from hydra_tui.messages import EngineEnded
from hydra_tui.screen_text import painted_lines
from tests.hydra_tui.fake_bridge import app_on, snapshot_of, until
from tests.hydra_tui.fixture_workspace import CONFIG, NOW


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("workspaces")
    return {name: snapshot_of(folder / name, name) for name in ("normal", "crit", "lockdown", "first_run")}


def drive(snapshot, script, config=CONFIG, size=(80, 24)):
    """Run `script(app, bridge, seconds, pilot)` against a fake engine."""

    async def run():
        app, bridge, seconds = app_on(snapshot, config)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.latest is not None, "first snapshot")
            await until(pilot, lambda: app.focused is not None, "focus")
            await script(app, bridge, seconds, pilot)

    asyncio.run(run())


async def dialog_of(app, pilot) -> GuardedDialog:
    await until(pilot, lambda: isinstance(app.screen, GuardedDialog) and app.screen._armed_from is not None, "dialog")
    return app.screen


async def arm(app, seconds, pilot) -> GuardedDialog:
    dialog = await dialog_of(app, pilot)
    seconds.now += 1.0
    await until(pilot, lambda: all(not field.disabled for field in dialog.query(Input)), "armed fields")
    return dialog


async def go(app, pilot, key, name):
    await pilot.press(key)
    await until(pilot, lambda: app.screen_name == name and app.focused is not None, name)
    await until(pilot, lambda: bool(app.navigation.view.row), f"rows of {name}")


async def type_words(pilot, words):
    await pilot.press(*({" ": "space", "-": "minus", "_": "underscore"}.get(c, c) for c in words))


def test_roll_back_takes_two_different_keys(snapshots):
    async def script(app, bridge, seconds, pilot):
        await pilot.press("R")
        await arm(app, seconds, pilot)
        await pilot.press("R")
        assert not bridge.sent, "the key that opened the dialog must not confirm it"
        await pilot.press("y")
        await until(pilot, lambda: bool(bridge.sent), "roll back sent")
        assert bridge.sent[0].kind == "rollback"
        bridge.settle(result={"model_id": "ridge-2d0e11"})
        await until(pilot, lambda: "roll back done" in painted_lines(app)[-1], "answer shown")

    drive(snapshots["normal"], script)


def test_keys_typed_before_the_dialog_was_painted_do_not_count(snapshots):
    async def script(app, bridge, seconds, pilot):
        await pilot.press("R")
        dialog = await dialog_of(app, pilot)
        await pilot.press("y", "enter")
        assert app.screen is dialog and not bridge.sent
        seconds.now += 0.59
        await pilot.press("y")
        assert not bridge.sent
        seconds.now += 0.02
        await pilot.press("y")
        await until(pilot, lambda: bool(bridge.sent), "sent once armed")

    drive(snapshots["normal"], script)


def test_a_window_without_focus_disarms_the_dialog(snapshots):
    async def script(app, bridge, seconds, pilot):
        await pilot.press("R")
        dialog = await arm(app, seconds, pilot)
        dialog.post_message(events.AppBlur())
        await until(pilot, lambda: not dialog.armed, "disarmed")
        await pilot.press("y")
        assert not bridge.sent and app.screen is dialog
        dialog.post_message(events.AppFocus())
        await pilot.pause()
        assert not dialog.armed, "the guard starts again with the focus"

    drive(snapshots["normal"], script)


def test_approve_needs_reason_and_id_and_names_the_state(snapshots):
    async def script(app, bridge, seconds, pilot):
        await go(app, pilot, "2", "inbox")
        await pilot.press("A")
        dialog = await arm(app, seconds, pilot)
        assert app.focused.id == "choice-cancel", "Cancel is focused"
        await type_words(pilot, "ok")
        await pilot.press("enter")
        await type_words(pilot, "ridge-7f21a")
        await pilot.press("enter")
        assert app.screen is dialog and not bridge.sent, "an id that is not complete confirms nothing"
        await type_words(pilot, "a")
        await pilot.press("enter")
        await until(pilot, lambda: bool(bridge.sent), "approval sent")
        request = bridge.sent[0]
        assert request.kind == "approve" and request.state_seq == snapshots["normal"].engine.state_seq
        assert request.args == {"approval_id": "apr-1", "reason": "ok", "confirm": "ridge-7f21aa"}

    drive(snapshots["normal"], script)


def test_a_fast_typist_never_types_past_the_dialog(snapshots):
    async def script(app, bridge, seconds, pilot):
        await go(app, pilot, "2", "inbox")
        await pilot.press("A")
        dialog = await arm(app, seconds, pilot)
        for character in "because":
            app.post_message(events.Key(character, character))
        reason = dialog.query_one("#field-reason", Input)
        await until(pilot, lambda: len(reason.value) == 7, "a burst of keys stays whole")
        await pilot.press("enter", *"ridge")
        typed = dialog.query_one("#field-typed", Input)
        await until(pilot, lambda: typed.value == "ridge", "the next field")
        assert reason.value == "because" and app.screen is dialog

    drive(snapshots["normal"], script)


def test_enter_after_words_typed_too_early_asks_for_them_instead_of_cancelling(snapshots):
    async def script(app, bridge, seconds, pilot):
        await go(app, pilot, "2", "inbox")
        await pilot.press("A")
        dialog = await dialog_of(app, pilot)
        await type_words(pilot, "ok")
        await arm(app, seconds, pilot)
        await pilot.press("enter")
        assert app.screen is dialog
        assert app.focused.id == "field-reason"
        assert app.focused.value == ""
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not dialog, "esc cancels")
        assert not bridge.sent

    drive(snapshots["normal"], script)


def test_ctrl_q_closes_a_dialog_so_that_the_next_key_cannot_mean_it(snapshots):
    async def script(app, bridge, seconds, pilot):
        await pilot.press("R")
        dialog = await arm(app, seconds, pilot)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app.screen is not dialog, "closed")
        await pilot.press("y")
        assert not bridge.sent
        assert app.is_running

    drive(snapshots["normal"], script)


def test_the_end_of_this_windows_engine_stays_on_the_screen_until_one_beats_again(snapshots):
    async def script(app, bridge, seconds, pilot):
        app.post_message(EngineEnded("the engine crashed 4 times (signal 9)", final=True))
        await until(pilot, lambda: any("crashed 4 times" in row for row in painted_lines(app)), "banner")
        bridge.refresh()
        await pilot.pause()
        assert any("crashed 4 times" in row for row in painted_lines(app)), "an old picture does not clear it"
        assert not app.config.hosts_engine, "leaving no longer speaks of an engine that is gone"
        beats = replace(bridge.snapshot.engine, heartbeat_wall_ts=bridge.wall_ts + 1, released=False)
        bridge.show(replace(bridge.snapshot, engine=beats))
        await until(pilot, lambda: not any("crashed" in row for row in painted_lines(app)), "another engine runs")

    drive(snapshots["normal"], script, config=replace(CONFIG, hosts_engine=True))


def test_approve_is_refused_when_the_state_moved(snapshots):
    async def script(app, bridge, seconds, pilot):
        await go(app, pilot, "2", "inbox")
        await pilot.press("A")
        dialog = await arm(app, seconds, pilot)
        await type_words(pilot, "ok")
        await pilot.press("enter")
        await type_words(pilot, "ridge-7f21aa")
        bridge.state_moves()
        await until(pilot, lambda: "state moved" in dialog.locked_reason(), "dialog says so")
        await pilot.press("enter")
        await pilot.pause()
        assert not bridge.sent and app.screen is dialog
        await until(pilot, lambda: any("state moved" in row for row in painted_lines(app)), "painted")

    drive(snapshots["normal"], script)


def test_approve_is_refused_when_the_request_is_gone(snapshots):
    async def script(app, bridge, seconds, pilot):
        await go(app, pilot, "2", "inbox")
        await pilot.press("A")
        dialog = await arm(app, seconds, pilot)
        bridge.show(replace(bridge.snapshot, approvals=()))
        await until(pilot, lambda: "no longer open" in dialog.locked_reason(), "dialog says so")

    drive(snapshots["normal"], script)


def test_f9_halts_inside_an_input_of_a_dialog(snapshots):
    async def script(app, bridge, seconds, pilot):
        await go(app, pilot, "2", "inbox")
        await pilot.press("A")
        dialog = await arm(app, seconds, pilot)
        dialog.query_one("#field-reason", Input).focus()
        await pilot.press("f9")
        await until(pilot, lambda: bool(bridge.sent), "halt sent")
        assert bridge.sent[0].kind == "halt" and app.screen is dialog

    drive(snapshots["normal"], script)


def test_f9_halts_while_a_filter_is_typed_and_before_the_guard_ends(snapshots):
    async def script(app, bridge, seconds, pilot):
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, Input), "filter line")
        await pilot.press("f9")
        await until(pilot, lambda: len(bridge.sent) == 1, "halt from the filter line")
        await pilot.press("escape")
        await pilot.press("R")
        await dialog_of(app, pilot)
        await pilot.press("f9")
        await until(pilot, lambda: len(bridge.sent) == 2, "halt from an unarmed dialog")

    drive(snapshots["normal"], script)


def test_x_then_y_halts_at_once(snapshots):
    async def script(app, bridge, seconds, pilot):
        await pilot.press("X")
        await dialog_of(app, pilot)
        await pilot.press("X")
        assert not bridge.sent
        await pilot.press("y")
        await until(pilot, lambda: bool(bridge.sent), "halt sent")
        assert bridge.sent[0].kind == "halt"

    drive(snapshots["normal"], script)


def test_halt_works_before_any_engine_and_other_acts_say_why_not(snapshots):
    async def script(app, bridge, seconds, pilot):
        await pilot.press("R")
        await until(pilot, lambda: "no engine answers" in painted_lines(app)[-1], "reason")
        await pilot.press("f9")
        await until(pilot, lambda: bool(bridge.sent), "halt")

    drive(snapshots["first_run"], script)


def test_acknowledging_is_one_key_on_an_alert(snapshots):
    async def script(app, bridge, seconds, pilot):
        await pilot.press("exclamation_mark")
        await until(
            pilot, lambda: app.screen_name == "risk" and app.navigation.view.row == "alert:breaker-1", "worst alert"
        )
        await pilot.press("a")
        await until(pilot, lambda: bool(bridge.sent), "ack")
        assert (bridge.sent[0].kind, bridge.sent[0].args) == ("ack_alert", {"alert_id": "breaker-1"})

    drive(snapshots["crit"], script)


def test_lowering_a_limit_is_fast_and_raising_it_is_typed(snapshots):
    async def lower(app, bridge, seconds, pilot):
        await pilot.press("colon")
        await type_words(pilot, "limit drawdown ")
        await pilot.press("0", "full_stop", "1", "enter")
        await dialog_of(app, pilot)
        await pilot.press("y")
        await until(pilot, lambda: bool(bridge.sent), "limit lowered")
        assert bridge.sent[0].args == {"limit": "drawdown", "value": "0.1"}

    async def raise_(app, bridge, seconds, pilot):
        await pilot.press("colon")
        await type_words(pilot, "limit drawdown ")
        await pilot.press("0", "full_stop", "3", "enter")
        dialog = await arm(app, seconds, pilot)
        assert dialog.tier == 3
        await pilot.press("y")
        assert not bridge.sent

    drive(snapshots["normal"], lower)
    drive(snapshots["normal"], raise_)


def test_unlock_stays_locked_until_the_cooldown_is_over(snapshots):
    async def script(app, bridge, seconds, pilot):
        await go(app, pilot, "4", "risk")
        await pilot.press("U")
        dialog = await arm(app, seconds, pilot)
        assert "cool-down" in dialog.locked_reason()
        clock = replace(bridge.snapshot.clock, now_ts=NOW + 11 * 60 * 1_000_000)
        feeds = tuple(replace(feed, last_known_ts=clock.now_ts) for feed in bridge.snapshot.feeds)
        bridge.show(replace(bridge.snapshot, clock=clock, feeds=feeds))
        await until(pilot, lambda: dialog.locked_reason() == "type a reason", "checks done")
        assert dialog.phrase == f"UNLOCK simulated_hogs {bridge.snapshot.engine.state_seq}"
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not dialog, "esc cancels")
        assert not bridge.sent

    drive(snapshots["lockdown"], script)


def test_read_only_changes_nothing_but_says_so(snapshots):
    async def script(app, bridge, seconds, pilot):
        for key in ("R", "X", "f9", "a"):
            await pilot.press(key)
        await until(pilot, lambda: "--readonly" in painted_lines(app)[-1], "reason")
        assert not bridge.sent
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "F9 does nothing" in painted_lines(app)[-1], "ctrl+c")

    drive(snapshots["normal"], script, config=replace(CONFIG, read_only=True))


@pytest.mark.parametrize("read_only", [False, True])
def test_what_the_screen_says_of_f9_is_what_f9_does(snapshots, read_only):
    """Without an engine, and in a window too small for a footer."""
    says, never = ("F9 does nothing", "still halts") if read_only else ("F9 still halts", "does nothing")
    config = replace(CONFIG, read_only=read_only)

    async def banner(app, bridge, seconds, pilot):
        await until(pilot, lambda: says in "\n".join(painted_lines(app)), "banner")
        assert never not in "\n".join(painted_lines(app))

    async def small(app, bridge, seconds, pilot):
        await until(pilot, lambda: "need 80x24" in "\n".join(painted_lines(app)), "too small")
        assert ("F9 HALT" in "\n".join(painted_lines(app))) is not read_only
        assert ("F9 does nothing" in "\n".join(painted_lines(app))) is read_only

    drive(replace(snapshots["normal"], engine=replace(snapshots["normal"].engine, released=True)), banner, config)
    drive(snapshots["normal"], small, config, size=(60, 15))


def test_undo_shows_what_it_would_undo_and_asks(snapshots):
    async def script(app, bridge, seconds, pilot):
        await pilot.press("z")
        await until(pilot, lambda: "nothing to undo" in painted_lines(app)[-1], "nothing yet")
        await pilot.press("R")
        await arm(app, seconds, pilot)
        await pilot.press("y")
        await until(pilot, lambda: bool(bridge.sent), "roll back")
        bridge.settle(result={"model_id": "ridge-2d0e11", "previous_model_id": "ridge-41c2d9"})
        await until(pilot, lambda: "z undoes" in painted_lines(app)[-1], "undo offered")
        await pilot.press("z")
        dialog = await dialog_of(app, pilot)
        assert dialog.tier == 3 and "UNDO" in dialog.dialog_title
        assert len(bridge.sent) == 1

    drive(snapshots["normal"], script)


def test_later_screens_say_so_plainly(snapshots):
    async def script(app, bridge, seconds, pilot):
        for key in ("6", "9"):
            await pilot.press(key)
            await until(pilot, lambda: "later version" in painted_lines(app)[-1], "plain words")
            assert app.screen_name == "desk"

    drive(snapshots["normal"], script, size=(120, 40))


def test_freeze_is_loud_and_help_lists_reasons(snapshots):
    async def script(app, bridge, seconds, pilot):
        await pilot.press("p")
        await until(pilot, lambda: any("VIEW FROZEN" in row for row in painted_lines(app)), "loud")
        await pilot.press("p", "question_mark")
        await until(pilot, lambda: any("type to search" in row for row in painted_lines(app)), "help")
        await type_words(pilot, "lab")
        await until(pilot, lambda: any("LATER" in row for row in painted_lines(app)), "search in help")

    drive(snapshots["normal"], script)


def test_filter_and_typed_screen(snapshots):
    async def script(app, bridge, seconds, pilot):
        await pilot.press("colon")
        await type_words(pilot, "models ")
        await pilot.press("slash", "l", "g", "b", "m", "enter")
        await until(pilot, lambda: app.screen_name == "models", "models")
        await until(pilot, lambda: any("/lgbm  1 of 4" in row for row in painted_lines(app)), "filtered")

    drive(snapshots["normal"], script)


def test_small_terminal_still_says_state_and_halt(snapshots):
    async def script(app, bridge, seconds, pilot):
        text = "\n".join(painted_lines(app))
        assert "HYDRA RUNNING" in text and "need 80x24, have 60x15" in text and "F9 HALT" in text
        await pilot.press("f9")
        await until(pilot, lambda: bool(bridge.sent), "halt")

    async def run():
        app, bridge, seconds = app_on(snapshots["normal"])
        async with app.run_test(size=(60, 15)) as pilot:
            await until(pilot, lambda: app.latest is not None, "first snapshot")
            await script(app, bridge, seconds, pilot)

    asyncio.run(run())


def test_a_silent_engine_is_down_and_its_values_are_not_live(snapshots):
    async def script(app, bridge, seconds, pilot):
        bridge.wall_ts += 42_000_000
        bridge.refresh()
        await until(pilot, lambda: any("ENGINE DOWN for 42s" in row for row in painted_lines(app)), "loud")
        rows = painted_lines(app)
        assert "✕ DOWN" in rows[0] and "~+412 42s" in "\n".join(rows)

    drive(snapshots["normal"], script)


def test_leaving_with_a_hosted_engine_asks_first(snapshots):
    async def script(app, bridge, seconds, pilot):
        await pilot.press("q")
        await arm(app, seconds, pilot)
        assert any("POSITION +2 STAYS OPEN" in row for row in painted_lines(app))
        await pilot.press("escape")
        await pilot.pause()
        assert app.is_running

    drive(snapshots["normal"], script, config=replace(CONFIG, hosts_engine=True))
