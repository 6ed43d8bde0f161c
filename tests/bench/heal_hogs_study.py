"""One study of healing on a real market: every player on the same bars, and the tables that say what came of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.agent.alerts import Alert
from engine.agent.detectability import detection_bars
from engine.agent.detectors.run_length import evidence_run_length
from engine.agent.diagnosis import Diagnosis
from engine.agent.treatment.desk import Promotion, RepairNote
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import to_iso
from engine.sandbox.market_history import expiry_days
from engine.sandbox.replay import ReplayResult, replay
from engine.sandbox.statistics.block_bootstrap import mean_difference_interval
from engine.sandbox.statistics.information_coefficient import rank_coefficient
from engine.sandbox.utility_score import utility_scores
from engine.sandbox.virtual_trader import warmed_state
from tests.bench.heal_hogs_market import TEACHING_BARS, StudyMarket
from tests.bench.heal_hogs_players import Played, gate_nats, healed, predictions_of, retrained, taught
from tests.bench.measured_page import markdown_table

FloatArray = NDArray[np.float64]
FROZEN: Final = "(a) champion, frozen"
FROZEN_RESIZED: Final = "(a') champion, frozen, sized by current volatility"
BLIND_SHORT: Final = "(b) blind retraining, each 50 bars on 250"
BLIND_LONG: Final = "(b) blind retraining, each 100 bars on 500"
HEALER: Final = "(c) healing trader"
HEALER_OVERRIDDEN: Final = "(c') healing trader, deployment gate overridden"
FLAT: Final = "(d) flat"
RESUME_AFTER_BARS: Final = 20
BOOTSTRAP_SEED: Final = 5
OTHER_PRIORS: Final = (0.02, 0.005, 0.0025)  # of `models.ridge_prior_r2`, and of correlations .07 and .05
BREAKERS: Final = (
    "max_daily_loss_fraction",
    "warn_daily_loss_fraction",
    "max_drawdown_fraction",
    "warn_drawdown_fraction",
    "lockdown_drawdown_fraction",
    "max_trade_loss_fraction",
)


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """A market, what its deployment gate said (by the prior share of variance; the settings' first), every player, and
    every replay by the player's name: with the account's breakers out of the way, and as the account would have run."""

    market: StudyMarket
    config: HydraConfig
    deployment_nats: Mapping[float, float]
    claimed_correlation: float
    players: Mapping[str, Played]
    runs: Mapping[str, ReplayResult]
    account_runs: Mapping[str, ReplayResult]

    @property
    def span(self) -> str:
        """First and last day that is traded."""
        bars = self.market.history.bars
        return f"{_day(bars[self.market.first].known_ts)} to {_day(bars[-1].known_ts)}"


def without_breakers(config: HydraConfig) -> HydraConfig:
    """The same settings with the account's loss limits out of reach: what is compared is the model and not the moment
    at which a breaker happened to trip."""
    return config.model_copy(update={"risk": config.risk.model_copy(update=dict.fromkeys(BREAKERS, 1.0))})


def run_study(market: StudyMarket, config: HydraConfig) -> Study:
    """Play everyone. The frozen champion that is sized by current volatility has the volatility that the healer
    filtered, so that what differs from the healer is healing alone."""
    trader = taught(market, config, override_gate=False)
    overridden = healed(market, config, HEALER_OVERRIDDEN, override_gate=True)
    frozen = retrained(market, config, FROZEN, window=TEACHING_BARS, every=None)
    noise = np.full(market.live_bars, math.sqrt(trader.desk.rule.residual_variance))
    resized = predictions_of(market, FROZEN_RESIZED, frozen.forecasts, overridden.volatility, noise)
    players = (
        frozen,
        Played(FROZEN_RESIZED, resized, frozen.forecasts, overridden.volatility),
        retrained(market, config, BLIND_SHORT, window=250, every=50),
        retrained(market, config, BLIND_LONG, window=500, every=100),
        healed(market, config, HEALER, override_gate=False),
        overridden,
        Played(
            FLAT,
            tuple(replace(item, edge_lower_bound=0.0) for item in frozen.predictions),
            np.zeros(market.live_bars),
            frozen.volatility,
        ),
    )
    part = market.history.bars[market.first :]
    before, days = warmed_state(market.history.bars[: market.first], config), expiry_days(part, config)

    def traded(settings: HydraConfig) -> dict[str, ReplayResult]:
        return {
            item.name: replay(
                part, item.predictions, settings, before, days_to_expiry=days, resume_after_bars=RESUME_AFTER_BARS
            )
            for item in players
        }

    return Study(
        market,
        config,
        {prior: gate_nats(trader, prior) for prior in (config.treatment.prior_r2, *OTHER_PRIORS)},
        trader.desk.reference.correlation,
        {item.name: item for item in players},
        traded(without_breakers(config)),
        traded(config),
    )


def money_table(study: Study) -> str:
    """Figures of every player after costs, the account's breakers out of the way."""
    head = (
        "player",
        "return",
        "Sharpe (± s.e.)",
        "largest drawdown",
        "turnover a year",
        "in market",
        "before costs, USD",
        "costs, USD",
        "spread / impact / fees / rolls",
    )
    rows = []
    for name, run in study.runs.items():
        figures, costs = run.metrics, run.costs
        rows.append(
            [
                name,
                f"{figures.total_return:+.1%}",
                _sharpe(run),
                f"{figures.max_drawdown:.1%}",
                f"{figures.turnover_annual:.1f}",
                f"{figures.share_of_bars_in_market:.0%}",
                f"{figures.gross_pnl_usd:+,.0f}",
                f"{costs.total_usd:,.0f}",
                f"{costs.spread_usd:,.0f} / {costs.impact_usd:,.0f} / {costs.fees_usd:,.0f} / {costs.roll_usd:,.0f}",
            ]
        )
    return markdown_table(head, rows)


def account_table(study: Study) -> str:
    """The same with the account's breakers: a halt is resumed after 20 bars, a lockdown never."""
    rows = []
    for name, run in study.account_runs.items():
        halts = sum(move.new.value == "HALTED" for _, move in run.transitions)
        locked = next((_day(ts) for ts, move in run.transitions if move.new.value == "LOCKDOWN"), "-")
        figures = run.metrics
        rows.append(
            [name, f"{figures.total_return:+.1%}", _sharpe(run), f"{figures.max_drawdown:.1%}", str(halts), locked]
        )
    return markdown_table(("player", "return", "Sharpe (± s.e.)", "largest drawdown", "halts", "locked from"), rows)


def gate_table(study: Study) -> str:
    """What the deployment gate says under other priors."""
    rows = [
        [f"{prior:g}{' (settings)' if place == 0 else ''}", f"{math.sqrt(prior):.2f}", f"{nats:+.1f}"]
        for place, (prior, nats) in enumerate(study.deployment_nats.items())
    ]
    return markdown_table(("prior_r2", "correlation it expects", "evidence of an edge, nats"), rows)


def aside_share(study: Study, name: str) -> float:
    """Share of bars on which the healer held nothing because a case was open."""
    predictions = study.players[name].predictions
    return sum(item.size_multiplier == 0.0 for item in predictions) / len(predictions)


def _sharpe(run: ReplayResult) -> str:
    figures = run.metrics
    if figures.sharpe_annual is None:
        return "-"
    return f"{figures.sharpe_annual:+.2f} ± {figures.sharpe_standard_error:.2f}"


def healing_difference(study: Study) -> str:
    """The healer against the same champion without healing, in the score of champions, per year, with its interval."""
    kelly, year = study.config.risk.kelly_fraction, study.config.market.bars_per_year
    lines = []
    own = utility_scores(study.runs[HEALER_OVERRIDDEN].net_returns, kelly)
    for other in (FROZEN, FROZEN_RESIZED, BLIND_SHORT, BLIND_LONG, FLAT):
        rival = utility_scores(study.runs[other].net_returns, kelly)
        found = mean_difference_interval(own, rival, seed=BOOTSTRAP_SEED)
        lines.append([other, *(f"{year * value:+.3f}" for value in (found.mean, found.low, found.high))])
    return markdown_table(("(c') less", "utility a year", "95 % low", "95 % high"), lines)


def correlation_table(study: Study) -> str:
    """Information coefficients of the frozen champion and of the healer's forecasts: on the label that was learned
    (close to close) and on what a fill can have (next open to the open after it)."""
    bars = study.market.history.bars[study.market.first :]
    close = study.market.history.next_return[study.market.first :]
    opens = np.full(len(bars), np.nan)
    for place in range(len(bars) - 2):
        entered, left = bars[place + 1], bars[place + 2]
        if bars[place].contract == entered.contract == left.contract:
            opens[place] = math.log(left.open / entered.open)
    rows = []
    for name in (FROZEN, HEALER_OVERRIDDEN, BLIND_SHORT, BLIND_LONG):
        forecasts = study.players[name].forecasts
        rows.append([name, *(_coefficients(forecasts, outcome) for outcome in (close, opens))])
    head = (
        "forecasts of",
        "close to close (what is learned): linear, rank",
        "open to open (what a fill gets): linear, rank",
    )
    return markdown_table(head, rows)


def _coefficients(forecasts: FloatArray, outcome: FloatArray) -> str:
    known = np.isfinite(outcome) & np.isfinite(forecasts)
    said, came = forecasts[known], outcome[known]
    linear = float(np.corrcoef(said, came)[0, 1])
    return f"{linear:+.3f}, {rank_coefficient(said, came):+.3f} (± {1.0 / math.sqrt(len(said)):.3f})"


def horizon_table(study: Study, correlations: Mapping[str, float]) -> str:
    """Least mean bars to see a dead edge and a full flip at the configured false-alarm rate."""
    bars_between = evidence_run_length(study.config.observer.edge_evidence_h)
    year = study.config.market.bars_per_year
    rows = []
    for name, correlation in correlations.items():
        found = [detection_bars(correlation, loss, bars_between) for loss in (1.0, 2.0)]
        rows.append([name, f"{correlation:.3f}", *(f"{item:,.0f} bars ({item / year:.1f} years)" for item in found)])
    return markdown_table(("correlation of forecast and return", "IC", "dead edge", "full flip"), rows)


def alert_table(study: Study, name: str) -> str:
    """Alerts a year by detector and level, and of which inputs."""
    alerts = [item.what for item in study.players[name].happenings if isinstance(item.what, Alert)]
    years = study.market.live_bars / study.config.market.bars_per_year
    by_kind: dict[tuple[str, str], Counter[str]] = {}
    for alert in alerts:
        by_kind.setdefault((alert.detector, alert.level), Counter())[alert.subject] += 1
    ordered = sorted(by_kind.items(), key=lambda item: -item[1].total())
    rows = [
        [detector, level, f"{subjects.total()}", f"{subjects.total() / years:.2f}", _listing(subjects)]
        for (detector, level), subjects in ordered
    ]
    rows.append(["all", "", f"{len(alerts)}", f"{len(alerts) / years:.2f}", ""])
    return markdown_table(("detector", "level", "alerts", "a year", "of"), rows)


def year_table(study: Study, name: str) -> str:
    """Happenings by calendar year."""
    by_year: dict[str, list[int]] = {}
    for happening in study.players[name].happenings:
        year = by_year.setdefault(_day(study.market.history.bars[happening.bar].known_ts)[:4], [0, 0, 0, 0, 0])
        match happening.what:
            case Alert() as alert:
                year[0] += 1
                year[1] += alert.level == "CRITICAL"
            case Diagnosis():
                year[2] += 1
            case RepairNote() as note:
                year[3] += note.step == "begun"
            case Promotion():
                year[4] += 1
    head = ("year", "alerts", "of them critical", "diagnoses", "repairs begun", "promotions")
    return markdown_table(head, [[year, *map(str, counts)] for year, counts in sorted(by_year.items())])


def diagnosis_table(study: Study, name: str) -> str:
    """Every diagnosis."""
    rows = [
        [_happened(study, item.bar), item.what.cause, ", ".join(item.what.affected), item.what.summary]
        for item in study.players[name].happenings
        if isinstance(item.what, Diagnosis)
    ]
    return markdown_table(("day", "cause", "affected", "what the healer said"), rows)


def repair_table(study: Study, name: str) -> str:
    """Every repair and promotion."""
    rows: list[list[str]] = []
    for item in study.players[name].happenings:
        match item.what:
            case RepairNote() as note:
                reason = "(see the diagnosis)" if note.step == "begun" else note.reason
                rows.append([_happened(study, item.bar), note.kind, note.step, reason])
            case Promotion() as promotion:
                needed = f"{promotion.nats:.1f} nats, needed {promotion.threshold_nats:.1f}"
                rows.append([_happened(study, item.bar), "promotion", promotion.track, f"{promotion.reason}; {needed}"])
    return markdown_table(("day", "repair", "step", "why"), rows)


def _happened(study: Study, bar: int) -> str:
    return _day(study.market.history.bars[bar].known_ts)


def _day(ts: int) -> str:
    return to_iso(ts)[:10]


def _listing(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def measured_correlation(study: Study, name: str) -> float:
    """Information coefficient of a player on the label that was learned, 0 where it is negative."""
    outcome = study.market.history.next_return[study.market.first :]
    forecasts = study.players[name].forecasts
    known = np.isfinite(outcome) & np.isfinite(forecasts)
    return max(0.0, float(np.corrcoef(forecasts[known], outcome[known])[0, 1]))


def equity_paths(study: Study, names: Sequence[str]) -> dict[str, FloatArray]:
    """Equity over its start, per bar."""
    return {name: study.runs[name].equity_usd / study.config.risk.paper_equity_usd for name in names}
