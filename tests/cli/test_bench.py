"""`hydra bench` at a tiny size: every figure is there, the workspace is not touched, a bad size is refused."""

from __future__ import annotations

from pathlib import Path

from tests.cli.program import answer, check_one_sentence, hydra

TINY = ("--rows", "2000", "--features", "20", "--appends", "5", "--batches", "2")


def test_it_measures_and_leaves_nothing(tmp_path: Path) -> None:
    workspace = tmp_path / "w"
    document = answer(hydra(workspace, "bench", "store", *TINY, "--json"))
    assert (document["shape"]["times"], document["shape"]["features"], document["shape"]["rows"]) == (100, 20, 2_100)
    figures = {figure["name"]: figure for figure in document["figures"]}
    assert len(figures) == len(document["figures"])
    for words in ("training matrix", "newest vector, p95", "append of", "compaction", "plain DuckDB ASOF", "ratio"):
        assert any(words in name for name in figures), words
    assert figures["cells that differ from a single read"]["value"] == 0
    assert all(figure["value"] is None or figure["value"] >= 0 for figure in figures.values())
    matrix = next(figure for name, figure in figures.items() if name.startswith("training matrix"))
    assert "2,100 rows, 100 of them revisions" in matrix["how"] and matrix["bar"] == "<= 4 CPU-s"
    assert "DuckDB" in document["baseline"] and any("processor" in line for line in document["machine"])
    assert not workspace.exists()


def test_the_lines_name_the_machine_and_the_verdicts(tmp_path: Path) -> None:
    done = hydra(tmp_path / "w", "bench", "store", *TINY)
    assert done.returncode == 0, done.stderr
    assert "held" in done.stdout and "processor:" in done.stdout


def test_fewer_rows_than_features_are_refused(tmp_path: Path) -> None:
    done = hydra(tmp_path / "w", "bench", "store", "--rows", "5", "--features", "10")
    check_one_sentence(done, 2, "--rows", "--features")


def test_the_option_mathematics_is_measured_with_its_peers_or_says_that_they_are_absent(tmp_path: Path) -> None:
    workspace, empty = tmp_path / "w", tmp_path / "no-peers"
    empty.mkdir()
    done = hydra(workspace, "bench", "options", "--options", "500", "--rounds", "1", "--peers", str(empty), "--json")
    document = answer(done)
    figures = {figure["name"]: figure for figure in document["figures"]}
    assert len(figures) == len(document["figures"])
    absent = figures["implied volatility, 500 options: py_vollib_vectorized"]
    assert absent["value"] is None and absent["how"] == "absent: make peers"
    ratio = figures["time over py_vollib_vectorized"]
    assert (ratio["value"], ratio["within"], ratio["bar"]) == (None, None, "<= 0.7 x")
    for words in ("plain numpy", "American price", "no bands", "with bands"):
        assert any(words in name and figure["value"] > 0 for name, figure in figures.items()), words
    assert figures["largest relative error of the volatility"]["value"] < 1e-9
    assert "one numeric thread" in document["cores"]
    assert not workspace.exists()


def test_peers_that_are_no_folder_are_refused(tmp_path: Path) -> None:
    check_one_sentence(hydra(tmp_path / "w", "bench", "options", "--peers", str(tmp_path / "x")), 2, "--peers")
