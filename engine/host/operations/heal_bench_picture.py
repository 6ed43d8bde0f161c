"""Recovery against severity, one panel per family, as SVG; same scores, same bytes. Reads on light and dark pages.

Colours are of Okabe and Ito's set, which colour-blind readers tell apart, and every line has a marker of its own.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from engine.host.operations.heal_bench import HealBenchResult
from engine.host.operations.heal_bench_episodes import AGENTS, HEALER
from engine.kernel.errors import CalculationError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = 3
LOWEST: Final = -1.0
_INK: Final = "#7F7F7F"
_LINES: Final = {
    HEALER: ("#0072B2", "o", 2.2),
    "frozen": ("#7F7F7F", "x", 1.2),
    "blind 500/100": ("#E69F00", "^", 1.2),
    "blind 250/50": ("#D55E00", "v", 1.2),
    "alarm retrain": ("#CC79A7", "s", 1.2),
}
_STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "hydra",
    "font.size": 9.0,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


def severity_picture(result: HealBenchResult) -> bytes:
    """The picture as SVG. CalculationError where no family with a recovery was played."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    families = _families(result)
    if not families:
        raise CalculationError("recovery cannot be drawn: no family with a fault was played")
    with rc_context(_STYLE):
        rows = -(-len(families) // COLUMNS)
        columns = min(COLUMNS, len(families))
        figure = Figure(figsize=(3.3 * columns, 2.5 * rows + 0.9), layout="constrained")
        figure.patch.set_alpha(0.0)
        axes = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
        for axis, family in zip(axes, families, strict=False):
            _panel(axis, result, family)
        for axis in axes[len(families) :]:
            axis.set_visible(False)
        for place in range(0, len(axes), columns):
            axes[place].set_ylabel("recovery")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=8.0)
        figure.suptitle("Recovery against severity: 1 = oracle, 0 = switched off, held to -1", fontsize=10.0)
        stream = io.BytesIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()


def _families(result: HealBenchResult) -> list[str]:
    """Families with a recovery; where several severities were played, those with more than one."""
    seen: dict[str, int] = {}
    for scores in result.scores[HEALER].values():
        for item in scores.families:
            if item.recovery is not None:
                seen[item.family] = seen.get(item.family, 0) + 1
    most = max(seen.values(), default=0)
    return [name for name, count in seen.items() if count > 1 or most == 1]


def _panel(axis: Axes, result: HealBenchResult, family: str) -> None:
    axis.patch.set_alpha(0.0)
    axis.set_title(family, loc="left", fontsize=10.0, fontweight="bold")
    for level in (0.0, 1.0):
        axis.axhline(level, color=_INK, linewidth=0.7, linestyle=":")
    for name in sorted((agent for agent in AGENTS if agent in _LINES), key=lambda agent: agent == HEALER):
        points = [
            (severity, item.recovery, item.recovery_interval)
            for severity, scores in result.scores[name].items()
            for item in scores.families
            if item.family == family and item.recovery is not None
        ]
        colour, marker, width = _LINES[name]
        x = [severity for severity, _, _ in points]
        axis.plot(
            x,
            [value for _, value, _ in points],
            color=colour,
            marker=marker,
            markersize=4.5,
            linewidth=width,
            label=name,
        )
        if name == HEALER:
            bounds = [interval or (value, value) for _, value, interval in points]
            axis.vlines(x, [low for low, _ in bounds], [high for _, high in bounds], color=colour, linewidth=2.2)
    severities = list(result.scores[HEALER])
    axis.set_xscale("log", base=2)
    axis.set_xticks(severities, [f"{value:g}" for value in severities])
    axis.minorticks_off()
    axis.set_ylim(LOWEST - 0.08, 1.1)
    axis.set_xlabel("severity")
