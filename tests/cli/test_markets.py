"""Every shipped market, and one that the operator adds, answers the verbs that look at it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.kernel.configuration import known_markets
from hydra_tui.command_line import hydra as program
from storage.stores import Stores
from tests.cli.program import answer, check_one_sentence, hydra

TEMPLATE = resources.files("config").joinpath("markets/oats.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("market", known_markets())
def test_config_show_and_data_status_of_every_market(market: str, tmp_path: Path) -> None:
    root = tmp_path / "w"
    shown = CliRunner().invoke(program, ["--workspace", str(root), "--market", market, "config", "show", "market"])
    assert shown.exit_code == 0, shown.output
    assert market in shown.output and "market.contract.last_trade_rule" in shown.output
    Stores.open(root).close()
    status = CliRunner().invoke(program, ["--workspace", str(root), "data", "status", "--market", market])
    assert status.exit_code == 0, status.output


def test_a_market_of_the_workspace_is_shown_and_a_broken_one_is_one_sentence(tmp_path: Path) -> None:
    root = tmp_path / "w"
    (root / "markets").mkdir(parents=True)
    file = root / "markets" / "white_oats.yaml"
    file.write_text(TEMPLATE.replace("market: oats", "market: white_oats"), encoding="utf-8")
    shown = answer(hydra(root, "--market", "white_oats", "config", "show", "market.contract", "--json"))
    assert shown["market.contract.root"] == "ZO"
    file.write_text(file.read_text(encoding="utf-8").replace("tick_size: 0.25", "tick_size: none"), encoding="utf-8")
    broken = hydra(root, "--market", "white_oats", "config", "show")
    check_one_sentence(broken, 2, "white_oats.yaml", "market.contract.tick_size")
