"""The diagnostician: from readings to one cause, by triage in the order in which causes can imitate each other.

1. data audit: a dead feed explains everything after it, so it is asked first;
2. inputs: a re-scaled input makes forecasts wrong, so it is asked before the edge;
3. regime: volatility and liquidity change how much to trade, not what the forecast says;
4. overfit, decay and concept: what is left when inputs and market are as in training.

When the edge is lost while a rival cause is half way to its own threshold, the verdict waits for at most
`confirm_bars`: a rival that is true shows itself within them.
"""

from __future__ import annotations

import math
from typing import Any, Final

from engine.agent.change_point import edge_change, input_change, volatility_change
from engine.agent.detectors.base import AlertLevel, Reading
from engine.agent.diagnosis import Cause, Diagnosis, RejectedCause
from engine.agent.evidence import Evidence, compute
from engine.agent.input_repair import estimate_rescaling
from engine.agent.observer import Observer, ObserverReport
from engine.agent.wording import bars, listing, moment

PRIOR_BARS_BETWEEN_CHANGES: Final = 5000.0
FEED_GROUP_BARS: Final = 1  # a feed's inputs fall still together; one more bar shows the slower ones
OVERFIT_LIFE_BARS: Final = 200
DECAY_LEAST_BARS: Final = 150
FLIPPED_SLOPE: Final = -0.15
NEVER_DOUBT_NATS: Final = 4.0  # a champion that once worked shows more than this in favour of a later start
NEVER_THAT_WRONG: Final = -0.6  # noise learned by heart gives a slope around 0, not a clear reversal
HALFWAY: Final = 0.5
RECENT_BARS: Final = 60
_STALE_FORMULAS: Final = ("equal_values_run", "event_time_run", "missing_run", "flagged_run")


class Diagnostician:
    """Decides on a cause once a decisive reading is breached. Its own state is only how long it has waited."""

    def __init__(self) -> None:
        self._feed_waited = 0
        self._edge_waited = 0

    def reset(self) -> None:
        """Forget any waiting."""
        self._feed_waited = self._edge_waited = 0

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"feed_waited": self._feed_waited, "edge_waited": self._edge_waited}

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._feed_waited, self._edge_waited = int(state["feed_waited"]), int(state["edge_waited"])

    def diagnose(self, report: ObserverReport, observer: Observer) -> Diagnosis | None:
        """One cause, or None while nothing decisive is breached or a rival is still being waited for."""
        decisive = [reading for reading in report.readings if reading.decisive]
        breached = [reading for reading in decisive if reading.breached]
        if not breached:
            self.reset()
            return None
        stale = [item for item in breached if item.detector == "staleness"]
        if stale:
            self._feed_waited += 1
            return self._feed(stale, decisive, observer) if self._feed_waited > FEED_GROUP_BARS else None
        self._feed_waited = 0
        inputs = [item for item in breached if item.detector == "feature_variance"]
        standing = _standing_still(inputs, decisive)
        if standing:
            return self._feed(standing, decisive, observer)
        if inputs:
            return self._input(inputs, decisive, observer)
        for detector, verdict in (("volatility", self._volatility), ("liquidity", self._liquidity)):
            found = [item for item in breached if item.detector == detector]
            if found:
                return verdict(found[0], decisive, observer)
        edge = next(item for item in breached if item.detector == "edge_evidence")
        if self._rivals(decisive, observer) and self._edge_waited < observer.config.confirm_bars:
            self._edge_waited += 1
            return None
        self._edge_waited = 0
        return self._edge(edge, decisive, observer)

    def _rivals(self, decisive: list[Reading], observer: Observer) -> list[Reading]:
        support = observer.config.support_fraction
        return [
            item
            for item in decisive
            if item.detector in ("feature_variance", "volatility") and item.fullness >= support
        ]

    # one method per branch of the triage -------------------------------------------------------------------------

    def _feed(self, stale: list[Reading], decisive: list[Reading], observer: Observer) -> Diagnosis:
        reference = observer.reference
        still = {*observer.staleness.companions(), *(item.subject for item in stale)}
        names = tuple(name for name in reference.feature_names if name in still)
        change = min(item.since_ts for item in stale)
        evidence = []
        for item in stale:
            facts = dict(item.information)
            natural = int(facts["natural"])
            evidence.append(
                _evidence(
                    observer,
                    f"standstill of {item.subject}",
                    "bars",
                    item.threshold,
                    _STALE_FORMULAS[int(facts["kind"])],
                    change,
                    {"index": reference.index_of(item.subject)},
                    f"{item.subject} stands still for {{value:.0f}} bars; "
                    + (
                        f"in training never for more than {bars(natural)}"
                        if natural > 1
                        else "in training it never did"
                    ),
                )
            )
        longest = int(max(item.value for item in stale))
        summary = (
            f"Data feed: {listing(names)} stand{'s' if len(names) == 1 else ''} still since {moment(change)} "
            f"({bars(longest)}, limit {int(stale[0].threshold)}); the champion is trading on old values."
        )
        return self._finish(
            observer,
            decisive,
            "data_feed",
            "CRITICAL",
            names,
            "quarantine_feature",
            change,
            0.999,
            summary,
            evidence,
            {"features": list(names)},
        )

    def _input(self, inputs: list[Reading], decisive: list[Reading], observer: Observer) -> Diagnosis:
        reference, window = observer.reference, observer.champion_window
        ranked = sorted(inputs, key=lambda item: -item.value)
        names = tuple(item.subject for item in ranked)
        evidence: list[Evidence] = []
        repairs: dict[str, dict[str, float]] = {}
        change = window[-1].ts
        for name in names:
            index = reference.index_of(name)
            start = window[input_change(window, reference, index)].ts
            change = min(change, start)
            offset, scale = estimate_rescaling(window, start, reference, index)
            repairs[name] = {"offset": offset, "scale": scale}
            basis = {
                "index": index,
                "offset": reference.input_offset[index],
                "scale": reference.input_scale[index],
                "even_scale": list(reference.even_scale[index]),
                "ar1": reference.feature_ar1[index],
                "innovation_sd": reference.innovation_sd[index],
            }
            before = _bar_before(window, start)
            evidence.append(
                _evidence(
                    observer,
                    f"jumpiness of {name}",
                    "x training",
                    None,
                    "innovation_sd_ratio",
                    before,
                    basis,
                    f"{name} jumps {{value:.1f}} times as far from bar to bar as in training",
                )
            )
            evidence.append(
                _evidence(
                    observer,
                    f"level of {name}",
                    "training sd",
                    None,
                    "input_level",
                    start,
                    basis,
                    f"{name} lies {{value:+.1f}} training sd from its usual level",
                )
            )
        top = ranked[0]
        factor = repairs[names[0]]["scale"] / reference.input_scale[reference.index_of(names[0])]
        summary = (
            f"Input fault: {listing(names)} changed its units or source at about {moment(change)}: it now moves "
            f"{factor:.1f} times as much as in training (evidence {top.value:.1f} nats, limit {top.threshold:.1f}); "
            f"the champion's weights are not to blame."
        )
        return self._finish(
            observer,
            decisive,
            "feature_drift",
            "CRITICAL",
            names,
            "restandardise_feature",
            change,
            _posterior(top.value),
            summary,
            evidence,
            {"restandardise": repairs, "features": list(names)},
        )

    def _volatility(self, reading: Reading, decisive: list[Reading], observer: Observer) -> Diagnosis:
        window, reference = observer.champion_window, observer.reference
        change = window[volatility_change(window, reference)].ts
        multiple = dict(reading.information)["multiple"]
        basis = {"training_volatility": reference.training_volatility}
        evidence = [
            _evidence(
                observer,
                "volatility",
                "x training",
                None,
                "return_volatility_ratio",
                change,
                basis,
                "returns are {value:.1f} times as volatile as in training",
            ),
            self._slope_evidence(observer, window[0].ts),  # a few bars alone say nothing of the edge,
        ]
        summary = (
            f"Regime: volatility is about {multiple:.1f} times training since {moment(change)} (evidence "
            f"{reading.value:.1f} nats, limit {reading.threshold:.1f}); the forecasts still hold, the size does not."
        )
        return self._finish(
            observer,
            decisive,
            "regime_volatility",
            "WARNING",
            ("market",),
            "resize_volatility",
            change,
            _posterior(reading.value),
            summary,
            evidence,
            {"volatility_multiple": multiple},
        )

    def _liquidity(self, reading: Reading, decisive: list[Reading], observer: Observer) -> Diagnosis:
        reference, change = observer.reference, reading.since_ts
        evidence = []
        if reference.log_spread[1] > 0.0:
            evidence.append(
                _evidence(
                    observer,
                    "spread",
                    "x training",
                    None,
                    "spread_ratio",
                    change,
                    {"training_log_mean": reference.log_spread[0]},
                    "the spread is {value:.1f} times training",
                )
            )
        if reference.log_volume[1] > 0.0:
            evidence.append(
                _evidence(
                    observer,
                    "volume",
                    "x training",
                    None,
                    "volume_ratio",
                    change,
                    {"training_log_mean": reference.log_volume[0]},
                    "volume is {value:.2f} times training",
                )
            )
        said = " and ".join(item.says for item in evidence)
        summary = (
            f"Regime: trading has become expensive since {moment(change)}: {said} (strain {reading.value:.1f} sd, "
            f"limit {reading.threshold:.1f}); trade slower, the forecasts still hold."
        )
        return self._finish(
            observer,
            decisive,
            "regime_liquidity",
            "WARNING",
            ("market",),
            "trade_slower",
            change,
            0.99,
            summary,
            evidence,
            {},
        )

    def _edge(self, reading: Reading, decisive: list[Reading], observer: Observer) -> Diagnosis:
        reference, window = observer.reference, observer.champion_window
        start, loss, doubt = edge_change(window, reference)
        change = window[start].ts
        slope = self._slope_evidence(observer, change)
        recent = self._slope_evidence(observer, max(change, window[-min(RECENT_BARS, len(window))].ts), "recent ")
        since = len(window) - start
        young = observer.age_bars <= OVERFIT_LIFE_BARS and observer.age_bars == len(window)
        cause: Cause
        if young and doubt <= NEVER_DOUBT_NATS and slope.value > NEVER_THAT_WRONG:
            cause, recommended = "overfit", "hyperparameter"
            words = "never worked live as they did in training"
        elif since >= DECAY_LEAST_BARS and slope.value > FLIPPED_SLOPE and recent.value > 2.0 * FLIPPED_SLOPE:
            cause, recommended = "decay", "window_adjust"
            words = "have faded"
        else:
            cause, recommended = "concept_drift", "retrain"
            words = "point the wrong way" if slope.value < FLIPPED_SLOPE else "no longer say anything"
        basis = {
            "loss": loss,
            "correlation": reference.correlation,
            "training_volatility": reference.training_volatility,
        }
        evidence = [
            slope,
            recent,
            _evidence(
                observer,
                "evidence of a lost edge",
                "nats",
                None,
                "edge_loss_evidence",
                change,
                basis,
                "the window speaks for a lost edge with {value:.1f} nats",
            ),
            _evidence(
                observer,
                "hit rate",
                "share",
                reference.training_hit_rate,
                "hit_rate",
                change,
                {},
                f"{{value:.0%}} of forecasts had the right sign, {reference.training_hit_rate:.0%} in training",
            ),
            _evidence(
                observer,
                "volatility",
                "x training",
                None,
                "return_volatility_ratio",
                change,
                {"training_volatility": reference.training_volatility},
                "returns are {value:.1f} times as volatile as in training",
            ),
        ]
        affected, multipliers = self._flipped(observer, change, evidence)
        summary = (
            f"Concept: since {moment(change)} ({bars(since)}) forecasts {words}: returns move {slope.value:+.2f} per "
            f"unit predicted, training +1.00 (evidence {reading.value:.1f} nats, limit {reading.threshold:.1f}); "
            "inputs and market are as in training."
        )
        if cause != "concept_drift":
            summary = summary.replace("Concept", "Overfit" if cause == "overfit" else "Decay", 1)
        return self._finish(
            observer,
            decisive,
            cause,
            "CRITICAL",
            affected,
            recommended,
            change,
            _posterior(reading.value),
            summary,
            evidence,
            {"slope": slope.value, "loss": loss, "multipliers": multipliers},
        )

    def _flipped(
        self, observer: Observer, change: int, evidence: list[Evidence]
    ) -> tuple[tuple[str, ...], dict[str, float]]:
        reference = observer.reference
        if reference.coefficients is None:
            return ("champion",), {}
        found: dict[str, Evidence] = {}
        before = _bar_before(list(observer.history), change)
        for index, name in enumerate(reference.feature_names):
            basis = {
                "index": index,
                "coefficients": list(reference.coefficients),
                "feature_mean": list(reference.feature_mean),
                "feature_sd": list(reference.feature_sd),
                "residual_sd": reference.residual_sd,
            }
            found[name] = _evidence(
                observer,
                f"weight of {name}",
                "x trained",
                None,
                "input_multiplier",
                before,
                basis,
                f"the weight of {name} is now {{value:+.1f}} times what was learned",
            )
        changed = sorted((name for name in found if found[name].value < 0.25), key=lambda name: found[name].value)
        affected = tuple(changed) or (min(found, key=lambda name: found[name].value),)
        evidence.extend(found[name] for name in affected)
        return affected, {name: item.value for name, item in found.items()}

    def _slope_evidence(self, observer: Observer, change: int, when: str = "") -> Evidence:
        return _evidence(
            observer,
            f"{when}slope of return on forecast",
            "per unit",
            None,
            "slope_of_return_on_forecast",
            change,
            {},
            "returns move {value:+.2f} per unit predicted (as trained: +1.00)",
        )

    def _finish(
        self,
        observer: Observer,
        decisive: list[Reading],
        cause: Cause,
        severity: AlertLevel,
        affected: tuple[str, ...],
        recommended: str,
        change: int,
        confidence: float,
        summary: str,
        evidence: list[Evidence],
        estimates: dict[str, Any],
    ) -> Diagnosis:
        window = observer.history
        since = sum(1 for item in window if item.ts >= change)
        evidence.append(
            _evidence(
                observer, "bars since the change", "bars", None, "bars", change, {}, "{value:.0f} bars since then"
            )
        )
        self.reset()
        return Diagnosis(
            ts=window[-1].ts,
            model_id=observer.reference.model_id,
            cause=cause,
            severity=severity,
            affected=affected,
            recommended=recommended,
            change_ts=change,
            bars_since_change=since,
            confidence=confidence,
            summary=summary,
            evidence=tuple(evidence),
            rejected=_rejected(cause, decisive, observer),
            estimates=estimates,
        )


def _evidence(
    observer: Observer,
    name: str,
    unit: str,
    threshold: float | None,
    formula: str,
    from_ts: int,
    inputs: dict[str, Any],
    says: str,
) -> Evidence:
    to_ts = observer.history[-1].ts
    value = compute(formula, inputs, from_ts, to_ts, observer.history)
    return Evidence(name, value, unit, threshold, formula, from_ts, to_ts, inputs, says.format(value=value))


def _standing_still(inputs: list[Reading], decisive: list[Reading]) -> list[Reading]:
    """Standstills that explain changed innovations: a rounded input may die before its own run is long enough."""
    names = {item.subject for item in inputs}
    return [
        item
        for item in decisive
        if item.detector == "staleness" and item.subject in names and item.fullness >= HALFWAY and item.value >= 5.0
    ]


def _bar_before(window: list[Any], ts: int) -> int:
    earlier = [item.ts for item in window if item.ts < ts]
    return int(earlier[-1]) if earlier else ts


def _posterior(evidence_nats: float) -> float:
    """Probability of a change, from Shiryaev-Roberts evidence and one change per 5,000 bars expected."""
    return 1.0 / (1.0 + PRIOR_BARS_BETWEEN_CHANGES * math.exp(-min(evidence_nats, 700.0)))


def _rejected(cause: Cause, decisive: list[Reading], observer: Observer) -> tuple[RejectedCause, ...]:
    best: dict[str, Reading] = {}
    for item in decisive:
        if item.detector not in best or item.fullness > best[item.detector].fullness:
            best[item.detector] = item
    looked_at: tuple[tuple[Cause, str, str], ...] = (
        ("data_feed", "staleness", "no input stands still: longest run {value:.0f} of {limit:.0f} bars ({subject})"),
        (
            "feature_drift",
            "feature_variance",
            "inputs move as in training: {value:.1f} of {limit:.1f} nats ({subject})",
        ),
        ("regime_volatility", "volatility", "volatility is as in training: {value:.1f} of {limit:.1f} nats"),
        ("regime_liquidity", "liquidity", "trading costs are as in training: strain {value:.1f} of {limit:.1f} sd"),
        (
            "concept_drift",
            "edge_evidence",
            "the forecasts' edge is not shown to be lost: {value:.1f} of {limit:.1f} nats",
        ),
    )
    related = {cause, "concept_drift"} if cause in ("decay", "overfit") else {cause}
    rejected = []
    for rival, detector, why in looked_at:
        reading = best.get(detector)
        if rival in related or reading is None:
            continue
        if reading.breached:
            why = "explained by the cause found, which comes first: {value:.1f} of {limit:.1f} ({subject})"
        text = why.format(value=reading.value, limit=reading.threshold, subject=reading.subject)
        rejected.append(RejectedCause(rival, text))
    shock = max(
        (abs(item.realised_return) for item in list(observer.history)[-20:] if math.isfinite(item.realised_return)),
        default=0.0,
    )
    sds = shock / observer.reference.training_volatility
    rejected.append(RejectedCause("external_event", f"largest move of the last 20 bars is {sds:.1f} training sd"))
    return tuple(rejected)
