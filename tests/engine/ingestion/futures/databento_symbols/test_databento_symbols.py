from __future__ import annotations

import pytest

from engine.ingestion.futures.databento_symbols import contract_name, is_symbol, place_of, rank_of, root_of
from engine.ingestion.market_directory import reference_market
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY, parse_iso


def day(text: str) -> int:
    return parse_iso(text) // MICROS_PER_DAY


@pytest.mark.parametrize(
    ("symbol", "root"),
    [("HE.v.0", "HE"), ("10Y.c.12", "10Y"), ("ES.OPT", "ES"), ("ESM4", "ES"), ("6EH24", "6E"), ("ESM4 C5230", "ES"),
     ("ESZ3-ESM4", "ES"), ("UD:1V: 12 2815369", ""), ("HE", "HE"), ("BRN FMH0024!", "BRN"), ("MSFT", "MSFT")],
)  # fmt: skip
def test_roots(symbol: str, root: str) -> None:
    assert root_of(symbol) == root


def test_shares_keep_their_symbols() -> None:
    assert root_of("F4", "XNAS.ITCH") == "F4"
    assert root_of("BRK B", "XNYS.PILLAR") == "BRK B"
    assert root_of("AAPL  240517C00190000", "OPRA.PILLAR") == "AAPL"


def test_ranks_and_damage() -> None:
    assert [rank_of(symbol) for symbol in ("HE.v.0", "HE.n.11", "HEM3", "HE.v", "HE.v.x")] == [0, 11, None, None, None]
    assert not any(is_symbol(text) for text in ("", "H\x00E.v.0", "HE\n", " HE", "x" * 71))


def test_the_year_of_one_digit_is_the_nearest(hogs: HydraConfig) -> None:
    for moment, name in (("2023-03-15", "HEM23"), ("2012-03-15", "HEM13"), ("2018-12-01", "HEM23")):
        assert contract_name("HEM3", hogs.market, day(moment)) == name
    assert contract_name("HEM13", hogs.market, day("2023-03-15")) == "HEM13"
    assert contract_name("HEM3 C85", hogs.market, day("2023-03-15")) == "HEM3 C85"
    assert contract_name("ESM3", reference_market("ES"), day("2023-03-15")) == "ESM3"


def test_places(hogs: HydraConfig) -> None:
    today = day("2023-03-15")
    assert place_of("HE.v.1", "350", hogs.market, today) == ("350", 2)
    assert place_of("HEJ3", "350", hogs.market, today) == ("HEJ23", 1)
    assert place_of("HEM3", "351", hogs.market, today) == ("HEM23", 3)
    assert place_of("HEM3-HEN3", "352", hogs.market, today) == ("HEM3-HEN3", 0)
    assert place_of("", "353", hogs.market, today) == ("353", 0)
    assert place_of("ESM3", "354", reference_market("ES"), today) == ("ESM3", 0)
