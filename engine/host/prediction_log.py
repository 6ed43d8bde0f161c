"""What the champion said at each bar, kept with its whole vector, and what came of it one bar later."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.agent.mended_inputs import AS_READ
from engine.core.trading_types import Prediction
from engine.kernel.identifiers import derived_id
from storage.performance import PredictionRecord

if TYPE_CHECKING:
    from engine.core.records import FuturesBar
    from engine.signals.features import FeatureVector
    from storage.stores import Stores

_ROLE = "champion"


class PredictionLog:
    """Predictions of one market's champion in the performance store; times are the known times of bars."""

    def __init__(self, stores: Stores, market: str) -> None:
        self._performance = stores.performance
        self._market = market

    def record(
        self,
        prediction: Prediction,
        inputs: FeatureVector,
        target_lots: int,
        read_as: Mapping[str, float | None] | None = None,
    ) -> None:
        """Keep a prediction with the inputs it was made of; a missing input is stored as none. Where a safe act had
        inputs read otherwise than they were delivered, `read_as` is what was read in their place, stored beside them as
        "<input> as read" (none where the input was not read)."""
        features = {
            name: value if math.isfinite(value) else None
            for name, value in zip(inputs.names, inputs.values, strict=True)
        }
        features |= {AS_READ.format(name): value for name, value in (read_as or {}).items()}
        self._performance.record_prediction(
            PredictionRecord(
                prediction_id=self._id(prediction.model_id, prediction.ts),
                market=self._market,
                ts=prediction.ts,
                model_id=prediction.model_id,
                role=_ROLE,
                features=features,
                expected_return=prediction.expected_return,
                return_sd=prediction.return_sd,
                confidence=prediction.confidence,
                target_lots=target_lots,
                usable=prediction.usable,
            )
        )

    def settle(self, earlier: Prediction, at: FuturesBar, bar: FuturesBar) -> None:
        """Note the log return from `at`, the bar of an earlier prediction, to `bar`; a roll in between is no return."""
        if at.contract != bar.contract:
            return
        self._performance.settle_outcome(
            self._id(earlier.model_id, earlier.ts),
            outcome_return=math.log(bar.close / at.close),
            outcome_ts=bar.known_ts,
            pnl_usd=None,
            costs_usd=None,
        )

    def recall(self, model_id: str, ts: int) -> Prediction | None:
        """What a model said at the bar known at `ts`, as far as the next bar is judged by it; None where it did not."""
        record = self._performance.prediction(self._id(model_id, ts))
        if record is None or record.expected_return is None or record.return_sd is None or record.confidence is None:
            return None
        return Prediction(
            record.ts,
            model_id,
            record.expected_return,
            record.return_sd,
            record.confidence,
            0.0,
            0.0,
            usable=record.usable,
        )

    def _id(self, model_id: str, ts: int) -> str:
        return derived_id("pred", self._market, model_id, ts, length=16)
