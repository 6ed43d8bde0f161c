"""What an operator can see, as frozen values. One `UiSnapshot` is one consistent look at a workspace.

`*_ts` are UTC microseconds on the market's clock, except where the name says `wall`: the machine's own clock, which
alone can tell that an engine fell silent. Numbers that nobody recorded are None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from engine.host.operations.market_picture import MarketPicture, PositioningPicture

Json = Mapping[str, Any]
SILENT_AFTER_US: Final = 3_000_000
DOWN_AFTER_US: Final = 10_000_000
NEVER_HALTING_STATES: Final = ("RUNNING", "DEGRADED")


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """The engine that owns the workspace, and its operational state. `heartbeat_age_us` is None where no engine ever
    beat here; `state` is UNKNOWN where it cannot be read. `state_seq` is the number that risky commands must name."""

    state: str
    since_ts: int | None
    reason: str
    trigger: str
    evidence: Json
    halted: bool
    halt_reason: str
    halt_file: bool
    autonomy: str
    agent_paused: bool
    state_seq: int
    epoch: int | None
    owner: str
    host_kind: str
    pid: int | None
    heartbeat_wall_ts: int | None
    heartbeat_age_us: int | None
    released: bool
    lag_us: int | None

    @property
    def effective_state(self) -> str:
        """The state as the execution gate sees it: a halt row or HALT file halts, whatever the state row says."""
        return "HALTED" if (self.halted or self.halt_file) and self.state in NEVER_HALTING_STATES else self.state

    @property
    def silent(self) -> bool:
        """True where an engine has not beaten for 3 s: its values are the last known, not the present ones."""
        return self.heartbeat_age_us is not None and self.heartbeat_age_us > SILENT_AFTER_US

    @property
    def down(self) -> bool:
        """True where the engine ended or has been silent for 10 s."""
        return self.released or (self.heartbeat_age_us is not None and self.heartbeat_age_us > DOWN_AFTER_US)


@dataclass(frozen=True, slots=True)
class Startup:
    """How far the engine is on its way up: `done` of `total` steps (or files) of `stage`; `wall_ts` says when."""

    stage: str
    done: int
    total: int
    wall_ts: int


@dataclass(frozen=True, slots=True)
class MarketClock:
    """The market's time (simulated or real) and the machine's, with the session in words. `now_ts` is None before
    the first heartbeat."""

    now_ts: int | None
    wall_now_ts: int
    simulated: bool
    bars_per_second: float | None
    session: str
    detail: Json


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """Account at the end of one bar, USD; drawdown is a fraction of the peak."""

    ts: int
    equity_usd: float
    day_pnl_usd: float
    drawdown: float
    position_lots: int


@dataclass(frozen=True, slots=True)
class Account:
    """Money of the account in USD as of the last bar. `week_pnl_usd` compares with the last point 7 days before."""

    equity_usd: float | None
    peak_equity_usd: float | None
    day_pnl_usd: float | None
    week_pnl_usd: float | None
    open_pnl_points: float | None
    drawdown: float | None
    as_of_ts: int | None
    series: tuple[EquityPoint, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """The position as the trader carries it; `lots` None where no trader state was ever written."""

    contract: str
    lots: int | None
    average_price: float | None
    last_price: float | None
    working_orders: int
    orders_today: int | None
    as_of_ts: int | None


@dataclass(frozen=True, slots=True)
class Limit:
    """One risk limit, now against warn and trip, in `unit` ("USD", "fraction", "lots", "count", "s", ...)."""

    name: str
    now: float | None
    warn: float | None
    trip: float | None
    unit: str
    as_of_ts: int | None


@dataclass(frozen=True, slots=True)
class Model:
    """One model version of the registry. `series` holds recent values of each recorded metric, oldest first;
    `yardstick` the few numbers of the champion's training that its detectability follows from (else empty)."""

    model_id: str
    parent_id: str | None
    kind: str
    status: str
    reason: str
    config: Json
    metrics: Json
    created_ts: int
    updated_ts: int
    series: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    yardstick: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChampionMove:
    """One move of the champion pointer: kind is first, promote or rollback."""

    ts: int
    model_id: str
    previous_model_id: str | None
    kind: str
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert; `level` is INFO, WARNING or CRITICAL, `status` open, acknowledged or cleared."""

    alert_id: str
    code: str
    level: str
    subject: str
    message: str
    evidence: Json
    status: str
    first_ts: int
    last_ts: int


@dataclass(frozen=True, slots=True)
class Approval:
    """One act that waits (or waited) for the operator."""

    approval_id: str
    kind: str
    subject: str
    case_id: str | None
    state_seq: int
    created_ts: int
    expires_ts: int
    evidence: Json
    consequences: Json
    status: str
    decided_ts: int | None
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """One case of degradation, from alert to outcome. `diagnosis`, `proposal`, `verdict` are JSON objects or empty."""

    case_id: str
    opened_ts: int
    updated_ts: int
    stage: str
    cause: str
    alert_id: str | None
    diagnosis: Json
    proposal: Json
    experiment_id: str | None
    candidate_id: str | None
    verdict: Json
    approval_id: str | None
    outcome: str
    data: Json


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment in its own process."""

    experiment_id: str
    case_id: str | None
    status: str
    pid: int | None
    started_ts: int | None
    finished_ts: int | None
    spec: Json
    result: Json


@dataclass(frozen=True, slots=True)
class PaperTest:
    """Champion and candidate side by side on paper: market hours done of those required, and the e-value so far."""

    candidate_id: str
    champion_id: str
    case_id: str | None
    started_ts: int
    required_hours: float
    hours: float
    bars: int
    e_value: float | None
    statistics: Json
    status: str


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order as last known."""

    order_ref: str
    contract: str
    side: str
    quantity_lots: int
    filled_lots: int
    order_type: str
    limit_price: float | None
    average_fill_price: float | None
    status: str
    decision_ts: int
    model_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class FillRow:
    """One execution; `costs_usd` is spread, impact and fees together."""

    fill_id: str
    order_ref: str
    contract: str
    ts: int
    lots: int
    price: float
    costs_usd: float


@dataclass(frozen=True, slots=True)
class Signal:
    """One feature as the champion saw it last."""

    name: str
    value: float | None
    as_of_ts: int | None
    max_age_us: int | None
    stale: bool


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """The newest prediction of the champion; returns are log returns over its horizon."""

    ts: int
    model_id: str
    expected_return: float | None
    return_sd: float | None
    confidence: float | None
    target_lots: int | None
    usable: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """One source of data and its health in words."""

    source: str
    status: str
    reasons: str
    last_event_ts: int | None
    last_known_ts: int | None
    rows: int
    max_age_us: int | None


@dataclass(frozen=True, slots=True)
class SourceRun:
    """A live source: when it is asked next (UTC microseconds) and by which plan, and how it went last; `off` where it
    lacks a credential or a setting, which `reason` names."""

    source: str
    off: bool
    plan: str
    next_run_ts: int
    last_success: str
    failures: int
    reason: str


@dataclass(frozen=True, slots=True)
class SeriesPair:
    """Two daily series on their common sessions: shares (0 to 1) within a tick, of all and of the last 250 sessions,
    and the newest days on which they differ, in words."""

    first: str
    second: str
    common_sessions: int
    agreement: float | None
    recent_agreement: float | None
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuarantineCount:
    """Rows of one source that were set aside for one reason."""

    source: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """One row that was set aside, with the text as it came (foreign text: show it only sanitised)."""

    source: str
    input_name: str
    row_number: int
    field: str
    reason: str
    raw_text: str
    ts: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One journal row."""

    seq: int
    ts: int
    kind: str
    subject: str
    tags: str
    outcome: str
    mutation_type: str
    body: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event with its payload."""

    seq: int
    ts: int
    kind: str
    subject: str
    payload: Json


@dataclass(frozen=True, slots=True)
class BarRow:
    """One recent bar."""

    event_ts: int
    known_ts: int
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: float | None


@dataclass(frozen=True, slots=True)
class UiSnapshot:
    """Everything the screens show, read in one pass. Lists are newest first, series oldest first."""

    market: str
    engine: EngineStatus
    clock: MarketClock
    startup: Startup | None
    account: Account
    position: Position
    limits: tuple[Limit, ...]
    limit_overrides: Json
    models: tuple[Model, ...]
    champion_moves: tuple[ChampionMove, ...]
    alerts: tuple[Alert, ...]
    approvals: tuple[Approval, ...]
    cases: tuple[Case, ...]
    experiments: tuple[Experiment, ...]
    paper_tests: tuple[PaperTest, ...]
    orders: tuple[OrderRow, ...]
    fills: tuple[FillRow, ...]
    signals: tuple[Signal, ...]
    prediction: PredictionRow | None
    picture: MarketPicture
    positioning: PositioningPicture
    feeds: tuple[Feed, ...]
    source_runs: tuple[SourceRun, ...]
    comparisons: tuple[SeriesPair, ...]
    quarantine_counts: tuple[QuarantineCount, ...]
    quarantine_rows: tuple[QuarantineRow, ...]
    journal: tuple[JournalEntry, ...]
    events: tuple[EventRow, ...]
    bars: Mapping[str, tuple[BarRow, ...]]
    safe_act: str = ""  # what the champion does under the safe act in force, in words; empty without one

    @property
    def champion(self) -> Model | None:
        """The model in charge, if there is one."""
        return next((model for model in self.models if model.status == "champion"), None)

    @property
    def open_approvals(self) -> tuple[Approval, ...]:
        """Approvals that still wait."""
        return tuple(approval for approval in self.approvals if approval.status == "open")

    @property
    def open_alerts(self) -> tuple[Alert, ...]:
        """Alerts nobody has acknowledged, worst first, then oldest."""
        rank = {"CRITICAL": 0, "WARNING": 1}
        alerts = (alert for alert in self.alerts if alert.status == "open")
        return tuple(sorted(alerts, key=lambda alert: (rank.get(alert.level, 2), alert.first_ts)))

    @property
    def current_case(self) -> Case | None:
        """The case to show: the newest that is still open, else the newest of all."""
        return next((case for case in self.cases if not case.outcome), self.cases[0] if self.cases else None)
