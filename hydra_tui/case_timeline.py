"""The story of one fault, from alert to roll back, as marks on a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from engine.host.operations.snapshot_types import Case, PaperTest, UiSnapshot
from widgets.lines import Line, fit_items, line

Mark = Literal["done", "now", "open", "failed"]
_MARKS: Final = {"done": ("✓", "good"), "now": ("▶", "warn"), "open": ("·", "dim"), "failed": ("✗", "crit")}
_PLACE: Final = {
    "diagnosed": 1,
    "waiting_data": 1,
    "experimenting": 2,
    "paper": 3,
    "awaiting_approval": 4,
    "watching": 5,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story with its mark."""

    mark: Mark
    words: str


def paper_test_of(case: Case, snapshot: UiSnapshot) -> PaperTest | None:
    """The paper comparison of a case, or None."""
    return next(
        (
            test
            for test in snapshot.paper_tests
            if test.case_id == case.case_id or (case.candidate_id and test.candidate_id == case.candidate_id)
        ),
        None,
    )


def paper_words(test: PaperTest) -> str:
    """`paper 31.5/48 h`, as it advances."""
    return f"paper {test.hours:.1f}/{test.required_hours:g} h"


def steps_of(case: Case, snapshot: UiSnapshot) -> list[Step]:
    """The steps in order: alert, diagnosis, experiment, paper, approval, promoted, and roll back where it happened."""
    experiment = next((x for x in snapshot.experiments if x.experiment_id == case.experiment_id), None)
    test = paper_test_of(case, snapshot)
    approval = next((x for x in snapshot.approvals if x.approval_id == case.approval_id), None)
    promoted = any(move.model_id == case.candidate_id and move.kind != "rollback" for move in snapshot.champion_moves)
    rolled_back = bool(case.candidate_id) and any(
        move.kind == "rollback" and move.previous_model_id == case.candidate_id for move in snapshot.champion_moves
    )
    place = _PLACE.get(case.stage, 0)
    closed = bool(case.outcome)
    reached = [
        True,
        bool(case.diagnosis or case.cause),
        experiment is not None and experiment.status == "finished",
        (test is not None and test.status == "passed") or (test is None and approval is not None) or promoted,
        (approval is not None and approval.status == "approved") or promoted,
        promoted,
    ]
    failed = [
        False,
        False,
        (experiment is not None and experiment.status in ("failed", "timeout", "killed"))
        or case.verdict.get("outcome") == "failed",
        test is not None and test.status in ("failed", "withdrawn"),
        approval is not None and approval.status in ("rejected", "expired", "withdrawn"),
        False,
    ]
    names = [
        "alert",
        "diagnosis",
        "experiment",
        paper_words(test) if test is not None else "paper",
        "approval",
        "promoted",
    ]
    if approval is not None and approval.status == "open":
        names[4] = "YOUR APPROVAL"
    if not failed[3] and not closed and not reached[3] and test is not None:
        place = 3
    steps = []
    for index, name in enumerate(names):
        if failed[index] and not reached[-1]:
            mark: Mark = "failed"
        elif reached[index]:
            mark = "done"
        elif (
            (index == 3 and test is not None and test.status == "running")
            or (index == 4 and name == "YOUR APPROVAL")
            or (index == max(place, reached.index(False) if not closed else 99) and not closed)
        ):
            mark = "now"
        else:
            mark = "open"
        steps.append(Step(mark, name))
    if rolled_back:
        steps.append(Step("failed", "rolled back"))
    return steps


def timeline(steps: list[Step], width: int) -> Line:
    """The steps on one line; the earliest are dropped whole where they do not fit."""
    items: list[tuple[Line, int]] = []
    for place, step in enumerate(steps):
        glyph, style = _MARKS[step.mark]
        text_style = "strong" if step.mark == "now" else ("dim" if step.mark == "open" else "normal")
        priority = 0 if step.mark == "now" else (30 - place if step.mark == "done" else 10 + place)
        items.append((line((glyph, style), (step.words, text_style)), priority))
    gap = "  " if sum(len(step.words) + 3 for step in steps) <= width else " "
    return fit_items(items, width, gap=gap)
