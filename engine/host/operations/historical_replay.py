"""Walk-forward replay over stored history, with every number that would make the result look worse."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from engine.kernel.canonical import content_hash, finite_or_none
from engine.kernel.errors import CalculationError, InputError
from engine.kernel.timestamps import MICROS_PER_DAY, parse_iso, to_iso

if TYPE_CHECKING:
    from engine.core.trading_types import Prediction
    from engine.kernel.config_models import HydraConfig
    from engine.sandbox.historical_walk_forward import WalkForward
    from engine.sandbox.market_history import MarketHistory
    from engine.sandbox.replay import ReplayResult
    from storage.stores import Stores

REPLAY_SEED = 20_060_103
RESUME_AFTER_BARS = 20
Progress = Callable[[int, int, str], None]


def replay_history(
    stores: Stores,
    config: HydraConfig,
    from_day: str,
    to_day: str,
    *,
    kind: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Replay `from_day`..`to_day` (both inclusive, ISO days) of the market's stored history.

    Raises InputError where the history holds no decision bar in that span.
    """
    from engine.ingestion.record_reader import read_records
    from engine.sandbox.historical_walk_forward import walk_forward
    from engine.sandbox.market_history import history_from_records

    market = config.market.market
    from_ts, to_ts = parse_iso(from_day), parse_iso(to_day) + MICROS_PER_DAY - 1
    stored = read_records(stores, market, related=config.features.related_weights)
    records = [record for record in stored if record.known_ts <= to_ts + MICROS_PER_DAY]
    history = history_from_records(records, config)
    inside = [index for index, bar in enumerate(history.bars) if from_ts <= bar.event_ts <= to_ts]
    if not inside:
        raise InputError(
            f"{market} holds no bars of series '{config.market.decision_series}' between {from_day} and "
            f"{to_day}; ingest some with hydra ingest FILES --market {market}"
        )
    history = history.window(0, inside[-1] + 1)
    chosen = kind or config.models.kind
    features = tuple(config.market.champion_features)
    result = walk_forward(
        history, inside[0], config, kind=chosen, features=features, seed=REPLAY_SEED, progress=progress
    )
    return _document(stores, config, history, inside[0], result, chosen, features, from_day, to_day)


def _document(
    stores: Stores,
    config: HydraConfig,
    history: MarketHistory,
    start: int,
    result: WalkForward,
    kind: str,
    features: Sequence[str],
    from_day: str,
    to_day: str,
) -> dict[str, Any]:
    from engine.sandbox.historical_walk_forward import without_edge_gate
    from engine.sandbox.thesis_gate import thesis_gate

    runs = {
        "strategy": _run(history, start, list(result.predictions), config),
        "without_edge_gate": _run(history, start, without_edge_gate(result.predictions), config),
    }
    for name, predictions in _baselines(history, config).items():
        runs[name] = _run(history, start, predictions, config)
    trials = stores.journal.trial_count(config.market.market) + len(runs)
    strategy = runs["strategy"]
    bars = history.bars[start:]
    span = f"{to_iso(bars[0].event_ts)[:10]}..{to_iso(bars[-1].event_ts)[:10]}"
    gate = thesis_gate(strategy.net_returns, config.market.bars_per_year, data_range=span)
    return {
        "market": config.market.market,
        "from": from_day,
        "to": to_day,
        "bars": len(bars),
        "model": kind,
        "features": list(features),
        "fill_series": config.market.decision_series,
        "fill_rule": "next bar's open plus half spread and square-root impact; thin, dead and limit-locked "
        "bars fill nothing",
        "strategy": _figures(strategy, config, trials),
        "research_without_edge_gate": _figures(runs["without_edge_gate"], config, trials),
        "baselines": {
            name: _figures(run, config, trials)
            for name, run in runs.items()
            if name not in ("strategy", "without_edge_gate")
        },
        "refits": _refits(result),
        "missing": _missing(history, start, features),
        "bar_flags": _flags(history, start),
        "thesis_gate": {"open": gate.open, "action": gate.action, "explanation": gate.explanation},
        "halt_rule": f"a halted account is resumed by the operator after {RESUME_AFTER_BARS} bars",
        "decision_hash": strategy.decision_hash,
        "prediction_hash": content_hash(
            [None if item is None else [item.ts, item.expected_return, item.return_sd] for item in result.predictions]
        ),
    }


def _run(
    history: MarketHistory, start: int, predictions: Sequence[Prediction | None], config: HydraConfig
) -> ReplayResult:
    from engine.sandbox.market_history import expiry_days
    from engine.sandbox.replay import replay
    from engine.sandbox.virtual_trader import warmed_state

    bars = history.bars[start:]
    return replay(
        bars,
        predictions[start:],
        config,
        warmed_state(history.bars[:start], config),
        days_to_expiry=expiry_days(bars, config),
        resume_after_bars=RESUME_AFTER_BARS,
    )


def _baselines(history: MarketHistory, config: HydraConfig) -> dict[str, list[Prediction | None]]:
    import numpy as np

    from engine.sandbox.historical_walk_forward import constant_prediction

    known = history.realised[np.isfinite(history.realised)]
    sd = float(np.std(known[:250])) if len(known) else 1.0
    momentum = history.columns(["momentum_20"])[:, 0]
    scale = 0.05 * sd
    return {
        "always_long": constant_prediction(history, "always-long", np.full(len(history), scale), sd),
        "momentum_20": constant_prediction(history, "momentum-20", np.sign(momentum) * scale, sd),
        "flat": [None] * len(history),
    }


def _figures(run: ReplayResult, config: HydraConfig, trials: int) -> dict[str, Any]:
    from engine.sandbox.statistics.probabilistic_sharpe import deflated_sharpe_of_returns

    figures = {
        name: finite_or_none(value) if isinstance(value, float) else value
        for name, value in asdict(run.metrics).items()
    }
    try:
        deflated = deflated_sharpe_of_returns(run.net_returns, trials=trials)
        figures["deflated_sharpe_probability"] = deflated.probability
        figures["deflated_sharpe_benchmark_annual"] = deflated.benchmark_per_bar * math.sqrt(
            config.market.bars_per_year
        )
    except CalculationError as error:
        figures["deflated_sharpe_probability"] = None
        figures["deflated_sharpe_reason"] = error.message
    figures["deflated_by_trials"] = trials
    figures["costs_usd"] = asdict(run.costs)
    figures["orders"] = run.orders
    figures["orders_refused_by_rule"] = dict(run.refusals)
    figures["state_changes"] = [
        {"at": to_iso(ts), "to": move.new.value, "why": move.reason} for ts, move in run.transitions
    ][:20]
    return figures


def _refits(result: WalkForward) -> dict[str, Any]:
    bounds = [item.edge_lower_bound for item in result.refits if item.edge_lower_bound is not None]
    coefficients = [item.information_coefficient for item in result.refits if item.information_coefficient is not None]
    return {
        "count": len(result.refits),
        "with_edge": sum(bound > 0 for bound in bounds),
        "not_fitted": dict(Counter(item.reason for item in result.refits if item.edge_lower_bound is None)),
        "mean_information_coefficient": sum(coefficients) / len(coefficients) if coefficients else None,
        "features_left_out": dict(Counter(name for item in result.refits for name in item.left_out)),
    }


def _missing(history: MarketHistory, start: int, features: Sequence[str]) -> dict[str, Any]:
    """Per feature and calendar year: the share of bars on which it was missing or stale."""
    missing: dict[str, dict[str, list[bool]]] = {name: {} for name in features}
    for index in range(start, len(history)):
        year = to_iso(history.bars[index].event_ts)[:4]
        for name in features:
            column = history.names.index(name)
            gone = not math.isfinite(history.values[index, column]) or bool(history.stale[index, column])
            missing[name].setdefault(year, []).append(gone)
    return {
        name: {year: round(sum(flags) / len(flags), 4) for year, flags in years.items() if any(flags)}
        for name, years in missing.items()
    }


def _flags(history: MarketHistory, start: int) -> dict[str, int]:
    return dict(Counter(flag for bar in history.bars[start:] for flag in bar.flags))


def replay_lines(document: dict[str, Any]) -> list[str]:
    """The same for people."""
    lines = [
        f"{document['market']}  {document['from']}..{document['to']}  {document['bars']} bars  model "
        f"{document['model']}",
        f"fills on series '{document['fill_series']}': {document['fill_rule']}",
    ]
    for name, figures in (
        ("strategy", document["strategy"]),
        ("research only, without the edge gate", document["research_without_edge_gate"]),
        *document["baselines"].items(),
    ):
        sharpe = figures["sharpe_annual"]
        shown = (
            "not defined (nothing traded)"
            if sharpe is None
            else f"{sharpe:+.2f} +- {figures['sharpe_standard_error']:.2f}"
        )
        lines.append(
            f"  {name}: Sharpe after costs {shown}, trades {figures['trades']}, drawdown "
            f"{figures['max_drawdown']:.1%}, "
            f"exposure {figures['exposure']:.2f}, turnover {figures['turnover_annual']:.1f}/y, "
            f"costs {sum(figures['costs_usd'].values()):,.0f} USD"
        )
    lines.append(f"refits {document['refits']['count']}, with a proven edge {document['refits']['with_edge']}")
    lines.append(
        f"thesis gate: {'open' if document['thesis_gate']['open'] else 'SHUT'}: "
        f"{document['thesis_gate']['explanation']} "
        f"-> {document['thesis_gate']['action']}"
    )
    lines.append(f"decision hash {document['decision_hash']}")
    return lines
