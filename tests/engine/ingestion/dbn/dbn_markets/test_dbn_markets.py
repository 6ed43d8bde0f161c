from __future__ import annotations

import pytest

from engine.ingestion.dbn.dbn_file import read_dbn
from engine.ingestion.dbn.dbn_markets import by_market, symbols_of
from tests.engine.ingestion.dbn_samples import HE_BARS, bar, dbn, directory, file_of, header, ns, px

DAYS = ("2023-03-15", "2023-03-17")


def test_a_record_has_the_symbol_of_its_day(hogs) -> None:
    spans = {"HEJ3": [("2023-03-15", "2023-03-16", 350)], "LEJ3": [("2023-03-16", "2023-03-17", 350)]}
    bars = [bar(f"2023-03-{day}T14:00Z", 350, 80, 80, 80, 80, 1) for day in (14, 15, 16, 17)]
    content = read_dbn(file_of(header("ohlcv-1h", spans), *bars))
    assert symbols_of(content, content.records[0]) == ["", "HEJ3", "LEJ3", ""]
    parts, left_out = by_market(content, directory(hogs.market).by_root)
    assert left_out == 0
    assert {part.market.contract.root: part.numbers for part in parts} == {"HE": (1, 2, 4), "LE": (3,)}


def test_of_two_symbols_the_one_asked_for_first_holds() -> None:
    spans = {"HE.v.0": [(*DAYS, 350)], "HE.c.0": [(*DAYS, 350)]}
    for requested in (["HE.v.0", "HE.c.0"], ["HE.c.0", "HE.v.0"]):
        content = read_dbn(file_of(header("ohlcv-1h", spans, stype_in="continuous", requested=requested), HE_BARS[0]))
        assert symbols_of(content, content.records[0]) == [requested[0]]


def test_instruments_without_symbol_go_to_parent_or_dataset(hogs) -> None:
    for header_bytes, root in (
        (header("ohlcv-1h", {"UD:1V: 12 2815369": [(*DAYS, 350)]}, stype_in="parent", requested=["LE.OPT"]), "LE"),
        (header("ohlcv-1h", {}, stype_in="parent", requested=["LE.OPT", "HE.OPT"]), ""),
        (header("ohlcv-1h", {}), ""),
    ):
        asked: list[str] = []

        def choose(root: str, asked: list[str] = asked) -> None:
            asked.append(root)

        parts, left_out = by_market(read_dbn(file_of(header_bytes, HE_BARS[0])), choose)
        assert (parts, left_out, asked) == ([], 1, [root])


@pytest.mark.parametrize(
    ("symbol", "kind", "asset", "underlying", "leg", "root"),
    [
        ("EW1M4 C5230", "C", "EW1", "ESM4", "", "ES"),
        ("ESZ3-ESM4", "S", "ES", "", "ESM4", "ES"),
        ("UD:1V: 12 2815369", "T", "EUU", "", "6EM4 C110", "6E"),
        ("UD:1V: 12 2815369", "T", "EUU", "", "", "EUU"),
        ("HEM4", "F", "HE", "", "", "HE"),
        ("HEM4", "F", "", "", "", "HE"),
    ],
)
def test_a_definition_says_its_own_root(symbol: str, kind: str, asset: str, underlying: str, leg: str,
                                        root: str) -> None:  # fmt: skip
    record = dbn.InstrumentDefMsg(
        1, 9, ns("2024-05-05"), ns("2024-05-06"), px(0.25), px(0.01), symbol, asset, "FUT",
        dbn.InstrumentClass.from_str(kind), dbn.SecurityUpdateAction.from_str("A"), underlying=underlying,
        leg_raw_symbol=leg,
    )  # fmt: skip
    asked: list[str] = []
    by_market(read_dbn(file_of(header("definition", {}), bytes(record))), asked.append)  # type: ignore[arg-type]
    assert asked == [root]
