"""One market under the engine: files in, features, champion, step, agent; each bar in one transaction."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.agent.alert_desk import AlertDesk
from engine.agent.champions import ChampionDesk, LoadedModel
from engine.agent.experiment import ExperimentRunner
from engine.agent.loop import AgentLoop, CaseEnd
from engine.agent.mended_inputs import MendedChampions
from engine.core.records import FuturesBar, RawRecord
from engine.core.trading_types import MarketMemory, Prediction
from engine.execution.live_trader import LiveTrader
from engine.execution.paper_broker import PaperBroker
from engine.execution.state_keeper import StateKeeper
from engine.execution.trader_book import load_book
from engine.host.derived_rows import extend_derived_rows
from engine.host.feature_feed import FeatureFeed
from engine.host.feeds import Delivery
from engine.host.first_champion import FirstChampion
from engine.host.inbox_files import store_inbox_files
from engine.host.market_view import MarketView
from engine.host.operations.autonomy_level import present_level
from engine.host.prediction_log import PredictionLog
from engine.host.rolling_scores import RollingScores
from engine.host.screen_views import write_views
from engine.host.stored_records import last_known_ts
from engine.host.watchman import Finding, Watchman
from engine.ingestion.calendars.session_calendar import is_open_at
from engine.kernel.clock import Clock
from engine.signals.features import FeatureVector, vector_from_readings

if TYPE_CHECKING:
    from engine.core.step_types import StepResult
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores

_log = logging.getLogger(__name__)
Progress = Callable[[str, int, int], None]
LIVE_FROM_KEY = "live_from"


class MarketRunner:
    """Runs one market. `start` must be called before any data is taken; commands work without it (one-shot hosts)."""

    def __init__(self, stores: Stores, config: HydraConfig, clock: Clock, *, epoch: int) -> None:
        self._stores = stores
        self._config = config
        self._market = config.market.market
        self._clock = clock
        self._epoch = epoch
        self._desk = ChampionDesk(stores, self._market)
        self._experiments = ExperimentRunner(stores, config)
        self._loop = AgentLoop(
            stores,
            config,
            self._desk,
            self._experiments,
            level=lambda: present_level(stores, config),
            memory=self._market_memory,
            propose=lambda spec, case_id: self._watchman.proposals(spec, case_id),
            mend=lambda: self._watchman.refined_mend(),
            on_promotion=self._use_champion,
            on_case_end=self._on_case_end,
        )
        self._mended = MendedChampions()
        self._alerts = AlertDesk(stores, self._market)
        self._watchman = Watchman(stores, config)
        self._first = FirstChampion(stores, config, self._desk, self._experiments, self._alerts)
        self._predictions = PredictionLog(stores, self._market)
        self._scores = RollingScores(stores, config)
        self._finding: Finding | None = None
        self._pending: list[RawRecord] = []
        self._trader = LiveTrader(
            stores, config, PaperBroker(stores.db, config), epoch=epoch, days_to_expiry=self._days_to_expiry
        )
        self._keeper = StateKeeper(stores, self._market)
        self._features = FeatureFeed(stores, config)
        self._view = MarketView(stores, config, self._features)
        self._names: tuple[str, ...] = ()
        self._champion: LoadedModel | None = None
        self._previous: tuple[FuturesBar, Prediction | None] | None = None
        self._live_bars = 0
        self._is_late = False

    # -- life -------------------------------------------------------------------------------------------------------

    def start(self, progress: Progress) -> None:
        """Reconcile with the broker, adopt a HALT file, rebuild the pipeline from the lake, finish what a crash
        left."""
        from engine.signals.feature_registry import feature_definitions

        now_ts = self._clock.now_ts() or self.last_known_ts()
        self._stores.sweep_orphans()
        if not self.needs_history:
            self._keeper.begin(now_ts)
        self._keeper.adopt_halt_file(now_ts)
        self._trader.start(now_ts)
        lost = self._stores.agent.experiments.list(market=self._market, status="running")
        self._experiments.record_lost([record.experiment_id for record in lost], "its engine was killed", now_ts)
        definitions = feature_definitions(self._config)
        self._stores.features.register(definitions)
        self._names = tuple(item.name for item in definitions)
        self._rebuild(progress)
        self._champion = self._desk.champion()
        if self._champion is not None:
            self._watchman.start(self._champion.reference, now_ts)
            self._recall_prediction(self._champion.model_id)
        self._catch_up()
        self._view.write(now_ts)

    @property
    def needs_history(self) -> bool:
        """Whether the market's history was never delivered to this workspace."""
        return self._config.market.simulated and self._live_from_ts is None

    @property
    def next_live_bar(self) -> int:
        """Index of the next live bar to ask a simulated feed for."""
        return self._live_bars

    @property
    def is_waiting_for_experiment(self) -> bool:
        """Simulated time stands still while an experiment computes, so that results do not depend on the machine."""
        return self._config.market.simulated and bool(self._experiments.pool.running)

    @property
    def is_waiting_for_operator(self) -> bool:
        """Whether a request waits for the operator."""
        return bool(self._stores.agent.open_approvals(self._market))

    def close(self) -> None:
        """Kill running experiments, and say so while the workspace is still ours."""
        running = list(self._experiments.pool.running)
        self._experiments.pool.close()
        if running and self._stores.lease.holds(self._epoch):
            self._experiments.record_lost(running, "the engine ended", self._clock.now_ts() or self.last_known_ts())

    # -- data -------------------------------------------------------------------------------------------------------

    def take_history(self, delivery: Delivery, progress: Progress) -> None:
        """Store the history, build its features, and have the first champion trained."""
        self._keeper.begin(delivery.now_ts)
        progress("storing the market's history", 1, 3)
        self._ingest(delivery.files, delivery.now_ts)
        progress("computing features of the history", 2, 3)
        self._rebuild(progress)
        self._stores.state.put_view(LIVE_FROM_KEY, {"market": self._market, "ts": delivery.now_ts}, delivery.now_ts)
        self._first.train(delivery.now_ts)
        progress("training the first champion", 3, 3)

    def take(self, delivery: Delivery) -> None:
        """Ingest files and step every decision bar that they complete."""
        self._ingest(delivery.files, delivery.now_ts)
        self._take_stored(delivery.now_ts)

    def _take_stored(self, now_ts: int) -> None:
        if self._is_late:
            self._take_late_records(now_ts)
        else:
            records = self._features.new_records()
            if records:
                self._process(records)
        if self._champion is None:
            self._first.train(self.last_known_ts())

    def take_live(self, batch_ids: Sequence[str], now_ts: int) -> None:
        """Batches that a live source brought are in the lake: step every decision bar that they complete."""
        extend_derived_rows(self._stores, self._config, now_ts)
        self._is_late = self._features.is_late(batch_ids)
        self._take_stored(now_ts)

    def on_clock(self, now_ts: int) -> None:
        """Time passed without data: start what waits for time alone."""
        if self._champion is None and self._previous is not None:
            self._first.train(now_ts)
        self._loop.start_experiments(self._bar_count(), now_ts)

    def ingest_on_command(self, paths: Sequence[Path], by_content: bool) -> dict[str, Any]:
        """Files that an operator names: stored, features rebuilt, new decision bars stepped."""
        from engine.host.operations.ingest import ingest_now

        result = ingest_now(self._stores, self._config, paths, by_content=by_content)
        if result["rows_added"] and self._features.has_begun:
            self._rebuild(_no_progress)
            if self._champion is not None:
                self._recall_prediction(self._champion.model_id)
            self._catch_up()
        return result

    # -- agent ------------------------------------------------------------------------------------------------------

    def poll_experiments(self) -> bool:
        """Take the answers of experiments that ended; True where there was one."""
        ended = self._experiments.pool.poll()
        for end in ended:
            now_ts = self._clock.now_ts() or self.last_known_ts()
            if end.experiment_id == self._first.training_experiment:
                self._first.training_experiment = None
                with self._stores.db.transaction("agent"):
                    model_id = self._first.crown(end.experiment_id, self._experiments.finish(end, now_ts), now_ts)
                    if model_id is not None:
                        self._use_champion(model_id)
            else:
                self._loop.on_experiment_end(end, self._bar_count(), now_ts)
        return bool(ended)

    def approve(self, approval_id: str, *, actor: str, reason: str, ts: int) -> dict[str, Any]:
        """Approve a request inside the caller's transaction."""
        return self._loop.approve(approval_id, actor=actor, reason=reason, ts=ts)

    def reject(self, approval_id: str, *, actor: str, reason: str, ts: int) -> dict[str, Any]:
        """Reject a request inside the caller's transaction."""
        return self._loop.reject(approval_id, actor=actor, reason=reason, ts=ts)

    def open_manual_case(
        self, mutation_type: str, target: str, parameters: dict[str, Any], *, actor: str, reason: str, ts: int
    ) -> str:
        """An operator's experiment."""
        return self._loop.open_manual_case(
            mutation_type, target, parameters, actor=actor, reason=reason, bars=self._bar_count(), ts=ts
        )

    def kill_experiment(self, experiment_id: str, *, actor: str, ts: int) -> bool:
        """Kill a running experiment; its case goes on to the next try."""
        from engine.agent.experiment_pool import ExperimentEnd

        if not self._experiments.pool.kill(experiment_id):
            return False
        self._loop.on_experiment_end(
            ExperimentEnd(experiment_id, "killed", -9, None, f"killed by {actor}", 0.0), self._bar_count(), ts
        )
        return True

    def on_champion_change(self, model_id: str, how: str, ts: int) -> None:
        """The operator moved the champion pointer, inside the transaction of the command."""
        del how
        self._loop.on_manual_change(ts)
        self._use_champion(model_id)

    def on_candidate_retired(self, model_id: str, ts: int) -> None:
        """The operator retired a candidate."""
        self._loop.paper.finish(model_id, "withdrawn", ts)
        for case in self._loop.open_cases:
            if case.candidate_id == model_id:
                self._loop.close_case(case, "rejected", "the operator retired the candidate", ts)

    def write_heartbeat(self, wall_ts: int, *, paced: bool, ended: bool, host_kind: str) -> None:
        """Say that the engine lives, with the market's time."""
        waits = "operator" if self.is_waiting_for_operator else "experiment" if self._experiments.pool.running else ""
        self._stores.feeds.beat(
            "engine",
            wall_ts,
            {
                "now_ts": self._clock.now_ts() or self.last_known_ts(),
                "market": self._market,
                "bars_per_second": self._config.simulation.bars_per_second if paced else None,
                "simulated": self._config.market.simulated,
                "session": "ENDED" if ended else "OPEN" if self._is_open() else "CLOSED",
                "waits_for": waits,
                "host": host_kind,
                "live_bar": self._live_bars,
                "experiments": len(self._experiments.pool.running),
            },
        )

    def _is_open(self) -> bool:
        """A simulated market is open as long as it runs; a real one within its sessions."""
        return self._config.market.simulated or is_open_at(self._clock.now_ts(), self._config.market.session)

    # -- inside -----------------------------------------------------------------------------------------------------

    @property
    def _live_from_ts(self) -> int | None:
        row = self._stores.state.get(LIVE_FROM_KEY)
        return int(row["ts"]) if isinstance(row, dict) and row.get("market") == self._market else None

    def _ingest(self, files: Sequence[Path], now_ts: int) -> None:
        self._is_late = self._features.is_late(store_inbox_files(self._stores, self._config, files, now_ts))

    def _take_late_records(self, now_ts: int) -> None:
        """Features start again from the whole lake, as a replay would have them; a late bar is never traded."""
        message = "records arrived after later ones had been used: features are rebuilt, late bars are not traded"
        evidence = {"used_until_ts": self._features.used_until_ts}
        self._alerts.raise_now("late_records", "WARNING", message, evidence, now_ts)
        self._rebuild(_no_progress)
        if self._champion is not None:
            self._recall_prediction(self._champion.model_id)
        self._catch_up()

    def _rebuild(self, progress: Progress) -> None:
        """Run the pipeline over the whole lake; rows that the store lacks are added in one commit."""
        self._previous = None
        records = self._features.restart()
        processed_ts = self._trader.state.last_bar_ts
        live_from = self._live_from_ts
        stepped_until = max(processed_ts, live_from or 0)
        pending: list[RawRecord] = []
        history: list[FuturesBar] = []
        for index, record in enumerate(records):
            if index % 2000 == 0:
                progress("computing features of what is stored", index, len(records))
            if stepped_until and record.known_ts > stepped_until:
                pending.append(record)
                continue
            for bar in self._features.take(record):
                self._previous = (bar, None)
                if processed_ts == 0:
                    history.append(bar)
        self._features.store(self.last_known_ts())
        delivered = set(self._live_bar_times(records, live_from))
        self._live_bars = len(delivered - set(self._live_bar_times(pending, live_from)))
        self._pending = pending
        if history:
            self._trader.warm_up(history, now_ts=self.last_known_ts())

    def _live_bar_times(self, records: Sequence[RawRecord], live_from: int | None) -> list[int]:
        if live_from is None:
            return []
        return [
            record.event_ts
            for record in records
            if isinstance(record, FuturesBar)
            and (record.market, record.nearby) == (self._market, 1)
            and record.known_ts > live_from
        ]

    def _catch_up(self) -> None:
        """Step the bars that were stored but not stepped before a crash."""
        pending, self._pending = self._pending, []
        if pending:
            self._process(pending)

    def _process(self, records: Sequence[RawRecord]) -> None:
        from engine.ingestion.quality.data_quality import update_feed_health

        for record in records:
            completed = self._features.take(record)
            if completed:
                self._features.store(record.known_ts)
            for bar in completed:
                self._live_bars += 1
                self._step(bar)
        self._features.store(records[-1].known_ts)
        self._view.write(records[-1].known_ts)
        update_feed_health(self._stores, self._config, now_ts=records[-1].known_ts)
        if self._stores.features.tail_rows(self._market) > self._config.host.tail_rows_before_compaction:
            self._stores.features.compact(self._market, ts=self.last_known_ts())

    def _step(self, bar: FuturesBar) -> None:
        ts = bar.known_ts
        vector = vector_from_readings(ts, self._names, self._stores.features.latest(self._market, ts, self._names))
        prediction = self._predict(vector)
        before_equity = self._trader.state.equity_usd
        traded = self._tradable(prediction)

        def persist(result: StepResult, fills: tuple[Any, ...]) -> None:
            del fills
            self._record_prediction(vector, prediction, result, bar)
            net_return = result.state.equity_usd / before_equity - 1.0
            self._watch(bar, vector, net_return, result)
            self._loop.on_bar(bar, vector, self._bar_count(), ts, days_to_expiry=self._days_to_expiry(bar))
            write_views(self._stores, self._config, vector, result.state, ts)
            self._view.write(ts)

        self._trader.on_bar(bar, traded, _stale_inputs(prediction), now_ts=ts, in_same_transaction=persist)
        self._previous = (bar, prediction)
        self._loop.start_experiments(self._bar_count(), ts)

    def _predict(self, vector: FeatureVector) -> Prediction | None:
        if self._champion is None:
            return None
        return self._mended.predict(self._champion, self._loop.safe_acts.in_force(), vector)

    def _tradable(self, prediction: Prediction | None) -> Prediction | None:
        multiplier = self._loop.safe_acts.size_multiplier()
        if prediction is None or multiplier >= 1.0:
            return prediction
        if multiplier <= 0.0:
            return replace(prediction, usable=False, unusable_reason="standing aside until the champion is repaired")
        rate = min(prediction.trading_rate, self._loop.safe_acts.trading_rate())
        return replace(prediction, size_multiplier=multiplier, trading_rate=rate)

    def _watch(self, bar: FuturesBar, vector: FeatureVector, net_return: float, result: StepResult) -> None:
        if self._champion is None:
            return
        previous_bar, predicted = self._previous if self._previous is not None else (None, None)
        realised = math.nan
        if previous_bar is not None and previous_bar.contract == bar.contract and previous_bar.close > 0.0:
            realised = math.log(bar.close / previous_bar.close)
        own = vector.select(self._champion.reference.feature_names)
        found = self._watchman.on_bar(own, bar, predicted, realised, net_return, result.state)
        self._scores.on_bar(
            self._champion.model_id,
            predicted,
            realised,
            net_return,
            result.state,
            self._watchman.readings,
            bar.known_ts,
        )
        if self._watchman.recovered:
            if self._finding is not None:
                cause = self._finding.diagnosis.cause
                self._loop.safe_acts.give_back(cause, "the fault vanished by itself", bar.known_ts)
                self._finding = None
                self._watchman.case_ended("cleared")
            self._loop.on_recovery(bar.known_ts)
        if self._watchman.second_finding is not None:
            why = f"while mended: {self._watchman.second_finding.summary}"
            self._loop.safe_acts.end_mend(why, bar.known_ts)
        self._loop.safe_acts.follow_doubt(self._watchman.edge_share, bar.known_ts)
        self._act_on(found, bar.known_ts)
        every = self._config.agent.scheduled_proposal_bars
        if every and self._finding is None and self._bar_count() % every == 0:
            self._loop.open_scheduled_case(self._bar_count(), bar.known_ts)

    def _act_on(self, found: Finding | None, ts: int) -> None:
        """Open a case for a finding. While the agent is paused or another case is open the finding waits, and what
        lowers risk happens at once all the same."""
        finding = found or self._finding
        if finding is None:
            return
        if finding.supersedes and not self._loop.is_paused():
            self._finding = finding  # the healer's case is this one already
            self._loop.supersede(finding.diagnosis.summary, ts)
        if self._loop.is_paused() or any(case.stage != "watching" for case in self._loop.open_cases):
            if found is not None:
                self._loop.safe_acts.take(found.diagnosis.cause, found.safe_acts, ts)
            self._finding = finding
            return
        self._finding = None
        self._loop.open_case(finding.diagnosis, finding.safe_acts, finding.alert_id, self._bar_count(), ts)

    def _record_prediction(
        self, vector: FeatureVector, prediction: Prediction | None, result: StepResult, bar: FuturesBar
    ) -> None:
        if self._champion is None or prediction is None:
            return
        if self._previous is not None and self._previous[1] is not None:
            self._predictions.settle(self._previous[1], self._previous[0], bar)
        own = vector.select(self._champion.reference.feature_names)
        self._predictions.record(prediction, own, result.target_lots, self._mended.read_as)

    def _recall_prediction(self, model_id: str) -> None:
        """Take back what the champion said at the last bar before a restart, so that the next bar is judged by it."""
        if self._previous is None:
            return
        bar = self._previous[0]
        said = self._predictions.recall(model_id, bar.known_ts)
        if said is not None:
            self._previous = (bar, said)

    def _use_champion(self, model_id: str) -> None:
        self._champion = self._desk.get(model_id)
        self._finding = None
        self._scores.begin()
        self._watchman.use(self._champion.reference, self._clock.now_ts() or self.last_known_ts())

    def _on_case_end(self, end: CaseEnd) -> None:
        """The healer's own case is the last one that a finding opened, and none while a finding still waits."""
        diagnosed = [case for case in self._stores.agent.cases.list(market=self._market) if "manual" not in case.data]
        if self._finding is None and diagnosed and diagnosed[-1].case_id == end.case_id:
            self._watchman.case_ended(end.outcome)

    def _market_memory(self) -> MarketMemory:
        """What the trader remembers of the market; as it was stored where this host never started it."""
        if self._features.has_begun:
            return self._trader.state.memory
        book = load_book(self._stores.trading, self._market)
        return MarketMemory() if book is None else book.state.memory

    def _days_to_expiry(self, bar: FuturesBar) -> float | None:
        from engine.sandbox.market_history import expiry_days

        return expiry_days([bar], self._config)[0]

    def _bar_count(self) -> int:
        return self._live_bars

    def last_known_ts(self) -> int:
        """Known time of the newest stored record, 0 where nothing is stored: simulated time never was earlier."""
        return last_known_ts(self._stores.db, self._market)


def _stale_inputs(prediction: Prediction | None) -> tuple[str, ...]:
    return (prediction.unusable_reason,) if prediction is not None and not prediction.usable else ()


def _no_progress(stage: str, done: int, total: int) -> None:
    del stage, done, total
