"""Only whole and new files are taken."""

from __future__ import annotations

from pathlib import Path

from engine.host.operations.watch_folder import FolderWatch, SeenFile, look_at

A, B = Path("a.csv"), Path("b.csv")


def test_a_file_that_still_grows_waits_and_a_whole_one_is_taken_once() -> None:
    watch = FolderWatch()
    assert watch.ready([SeenFile(A, 10, 1)]) == []
    assert watch.ready([SeenFile(A, 20, 2)]) == []
    assert watch.ready([SeenFile(A, 20, 2)]) == [A]
    assert watch.ready([SeenFile(A, 20, 2)]) == []


def test_a_changed_file_is_taken_again_and_names_are_in_order() -> None:
    watch = FolderWatch()
    first = [SeenFile(B, 1, 1), SeenFile(A, 1, 1)]
    watch.ready(first)
    assert watch.ready(first) == [A, B]
    changed = [SeenFile(B, 2, 5), SeenFile(A, 1, 1)]
    assert watch.ready(changed) == []
    assert watch.ready(changed) == [B]


def test_downloads_in_progress_are_left_alone() -> None:
    watch = FolderWatch()
    look = [SeenFile(Path("x.csv.part"), 1, 1), SeenFile(Path("x.tmp"), 1, 1)]
    watch.ready(look)
    assert watch.ready(look) == []


def test_hidden_files_and_folders_are_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "deep").mkdir()
    for name in (".hidden/a.csv", ".b.csv", "deep/c.csv"):
        (tmp_path / name).write_text("x")
    assert [seen.path.name for seen in look_at(tmp_path)] == ["c.csv"]
