"""The settings of HYDRA: frozen models, a unit in every name, one line of documentation each.

Defaults live in `config/default.yaml`, not here: a value has one home. Unknown keys are refused by the loader.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_RELATED_MARKET = re.compile(r"([a-z][a-z0-9_]*):([A-Za-z0-9_.-]+):([+-]?[0-9]+(?:\.[0-9]*)?)")


def _related_market(text: str) -> str:
    found = _RELATED_MARKET.fullmatch(text)
    if found is None or float(found[3]) == 0.0:
        raise ValueError("not MARKET:SERIES:WEIGHT with a weight other than 0, e.g. live_cattle:yahoo:0.5")
    return text


def _each_market_once(texts: tuple[str, ...]) -> tuple[str, ...]:
    markets = [text.partition(":")[0] for text in texts]
    if len(set(markets)) < len(markets):
        raise ValueError("a market stands twice")
    return texts


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such IANA zone") from error
    return name


Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
PositiveInt = Annotated[int, Field(gt=0)]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Zone = Annotated[str, AfterValidator(_zone)]
MonthCodes = Annotated[str, Field(min_length=1, pattern=r"^F?G?H?J?K?M?N?Q?U?V?X?Z?$")]  # in the year's order
RelatedMarketText = Annotated[str, AfterValidator(_related_market)]
AutonomyLevel = Literal["supervised", "semi-auto", "autonomous", "lockdown"]


class Section(BaseModel):
    """Base of every section: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class SessionConfig(Section):
    """Trading hours in the exchange's zone."""

    timezone: Zone = Field(description="IANA zone of the exchange")
    open_local: Clock = Field(description="start of the session, HH:MM")
    close_local: Clock = Field(description="end of the session, HH:MM")
    settlement_known_local: Clock = Field(description="when a day's settlement is known, HH:MM")
    calendar: str = Field(
        description="holidays: us_livestock, us_grains, us_lumber, us_dairy, ice_us_softs, none (weekdays) or every_day"
    )


class ContractConfig(Section):
    """The futures contract."""

    root: str = Field(description="exchange root symbol, e.g. HE")
    price_unit: str = Field(description="unit of every price of this market, e.g. cents/lb")
    usd_per_point: Positive = Field(description="USD for one price unit on one lot")
    tick_size: Positive = Field(description="smallest price change, in price units")
    months: MonthCodes = Field(description="month codes that are listed, in the order of the year, e.g. GJKMNQVZ")
    last_trade_rule: str = Field(description="rule name, e.g. business_day_10 (10th business day of the month)")
    first_notice_rule: str = Field(
        description="rule of the first day on which a long may be told to take delivery; none: settles in cash"
    )
    fee_usd_per_lot: Annotated[float, Field(ge=0.0)] = Field(description="all fees per lot and side, USD")
    plausible_price_low: float = Field(description="a price below is quarantined as implausible")
    plausible_price_high: float = Field(description="a price above is quarantined as implausible")
    daily_limit_points: Positive = Field(description="daily price limit, in price units (initial)")
    initial_margin_usd: Positive = Field(description="initial margin per lot, USD")
    option_style: Literal["american", "european", "unknown"] = Field(description="exercise style of listed options")


class MarketConfig(Section):
    """One market. Adding a market is one YAML file."""

    market: str = Field(description="key of the market in every table")
    title: str = Field(description="name for people")
    simulated: bool = Field(description="true where prices come from the simulated venue")
    roots: tuple[str, ...] = Field(description="other root symbols by which vendors mean this market, e.g. LH")
    aliases: tuple[str, ...] = Field(description="words by which file names mean this market, lower case")
    session: SessionConfig
    contract: ContractConfig
    bar_seconds: PositiveInt = Field(description="length of a decision bar, seconds (86400 = one bar a session)")
    bars_per_year: Positive = Field(description="decision bars in a year, to annualise")
    decision_series: str = Field(description="bar series that decisions and fills use, e.g. databento_1h or yahoo")
    cot_market_codes: tuple[str, ...] = Field(description="CFTC contract market codes, the newest contract first")
    relevance_keywords: tuple[str, ...] = Field(description="a text without any of these words is off topic")
    champion_features: tuple[str, ...] = Field(description="features of the first champion, in registered order")


class ObserverConfig(Section):
    """What the observer watches and when it speaks."""

    adwin_delta: Fraction = Field(description="ADWIN confidence")
    sharpe_window_bars: PositiveInt = Field(description="bars of the rolling Sharpe")
    sharpe_decline_warning: float = Field(description="warn when annualised Sharpe falls by this against training")
    sharpe_critical: float = Field(description="critical when annualised Sharpe is below")
    psi_warning: Positive = Field(description="PSI must pass this and its null quantile")
    psi_null_quantile: Fraction = Field(description="quantile of the PSI under no drift")
    psi_window_bars: PositiveInt = Field(description="bars in the recent PSI window")
    edge_cusum_k: Positive = Field(description="reference value of the edge CUSUM, in sd of the score")
    edge_cusum_h: Positive = Field(description="threshold of the edge CUSUM, in sd")
    feature_cusum_k: Positive = Field(description="reference value of the feature-variance CUSUM")
    feature_cusum_h: Positive = Field(description="threshold of the feature-variance CUSUM")
    volatility_cusum_k: Positive = Field(description="reference value of the volatility CUSUM")
    volatility_cusum_h: Positive = Field(description="threshold of the volatility CUSUM")
    stale_repeats: PositiveInt = Field(
        description="equal consecutive values of a continuous feature that mean a dead feed"
    )
    dwell_bars: PositiveInt = Field(description="bars a condition must hold before it alerts")
    calibration_window_bars: PositiveInt = Field(description="bars of the rolling calibration check")
    edge_evidence_h: Positive = Field(description="evidence of a lost edge that opens a case, nats (exp of it = bars)")
    feature_evidence_h: Positive = Field(description="evidence of a changed input that opens a case, nats")
    volatility_evidence_h: Positive = Field(description="evidence of a volatility jump that opens a case, nats")
    volatility_persistence: Fraction = Field(description="AR(1) coefficient of log volatility per bar")
    liquidity_limit_sd: Positive = Field(description="smoothed spread and volume strain that opens a case, sd")
    stale_false_alarm: Fraction = Field(
        description="chance of a natural run of equal values that is called a dead feed"
    )
    bad_ticks: PositiveInt = Field(description="values far outside training within the window that blame the feed")
    bad_tick_window_bars: PositiveInt = Field(description="the window in which they are counted, bars")
    drawdown_chance: Fraction = Field(description="chance, at any bar, of the drawdown that warns")
    page_hinkley_delta: Positive = Field(description="tolerated drift of the score in the Page-Hinkley test, sd")
    page_hinkley_threshold: Positive = Field(description="gap of the Page-Hinkley test that informs, sd")
    support_fraction: Fraction = Field(description="share of a threshold from which a rival cause must be waited for")
    confirm_bars: PositiveInt = Field(description="bars to wait at most for a rival cause to show itself")
    naming_bars: PositiveInt = Field(
        description="bars after its alarm in which a lost edge must be named break or fade"
    )
    alert_deadband: Fraction = Field(description="an alert clears when its statistic is below this share of the limit")
    history_bars: PositiveInt = Field(description="bars of observations kept for evidence and change points")
    volatility_jump_bars: Positive = Field(
        description="bars between jumps of volatility that the filtered volatility expects; it scales scores and sizes"
    )


class TreatmentConfig(Section):
    """What the healer does by itself, bar by bar, with a linear champion."""

    edge_hazard_bars: Positive = Field(
        description="bars between losses of an edge that sizes expect: they shrink before an alarm"
    )
    deployment_nats: Positive = Field(description="prequential evidence of an edge before a rule is traded, nats")
    prior_r2: Fraction = Field(description="share of a bar's variance that a fit expects to explain")
    repair_alpha: Fraction = Field(description="chance that a case puts a rule in force that earns nothing")
    discovery_alpha: Fraction = Field(
        description="chance of any promotion on schedule without a change, all trials ever together"
    )
    memory_bars: PositiveInt = Field(description="bars kept for fits, at least")
    learner_memory_bars: PositiveInt = Field(description="memory of the fit that forgets, bars")
    pull_to_rule: Fraction = Field(description="how strongly the fit that forgets is held to the rule in force")
    challenge_bars: PositiveInt = Field(description="bars between two trials of a challenger")
    challenge_life_bars: PositiveInt = Field(description="a trial ends after, bars")
    refit_bars: PositiveInt = Field(description="bars between two fits of a candidate")
    refresh_bars: PositiveInt = Field(description="bars between two refreshes of a rule that goes on learning")
    settling_bars: PositiveInt = Field(description="bars during which a re-scaling of an input is estimated anew")
    undo_nats: Positive = Field(description="evidence that an input has its old units again, nats")
    sound_bars: PositiveInt = Field(description="bars as in training before a suspect input is trusted again")
    calm_bars: PositiveInt = Field(description="calm bars before a market's usual volatility or speed rules again")
    drought_size: Fraction = Field(description="share of the target held while trading is expensive")
    drought_trading_rate: Fraction = Field(description="share of the way to the target per bar, while it is")
    largest_position: Positive = Field(description="position limit, in units of equity at unit volatility")


class AgentConfig(Section):
    """How the agent may act."""

    autonomy: AutonomyLevel = Field(description="supervised, semi-auto, autonomous or lockdown")
    max_concurrent_experiments: PositiveInt = Field(description="experiments at once")
    max_mutations_per_experiment: PositiveInt = Field(description="changes in one candidate")
    experiment_timeout_s: PositiveInt = Field(description="an experiment is killed after, seconds")
    experiment_memory_mib: PositiveInt = Field(description="memory cap of an experiment, MiB")
    duplicate_similarity: Fraction = Field(
        description="cosine similarity to a recent experiment that refuses a proposal"
    )
    scheduled_proposal_bars: Annotated[int, Field(ge=0)] = Field(
        description="bars between two proposals of a refit on recent bars that need no alarm; 0 = none"
    )
    cooldown_bars: PositiveInt = Field(description="bars after a closed case before the same cause may open another")
    max_trials_per_case: PositiveInt = Field(description="candidates tried for one case before the operator is asked")
    retry_bars: PositiveInt = Field(
        description="bars to wait after a failed trial before the next one of the same case"
    )
    approval_valid_hours: Positive = Field(description="an approval request expires after, hours of market time")
    rollback_watch_bars: PositiveInt = Field(
        description="bars after a promotion during which it is watched for rollback"
    )
    rollback_cusum_h: Positive = Field(
        description="CUSUM threshold, in sd, of candidate minus predecessor that rolls back"
    )
    triage_order: tuple[str, ...] = Field(
        description="rules that look for the cause of a fault, in the order in which they are asked; each once"
    )


RepairGateName = Literal["lookahead", "composite", "sharpe_improvement", "drawdown", "stress", "e_process"]
DiscoveryGateName = Literal[
    "lookahead",
    "composite",
    "sharpe_improvement",
    "drawdown",
    "windows",
    "stress",
    "deflated_sharpe",
    "e_process",
]


class EvaluatorConfig(Section):
    """What a candidate must show."""

    weight_sharpe: Fraction = Field(description="weight of Sharpe in the composite")
    weight_drawdown: Fraction = Field(description="weight of drawdown")
    weight_calibration: Fraction = Field(description="weight of calibration")
    weight_robustness: Fraction = Field(description="weight of robustness")
    weight_slippage_adjusted_return: Fraction = Field(description="weight of return after costs")
    weight_simplicity: Fraction = Field(description="weight of simplicity")
    sharpe_improvement_min: float = Field(description="annualised Sharpe gain that a candidate must show")
    drawdown_tolerance: Fraction = Field(description="drawdown may be worse by this share at most")
    drawdown_allowance: Fraction = Field(description="drawdown always tolerated, where a reference has next to none")
    min_evaluation_windows: PositiveInt = Field(description="windows to pass")
    evaluation_windows: PositiveInt = Field(description="windows in all")
    paper_trading_hours: Positive = Field(description="least hours of market time on paper before a promotion")
    paper_trading_max_hours: Positive = Field(
        description="paper trading without a verdict ends after, hours of market time"
    )
    e_process_alpha: Fraction = Field(description="false promotions allowed over all candidates together")
    deflated_sharpe_min: Fraction = Field(description="deflated Sharpe ratio to show (discovery track)")
    repair_gates: Annotated[tuple[RepairGateName, ...], Field(min_length=1)] = Field(
        description="gates that block a candidate which replaces a champion diagnosed broken; the others are shown"
    )
    discovery_gates: Annotated[tuple[DiscoveryGateName, ...], Field(min_length=1)] = Field(
        description="gates that block a candidate which claims to be better than a healthy champion"
    )


class RiskConfig(Section):
    """Limits of the risk manager. Breakers cut to zero."""

    paper_equity_usd: Positive = Field(description="equity of the paper account, USD")
    max_adv_fraction: Fraction = Field(description="order and position as a share of average daily volume")
    kelly_fraction: Fraction = Field(
        description="share of the full Kelly bet; its inverse is the risk aversion of scores"
    )
    volatility_target_annual: Positive = Field(description="annualised volatility of equity that caps a position")
    max_position_lots: PositiveInt = Field(description="largest position, lots")
    max_order_lots: PositiveInt = Field(description="largest order, lots")
    max_leverage: Positive = Field(description="notional over equity")
    max_margin_fraction: Fraction = Field(description="initial margin over equity")
    max_daily_loss_fraction: Fraction = Field(description="loss of the day that halts, share of equity")
    warn_daily_loss_fraction: Fraction = Field(description="loss of the day that degrades, share of equity")
    max_drawdown_fraction: Fraction = Field(description="drawdown that halts, share of peak equity")
    warn_drawdown_fraction: Fraction = Field(description="drawdown that degrades, share of peak equity")
    lockdown_drawdown_fraction: Fraction = Field(description="drawdown in HALTED that cascades to LOCKDOWN")
    max_trade_loss_fraction: Fraction = Field(description="loss of one round trip that halts, share of equity")
    max_orders_per_day: PositiveInt = Field(description="orders in one session")
    max_errors_per_hour: PositiveInt = Field(description="engine errors in an hour that halt")
    price_collar_fraction: Fraction = Field(
        description="a limit price further than this from the last price is refused"
    )
    degraded_size_fraction: Fraction = Field(description="size in DEGRADED as a share of normal size")
    rebalance_threshold_lots: PositiveInt = Field(description="a smaller change of position is not traded")
    unlock_cooldown_minutes: Positive = Field(description="minutes in LOCKDOWN before it can be left")
    volatility_cap_multiple: Positive = Field(description="a position may reach this multiple of the volatility target")
    no_entry_days_before_expiry: Annotated[float, Field(ge=0.0)] = Field(
        description="no order that raises risk this near to the last trade, days (where the expiry is known)"
    )
    breaker_dwell_bars: PositiveInt = Field(description="calm bars before DEGRADED set by a breaker is resolved")
    breaker_recovery_fraction: Fraction = Field(
        description="calm means below this share of the breaker's warning limit"
    )


class CostConfig(Section):
    """The cost model of replay and paper."""

    half_spread_ticks: Positive = Field(description="half the quoted spread, in ticks, where no quote is known")
    impact_coefficient: Annotated[float, Field(ge=0.0)] = Field(description="Y of the square-root impact law")
    max_bar_volume_fraction: Fraction = Field(description="fills take at most this share of a bar's volume")
    min_tradable_bar_volume_lots: Annotated[float, Field(ge=0.0)] = Field(description="a thinner bar fills nothing")
    near_expiry_days: Annotated[int, Field(ge=0)] = Field(description="days to expiry from which spreads widen")
    near_expiry_spread_multiplier: Positive = Field(description="spread multiplier near expiry and on roll days")
    adv_window_days: PositiveInt = Field(description="days of the average daily volume")


class FeatureConfig(Section):
    """Windows of the feature pipeline, in decision bars or reports."""

    volatility_window_bars: PositiveInt = Field(description="bars of realised volatility")
    ewma_halflife_bars: Positive = Field(description="half-life of the EWMA volatility, bars")
    momentum_windows_bars: tuple[PositiveInt, ...] = Field(description="bars of the momentum features")
    standardise_window_bars: PositiveInt = Field(
        description="bars of past-only standardisation (divergence, sentiment)"
    )
    cot_percentile_weeks: PositiveInt = Field(description="weeks of the COT percentile")
    news_halflife_minutes: Positive = Field(description="half-life of news sentiment, minutes")
    social_halflife_minutes: Positive = Field(description="half-life of the sentiment of posts, minutes")
    social_burst_minutes: PositiveInt = Field(description="posts within this many minutes are one burst")
    sentiment_weight_cot: NotNegative = Field(description="weight of COT positions in the composite sentiment")
    sentiment_weight_news: NotNegative = Field(description="weight of news in the composite sentiment")
    sentiment_weight_social: NotNegative = Field(description="weight of posts in the composite sentiment")
    sentiment_weight_flow: NotNegative = Field(description="weight of signed volume in the composite sentiment")
    sentiment_weight_cross_market: NotNegative = Field(description="weight of related markets, where any are set")
    related_markets: Annotated[tuple[RelatedMarketText, ...], AfterValidator(_each_market_once)] = Field(
        description="markets whose rise is good (or, by a negative weight, bad) news here, as MARKET:SERIES:WEIGHT, "
        "e.g. live_cattle:yahoo:0.5"
    )
    density_min_liquid_strikes: PositiveInt = Field(description="fewer liquid strikes give a degraded density")
    density_every_bars: PositiveInt = Field(description="bars between full density fits")
    option_rate_low: float = Field(
        description="least interest rate, per year, for discounting and early exercise where no rate is known"
    )
    option_rate_high: float = Field(description="greatest such rate; quotes are widened by the doubt between the two")
    divergence_enter: Positive = Field(description="standard deviations that open a divergence")
    divergence_exit: Positive = Field(description="standard deviations that close it (hysteresis)")
    divergence_extreme_enter: Positive = Field(description="standard deviations of the crowd that make an extreme")
    divergence_extreme_exit: Positive = Field(description="standard deviations below which the extreme is over")
    divergence_confidence_enter: Fraction = Field(
        description="least confidence from which options, or the crowd, count as known"
    )
    divergence_confidence_exit: Fraction = Field(description="confidence below which they count as unknown again")

    @property
    def related_weights(self) -> dict[tuple[str, str], float]:
        """(market, series) -> weight of the related markets, in the order of the setting."""
        parts = [text.split(":") for text in self.related_markets]
        return {(market, series): float(weight) for market, series, weight in parts}


class ModelConfig(Section):
    """Training of models."""

    kind: str = Field(description="model family of the first champion: ridge, logistic or lightgbm")
    training_window_bars: PositiveInt = Field(description="bars of the training window")
    ridge_prior_r2: Positive = Field(description="prior share of explained variance; sets the ridge penalty D/R2")
    label_horizon_bars: PositiveInt = Field(description="bars ahead that are predicted")
    embargo_bars: PositiveInt = Field(description="bars between training and test, at least the label horizon")
    walk_forward_folds: PositiveInt = Field(description="folds of the purged walk-forward")
    retrain_every_bars: PositiveInt = Field(description="bars between refits in a replay")
    edge_confidence: Fraction = Field(
        description="one-sided confidence of the edge's lower bound; at or below 0 no trade"
    )


class HostConfig(Section):
    """The engine's host."""

    heartbeat_seconds: Positive = Field(description="seconds between lease heartbeats")
    lease_dead_seconds: Positive = Field(description="a lease without heartbeat for this long is dead")
    worker_niceness: Annotated[int, Field(ge=0, le=19)] = Field(description="niceness of workers")
    shutdown_seconds: Positive = Field(description="seconds to end in order before children are killed")
    tail_rows_before_compaction: PositiveInt = Field(description="rows of the hot tail that trigger sealing")


class StorageConfig(Section):
    """Where the immutable files lie. The database always stays in the workspace: SQLite locks need a local disk."""

    lake_root: str = Field(
        description="folder that holds raw/ and features/, local or a mounted share; empty: the workspace"
    )
    s3_endpoint: str = Field(
        description="endpoint of an S3-style store for published lakes, e.g. https://minio:9000; empty: Amazon's"
    )
    s3_region: str = Field(description="region of that store; empty: as its client finds it")


class RetentionConfig(Section):
    """How much of what nothing needs any more is kept. What a record refers to is never removed."""

    events_unsealed: PositiveInt = Field(description="newest events kept in the database; older ones are sealed")
    superseded_hours: Annotated[float, Field(ge=0.0)] = Field(
        description="machine hours that a merged-away feature segment stays on disk"
    )
    snapshots_kept: PositiveInt = Field(description="newest snapshots kept, beside those that are needed")
    experiments_kept: PositiveInt = Field(description="folders of newest experiments kept, beside those needed")


class SimulationConfig(Section):
    """The simulated venue, as far as the engine may know it (never the fault)."""

    bars_per_second: Positive = Field(
        description="simulated bars a second while a screen watches; headless runs unpaced"
    )
    history_bars: PositiveInt = Field(description="bars of history delivered before the first live bar")
    live_bars: PositiveInt = Field(description="live bars before the simulation ends")


class ScreenConfig(Section):
    """The terminal app."""

    refresh_hz: Positive = Field(description="snapshots read per second")
    price_stale_seconds: Positive = Field(description="a price older than this is marked, seconds of market time")
    price_withheld_seconds: Positive = Field(description="a price older than this is withheld")
    dialog_guard_seconds: Positive = Field(description="keys are ignored for this long after a dialog painted")


class RollConfig(Section):
    """How HYDRA itself makes a continuous series out of bars of single contracts."""

    contract_series: str = Field(
        description="series of single contracts to join, e.g. lean_1d; empty = the decision series is the vendor's own"
    )
    criterion: Literal["volume", "open_interest", "days_to_expiry"] = Field(description="what makes a series roll")
    confirm_sessions: PositiveInt = Field(description="sessions running that a later contract must lead")
    lead_ratio: Annotated[float, Field(ge=1.0)] = Field(description="factor by which it must lead")
    days_before_expiry: Annotated[int, Field(ge=0)] = Field(
        description="days before the last usable day on which a series rolls in any case"
    )


class LiveHttpConfig(Section):
    """How live clients behave towards every source."""

    connect_timeout_seconds: Positive = Field(description="longest wait for a connection, seconds")
    read_timeout_seconds: Positive = Field(description="longest silence while a reply is read, seconds")
    attempt_seconds: Positive = Field(description="longest time of one try from first byte to last, seconds")
    total_seconds: Positive = Field(description="longest time of one request with all its tries and waits, seconds")
    max_tries: PositiveInt = Field(description="tries of one request before the poll counts as failed")
    first_wait_seconds: Positive = Field(
        description="wait before the second try, seconds; doubles with each further try"
    )
    longest_wait_seconds: Positive = Field(description="longest wait between two tries, seconds")
    longest_retry_after_seconds: Positive = Field(
        description="a source that asks for a longer pause is asked again after this, seconds"
    )
    max_reply_mib: PositiveInt = Field(description="a larger reply is refused, MiB, packed or unpacked")
    max_redirects: Annotated[int, Field(ge=0)] = Field(description="redirects followed in one try")
    max_replies_per_poll: PositiveInt = Field(description="replies taken in one poll; the next poll goes on from there")


class LiveDatabentoConfig(Section):
    """Databento's historical API. Every request there costs money by the amount of data."""

    base_url: str = Field(description="address of the historical API")
    dataset: str = Field(description="dataset code, e.g. GLBX.MDP3")
    schemas: tuple[str, ...] = Field(description="schemas to fetch, e.g. ohlcv-1h")
    symbols: tuple[str, ...] = Field(description="symbols in the notation of stype_in, e.g. HE.v.0; none: off")
    stype_in: Literal["continuous", "parent", "raw_symbol", "instrument_id"] = Field(description="notation of symbols")
    encoding: Literal["dbn", "csv"] = Field(description="form of the replies: dbn (zstd) or csv")
    history_start: str = Field(description="first day to fetch where nothing is stored yet, ISO date")
    max_usd_per_poll: Annotated[float, Field(ge=0.0)] = Field(description="a poll stops before it costs more, USD")
    requests_per_minute: Positive = Field(description="most requests a minute")


class LiveCftcConfig(Section):
    """Commitments of Traders from the CFTC."""

    site_url: str = Field(description="address of the CFTC's site with its text files and archives")
    socrata_url: str = Field(description="address of the CFTC's public reporting API (Socrata)")
    routes: tuple[Literal["archives", "weekly", "socrata"], ...] = Field(
        description="where to fetch: yearly archives, current week's text files, Socrata"
    )
    reports: tuple[
        Literal["legacy_futures", "legacy_combined", "disaggregated_futures", "disaggregated_combined", "supplemental"],
        ...,
    ] = Field(description="reports to fetch")
    history_from_year: Annotated[int, Field(ge=1986)] = Field(description="first year of the archives to fetch")
    requests_per_minute: Positive = Field(description="most requests a minute")


class LiveNewsApiConfig(Section):
    """NewsAPI."""

    base_url: str = Field(description="address of the API")
    query: str = Field(description="search words, at most 500 characters; none: off")
    language: str = Field(description="two-letter language of the articles")
    lookback_days: Positive = Field(description="days to fetch where nothing is stored yet")
    overlap_minutes: Annotated[float, Field(ge=0.0)] = Field(
        description="minutes before the last poll that are asked again, for articles that are listed late"
    )
    page_size: Annotated[int, Field(ge=1, le=100)] = Field(description="articles in one reply")
    requests_per_minute: Positive = Field(description="most requests a minute")


class LiveBenzingaConfig(Section):
    """Benzinga news."""

    base_url: str = Field(description="address of the API")
    topics: tuple[str, ...] = Field(description="words that a story must be about; none: every story")
    lookback_days: Positive = Field(description="days to fetch where nothing is stored yet")
    overlap_minutes: Annotated[float, Field(ge=0.0)] = Field(
        description="minutes before the newest story that are asked again"
    )
    page_size: Annotated[int, Field(ge=1, le=100)] = Field(description="stories in one reply")
    requests_per_minute: Positive = Field(description="most requests a minute")


class LiveFeedsConfig(Section):
    """RSS and Atom feeds."""

    urls: tuple[str, ...] = Field(description="addresses of RSS or Atom feeds; none: off")
    requests_per_minute: Positive = Field(description="most requests a minute")


class LiveStockTwitsConfig(Section):
    """StockTwits streams."""

    base_url: str = Field(description="address of the API")
    symbols: tuple[str, ...] = Field(description="symbols whose streams are read, e.g. HE_F; none: off")
    page_size: Annotated[int, Field(ge=1, le=30)] = Field(description="messages in one reply")
    requests_per_minute: Positive = Field(description="most requests a minute")


class LiveRedditConfig(Section):
    """Reddit listings."""

    token_url: str = Field(description="address that gives out access tokens")
    base_url: str = Field(description="address of the API for clients with a token")
    subreddits: tuple[str, ...] = Field(description="subreddits whose new posts are read; none: off")
    page_size: Annotated[int, Field(ge=1, le=100)] = Field(description="posts in one reply")
    requests_per_minute: Positive = Field(description="most requests a minute")


class SourcePlanConfig(Section):
    """When one live source is asked."""

    kind: Literal["settlement", "cot_release", "interval", "session_interval"] = Field(
        description="after each settlement, after each COT release, every so many minutes, or so within sessions"
    )
    delay_minutes: Annotated[int, Field(ge=0)] = Field(description="minutes after the settlement or release")
    every_minutes: PositiveInt = Field(description="minutes between polls, for the two kinds of interval")
    jitter_seconds: Annotated[int, Field(ge=0)] = Field(description="each poll is later by up to this, seconds")


class LiveScheduleConfig(Section):
    """When each live source is asked; runs that were missed are caught up by one."""

    retry_minutes: PositiveInt = Field(description="minutes after a failed poll, unless the source asks for longer")
    databento: SourcePlanConfig
    cftc: SourcePlanConfig
    newsapi: SourcePlanConfig
    benzinga: SourcePlanConfig
    feeds: SourcePlanConfig
    stocktwits: SourcePlanConfig
    reddit: SourcePlanConfig


class LiveConfig(Section):
    """Live sources. Keys are never settings: see docs/live-sources.md."""

    sources: tuple[Literal["databento", "cftc", "newsapi", "benzinga", "feeds", "stocktwits", "reddit"], ...] = Field(
        description="sources that are polled; one without its credential stays off and says so"
    )
    failed_after_polls: PositiveInt = Field(description="failed polls in a row after which a source counts as failed")
    schedule: LiveScheduleConfig
    http: LiveHttpConfig
    databento: LiveDatabentoConfig
    cftc: LiveCftcConfig
    newsapi: LiveNewsApiConfig
    benzinga: LiveBenzingaConfig
    feeds: LiveFeedsConfig
    stocktwits: LiveStockTwitsConfig
    reddit: LiveRedditConfig


class HydraConfig(Section):
    """All settings, merged and frozen."""

    market: MarketConfig
    observer: ObserverConfig
    treatment: TreatmentConfig
    agent: AgentConfig
    evaluator: EvaluatorConfig
    risk: RiskConfig
    costs: CostConfig
    features: FeatureConfig
    rolls: RollConfig
    models: ModelConfig
    host: HostConfig
    storage: StorageConfig
    retention: RetentionConfig
    simulation: SimulationConfig
    live: LiveConfig
    screen: ScreenConfig
