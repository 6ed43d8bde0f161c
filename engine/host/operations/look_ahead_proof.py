"""The look-ahead proof over stored history: raw rows published after a moment are scrambled, everything is rebuilt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.host.operations.historical_replay import REPLAY_SEED
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso, to_iso

if TYPE_CHECKING:
    from engine.core.trading_types import Prediction
    from engine.kernel.config_models import HydraConfig
    from engine.sandbox.market_history import MarketHistory
    from storage.stores import Stores


def prove_no_look_ahead(stores: Stores, config: HydraConfig, moment: str, seed: int) -> dict[str, Any]:
    """Compare every record, feature, prediction and decision up to `moment` (ISO, UTC) between the true and the
    scrambled lake."""
    from engine.ingestion.record_reader import RECORD_DATASETS
    from engine.sandbox.historical_walk_forward import LEAST_TRAINING_ROWS, walk_forward
    from engine.sandbox.look_ahead import prove_tables
    from storage.snapshots import snapshot_tables

    at_ts = parse_iso(moment)
    tables = snapshot_tables(stores.lake, config.market.market, related=config.features.related_weights)
    if not any(tables[dataset].num_rows for dataset in RECORD_DATASETS):
        raise InputError(f"the lake holds nothing of {config.market.market}")

    def decide(history: MarketHistory) -> Sequence[Prediction | None]:
        return walk_forward(
            history,
            min(LEAST_TRAINING_ROWS + 1, len(history)),
            config,
            kind=config.models.kind,
            features=tuple(config.market.champion_features),
            seed=REPLAY_SEED,
        ).predictions

    result = prove_tables(tables, config, decide, at_ts, seed)
    rolls = result.scrambled_rows["roll_map"]
    verdict = "byte-identical" if result.clean else f"NOT identical, first difference {result.first_difference}"
    return {
        "market": config.market.market,
        "at": to_iso(at_ts),
        "clean": result.clean,
        "lines_compared": result.compared,
        "records_scrambled": result.scrambled_records,
        "rows_scrambled": dict(result.scrambled_rows),
        "first_difference": result.first_difference,
        "sentence": f"{result.scrambled_records} stored rows known after {to_iso(at_ts)} scrambled ({rolls} of them "
        f"rolls), everything rebuilt: {result.compared} lines up to then are {verdict}",
    }
