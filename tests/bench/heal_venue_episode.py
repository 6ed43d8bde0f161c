"""One run of the whole program on the simulated venue, and what it was worth: engine, frozen champion, oracle.

The engine runs as `hydra run --unpaced` in a process of its own and learns neither seed nor fault. Afterwards the same
bars are replayed with its first champion left alone (*frozen*) and with the same champion under the right repair from
the first faulty bar on, with the truth's own numbers (*oracle*): weights of the flipped inputs flipped, the input
as it would have been without the fault, the true multiple of volatility, the dead inputs left out. Utility is that of
the champions' score, summed over `HORIZON_BARS` bars from the fault on: r - r^2 / (2 kelly_fraction) per bar.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.core.trading_types import Prediction
from engine.host.operations.demo_report import CAUSES_OF
from engine.ingestion.record_reader import read_records
from engine.kernel.child_processes import kill_group, start_child
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.sandbox.candidate import forecast
from engine.sandbox.market_history import (
    MarketHistory,
    as_predictions,
    decision_bars,
    expiry_days,
    history_from_matrix,
    history_from_records,
)
from engine.sandbox.replay import replay
from engine.sandbox.utility_score import utility_scores
from engine.sandbox.venue.world import WorldSettings, build_world
from engine.sandbox.virtual_trader import warmed_state
from engine.signals.feature_registry import feature_names
from hydra_tui.demo import engine_arguments, write_private_settings
from hydra_tui.hosting import private_directory
from hydra_tui.session import SIMULATED_MARKET, Session
from models.champion import Champion
from models.ridge import RidgeModel
from models.spec import ModelSpec
from storage.stores import Stores
from tests.bench.divergence_edge import records_of

FloatArray = NDArray[np.float64]
LIVE_BARS: Final = 1330
HORIZON_BARS: Final = 1000
LONGEST_SECONDS: Final = 1200.0


@dataclass(frozen=True, slots=True)
class VenueEpisode:
    """What one seed and fault led to. Bars count from the first faulty one (0) and are None where nothing came of it;
    utilities are sums over the scored bars, of the whole live span where nothing breaks."""

    family: str
    seed: int
    fault_bar: int | None
    scored_bars: int
    delay_bars: int | None
    healed_bars: int | None
    repair: str
    causes_before: tuple[str, ...]
    causes_after: tuple[str, ...]
    promotions: int
    bars_in_market: int
    engine_utility: float
    frozen_utility: float
    oracle_utility: float


def play(family: str, seed: int) -> VenueEpisode:
    """Run the program on one market and score it. RuntimeError where the engine does not end by itself."""
    with tempfile.TemporaryDirectory(prefix="hydra-heal-") as folder:
        session = Session(Path(folder) / "workspace", SIMULATED_MARKET, {"agent.autonomy": "autonomous"})
        session.paths.create()
        write_private_settings(private_directory(session), seed, family)
        _run_engine(session, Path(folder) / "engine.log")
        truth = json.loads((private_directory(session) / "truth.json").read_text(encoding="utf-8"))
        stores = session.open_stores(read_only=True)
        try:
            return _scored(stores, session.load().config, truth)
        finally:
            stores.close()


def _run_engine(session: Session, log_path: Path) -> None:
    with log_path.open("wb") as log:
        engine = start_child(engine_arguments(session, LIVE_BARS), stdout=log, stderr=log)
        try:
            code = engine.wait(timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            kill_group(engine)
            raise RuntimeError(f"the engine did not end within {LONGEST_SECONDS:.0f} s") from None
    if code != 0:
        raise RuntimeError(f"the engine ended with code {code}: {log_path.read_text(encoding='utf-8')[-500:]}")


def _scored(stores: Stores, config: HydraConfig, truth: dict[str, Any]) -> VenueEpisode:
    market, family = config.market.market, str(truth["family"])
    equity = stores.db.query("SELECT ts, equity_usd, position_lots FROM equity WHERE market = ? ORDER BY ts", (market,))
    live_ts = [int(row["ts"]) for row in equity]
    path = np.array([config.risk.paper_equity_usd, *(row["equity_usd"] for row in equity)], dtype=np.float64)
    bars = decision_bars(read_records(stores, market), config)
    times = np.array([bar.known_ts for bar in bars], dtype=np.int64)
    history = history_from_matrix(bars, stores.features.matrix(market, times, feature_names(config)))
    first = next(place for place, bar in enumerate(bars) if bar.known_ts == live_ts[0])
    history = history.window(0, first + len(live_ts))
    fault = truth["fault_bar"]
    assert fault is None or live_ts[int(fault)] == truth["fault_known_ts"], "live bars and the venue's bars differ"
    span = slice(0, len(live_ts)) if fault is None else slice(int(fault), int(fault) + HORIZON_BARS)
    champion = _first_champion(stores, market)
    frozen = as_predictions(forecast(champion, history, first))
    oracle = _oracle(champion, history, first, frozen, truth)

    def utility(returns: FloatArray) -> float:
        return float(utility_scores(returns[span], config.risk.kelly_fraction).sum())

    def replayed(predictions: list[Prediction] | list[None]) -> float:
        part = history.window(first, len(history))
        before = warmed_state(history.bars[:first], config)
        days = expiry_days(part.bars, config)
        return utility(
            replay(part.bars, predictions, config, before, days_to_expiry=days, resume_after_bars=1).net_returns
        )

    story = _story(stores, market, truth, live_ts)
    return VenueEpisode(
        family=family,
        seed=int(truth["seed"]),
        fault_bar=None if fault is None else int(fault),
        scored_bars=len(range(*span.indices(len(live_ts)))),
        bars_in_market=sum(row["position_lots"] != 0 for row in equity[span]),
        engine_utility=utility(path[1:] / path[:-1] - 1.0),
        frozen_utility=replayed(frozen),
        oracle_utility=replayed(oracle),
        **story,
    )


def _story(stores: Stores, market: str, truth: dict[str, Any], live_ts: list[int]) -> dict[str, Any]:
    """Cases and promotions in bars from the fault on."""
    right = CAUSES_OF[str(truth["family"])]
    fault_ts = truth.get("fault_known_ts")
    since = live_ts[0] if fault_ts is None else int(fault_ts)
    cases = stores.db.query(
        "SELECT opened_ts, cause, candidate_id, proposal FROM cases WHERE market = ? AND cause != 'none' "
        "ORDER BY opened_ts",
        (market,),
    )
    moves = stores.db.query(
        "SELECT model_id, from_ts FROM champion_history WHERE market = ? AND previous_model_id IS NOT NULL ORDER BY id",
        (market,),
    )
    later = [case for case in cases if case["opened_ts"] >= since]
    named = [case for case in later if case["cause"] in right]
    candidates = {case["candidate_id"]: case for case in named if case["candidate_id"]}
    healing = next((move for move in moves if move["model_id"] in candidates), None)

    def bars_since(ts: int) -> int:
        return sum(since < item <= ts for item in live_ts)

    return {
        "delay_bars": bars_since(named[0]["opened_ts"]) if named else None,
        "healed_bars": bars_since(healing["from_ts"]) if healing is not None else None,
        "repair": ""
        if healing is None
        else json.loads(candidates[healing["model_id"]]["proposal"] or "{}").get("mutation_type", ""),
        "causes_before": tuple(str(case["cause"]) for case in cases if case["opened_ts"] < since),
        "causes_after": tuple(str(case["cause"]) for case in later),
        "promotions": len(moves),
    }


def _first_champion(stores: Stores, market: str) -> Champion:
    rows = stores.db.query("SELECT model_id FROM champion_history WHERE market = ? ORDER BY id LIMIT 1", (market,))
    record = stores.registry.get(rows[0]["model_id"])
    artifact = stores.registry.load_artifact(record.artifact_hash)
    return Champion.load(record.model_id, ModelSpec.from_json(record.config), artifact)


def _oracle(
    champion: Champion, history: MarketHistory, first: int, frozen: list[Prediction], truth: dict[str, Any]
) -> list[Prediction] | list[None]:
    """The champion's predictions for the live bars with the right repair from the first bar on that needs it."""
    family, targets = str(truth["family"]), list(truth["features"])
    if family == "none":
        return frozen
    if family == "no-edge":
        return [None] * len(frozen)
    repaired = _repairs(champion, history, first, frozen, targets, truth)[family]()
    # what is shown changes with the fault bar itself; its return follows from the decision of the bar before
    start = int(truth["fault_bar"]) - (family in ("concept", "volatility"))
    return frozen[:start] + repaired[start:]


def _repairs(
    champion: Champion,
    history: MarketHistory,
    first: int,
    frozen: list[Prediction],
    targets: list[str],
    truth: dict[str, Any],
) -> dict[str, Callable[[], list[Prediction]]]:
    columns = [history.names.index(name) for name in targets]

    def again(values: FloatArray, by: Champion = champion) -> list[Prediction]:
        return as_predictions(forecast(by, replace(history, values=values), first))

    def flip() -> list[Prediction]:
        assert isinstance(champion.model, RidgeModel)
        means = dict(zip(champion.spec.features, champion.model.standardiser.mean.tolist(), strict=True))
        values = history.values.copy()
        for name, column in zip(targets, columns, strict=True):
            values[:, column] = 2.0 * means[name] - values[:, column]
        return again(values)

    def restore() -> list[Prediction]:
        total = int(truth["history_bars"]) + int(truth["live_bars"])
        world = build_world(WorldSettings(int(truth["seed"]), total - 1, 1, "none"))
        config = load_config(SIMULATED_MARKET, environment={}).config
        sound = history_from_records(records_of(world, config), config, targets)
        values = history.values.copy()
        rows = min(len(history), len(sound))
        assert np.array_equal(history.known_ts[:rows], sound.known_ts[:rows]), "the sound twin has other bars"
        values[:rows, columns] = sound.values[:rows]
        return again(values)

    def resize() -> list[Prediction]:
        multiple = float(truth["severity"]["multiplier"])
        return [
            replace(item, expected_return=item.expected_return * multiple, return_sd=item.return_sd * multiple)
            for item in frozen
        ]

    def leave_out() -> list[Prediction]:
        spec = champion.spec.with_adjustments(quarantine=tuple(targets))
        return again(history.values, Champion(champion.model_id, spec, champion.model))

    return {"concept": flip, "feature": restore, "volatility": resize, "stale": leave_out}
