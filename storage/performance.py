"""The performance database: every prediction with its full input, later its outcome; metrics; equity. Append-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.kernel.canonical import canonical_json
from engine.kernel.errors import NotFoundError
from storage.database import Database
from storage.record_table import RecordTable


@dataclass(frozen=True, slots=True)
class PredictionRecord:
    """What a model said at `ts` and from which inputs; outcome and money follow once known. `role` is champion,
    paper or shadow; `features` maps name to value (None = missing)."""

    prediction_id: str
    market: str
    ts: int
    model_id: str
    role: str
    features: Mapping[str, float | None]
    expected_return: float | None
    return_sd: float | None
    confidence: float | None
    target_lots: int | None
    usable: bool
    outcome_return: float | None = None
    outcome_ts: int | None = None
    pnl_usd: float | None = None
    costs_usd: float | None = None


@dataclass(frozen=True, slots=True)
class MetricRecord:
    """One value of a metric of a model over a window that ends at `ts`."""

    market: str
    ts: int
    model_id: str
    name: str
    value: float
    window_bars: int
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EquityRecord:
    """The account after one bar; `drawdown` is a share of the peak, 0 at the peak."""

    market: str
    ts: int
    equity_usd: float
    position_lots: int
    day_pnl_usd: float
    drawdown: float


class PerformanceStore:
    """Record and read predictions, metrics and equity. Times are UTC microseconds; ranges are (after, until]."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._predictions: RecordTable[PredictionRecord] = RecordTable(
            db,
            "predictions",
            PredictionRecord,
            key=["prediction_id"],
            json=["features"],
            flags=["usable"],
            order_by="ts",
        )
        self._metrics: RecordTable[MetricRecord] = RecordTable(
            db, "metrics", MetricRecord, key=["id"], json=["details"], order_by="ts"
        )
        self._equity: RecordTable[EquityRecord] = RecordTable(
            db, "equity", EquityRecord, key=["market", "ts"], order_by="ts"
        )

    def record_prediction(self, prediction: PredictionRecord) -> bool:
        """Append a prediction; False, and nothing changes, if its id is there already."""
        return self._predictions.add(prediction)

    def settle_outcome(
        self,
        prediction_id: str,
        *,
        outcome_return: float,
        outcome_ts: int,
        pnl_usd: float | None,
        costs_usd: float | None,
    ) -> bool:
        """Add what came of a prediction, once; False if it was settled before. NotFoundError for an unknown id."""
        changed = self._db.execute(
            "UPDATE predictions SET outcome_return = ?, outcome_ts = ?, pnl_usd = ?, costs_usd = ? "
            "WHERE prediction_id = ? AND outcome_ts IS NULL",
            (outcome_return, outcome_ts, pnl_usd, costs_usd, prediction_id),
        )
        if not changed and self._predictions.get(prediction_id) is None:
            raise NotFoundError(f"there is no prediction {prediction_id}")
        return bool(changed)

    def prediction(self, prediction_id: str) -> PredictionRecord | None:
        """One prediction, or None."""
        return self._predictions.get(prediction_id)

    def predictions(
        self,
        market: str,
        *,
        model_id: str | None = None,
        role: str | None = None,
        after_ts: int | None = None,
        until_ts: int | None = None,
        settled: bool | None = None,
        last: int | None = None,
    ) -> list[PredictionRecord]:
        """Predictions oldest first; `last` keeps the newest so many, `settled` those with or without an outcome."""
        clauses, parameters = ["market = ?"], [market]  # type: tuple[list[str], list[object]]
        for clause, value in (
            ("model_id = ?", model_id),
            ("role = ?", role),
            ("ts > ?", after_ts),
            ("ts <= ?", until_ts),
        ):
            if value is not None:
                clauses.append(clause)
                parameters.append(value)
        if settled is not None:
            clauses.append(f"outcome_ts IS {'NOT ' if settled else ''}NULL")
        bound = "" if last is None else f" LIMIT {int(last)}"
        ids = self._db.query(
            f"SELECT * FROM predictions WHERE {' AND '.join(clauses)} ORDER BY ts DESC, rowid DESC{bound}", parameters
        )
        return [self._predictions.record(row) for row in reversed(ids)]

    def record_metric(self, metric: MetricRecord) -> None:
        """Append one metric value."""
        self._db.execute(
            "INSERT INTO metrics(market, ts, model_id, name, value, window_bars, details) VALUES(?,?,?,?,?,?,?)",
            (
                metric.market,
                metric.ts,
                metric.model_id,
                metric.name,
                metric.value,
                metric.window_bars,
                canonical_json(dict(metric.details)),
            ),
        )

    def metrics(
        self,
        market: str,
        name: str,
        *,
        model_id: str | None = None,
        after_ts: int | None = None,
        last: int | None = None,
    ) -> list[MetricRecord]:
        """Values of one metric, oldest first; `last` keeps the newest so many."""
        clauses, parameters = ["market = ?", "name = ?"], [market, name]  # type: tuple[list[str], list[object]]
        if model_id is not None:
            clauses.append("model_id = ?")
            parameters.append(model_id)
        if after_ts is not None:
            clauses.append("ts > ?")
            parameters.append(after_ts)
        bound = "" if last is None else f" LIMIT {int(last)}"
        rows = self._db.query(
            "SELECT market, ts, model_id, name, value, window_bars, details FROM metrics "
            f"WHERE {' AND '.join(clauses)} ORDER BY ts DESC, id DESC{bound}",
            parameters,
        )
        return [self._metrics.record(row) for row in reversed(rows)]

    def latest_metric(self, market: str, model_id: str, name: str) -> MetricRecord:
        """The newest value. Raises NotFoundError where there is none: a missing metric is never a default."""
        found = self.metrics(market, name, model_id=model_id, last=1)
        if not found:
            raise NotFoundError(f"metric '{name}' of {model_id} on {market} was never computed")
        return found[0]

    def record_equity(self, equity: EquityRecord) -> None:
        """Record the account after a bar; the same bar again replaces it."""
        self._equity.upsert(equity)

    def equity(self, market: str, *, after_ts: int | None = None, last: int | None = None) -> list[EquityRecord]:
        """Equity oldest first; `last` keeps the newest so many."""
        bound = "" if last is None else f" LIMIT {int(last)}"
        rows = self._db.query(
            f"SELECT * FROM equity WHERE market = ? AND ts > ? ORDER BY ts DESC{bound}",
            (market, -(2**62) if after_ts is None else after_ts),
        )
        return [self._equity.record(row) for row in reversed(rows)]
