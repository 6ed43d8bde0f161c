"""Every real file gives exactly what `manifest.csv` says, or is refused with the sentence that stands there.

Its figures were checked against counts made without HYDRA's parsers (lines, records of Databento's own decoder, cells
of workbooks) and against the README of the data folder; refusing a file is therefore no way out. Only header-less
fragments, files without bars, legacy DBZ files and prose may be refused.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.ingestion.lake_rows import Statistic
from engine.ingestion.record_tables import rows_from_table
from engine.kernel.timestamps import parse_iso, to_iso
from storage.stores import Stores
from tests.data_manifest.load_folder import FIELDS, NOW, load_folder

MANIFEST = Path(__file__).with_name("manifest.csv")
REFUSABLE = ("without their header", "holds no bars", "legacy DBZ", "holds prose and no table")

pytestmark = [pytest.mark.real_data, pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Loaded:
    """The whole folder in one lake, twice."""

    stores: Stores
    found: dict[str, dict[str, str]]
    added_again: int


@pytest.fixture(scope="module")
def loaded(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    with Stores.open(tmp_path_factory.mktemp("manifest") / "workspace") as stores:
        found, _ = load_folder(stores, real_data)
        _, added_again = load_folder(stores, real_data, NOW + 1)
        yield Loaded(stores, found, added_again)


def expected() -> dict[str, dict[str, str]]:
    with MANIFEST.open(newline="") as stream:
        return {row["path"]: row for row in csv.DictReader(stream)}


def test_every_file_gives_what_the_manifest_says(loaded: Loaded) -> None:
    wanted = expected()
    assert sorted(loaded.found) == sorted(wanted)
    differ = [
        f"{name}: {field} is {found[field]!r}, not {wanted[name][field]!r}"
        for name, found in loaded.found.items()
        for field in FIELDS
        if (wanted[name][field] not in found[field] if field == "refused" else wanted[name][field] != found[field])
        or (field == "refused" and bool(found[field]) != bool(wanted[name][field]))
    ]
    assert not differ, "\n".join(differ)


def test_only_what_cannot_be_read_is_refused(loaded: Loaded) -> None:
    refused = {name: line["refused"] for name, line in loaded.found.items() if line["refused"]}
    assert all(any(words in sentence for words in REFUSABLE) for sentence in refused.values()), refused
    assert all(sentence.startswith(Path(name).name) for name, sentence in refused.items())


def test_a_second_run_adds_nothing(loaded: Loaded) -> None:
    assert loaded.added_again == 0


def test_closes_outside_the_range_are_kept_and_flagged(loaded: Loaded) -> None:
    bars = loaded.stores.lake.read("lean_hogs", "futures_bar", sources=["yahoo"]).to_pylist()
    flagged = [
        bar for bar in bars if "close_outside_range" in bar["flags"] and bar["event_ts"] < parse_iso("2012-01-01")
    ]
    assert len([bar for bar in flagged if bar["event_ts"] >= parse_iso("2006-01-03")]) == 125
    assert all(not bar["low"] <= bar["close"] <= bar["high"] for bar in flagged)


def test_the_negative_crude_oil_price_is_kept_and_flagged(loaded: Loaded) -> None:
    bars = loaded.stores.lake.read("qm", "futures_bar").to_pylist()
    negative = [bar for bar in bars if min(bar["open"], bar["high"], bar["low"], bar["close"]) < 0]
    assert [to_iso(bar["event_ts"])[:7] for bar in negative] == ["2020-04"]
    assert "negative_price" in negative[0]["flags"]


def test_suppressed_cells_are_missing_and_not_zero(loaded: Loaded) -> None:
    """A full disaggregated year has 109,962 "." cells; those of the markets here must have become NaN."""
    for market in ("lean_hogs", "corn", "oats"):
        rows = loaded.stores.lake.read(market, "cot_position", sources=["cot_disaggregated"]).to_pylist()
        spreads = [row["spreading"] for row in rows if row["category"] in ("producer", "nonreportable")]
        assert spreads and all(spread != spread for spread in spreads), "these categories have no spreading positions"


def test_open_interest_of_a_day_is_known_on_a_later_one(loaded: Loaded) -> None:
    for market in ("corn", "es", "live_cattle"):
        table = loaded.stores.lake.read(market, "statistic")
        interests = [
            row
            for row in rows_from_table("statistic", table)
            if isinstance(row, Statistic)
            and row.name.endswith("open_interest")
            and row.source != "databento_statistics"
        ]
        assert interests and all(row.known_ts > row.event_ts for row in interests)
