"""An operator's idea is a type that the playbook knows, with only its own numbers, within their bounds."""

from __future__ import annotations

from typing import Any

import pytest

from engine.agent.manual_change import check_manual_change
from engine.host.operations.commands import build_command
from engine.kernel.errors import InputError


def scaled(scale: Any) -> dict[str, Any]:
    return {"adjustments": {"restandardise": {"carry": {"offset": 0.0, "scale": scale}}}}


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("retrain", {}),
        ("retrain", {"training": {"from_ts": 5}}),
        ("window_adjust", {"training": {"from_ts": 5, "window_bars": 120}}),
        ("hyperparameter", {"params": {"ridge_prior_r2": 0.5}}),
        ("feature_remove", {"features": ["carry"]}),
        ("quarantine_feature", {"adjustments": {"quarantine": ["carry"]}}),
        ("resize_volatility", {"adjustments": {"volatility": "ewma_scaled"}}),
        ("trade_slower", {"adjustments": {"trading_rate": 0.05, "size_multiplier": 1.0}}),
        ("restandardise_feature", scaled(9.0)),
        ("architecture_swap", {"kind": "lightgbm"}),
    ],
)
def test_what_the_playbook_allows_passes(kind: str, parameters: dict[str, Any]) -> None:
    check_manual_change(kind, parameters, {})
    assert build_command("run_experiment", {"mutation_type": kind, "parameters": parameters})


@pytest.mark.parametrize(
    ("kind", "parameters", "words"),
    [
        ("bogus_mutation", {}, "no mutation 'bogus_mutation'; known: retrain, "),
        ("retrian", {}, "did you mean 'retrain'"),
        (["retrain"], {}, "no mutation"),
        ("window_adjust", {"training": {"window_bars": 119}}, "119 lies outside 120 to 5000"),
        ("window_adjust", {"training": {"window_bars": "many"}}, "must be a number"),
        ("window_adjust", {"training": {"window_bars": True}}, "must be a number"),
        ("window_adjust", {"training": 5}, "training must be a mapping"),
        ("retrain", {"training": {"from_ts": float("nan")}}, "training.from_ts must be a finite number"),
        ("retrain", {"adjustments": {"size_multiplier": 5}}, "retrain does not change adjustments.size_multiplier"),
        ("retrain", {"leverage": 5}, "leverage is no part of a model"),
        ("quarantine_feature", {"adjustments": {"quarantine": "carry"}}, "must name inputs"),
        ("quarantine_feature", {"adjustments": {"quarantine": []}}, "outside 1 to 10"),
        ("trade_slower", {"adjustments": {"trading_rate": 0.01}}, "0.01 lies outside 0.05 to 1"),
        ("restandardise_feature", scaled(0), "must be above 0"),
        ("restandardise_feature", {"adjustments": {"restandardise": ["carry"]}}, "must map each input"),
    ],
)
def test_what_the_playbook_does_not_allow_is_refused_where_commands_are_checked(
    kind: Any, parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError) as told:
        build_command("run_experiment", {"mutation_type": kind, "parameters": parameters})
    assert words in told.value.message


def test_a_scale_is_bounded_relative_to_the_champions_present_one() -> None:
    build_command("run_experiment", {"mutation_type": "restandardise_feature", "parameters": scaled(50.0)})
    check_manual_change("restandardise_feature", scaled(50.0), scaled(10.0))
    with pytest.raises(InputError, match=r"outside 0\.1 to 10"):
        check_manual_change("restandardise_feature", scaled(50.0), {})
