"""The few settings that screens need, as plain values, so that the first paint does not wait for the loader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig

_ZONE_LABELS = {"America/Chicago": "CT", "America/New_York": "ET", "Europe/London": "LT", "UTC": "UTC"}


@dataclass(frozen=True, slots=True)
class ConfigView:
    """What a screen needs to know of one market's settings. Ages are in seconds of market time.

    `hosts_engine` says that this screen started the engine and ends it; `read_only` disables every act;
    `export_folder` is where `e` writes screens (empty: nowhere).
    """

    market: str
    title: str
    simulated: bool
    timezone: str = "America/Chicago"
    open_local: str = "08:30"
    close_local: str = "13:05"
    contract_root: str = "HE"
    price_unit: str = "cents/lb"
    usd_per_point: float = 400.0
    bar_seconds: int = 300
    decision_series: str = ""
    autonomy: str = "semi-auto"
    refresh_hz: float = 4.0
    price_stale_seconds: float = 900.0
    price_withheld_seconds: float = 3600.0
    dialog_guard_seconds: float = 0.6
    unlock_cooldown_minutes: float = 15.0
    paper_trading_hours: float = 48.0
    min_windows: int = 3
    windows: int = 5
    edge_evidence_h: float = 10.0
    bars_per_year: float = 13860.0
    weights: tuple[tuple[str, float], ...] = ()
    hosts_engine: bool = False
    read_only: bool = False
    operator: str = "operator"
    export_folder: str = ""

    @property
    def zone_label(self) -> str:
        """Short name of the exchange's zone for headings."""
        return _ZONE_LABELS.get(self.timezone, self.timezone.rpartition("/")[2][:4])

    @property
    def price_max_age_us(self) -> int:
        """A price older than this is marked; a bar market cannot be fresher than its bars."""
        return int(max(self.price_stale_seconds, 2 * self.bar_seconds) * 1e6)

    @property
    def price_hard_age_us(self) -> int:
        """A price older than this is withheld."""
        return int(max(self.price_withheld_seconds, 6 * self.bar_seconds) * 1e6)


def config_view(
    config: HydraConfig, *, hosts_engine: bool = False, read_only: bool = False, export_folder: str = ""
) -> ConfigView:
    """The view of merged settings."""
    market, screen = config.market, config.screen
    return ConfigView(
        market=market.market,
        title=market.title,
        simulated=market.simulated,
        timezone=market.session.timezone,
        open_local=market.session.open_local,
        close_local=market.session.close_local,
        contract_root=market.contract.root,
        price_unit=market.contract.price_unit,
        usd_per_point=market.contract.usd_per_point,
        bar_seconds=market.bar_seconds,
        decision_series=market.decision_series,
        autonomy=config.agent.autonomy,
        refresh_hz=screen.refresh_hz,
        price_stale_seconds=screen.price_stale_seconds,
        price_withheld_seconds=screen.price_withheld_seconds,
        dialog_guard_seconds=screen.dialog_guard_seconds,
        unlock_cooldown_minutes=config.risk.unlock_cooldown_minutes,
        paper_trading_hours=config.evaluator.paper_trading_hours,
        min_windows=config.evaluator.min_evaluation_windows,
        windows=config.evaluator.evaluation_windows,
        edge_evidence_h=config.observer.edge_evidence_h,
        bars_per_year=market.bars_per_year,
        weights=tuple(
            (name.removeprefix("weight_"), float(getattr(config.evaluator, name)))
            for name in type(config.evaluator).model_fields
            if name.startswith("weight_")
        ),
        hosts_engine=hosts_engine,
        read_only=read_only,
        export_folder=export_folder,
    )
