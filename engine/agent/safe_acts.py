"""The safe act in force: what the champion may trade of its size while a fault of it is known and not repaired.

One row of the state holds it, so that every process reads the same and a restart changes nothing. A row that cannot be
read means standing aside.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.agent.autonomy import Act, may_act_alone
from engine.agent.mended_inputs import REFINED_BARS, mended_size
from engine.agent.safe_act_words import SAFE_ACT_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.agent.healer import SafeAct
    from engine.kernel.config_models import AutonomyLevel, HydraConfig
    from storage.stores import Stores

EDGE_DOUBT = "edge_doubt"
SURE_SHARE = 0.9
_MEND_PARTS = ("adjustments", "model_id")
_RESTORED_PARTS = ("calm_bars", "restored_for")
LOWERING_ACTS = ("stand_aside", "reduce_size", "trade_slower", "mend_inputs")


class SafeActDesk:
    """Takes, restores and ends the safe act of one market, each with its event; inside the caller's transaction. Times
    are the market's, in microseconds UTC."""

    def __init__(self, stores: Stores, config: HydraConfig, level: Callable[[], AutonomyLevel]) -> None:
        self._stores = stores
        self._market = config.market.market
        self._cooldown_bars = config.agent.cooldown_bars
        self._level = level
        self._key = f"{SAFE_ACT_KEY}:{self._market}"
        self._doubt_key = f"{EDGE_DOUBT}:{self._market}"

    def size_multiplier(self) -> float:
        """Share of its size that the champion may trade: 0 = it stands aside. The smaller of what the safe act of an
        open case leaves and of what the doubt about its edge leaves. Unreadable means 0."""
        return min(self._share_of_act(), self._share_in_doubt())

    def follow_doubt(self, edge_share: float, ts: int) -> None:
        """Shrink with the share of the edge that is expected to be there still, before any alarm.

        Shares of `SURE_SHARE` and more count as whole, smaller ones in tenths. Down at once, up by a tenth a bar. The
        first step down and the return to full size are events."""
        wanted = 1.0 if edge_share >= SURE_SHARE else math.floor(edge_share * 10.0) / 10.0
        present = self._share_in_doubt()
        if wanted > present:
            wanted = min(wanted, round(present + 0.1, 1))
        elif wanted < present and not may_act_alone(self._level(), Act.LOWER_RISK):
            return
        if wanted == present:
            return
        self._stores.state.put_view(self._doubt_key, {"share": wanted}, ts)
        if present == 1.0:
            self._say_taken(EDGE_DOUBT, "reduce_size", "the edge may be lost", {"size_multiplier": wanted}, ts)
        elif wanted == 1.0:
            self._say_reverted(EDGE_DOUBT, "reduce_size", "the doubt about the edge is gone", ts)

    def _share_in_doubt(self) -> float:
        row = self._stores.state.get(self._doubt_key)
        if row is None and not self._stores.db.query("SELECT 1 FROM state WHERE key = ?", (self._doubt_key,)):
            return 1.0
        return float(row["share"]) if isinstance(row, dict) and "share" in row else 0.0

    def _share_of_act(self) -> float:
        row = self._stores.state.get(self._key)
        if row is None and not self._stores.db.query("SELECT 1 FROM state WHERE key = ?", (self._key,)):
            return 1.0
        if not isinstance(row, dict):
            return 0.0
        if not row.get("active"):
            return 1.0
        if row.get("act") == "mend_inputs":
            return mended_size(row, self._stores.registry.champion(self._market))
        return float(row["size_multiplier"])

    def trading_rate(self) -> float:
        """Share of the way to its target that the champion may trade in one bar while a safe act is in force."""
        row = self.in_force()
        return float(row.get("trading_rate", 1.0)) if row is not None else 1.0

    def in_force(self) -> dict[str, Any] | None:
        """The stored row of the safe act in force, None where there is none."""
        row = self._stores.state.get(self._key)
        return row if isinstance(row, dict) and row.get("active") else None

    def take(self, subject: str, safe_acts: tuple[SafeAct, ...], ts: int, *, waited_as: str | None = None) -> None:
        """Lower risk at once, for a case or for a finding whose case cannot be opened yet (its cause is the subject
        then, and `waited_as` of its case); what is in force stays.

        No act leaves more size, or a faster trade, than what is in force, and a mend never trades a model that it was
        not made for: standing aside is taken in its place. Acts that give risk back are not taken here."""
        if may_act_alone(self._level(), Act.LOWER_RISK):
            for act in safe_acts:
                if act.act not in LOWERING_ACTS:
                    continue
                held = self.in_force()
                lower = self._lowering(act)
                if held is None or not _is_same(held, lower, subject):
                    self._take(subject, lower, ts, before=self._replaced_by(subject, waited_as))

    def _replaced_by(self, subject: str, waited_as: str | None) -> dict[str, Any] | None:
        """The act that an act of this subject takes the place of, an earlier act of its own not counted."""
        held = self.in_force()
        if held is None:
            return None
        if held["case_id"] in (subject, waited_as):
            return held.get("before")
        return {name: value for name, value in held.items() if name != "before"}

    def refine_mend(self, estimated: Callable[[], SafeAct | None], bars: int, ts: int) -> None:
        """Take the estimates of a re-scaled input anew at `REFINED_BARS` after the change: they grow more exact.
        `estimated` gives the mend of the open case now; standing aside where it can no longer be mended. `bars` counts
        the market's bars."""
        held = self.in_force()
        if held is None or "restandardise" not in held.get("adjustments", {}):
            return
        case = self._stores.agent.cases.get(str(held["case_id"]))
        if case is not None and case.stage != "closed" and bars - int(case.data["opened_bar"]) in REFINED_BARS:
            self.take(case.case_id, (estimated() or _aside("its inputs can no longer be mended"),), ts)

    def end_mend(self, reason: str, ts: int, *, case_id: str | None = None, unless_of: str | None = None) -> None:
        """The mend in force is no longer trusted, or its case ended without a repair: the champion stands aside. Only a
        mend of `case_id` where that is given; one of the model `unless_of` stays."""
        held = self.in_force()
        if held is None or held["act"] != "mend_inputs" or case_id not in (None, held["case_id"]):
            return
        if unless_of is None or held.get("model_id") != unless_of:
            self._take(str(held["case_id"]), _aside(reason), ts, held, held.get("before"))

    def give_back(self, subject: str, reason: str, ts: int) -> None:
        """The fault of a case or of a waiting finding vanished by itself: its act ends, and the one that it took the
        place of is in force again, until its own case ends or no fault showed for a cool-down of bars."""
        row = self.in_force()
        if row is None or row["case_id"] != subject:
            return
        before = row.get("before")
        self.revert(subject, reason, ts)
        if isinstance(before, dict):
            self._stores.state.put(self._key, {**before, "active": True, "calm_bars": 0}, ts)
            self._say_taken(str(before.get("case_id")), before["act"], "it held before", {}, ts)

    def revert(self, case_id: str, reason: str, ts: int) -> None:
        """End the safe act in force, if there is one."""
        row = self.in_force()
        if row is None:
            return
        self._stores.state.put(self._key, {"active": False, "size_multiplier": 1.0, "case_id": case_id}, ts)
        self._say_reverted(case_id, row["act"], reason, ts)

    def restore(self, champion_id: str, ts: int) -> None:
        """A champion that was replaced because it was broken returns under the safe act that it was held by."""
        for case in reversed(self._stores.agent.cases.list(market=self._market)):
            if case.data.get("replaced") != champion_id:
                continue
            held = case.data.get("safe_act")
            if held is None:
                return
            reason = f"diagnosed with {case.cause} before; it returns as it was held"
            row = {**held, "active": True, "calm_bars": 0, "restored_for": champion_id}
            self._stores.state.put(self._key, row, ts)
            self._say_taken(case.case_id, held["act"], reason, {}, ts)
            return

    def release_restored(self, ts: int) -> None:
        """A returned champion in which no fault showed for a cool-down of bars gets its size back."""
        row = self.in_force()
        if row is None or "calm_bars" not in row:
            return
        cases = self._stores.agent.cases.list(market=self._market)
        alerts = self._stores.agent.alerts.list(market=self._market)
        faults = any(case.stage not in ("watching", "closed") for case in cases) or any(
            alert.status == "open" and alert.level != "INFO" for alert in alerts
        )
        calm_bars = 0 if faults else int(row["calm_bars"]) + 1
        if calm_bars > self._cooldown_bars:
            self.revert(str(row["case_id"]), "the returned champion showed no fault", ts)
        else:
            self._stores.state.put_view(self._key, {**row, "calm_bars": calm_bars}, ts)

    def _lowering(self, act: SafeAct) -> SafeAct:
        if act.act == "stand_aside":
            return act
        champion = self._stores.registry.champion(self._market)
        if act.act == "mend_inputs" and mended_size(act.parameters, champion) == 0.0:
            return _aside("the inputs of the champion cannot be mended")
        left, rate = self._share_of_act(), self.trading_rate()
        if left <= 0.0:
            return _aside(f"{act.reason}; the champion stood aside already")
        parts = {**act.parameters, "size_multiplier": min(left, float(act.parameters.get("size_multiplier", 1.0)))}
        rate = min(rate, float(act.parameters.get("trading_rate", 1.0)))
        return replace(act, parameters=parts if rate >= 1.0 else {**parts, "trading_rate": rate})

    def _take(
        self,
        subject: str,
        act: SafeAct,
        ts: int,
        former: dict[str, Any] | None = None,
        before: dict[str, Any] | None = None,
    ) -> None:
        multiplier = float(act.parameters.get("size_multiplier", 1.0)) if act.act != "stand_aside" else 0.0
        row = {
            "active": True,
            "act": act.act,
            "size_multiplier": multiplier,
            "trading_rate": float(act.parameters.get("trading_rate", 1.0)),
            "case_id": subject,
            **{name: act.parameters[name] for name in _MEND_PARTS if name in act.parameters},
            **{name: former[name] for name in _RESTORED_PARTS if former is not None and name in former},
        }
        row |= {} if before is None else {"before": before}
        self._stores.state.put(self._key, row, ts)
        self._say_taken(subject, act.act, act.reason, dict(act.parameters), ts)

    def _say_reverted(self, subject: str, act: str, reason: str, ts: int) -> None:
        self._stores.events.append(
            "safe_act.reverted",
            subject,
            {"case_id": subject, "act": act, "reason": reason},
            ts=ts,
            market=self._market,
        )

    def _say_taken(self, subject: str, act: str, reason: str, parameters: dict[str, Any], ts: int) -> None:
        self._stores.events.append(
            "safe_act.taken",
            subject,
            {"case_id": subject, "act": act, "reason": reason, "parameters": parameters},
            ts=ts,
            market=self._market,
        )


def _is_same(held: dict[str, Any], act: SafeAct, subject: str) -> bool:
    parts = [held.get(name) == act.parameters.get(name) for name in _MEND_PARTS]
    return (held["act"], held["case_id"]) == (act.act, subject) and all(parts)


def _aside(reason: str) -> SafeAct:
    from engine.agent.healer import SafeAct

    return SafeAct("stand_aside", reason, {})
