"""Inputs: one changed its units or its source. It makes forecasts wrong, so it is asked before the edge."""

from __future__ import annotations

from collections.abc import Sequence

from engine.agent.change_point import input_change
from engine.agent.detectors.base import Reading
from engine.agent.evidence import Evidence
from engine.agent.input_repair import estimate_rescaling
from engine.agent.observer import Observer
from engine.agent.triage.conclusion import conclude
from engine.agent.triage.evidence_building import (
    bar_before,
    change_probability,
    cite,
    cite_volatility,
    innovation_basis,
)
from engine.agent.triage.interface import NOT_MINE, RuleState, TriageRule, Verdict
from engine.agent.wording import listing, moment


class RescaledInput(TriageRule):
    """Innovations that changed without a standstill or a leak: the offset and scale that undo it are estimated.

    Inputs made of the market's own moves are judged in units of present volatility (`market_units.py`): a wild market
    alone opens nothing here.
    """

    name = "rescaled_input"
    causes = frozenset({"feature_drift"})
    detectors = ("feature_variance",)

    def judge(
        self, decisive: Sequence[Reading], breached: Sequence[Reading], observer: Observer, state: RuleState
    ) -> Verdict:
        """See `TriageRule.judge`."""
        ranked = sorted(self.opening(breached), key=lambda item: -item.value)
        if not ranked:
            return NOT_MINE
        reference, window = observer.reference, observer.champion_window
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
            evidence += _input_evidence(observer, name, start, bar_before(window, start))
        top = ranked[0]
        first = reference.index_of(names[0])
        factor = repairs[names[0]]["scale"] / reference.input_scale[first]
        counted = ", the market's volatility counted," if reference.volatility_power[first] else ""
        return conclude(
            observer,
            decisive,
            cause="feature_drift",
            severity="CRITICAL",
            affected=names,
            recommended="restandardise_feature",
            change_ts=change,
            confidence=change_probability(top.value),
            summary=(
                f"Input fault: {listing(names)} changed its units or source at about {moment(change)}: it now moves "
                f"{factor:.1f} times as much as in training{counted} (evidence {top.value:.1f} nats, limit "
                f"{top.threshold:.1f}); the champion's weights are not to blame."
            ),
            evidence=evidence,
            estimates={"restandardise": repairs, "features": list(names)},
        )


def _input_evidence(observer: Observer, name: str, start_ts: int, before_ts: int) -> list[Evidence]:
    index = observer.reference.index_of(name)
    basis = innovation_basis(observer.reference, index)
    found = [
        cite(
            observer,
            f"jumpiness of {name}",
            "x training",
            None,
            "innovation_sd_ratio",
            before_ts,
            basis,
            f"{name} jumps {{value:.1f}} times as far from bar to bar as in training",
        ),
        cite(
            observer,
            f"level of {name}",
            "training sd",
            None,
            "input_level",
            start_ts,
            basis,
            f"{name} lies {{value:+.1f}} training sd from its usual level",
        ),
    ]
    if observer.reference.volatility_power[index]:
        found.append(cite_volatility(observer, start_ts))  # what of the jumpiness the market explains
    return found
