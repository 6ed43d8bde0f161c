"""What the playbook says of a change that an operator asks for: a known type, only its own numbers, within its bounds.

The rules' own proposals pass the gates of `hypothesis.py`; an operator's idea needs no cause, so it passes these alone.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from engine.agent.playbook import shipped_playbook
from engine.kernel.errors import InputError

CHAMPION: Final = "champion"
PARTS: Final = ("kind", "features", "training", "params", "adjustments")
_RATIO: Final = "adjustments.restandardise.scale_ratio"


def check_manual_change(
    mutation_type: object, parameters: Mapping[str, Any], spec: Mapping[str, Any] | None = None
) -> None:
    """InputError unless the playbook knows the type and every number of the change lies in the bounds of that type.

    A change of scale is bounded relative to the champion's present one, so it is measured only where `spec`, the
    champion's ModelSpec as JSON, is given.
    """
    mutations = shipped_playbook().mutations
    if not isinstance(mutation_type, str) or mutation_type not in mutations:
        close = difflib.get_close_matches(str(mutation_type), list(mutations), n=1)
        hint = f"did you mean '{close[0]}'? " if close else ""
        raise InputError(
            f"experiment run: the playbook has no mutation '{mutation_type}'; {hint}known: {', '.join(mutations)}"
        )
    unknown = sorted(str(name) for name in parameters if name not in PARTS)
    if unknown:
        raise InputError(
            f"experiment run: {', '.join(unknown)} is no part of a model; a change names {', '.join(PARTS)}"
        )
    for name, number in _numbers(parameters, ""):
        if not math.isfinite(number):
            raise InputError(f"experiment run: {name} must be a finite number, was {number}")
    owners = {name: kind for kind, rule in mutations.items() for name in rule.bounds}
    own = mutations[mutation_type].bounds
    for name, owner in owners.items():
        value = _measured(name, parameters, spec)
        if value is None:
            continue
        if name not in own:
            raise InputError(f"experiment run: {mutation_type} does not change {name}; {owner} does")
        low, high = own[name]
        if not low <= value <= high:
            raise InputError(f"experiment run: {name} = {value:g} lies outside {low:g} to {high:g} of the playbook")


def check_target(target: str, features: Collection[str]) -> None:
    """InputError unless the change is of the champion or of a feature that this market has."""
    if target == CHAMPION or target in features:
        return
    close = difflib.get_close_matches(target, [CHAMPION, *features], n=1)
    hint = f"; did you mean '{close[0]}'?" if close else f"; it is '{CHAMPION}' or a feature, see hydra features list"
    raise InputError(f"experiment run: there is no target '{target}'{hint}")


def _measured(name: str, parameters: Mapping[str, Any], spec: Mapping[str, Any] | None) -> float | None:
    """The number of the change that a bound of the playbook speaks of; None where the change does not have it."""
    if name == _RATIO:
        return _scale_ratio(parameters, spec)
    path, counted = name.removesuffix(".count"), name.endswith(".count")
    found = _at(parameters, path)
    if found is None:
        return None
    if counted:
        if isinstance(found, str) or not isinstance(found, Sequence | Mapping):
            raise InputError(f"experiment run: {path} must name inputs, was {found!r}")
        return float(len(found))
    return _number(path, found)


def _scale_ratio(parameters: Mapping[str, Any], spec: Mapping[str, Any] | None) -> float | None:
    repairs = _at(parameters, "adjustments.restandardise")
    if repairs is None:
        return None
    if not isinstance(repairs, Mapping) or not all(isinstance(item, Mapping) for item in repairs.values()):
        raise InputError("experiment run: adjustments.restandardise must map each input to its scale and offset")
    present = _at(spec or {}, "adjustments.restandardise") or {}
    ratios = []
    for feature, item in repairs.items():
        scale = _number(f"adjustments.restandardise.{feature}.scale", item.get("scale"))
        if scale <= 0.0:
            raise InputError(
                f"experiment run: adjustments.restandardise.{feature}.scale must be above 0, was {scale:g}"
            )
        ratios.append(scale / float(present.get(feature, {}).get("scale", 1.0)))
    if spec is None or not ratios:
        return None
    return max(ratios, key=lambda ratio: abs(math.log(ratio)))


def _at(tree: Mapping[str, Any], path: str) -> Any:
    """What lies at a dotted path, or None; InputError where a part on the way is not a mapping."""
    found: Any = tree
    walked: list[str] = []
    for part in path.split("."):
        if not isinstance(found, Mapping):
            raise InputError(f"experiment run: {'.'.join(walked)} must be a mapping, was {found!r}")
        if part not in found:
            return None
        found = found[part]
        walked.append(part)
    return found


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"experiment run: {name} must be a number, was {value!r}")
    return float(value)


def _numbers(tree: object, name: str) -> Iterator[tuple[str, float]]:
    """Every floating-point number of a change, with where it stands."""
    if isinstance(tree, float):
        yield name, tree
    elif isinstance(tree, Mapping):
        for key, item in tree.items():
            yield from _numbers(item, f"{name}.{key}" if name else str(key))
    elif isinstance(tree, list | tuple):
        for place, item in enumerate(tree):
            yield from _numbers(item, f"{name}[{place}]")
