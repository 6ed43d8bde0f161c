"""Every layer of settings: which one wins, what each value's source is, and what is said of a wrong one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import LoadedConfig, describe_setting, known_markets, load_config
from engine.kernel.errors import ConfigError

MARKET = "simulated_hogs"
KEY = "risk.max_position_lots"


def loaded(**layers: Any) -> LoadedConfig:
    return load_config(MARKET, **{"environment": {}, **layers})


@pytest.fixture
def user_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "hydra.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from leaves(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_each_later_layer_wins_and_is_named_as_the_source(user_file: Callable[[str], Path]) -> None:
    file = user_file("risk:\n  max_position_lots: 40\n")
    environment = {"HYDRA_RISK__MAX_POSITION_LOTS": "30"}
    steps = (
        (loaded(), 50, "default.yaml"),
        (loaded(user_file=file), 40, str(file)),
        (loaded(user_file=file, environment=environment), 30, "environment HYDRA_RISK__MAX_POSITION_LOTS"),
        (loaded(user_file=file, environment=environment, flags={KEY: 20}), 20, "command line"),
    )
    for result, value, source in steps:
        assert (result.config.risk.max_position_lots, result.sources[KEY]) == (value, source)


def test_the_market_file_overrides_a_default() -> None:
    result = loaded()
    assert result.config.risk.kelly_fraction == 0.002
    assert result.sources["risk.kelly_fraction"] == f"markets/{MARKET}.yaml"


@pytest.mark.parametrize("market", known_markets())
def test_every_shipped_market_loads_and_every_value_has_a_source_and_a_line_of_documentation(market: str) -> None:
    result = load_config(market, environment={})
    assert result.config.market.market == market
    for key in leaves(HydraConfig):
        assert key in result.sources, key
        assert describe_setting(key), key


def test_an_absent_or_empty_operator_file_changes_nothing(tmp_path: Path, user_file: Callable[[str], Path]) -> None:
    plain = loaded()
    assert loaded(user_file=tmp_path / "none.yaml") == plain
    assert loaded(user_file=user_file("# nothing yet\n")) == plain


def test_variables_that_are_no_settings_are_left_alone() -> None:
    environment = {"HYDRA_WORKSPACE": "somewhere", "HYDRA_CRASHPOINT": "x:1", "PATH": "y", "OTHER__THING": "1"}
    assert loaded(environment=environment) == loaded()


@pytest.mark.parametrize(
    ("layer", "where"),
    [
        ("file", "hydra.yaml"),
        ("environment", "environment HYDRA_RISK__MAX_POSITON_LOTS"),
        ("flags", "command line"),
    ],
)
def test_an_unknown_key_names_its_layer_and_the_nearest_name(
    layer: str, where: str, user_file: Callable[[str], Path]
) -> None:
    layers: dict[str, dict[str, Any]] = {
        "file": {"user_file": user_file("risk:\n  max_positon_lots: 3\n")},
        "environment": {"environment": {"HYDRA_RISK__MAX_POSITON_LOTS": "3"}},
        "flags": {"flags": {"risk.max_positon_lots": 3}},
    }
    with pytest.raises(ConfigError) as caught:
        loaded(**layers[layer])
    message = caught.value.message
    assert where in message and "risk.max_positon_lots" in message
    assert "did you mean 'max_position_lots'" in message


def test_an_unknown_section_names_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"unknown setting 'risks'.*did you mean 'risk'"):
        loaded(flags={"risks.max_position_lots": 3})


@pytest.mark.parametrize("value", ["many", -1, None, 2.5])
def test_a_value_out_of_bounds_names_source_key_and_value(value: object) -> None:
    with pytest.raises(ConfigError, match=r"command line: 'risk.max_position_lots'"):
        loaded(flags={KEY: value})


def test_a_setting_below_a_plain_value_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"command line: 'risk.max_position_lots.now'"):
        loaded(flags={"risk.max_position_lots.now": 1})


def test_a_plain_value_that_replaces_a_section_is_refused(user_file: Callable[[str], Path]) -> None:
    with pytest.raises(ConfigError, match="'risk'"):
        loaded(user_file=user_file("risk: 3\n"))


@pytest.mark.parametrize("text", ["risk: [", "- a\n- b\n", "only words"])
def test_a_file_that_holds_no_sections_is_refused_by_name(text: str, user_file: Callable[[str], Path]) -> None:
    with pytest.raises(ConfigError, match=r"hydra\.yaml"):
        loaded(user_file=user_file(text))


def test_a_variable_that_is_no_yaml_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="HYDRA_RISK__MAX_POSITION_LOTS"):
        loaded(environment={"HYDRA_RISK__MAX_POSITION_LOTS": "[1"})


def test_an_unknown_market_names_the_nearest_and_all() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'simulated_hogs'.*known: "):
        load_config("simulated_hog", environment={})


def test_describing_a_wrong_name_or_a_section_says_what_is_meant() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'risk.kelly_fraction'"):
        describe_setting("risk.kelly_fracton")
    with pytest.raises(ConfigError, match="is a section"):
        describe_setting("risk")


def test_settings_do_not_change_after_loading() -> None:
    with pytest.raises(ValueError, match="frozen"):
        loaded().config.risk.max_position_lots = 7
