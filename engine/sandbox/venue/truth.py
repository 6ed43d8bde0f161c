"""What really happens in a simulated market, for whoever grades the run; never for the engine.

Written once at the start into the venue's private directory, which must lie outside the workspace.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.kernel.errors import InputError, StoreError
from engine.kernel.timestamps import to_iso
from engine.sandbox.venue.market_facts import FEATURES
from engine.sandbox.venue.world import MarketWorld

TRUTH_FILE: Final = "truth.json"


def truth_of(world: MarketWorld) -> dict[str, Any]:
    """Family, moment, targets, severity, planted and realised information coefficients.

    `fault_bar` counts live bars from 0 and is the first bar under the fault; `fault_ts` is that bar's start and
    `fault_known_ts` its end. Realised coefficients are correlations of the planted signal with the next return, over
    the bars before the fault (`_before`) and from it on (`_after`); for concept faults `_after` uses the planted b,
    too.
    """
    settings, plan = world.settings, world.fault
    first = None if plan.live_bar is None else settings.history_bars + plan.live_bar
    signal = world.rules.signal_scale[1:] * (world.factors[:-1] @ world.loadings)
    outcome = world.returns[1:]
    split = len(outcome) if first is None else first - 1
    return {
        "seed": settings.seed,
        "history_bars": settings.history_bars,
        "live_bars": settings.live_bars,
        "family": plan.family,
        "fault_bar": plan.live_bar,
        "fault_ts": None if first is None else int(world.times.start_ts[first]),
        "fault_known_ts": None if first is None else world.times.end_ts(first),
        "fault_at": None if first is None else to_iso(int(world.times.start_ts[first])),
        "features": list(plan.targets),
        "feed": plan.feed,
        "severity": plan.severity,
        "edge": settings.edge,
        "loadings": dict(zip(FEATURES, world.loadings.tolist(), strict=True)),
        "planted_information_coefficient": float(world.rules.information_coefficient[0]),
        "realised_information_coefficient_before": _correlation(signal[:split], outcome[:split]),
        "realised_information_coefficient_after": _correlation(signal[split:], outcome[split:]),
    }


def require_outside(private_dir: Path, workspace: Path) -> None:
    """InputError where the private directory would lie in the workspace, before anything is written there."""
    private, public = private_dir.resolve(), workspace.resolve()
    if private == public or public in private.parents:
        raise InputError("the venue's private directory must lie outside the workspace")


def write_truth(world: MarketWorld, private_dir: Path, workspace: Path) -> Path:
    """Write the truth, readable by its owner alone; raises InputError where it would lie in the workspace."""
    require_outside(private_dir, workspace)
    private = private_dir.resolve()
    text = json.dumps(truth_of(world), indent=2, sort_keys=True) + "\n"
    target = private / TRUTH_FILE
    temporary = private / f".{TRUTH_FILE}.part"
    try:
        private.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
        os.replace(temporary, target)
    except OSError as error:
        raise StoreError(f"the venue cannot write into {private}: {error.strerror}") from error
    return target


def _correlation(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> float | None:
    if len(left) < 3 or np.std(left) == 0.0 or np.std(right) == 0.0:
        return None
    return float(np.corrcoef(left, right)[0, 1])
