"""`hydra ingest`: everything is loaded, twice adds nothing, and killed in the middle it ends as one clean run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import answer, contents, hydra

MARKET = "lean_hogs"
REAL_FILES = {
    "futures/yahoo_continuous/HE_to_2023.csv": 4527,
    "intraday/databento_1h/HE.v.0_2010_2023.csv.gz": 34936,
    "intraday/databento_1h/HE.v.0_2010_2023_rolls.csv": 178,
    "cot/CIT06_16.xls.gz": 2296,
    "cot/CIT17.xls.gz": 208,
    "cot/CIT18.xls.gz": 212,
    "cot/fut_disagg_txt_2021.zip": 255,
    "cot/fut_disagg_txt_2023_to_20231010.zip": 205,
    "cot/deacot2024_annual_to_20240206.txt.gz": 18,
    "cot/deacot2025_annual_to_20250311.txt.gz": 30,
}
CRASHPOINTS = ("lake.file_renamed:2", "lake.before_commit:1", "lake.after_commit:1", "features.segment_renamed:1")


def ingest(root: Path, files: list[Path], **options: Any) -> Any:
    """Load files and return the answer."""
    return answer(hydra(root, "ingest", *map(str, files), "--market", MARKET, "--json", **options))


def check_killed_equals_clean(folder: Path, files: list[Path], point: str, clean: dict[str, Any]) -> None:
    """Killed there, then the same command again: catalogue, features and files of one clean run."""
    root = folder / "killed"
    killed = hydra(root, "ingest", *map(str, files), "--market", MARKET, environment={"HYDRA_CRASHPOINT": point})
    assert killed.returncode == -9, killed.stderr
    ingest(root, files)
    assert contents(root, MARKET) == clean
    assert answer(hydra(root, "verify", "--json"))["ok"]
    assert ingest(root, files)["rows_added"] == 0


@pytest.mark.parametrize("point", CRASHPOINTS)
def test_killed_in_the_middle_a_second_run_completes_it(
    point: str, tmp_path: Path, daily_csv: Callable[..., Path]
) -> None:
    files = [daily_csv(tmp_path / "prices.csv", 400)]
    first = ingest(tmp_path / "clean", files)
    assert (first["rows_added"], first["rows_duplicate"], first["refused"]) == (400, 0, [])
    again = ingest(tmp_path / "clean", files)
    assert (again["rows_added"], again["rows_duplicate"], again["feature_rows_added"]) == (0, 400, 0)
    check_killed_equals_clean(tmp_path, files, point, contents(tmp_path / "clean", MARKET))


@pytest.fixture(scope="module")
def real_workspace(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All real lean-hog files in one workspace."""
    root = tmp_path_factory.mktemp("real") / "workspace"
    loaded = ingest(root, [real_data / name for name in REAL_FILES])
    assert {entry["input"]: entry["rows_added"] for entry in loaded["files"]} == {
        Path(name).name: rows for name, rows in REAL_FILES.items()
    }
    assert (loaded["rows_duplicate"], loaded["rows_quarantined"], loaded["refused"]) == (0, 0, [])
    return root


@pytest.mark.real_data
def test_real_files_loaded_twice_add_nothing(real_workspace: Path, real_data: Path) -> None:
    again = ingest(real_workspace, [real_data / name for name in REAL_FILES])
    assert (again["rows_added"], again["feature_rows_added"]) == (0, 0)
    assert again["rows_duplicate"] == sum(REAL_FILES.values())


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("point", ["lake.file_renamed:230", "lake.before_commit:4", "features.segment_renamed:1"])
def test_real_files_killed_in_the_middle(point: str, real_workspace: Path, real_data: Path, tmp_path: Path) -> None:
    files = [real_data / name for name in REAL_FILES]
    check_killed_equals_clean(tmp_path, files, point, contents(real_workspace, MARKET))


@pytest.mark.real_data
def test_a_cot_report_is_invisible_before_its_publication(real_workspace: Path) -> None:
    def visible(moment: str) -> dict[str, Any]:
        document = answer(hydra(real_workspace, "features", "get", "--market", MARKET, "--as-of", moment, "--json"))
        found: dict[str, Any] = document["features"]
        for item in found.values():
            assert {"value", "event_ts", "known_ts", "age"} <= set(item)
            assert item["known_ts"] is None or item["known_ts"][:16] <= moment.removesuffix("Z")
        return found["cot_change_4w_disaggregated"]

    # The report of Tuesday 2021-06-08 came out on Friday 2021-06-11 at 15:30 in New York.
    for moment in ("2021-06-10T12:00Z", "2021-06-11T19:29Z"):
        assert visible(moment)["event_ts"].startswith("2021-06-01")
    after = visible("2021-06-11T19:30Z")
    assert after["event_ts"].startswith("2021-06-08") and after["known_ts"] == "2021-06-11T19:30:00Z"
    # The report of 2018-12-31 waited for the end of a government shutdown; its type is never spliced into another's.
    document = answer(
        hydra(real_workspace, "features", "get", "--market", MARKET, "--as-of", "2021-06-11T20:00Z", "--json")
    )
    assert document["features"]["cot_score_supplemental"]["stale"]
    assert document["features"]["cot_score_legacy"]["value"] is None


@pytest.mark.real_data
@pytest.mark.slow
def test_replaying_real_history_twice_gives_the_same_decisions(real_workspace: Path) -> None:
    arguments = ("sandbox", "replay", "--market", MARKET, "--from", "2010-01-01", "--to", "2023-12-29", "--json")
    first, second = (answer(hydra(real_workspace, *arguments)) for _ in range(2))
    assert first["decision_hash"] == second["decision_hash"]
    assert {key: first[key] for key in first if key not in DURATIONS} == {
        key: second[key] for key in second if key not in DURATIONS
    }


DURATIONS = {"wall_seconds", "bars_per_second", "cpu_seconds"}


@pytest.mark.real_data
@pytest.mark.slow
def test_no_decision_on_real_history_looks_ahead(real_workspace: Path) -> None:
    arguments = ("sandbox", "prove-no-lookahead", "--market", MARKET, "--at", "2016-06-10T12:00Z", "--json")
    proof = answer(hydra(real_workspace, *arguments))
    assert proof["clean"] and proof["first_difference"] == ""
    assert proof["rows_scrambled"]["roll_map"] > 50 and "rolls" in proof["sentence"]
    assert proof["records_scrambled"] > 10_000 and proof["lines_compared"] > 2_500
