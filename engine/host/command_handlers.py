"""What each command does. Every handler runs inside the transaction that settles its command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.agent.manual_change import check_manual_change, check_target
from engine.agent.promotion import promote, roll_back
from engine.core.effective_limits import effective_limits
from engine.execution.state_keeper import LIMITS_KEY, StateKeeper
from engine.host.command_processor import CommandProcessor, CommandRule, Handler, require_text
from engine.host.operations.autonomy_level import AUTONOMY_KEY, present_level
from engine.host.operations.commands import AUTONOMY_LEVELS, COMMANDS, build_command, confirmation_text
from engine.host.screen_views import SETTING_OF_LIMIT
from engine.kernel.errors import ConfigError, NotFoundError, RefusedError
from storage.state_store import AGENT_PAUSED

if TYPE_CHECKING:
    from engine.host.market_runner import MarketRunner
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores

Result = dict[str, Any]
Args = Mapping[str, Any]
LIMITS_THAT_MAY_CHANGE: Final = (
    "max_position_lots",
    "max_order_lots",
    "max_adv_fraction",
    "max_leverage",
    "max_daily_loss_fraction",
    "max_drawdown_fraction",
    "max_margin_fraction",
    "max_trade_loss_fraction",
    "max_orders_per_day",
    "volatility_target_annual",
)


def register_handlers(processor: CommandProcessor, stores: Stores, config: HydraConfig, runner: MarketRunner) -> None:
    """Register a handler for every command of the operator's list."""
    handlers = _Handlers(stores, config, runner)
    for kind, spec in COMMANDS.items():
        handler = _checked(kind, getattr(handlers, kind))
        processor.register(CommandRule(kind, handler, spec.raises_risk, transactional=kind != "ingest"))


def _checked(kind: str, handler: Handler) -> Handler:
    """The inbox is open to any process, so arguments are checked here again; a halt is obeyed whatever it says."""

    def run(args: Args, actor: str, now_ts: int) -> Result:
        return handler(args if kind == "halt" else build_command(kind, args), actor, now_ts)

    return run


class _Handlers:
    """One method per kind of command; the name is the kind."""

    def __init__(self, stores: Stores, config: HydraConfig, runner: MarketRunner) -> None:
        self._stores = stores
        self._config = config
        self._market = config.market.market
        self._runner = runner
        self._keeper = StateKeeper(stores, self._market)

    def halt(self, args: Args, actor: str, now_ts: int) -> Result:
        reason = str(args.get("reason") or "operator")
        self._keeper.halt(reason=reason, actor=actor, ts=now_ts)
        self._journal("decision", "halt", actor, reason, now_ts)
        return {"state": self._keeper.current().value, "halted": True}

    def resume(self, args: Args, actor: str, now_ts: int) -> Result:
        reason = self._confirmed("resume", args)
        self._keeper.resume(reason=reason, actor=actor, ts=now_ts)
        self._journal("decision", "resume", actor, reason, now_ts)
        return {"state": self._keeper.current().value}

    def unlock(self, args: Args, actor: str, now_ts: int) -> Result:
        reason = self._confirmed("unlock", args)
        self._keeper.unlock(
            reason=reason, actor=actor, ts=now_ts, cooldown_minutes=self._config.risk.unlock_cooldown_minutes
        )
        self._journal("decision", "unlock", actor, reason, now_ts)
        return {"state": self._keeper.current().value}

    def lockdown(self, args: Args, actor: str, now_ts: int) -> Result:
        reason = self._confirmed("lockdown", args)
        self._keeper.lockdown(reason=reason, actor=actor, ts=now_ts)
        self._journal("decision", "lockdown", actor, reason, now_ts)
        return {"state": self._keeper.current().value}

    def flatten(self, args: Args, actor: str, now_ts: int) -> Result:
        """The reduce-only path out of every position is LOCKDOWN, entered deliberately."""
        reason = self._confirmed("flatten", args)
        self._keeper.lockdown(reason=f"flatten: {reason}", actor=actor, ts=now_ts)
        self._journal("decision", "flatten", actor, reason, now_ts)
        return {"state": self._keeper.current().value}

    def approve(self, args: Args, actor: str, now_ts: int) -> Result:
        approval_id = require_text(args, "approval_id", "the request's id")
        reason = require_text(args, "reason", "a reason")
        approval = self._stores.agent.approvals.get(approval_id)
        if approval is None:
            raise NotFoundError(f"there is no request '{approval_id}'; see hydra status")
        self._check_confirmation("approve", args, subject=approval.subject)
        return self._runner.approve(approval_id, actor=actor, reason=reason, ts=now_ts)

    def reject(self, args: Args, actor: str, now_ts: int) -> Result:
        approval_id = require_text(args, "approval_id", "the request's id")
        return self._runner.reject(approval_id, actor=actor, reason=str(args.get("reason") or "operator"), ts=now_ts)

    def defer(self, args: Args, actor: str, now_ts: int) -> Result:
        approval = self._stores.agent.approvals.require(require_text(args, "approval_id", "the request's id"))
        if approval.status != "open":
            raise RefusedError(f"request {approval.approval_id} is {approval.status} already")
        hours = float(args.get("hours") or 4.0)
        self._stores.state.put_view(
            f"deferred:{approval.approval_id}", {"hours": hours, "actor": actor, "ts": now_ts}, now_ts
        )
        return {"approval_id": approval.approval_id, "hours": hours}

    def rollback(self, args: Args, actor: str, now_ts: int) -> Result:
        reason = str(args.get("reason") or "operator")
        before = self._stores.registry.champion(self._market)
        record = roll_back(self._stores, self._market, actor=actor, reason=reason, ts=now_ts)
        self._runner.on_champion_change(record.model_id, "rolled_back", now_ts)
        return {"model_id": record.model_id, "previous_model_id": before.model_id if before else None}

    def promote(self, args: Args, actor: str, now_ts: int) -> Result:
        model_id = require_text(args, "model_id", "the model's id")
        reason = self._confirmed("promote", args)
        before = self._stores.registry.champion(self._market)
        record = promote(self._stores, self._market, model_id, actor=actor, reason=reason, ts=now_ts)
        self._runner.on_champion_change(record.model_id, "promoted", now_ts)
        return {"model_id": record.model_id, "previous_model_id": before.model_id if before else None}

    def retire(self, args: Args, actor: str, now_ts: int) -> Result:
        model_id = require_text(args, "model_id", "the model's id")
        reason = str(args.get("reason") or "operator")
        self._stores.registry.retire(model_id, actor=actor, reason=reason, ts=now_ts)
        self._runner.on_candidate_retired(model_id, now_ts)
        return {"model_id": model_id}

    def ack_alert(self, args: Args, actor: str, now_ts: int) -> Result:
        alert_id = require_text(args, "alert_id", "the alert's id")
        alert = self._stores.agent.alerts.require(alert_id)
        return {"acknowledged": self._acknowledge([alert.alert_id], actor, now_ts)}

    def ack_all(self, args: Args, actor: str, now_ts: int) -> Result:
        del args
        alerts = self._stores.agent.alerts.list(market=self._market, status="open")
        return {"acknowledged": self._acknowledge([alert.alert_id for alert in alerts], actor, now_ts)}

    def set_autonomy(self, args: Args, actor: str, now_ts: int) -> Result:
        level = require_text(args, "level", "the level")
        if level not in AUTONOMY_LEVELS:
            raise RefusedError(f"'{level}' is no level; choose {', '.join(AUTONOMY_LEVELS)}")
        old, reason = present_level(self._stores, self._config), require_text(args, "reason", "a reason")
        self._stores.state.put(AUTONOMY_KEY, {"level": level, "since_ts": now_ts}, now_ts)
        self._stores.events.append(
            "autonomy.changed",
            level,
            {"old": old, "new": level, "actor": actor, "reason": reason},
            ts=now_ts,
            market=self._market,
        )
        self._journal("decision", f"autonomy {old} -> {level}", actor, reason, now_ts)
        return {"old": old, "new": level}

    def set_limit(self, args: Args, actor: str, now_ts: int) -> Result:
        named = require_text(args, "limit", "the limit's name")
        limit = SETTING_OF_LIMIT.get(named, named)
        if limit not in LIMITS_THAT_MAY_CHANGE:
            raise RefusedError(
                f"'{limit}' is no limit that may change here; choose {', '.join(LIMITS_THAT_MAY_CHANGE)}"
            )
        overrides = self._keeper.limit_overrides()
        old, new = float(overrides.get(limit, getattr(self._config.risk, limit))), float(args["value"])
        configured = float(getattr(self._config.risk, limit))
        if new <= 0 or new > configured:
            raise RefusedError(
                f"{limit} must lie above 0 and at or below the configured {configured:g}; raise it in the settings"
            )
        try:
            effective_limits(self._config.risk, {**overrides, limit: new})
        except ConfigError as error:
            whole = isinstance(getattr(self._config.risk, limit), int)
            raise RefusedError(f"{limit} cannot be {new:g}; give a {'whole number' if whole else 'number'}") from error
        if new > old:
            self._check_confirmation("set_limit", args)
            require_text(args, "reason", "a reason")
        self._stores.state.put(LIMITS_KEY, {**overrides, limit: new}, now_ts)
        reason = str(args.get("reason") or "operator")
        self._stores.events.append(
            "limit.changed",
            limit,
            {"limit": limit, "old": old, "new": new, "actor": actor, "reason": reason},
            ts=now_ts,
            market=self._market,
        )
        return {"limit": limit, "old": old, "new": new}

    def pause_agent(self, args: Args, actor: str, now_ts: int) -> Result:
        return self._pause(True, args, actor, now_ts)

    def resume_agent(self, args: Args, actor: str, now_ts: int) -> Result:
        return self._pause(False, args, actor, now_ts)

    def run_experiment(self, args: Args, actor: str, now_ts: int) -> Result:
        mutation_type = require_text(args, "mutation_type", "the type of the mutation")
        champion = self._stores.registry.champion(self._market)
        check_manual_change(mutation_type, args.get("parameters") or {}, champion.config if champion else {})
        target = str(args.get("target") or "champion")
        check_target(target, self._stores.features.definitions())
        case_id = self._runner.open_manual_case(
            mutation_type,
            target,
            dict(args.get("parameters") or {}),
            actor=actor,
            reason=str(args.get("reason") or "operator"),
            ts=now_ts,
        )
        return {"case_id": case_id}

    def kill_experiment(self, args: Args, actor: str, now_ts: int) -> Result:
        experiment_id = require_text(args, "experiment_id", "the experiment's id")
        if not self._runner.kill_experiment(experiment_id, actor=actor, ts=now_ts):
            raise RefusedError(f"experiment '{experiment_id}' does not run")
        return {"experiment_id": experiment_id}

    def ingest(self, args: Args, actor: str, now_ts: int) -> Result:
        del actor, now_ts
        paths = [Path(path) for path in args["paths"]]
        return self._runner.ingest_on_command(paths, by_content=bool(args.get("by_content", False)))

    def _acknowledge(self, alert_ids: list[str], actor: str, now_ts: int) -> int:
        for alert_id in alert_ids:
            self._stores.agent.alerts.change(alert_id, status="acknowledged")
            self._stores.events.append(
                "alert.acknowledged", alert_id, {"alert_id": alert_id, "actor": actor}, ts=now_ts, market=self._market
            )
        return len(alert_ids)

    def _pause(self, paused: bool, args: Args, actor: str, now_ts: int) -> Result:
        reason = str(args.get("reason") or "operator")
        self._stores.state.put(AGENT_PAUSED, {"paused": paused, "since_ts": now_ts, "reason": reason}, now_ts)
        self._stores.events.append(
            "pause.changed",
            "agent",
            {"paused": paused, "actor": actor, "reason": reason},
            ts=now_ts,
            market=self._market,
        )
        return {"paused": paused}

    def _confirmed(self, kind: str, args: Args) -> str:
        self._check_confirmation(kind, args)
        return require_text(args, "reason", "a reason")

    def _check_confirmation(self, kind: str, args: Args, subject: str = "") -> None:
        wanted = confirmation_text(
            kind, args, market=self._market, state_seq=self._stores.state.state_seq(), subject=subject
        )
        if str(args.get("confirm") or "") != wanted:
            raise RefusedError(f"type '{wanted}' to confirm; nothing was done")

    def _journal(self, kind: str, subject: str, actor: str, reason: str, now_ts: int) -> None:
        self._stores.journal.write(
            kind,
            subject,
            {"actor": actor, "reason": reason, "sentence": f"{actor}: {subject} ({reason})"},
            ts=now_ts,
            market=self._market,
        )
