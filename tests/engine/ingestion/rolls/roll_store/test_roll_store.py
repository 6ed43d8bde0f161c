"""Continuous bars and rolls in the lake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.ingestion.ingest import ingest_input
from engine.ingestion.input_file import InputFile, unpack
from engine.ingestion.lake_rows import Statistic
from engine.ingestion.record_tables import rows_from_table
from engine.ingestion.rolls.continuous_series import CONTINUOUS
from engine.ingestion.rolls.roll_store import bars_of_series, extend_continuous, record_rolls
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.kernel.timestamps import parse_iso
from storage.stores import Stores
from tests.engine.ingestion.zip_files import zipped

NOW = parse_iso("2024-06-01")


def _with_rolls(config: HydraConfig, **changes: Any) -> HydraConfig:
    rolls = config.rolls.model_copy(update={"contract_series": "lean_1d", **changes})
    return config.model_copy(update={"rolls": rolls})


def _contracts(
    volumes: list[tuple[int, int]], root: str = "he", months: tuple[int, int] = (202404, 202406), first_day: int = 1
) -> InputFile:
    days = [f"202402{place + first_day:02d}" for place in range(len(volumes))]
    near = "\n".join(f"{day} 00:00,80,81,79,80,{near}" for day, (near, _) in zip(days, volumes, strict=True))
    far = "\n".join(f"{day} 00:00,85,86,84,85,{far}" for day, (_, far) in zip(days, volumes, strict=True))
    tables = {f"{root}_trade_{months[0]}.csv": near, f"{root}_trade_{months[1]}.csv": far}
    return unpack(f"{root}_trade.zip", zipped(tables))


def _held(stores: Stores, market: str = "lean_hogs") -> list[str | None]:
    return [bar.contract for bar in bars_of_series(stores, market, CONTINUOUS) if bar.nearby == 1]


def test_the_series_is_made_once_and_a_roll_stays_where_it_was_made(stores: Stores, hogs: HydraConfig) -> None:
    config = _with_rolls(hogs, confirm_sessions=1)
    ingest_input(stores, config, _contracts([(9, 1), (1, 9), (9, 1)]), now_ts=NOW)
    assert extend_continuous(stores, config, now_ts=NOW) == 5
    assert _held(stores) == ["HEJ24", "HEJ24", "HEM24"]
    assert extend_continuous(stores, config, now_ts=NOW) == 0
    ingest_input(stores, config, _contracts([(9, 1), (9, 1), (9, 1), (9, 1)]), now_ts=NOW + 1)
    assert extend_continuous(stores, config, now_ts=NOW + 1) == 1, "the revised volume of the past changes no choice"
    assert _held(stores) == ["HEJ24", "HEJ24", "HEM24", "HEM24"]


def test_a_delivered_market_rolls_before_first_notice_whatever_leads(stores: Stores) -> None:
    config = _with_rolls(load_config("oats", environment={}).config, days_before_expiry=1)
    march_leads = [(9, 1)] * 4  # Monday 2024-02-26 to Thursday the 29th, first notice of the March contract
    ingest_input(stores, config, _contracts(march_leads, "zo", (202403, 202405), first_day=26), now_ts=NOW)
    extend_continuous(stores, config, now_ts=NOW)
    assert _held(stores, "oats") == ["ZOH24", "ZOH24", "ZOK24", "ZOK24"]


def test_without_a_contract_series_the_vendor_rolls(stores: Stores, hogs: HydraConfig) -> None:
    ingest_input(stores, hogs, _contracts([(9, 1)]), now_ts=NOW)
    assert extend_continuous(stores, hogs, now_ts=NOW) == 0


def test_rolls_are_recorded_once_with_their_worth(
    stores: Stores, hogs: HydraConfig, as_input: Callable[..., InputFile], yahoo_text: Callable[..., str]
) -> None:
    rows = [("2024-02-14", 75, 76, 74, 75.0, 900), ("2024-02-15", 82, 83, 81, 82.5, 900)]
    ingest_input(stores, hogs, as_input(yahoo_text(rows)), now_ts=NOW)
    for now_ts in (NOW, NOW + 1):
        (roll,) = record_rolls(stores, hogs, now_ts=now_ts)
    assert (roll.from_contract, roll.to_contract, roll.difference, roll.overlap) == ("HEG24", "HEJ24", 7.5, False)
    table = stores.lake.read("lean_hogs", "statistic")
    found = [row for row in rows_from_table("statistic", table) if isinstance(row, Statistic)]
    assert [(row.name, row.value, row.contract, row.flags) for row in found] == [
        ("roll_difference", 7.5, "HEJ24", ("includes_one_session",)),
        ("roll_ratio", 82.5 / 75.0, "HEJ24", ("includes_one_session",)),
    ]
    assert {row.known_ts for row in found} == {roll.known_ts}
