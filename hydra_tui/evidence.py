"""Reading evidence, verdicts and consequences: JSON that the agent wrote, shown with care and without judgement.

Known shapes (a verdict's composite and gates, a diagnosis) are laid out; anything else is listed key by key, so that
nothing the operator decides on is hidden because a screen did not expect it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.kernel.timestamps import to_iso
from hydra_tui.formats import plain, words
from widgets.diff import flatten
from widgets.lines import Line, line, sanitise
from widgets.scorecard import Score

_LOWER_IS_BETTER: Final = ("drawdown", "calibration", "complexity", "turnover", "error", "psi", "cost")
LAID_OUT: Final = ("composite", "gates", "scorecard")


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate with its number: `blocking` ones decide."""

    name: str
    passed: bool
    blocking: bool
    value: float | None
    threshold: float | None
    explanation: str


def find(value: Any, key: str, depth: int = 4) -> Any:
    """The first value under `key` at any level of nested objects, or None."""
    if depth < 0 or not isinstance(value, Mapping):
        return None
    if key in value:
        return value[key]
    return next((found for child in value.values() if (found := find(child, key, depth - 1)) is not None), None)


def scores_of(evidence: Mapping[str, Any], weights: Sequence[tuple[str, float]]) -> list[Score]:
    """Candidate against its reference from a verdict's composite; empty where the evidence holds none."""
    newest = evidence.get("verdict")
    composite = (find(newest, "composite") if isinstance(newest, Mapping) else None) or find(evidence, "composite")
    if not isinstance(composite, Mapping):
        return []
    candidate, reference = composite.get("candidate"), composite.get("reference", composite.get("champion"))
    if not isinstance(candidate, Mapping) or not isinstance(reference, Mapping):
        return []
    weight = dict(weights)
    scores = [
        _score(
            "total", "", candidate.get("total"), reference.get("total"), candidate.get("total"), reference.get("total")
        )
    ]
    own, other = _part(candidate, "metrics"), _part(reference, "metrics")
    order = list(weight)
    for name in sorted(own, key=lambda name: order.index(name) if name in weight else len(order)):
        own_raw, own_unit = _measure(own.get(name))
        other_raw, other_unit = _measure(other.get(name))
        share = f".{round(weight[name] * 100):02d}" if name in weight else ""
        scores.append(_score(name, share, own_raw, other_raw, own_unit, other_unit))
    return scores


def gates_of(evidence: Mapping[str, Any]) -> list[Gate]:
    """The gates of a verdict, in the order the evaluator wrote them."""
    rows = find(evidence, "gates")
    if isinstance(rows, Mapping):
        rows = [{"name": name, **(row if isinstance(row, Mapping) else {"passed": row})} for name, row in rows.items()]
    gates = []
    for row in rows if isinstance(rows, Sequence) and not isinstance(rows, str) else ():
        if isinstance(row, Mapping) and "name" in row:
            gates.append(
                Gate(
                    sanitise(row["name"]),
                    bool(row.get("passed")),
                    bool(row.get("blocking", True)),
                    _float(row.get("value")),
                    _float(row.get("threshold")),
                    sanitise(row.get("explanation", "")),
                )
            )
    return gates


def gate_lines(gates: Sequence[Gate]) -> list[Line]:
    """One line a gate: mark, name, number against threshold, explanation."""
    lines = []
    for gate in gates:
        mark, style = ("✓", "good") if gate.passed else (("✗", "crit") if gate.blocking else ("▲", "warn"))
        word = "" if gate.passed else (" FAILED" if gate.blocking else " not blocking")
        numbers = "" if gate.value is None else f" {plain(gate.value, 3)}"
        numbers += "" if gate.threshold is None else f" (need {plain(gate.threshold, 3)})"
        lines.append(
            line(
                (f"{mark} ", style),
                (words(gate.name), "strong"),
                (word, style),
                numbers,
                (f" {gate.explanation}", "dim"),
            )
        )
    return lines


def listed(value: Mapping[str, Any], *, leave_out: Sequence[str] = LAID_OUT) -> list[Line]:
    """Every entry as `key  value`, nested keys dotted, foreign text sanitised."""
    rest = {key: child for key, child in value.items() if key not in leave_out}
    return [
        line((f"{words(sanitise(key))}  ", "dim"), (_moment(key, text), "normal"))
        for key, text in flatten(rest).items()
        if key and not any(f".{name}." in f".{key}." or f".{name}[" in f".{key}" for name in leave_out)
    ]


def _moment(key: str, text: str) -> str:
    """Time stamps (keys that end in _ts) as times, everything else as it is."""
    if key.endswith("_ts") and text.lstrip("-").isdigit():
        return to_iso(int(text))
    return sanitise(text)


def _part(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    child = value.get(key)
    return child if isinstance(child, Mapping) else {}


def _measure(value: Any) -> tuple[float | None, float | None]:
    if isinstance(value, Mapping):
        return _float(value.get("raw")), _float(value.get("normalised"))
    return _float(value), None


def _score(name: str, weight: str, own: Any, other: Any, own_unit: Any, other_unit: Any) -> Score:
    own_number, other_number = _float(own), _float(other)
    difference, better = "", None
    if own_number is not None and other_number is not None:
        difference = f"{own_number - other_number:+.3f}"
        a, b = _float(own_unit), _float(other_unit)
        if a is None or b is None:
            sign = -1.0 if any(word in name for word in _LOWER_IS_BETTER) else 1.0
            a, b = sign * own_number, sign * other_number
        better = None if a == b or not difference.strip("+-0.") else a > b
    return Score(words(sanitise(name)), weight, plain(own_number, 3), plain(other_number, 3), difference, better)


def _float(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
