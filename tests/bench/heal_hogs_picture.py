"""The picture of docs/healing_lean_hogs.md: equity after costs of every player, and when the healer diagnosed what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.agent.diagnosis import Diagnosis
from tests.bench.heal_hogs_study import (
    BLIND_LONG,
    BLIND_SHORT,
    FROZEN,
    FROZEN_RESIZED,
    HEALER,
    HEALER_OVERRIDDEN,
    Study,
    equity_paths,
)

POINTS_APART_BARS: Final = 21  # about a month
# Okabe and Ito's colours, and a style each, so that no reader depends on colour alone.
LINES: Final = {
    FROZEN: ("#555555", "-", 1.2),
    FROZEN_RESIZED: ("#555555", ":", 1.4),
    BLIND_SHORT: ("#E69F00", "-.", 1.1),
    BLIND_LONG: ("#CC79A7", "--", 1.1),
    HEALER_OVERRIDDEN: ("#0072B2", "-", 1.9),
    HEALER: ("#009E73", "-", 1.9),
}
MARKS: Final = {
    "data_feed": ("s", "#009E73"),
    "feature_drift": ("^", "#D55E00"),
    "regime_volatility": ("o", "#56B4E9"),
    "regime_liquidity": ("D", "#56B4E9"),
    "concept_drift": ("X", "#000000"),
    "decay": ("v", "#000000"),
    "overfit": ("P", "#000000"),
}
_STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "hydra",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
}


def draw(studies: Sequence[Study], target: Path) -> None:
    """One panel a study; the same studies give the same bytes."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(10.0, 4.2 * len(studies) + 0.9), layout="constrained")
        panels = figure.subplots(len(studies), 1, squeeze=False)[:, 0]
        for axis, study in zip(panels, studies, strict=True):
            _panel(axis, study)
        handles, labels = panels[0].get_legend_handles_labels()
        known = dict(zip(labels, handles, strict=True))
        for axis in panels[1:]:
            known |= dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
        figure.legend(known.values(), known.keys(), loc="outside lower center", ncols=3)
        figure.savefig(target, metadata={"Date": None})


def _panel(axis: Any, study: Study) -> None:
    bars = study.market.history.bars[study.market.first :]
    days = np.array([datetime.fromtimestamp(bar.known_ts / 1e6, UTC).replace(tzinfo=None) for bar in bars])
    shown = np.unique(np.append(np.arange(0, len(bars), POINTS_APART_BARS), len(bars) - 1))
    paths = equity_paths(study, list(LINES))
    for name, (colour, style, width) in LINES.items():
        axis.plot(days[shown], paths[name][shown], color=colour, linestyle=style, linewidth=width, label=name)
    for item in study.players[HEALER_OVERRIDDEN].happenings:
        if isinstance(item.what, Diagnosis):
            marker, colour = MARKS[item.what.cause]
            place = item.bar - study.market.first
            axis.plot(
                [days[place]],
                [paths[HEALER_OVERRIDDEN][place]],
                linestyle="none",
                marker=marker,
                markersize=6.0,
                color=colour,
                markeredgecolor="white",
                markeredgewidth=0.6,
                zorder=5,
                label=f"diagnosis: {item.what.cause.replace('_', ' ')}",
            )
    axis.set_ylabel("equity after costs, start = 1")
    axis.set_title(f"CME lean hogs, traded {study.span}", loc="left", fontsize=10.0, fontweight="bold")
