"""What a champion does under a safe act in force, read from its stored row: in the words that screens, verbs and alerts
show. A row that cannot be read means standing aside."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

SAFE_ACT_KEY: Final = "safe_act"  # of the state; followed by ":" and the market
AS_IT_IS: Final = "keeps trading as it is"
ASIDE: Final = "stands aside"


def safe_act_words(act: Mapping[str, Any] | None) -> str:
    """What the champion does under a safe act in force (its stored row; None: there is none).

    >>> safe_act_words({"act": "reduce_size", "size_multiplier": 0.4})
    'trades 40% of its size'
    """
    if act is None:
        return AS_IT_IS
    size = act.get("size_multiplier")
    if act.get("act") == "stand_aside" or not isinstance(size, int | float) or size <= 0.0:
        return ASIDE
    if act.get("act") == "mend_inputs":
        adjustments: Any = act.get("adjustments")
        if not is_mend(adjustments):
            return ASIDE
        return f"trades through mended inputs at {size_words(size)}: {mend_words(adjustments)}"
    rate = act.get("trading_rate", 1.0)
    return f"trades {size:.0%} of its size" + (f", {rate:.0%} of the way a bar" if rate < 1.0 else "")


def is_mend(adjustments: Any) -> bool:
    """Whether stored adjustments are a mend: one of {"quarantine": [inputs]} and {"restandardise": {input: {"offset",
    "scale"}}}, with an input at least, finite offsets and scales above 0."""
    if not isinstance(adjustments, Mapping) or len(adjustments) != 1:
        return False
    ((kind, inputs),) = adjustments.items()
    if kind == "quarantine":
        return isinstance(inputs, list) and bool(inputs) and all(isinstance(name, str) for name in inputs)
    if kind != "restandardise" or not isinstance(inputs, Mapping) or not inputs:
        return False
    return all(_is_rescaling(item) for item in inputs.values())


def _is_rescaling(repair: Any) -> bool:
    if not isinstance(repair, Mapping):
        return False
    offset, scale = repair.get("offset"), repair.get("scale")
    if not isinstance(offset, int | float) or not isinstance(scale, int | float):
        return False
    return math.isfinite(offset) and math.isfinite(scale) and scale > 0.0


def words_without_repair(act: Mapping[str, Any] | None) -> str:
    """What the champion does once the case of an act in force ends without a repair: nothing stays mended."""
    return ASIDE if act is not None and act.get("act") == "mend_inputs" else safe_act_words(act)


def size_words(size: float) -> str:
    """A share of the full size.

    >>> size_words(0.5), size_words(0.25)
    ('half size', '25% of its size')
    """
    return "half size" if size == 0.5 else f"{size:.0%} of its size"


def mend_words(adjustments: Mapping[str, Any]) -> str:
    """Which inputs are mended, and how: re-scaled ones by what they move now in units of training.

    >>> mend_words({"restandardise": {"x3": {"offset": 0.2, "scale": 2.7612}}})
    'x3 re-scaled (2.76 times training)'
    >>> mend_words({"quarantine": ["skew", "x1"]})
    'skew, x1 not read'
    """
    repairs, away = adjustments.get("restandardise", {}), adjustments.get("quarantine", [])
    said = [f"{name} re-scaled ({item['scale']:.3g} times training)" for name, item in repairs.items()]
    if away:
        said.append(f"{', '.join(away)} not read")
    return ", ".join(said)
