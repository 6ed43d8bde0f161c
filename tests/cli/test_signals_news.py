"""`hydra signals news` and `train`: one object per row in row order, and bad input told as documented."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.signals.sentiment import finbert
from engine.signals.sentiment.lexicon_scorer import score_text
from engine.signals.sentiment.text_classifier import TextClassifier
from hydra_tui.command_line import run
from tests.cli.program import check_one_sentence, hydra
from tests.engine.signals.sentiment.finbert.tiny_bert import write_tiny_bert

MARKET = ("--market", "lean_hogs")
HEADINGS = "published,title"
RALLY = "2026-01-05T10:00:00Z,Hog prices rally on record demand"


def saved(folder: Path, *lines: str, name: str = "news.csv") -> str:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["signals", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def rows_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """Call the program in this process and read its JSON lines."""
    code, out, err = call(capsys, "news", *arguments, *MARKET, "--json")
    assert (code, err) == (0, "")

    def refuse(word: str) -> float:
        raise AssertionError(f"{word} is no JSON")

    return [json.loads(line, parse_constant=refuse) for line in out.splitlines()]


def test_every_row_has_one_object_and_a_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = saved(
        tmp_path,
        HEADINGS,
        "2026-01-05T11:00:00Z,Hog prices rally on record demand - Reuters",
        RALLY,
        "2026-01-06T09:00:00+01:00,Pork futures",
        "2026-01-06,Pop star hogs the spotlight at record high",
        "soon,Pork prices rise",
        ",Pork prices rise",
        "2026-01-06T10:00:00Z,",
        "2026-01-06T10:00:00Z,nan",
        "2026-01-06T10:00:00Z,Pork,too many",
        "2026-01-09T10:00:00Z,Hog prices rally on record demand",
    )
    rows = rows_of(capsys, file)
    assert [row["row"] for row in rows] == list(range(1, 11))
    assert [(row["status"], row["duplicate_of"]) for row in rows] == [
        ("duplicate", 2), ("ok", None), ("no_tone", None), ("off_topic", None), ("invalid", None), ("invalid", None),
        ("invalid", None), ("invalid", None), ("invalid", None), ("ok", None)]  # fmt: skip
    expected = score_text("Hog prices rally on record demand")
    assert rows[1]["score"] == pytest.approx(expected.score, abs=1e-6)
    assert rows[1]["confidence"] == pytest.approx(expected.confidence, abs=1e-6)
    assert rows[1]["evidence"][:2] == list(expected.evidence) and rows[1]["scorer"] == "lexicon"
    for row in rows:
        assert (row["score"] is None) == (row["status"] != "ok") == (row["confidence"] == 0.0)
        assert bool(row["reason"]) == (row["status"] == "invalid") == (row["relevance"] is None)
    assert rows[2]["published"] == "2026-01-06T08:00:00Z", "a zone is turned into UTC"
    assert rows[3]["published"] == "2026-01-07T12:00:00Z", "a day alone ends last at noon UTC of the next"
    assert rows[3]["relevance"] == 0.0
    assert [row["reason"] for row in rows[4:9]] == [
        "published 'soon' is not a time; write it like 2024-02-20T14:30:00Z", "published is missing",
        "title is missing", "title is missing", "the row has 3 cells, the headings 2"]  # fmt: skip


def test_a_body_is_read_and_columns_come_in_any_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ("Body;PUBLISHED;title;url", "<p>Cash hog prices slump on weak demand.</p>;2026-01-05;Hog futures;x")
    (row,) = rows_of(capsys, saved(tmp_path, *lines))
    assert row["status"] == "ok" and row["score"] < 0.0 and row["evidence"][0].startswith("body: ")


def test_one_bad_row_changes_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = [f"2026-01-0{day}T10:00:00Z,Hog prices {verb}" for day, verb in enumerate(("rise", "slump", "rally"), 1)]
    alone = rows_of(capsys, saved(tmp_path, HEADINGS, *good))
    mixed = rows_of(capsys, saved(tmp_path, HEADINGS, good[0], "x,", good[1], "\ufffd,\ufffd", good[2]))
    assert [row["status"] for row in mixed] == ["ok", "invalid", "ok", "invalid", "ok"]
    assert [{**row, "row": 0} for row in mixed[::2]] == [{**row, "row": 0} for row in alone]


def test_a_table_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "news", saved(tmp_path, HEADINGS, RALLY, "x,Pork"), *MARKET)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split()[:4] == ["row", "published", "status", "score"] and "rally +1.00" in lines[1]
    assert lines[-2].startswith("row 2: published 'x' is not a time") and lines[-1] == "2 rows: 1 ok, 1 invalid"


def test_ten_thousand_rows_from_standard_input(tmp_path: Path) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["published", "title"])
    for number in range(10_000):
        writer.writerow([f"2026-01-05T{number % 24:02}:00:00Z", f"Hog prices rise {number} cents, report {number % 7}"])
    done = subprocess.run(
        [sys.executable, "-m", "hydra_tui.main", "--workspace", str(tmp_path / "w"), "signals", "news", "-", *MARKET,
         "--json"],
        input=buffer.getvalue(), capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 10_000 and {row["status"] for row in rows} == {"ok"}
    assert not (tmp_path / "w").exists(), "no workspace is made"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ("news.csv is empty", "published, title")),
        (b"published,title\n", ("news.csv has headings but no rows",)),
        (b"date,title\n2026-01-05,Pork\n", ("no column 'published'", "'date'")),
        (b"publshed,title\n2026-01-05,Pork\n", ("is its 'publshed' meant",)),
        (b"published,title,title\n2026-01-05,Pork,Pork\n", ("the column 'title' 2 times",)),
        (b"published,title\n2026-01-05,Pork \xe9\n", ("news.csv is not text in UTF-8 (line 2, byte 0xe9)",)),
        ("published,title\n".encode("utf-16"), ("UTF-16",)),
        (b'published,title\n2026-01-05,"Pork\n', ("news.csv cannot be read as CSV",)),
    ],
)
def test_a_table_that_cannot_be_used(content: bytes, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "news.csv").write_bytes(content)
    check_one_sentence(hydra(tmp_path / "w", "signals", "news", str(tmp_path / "news.csv"), *MARKET), 3, *words)


def test_wrong_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = saved(tmp_path, HEADINGS, RALLY)
    assert call(capsys, "news", "absent.csv", *MARKET)[0] == 3
    assert call(capsys, "news", file, "--market", "wheat")[0] == 2
    assert call(capsys, "news", file, *MARKET, "--classifier", "a", "--model", "b")[0] == 2
    assert call(capsys, "news", file, *MARKET, "--fallback")[0] == 2
    code, _, said = call(capsys, "news", file, *MARKET, "--classifier", str(tmp_path / "absent"))
    assert code == 3 and "the classifier cannot be read" in said
    code, _, said = call(capsys, "news", file, *MARKET, "--classifier", file)
    assert code == 6 and "not a HYDRA model artifact" in said


def labelled(folder: Path) -> str:
    lines = [
        f"{noun} {verb} in week {week}@{label}"
        for week in range(6)
        for noun in ("profit", "sales", "exports")
        for verb, label in (("zoomed", "positive"), ("nosed over", "negative"), ("were published", "neutral"))
    ]
    return saved(folder, *lines, name="labelled.txt")


def test_a_classifier_is_trained_and_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "tone.hydra"
    code, text, err = call(capsys, "train", labelled(tmp_path), "--out", str(out), "--json")
    report = json.loads(text)
    assert (code, err) == (0, "") and report["texts"] == 54 and report["macro_f1"] > 0.95
    assert report["labels"] == {"negative": 18, "neutral": 18, "positive": 18}
    before = out.read_bytes()
    assert call(capsys, "train", labelled(tmp_path), "--out", str(out))[0] == 0 and out.read_bytes() == before
    file = saved(tmp_path, HEADINGS, "2026-01-05,Pork exports nosed over", "2026-01-05,Pork sales zoomed")
    rows = rows_of(capsys, file, "--classifier", str(out))
    assert rows[0]["score"] < 0.0 < rows[1]["score"]
    assert rows[0]["scorer"] == f"classifier {report['sha256'][:8]}"
    assert rows[1]["score"] == pytest.approx(TextClassifier.deserialize(before).score("Pork sales zoomed").score)
    damaged = bytearray(before)
    damaged[-5] ^= 1
    out.write_bytes(bytes(damaged))
    code, _, said = call(capsys, "news", file, *MARKET, "--classifier", str(out))
    assert code == 6 and "does not match its content hash" in said


def test_training_that_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = str(tmp_path / "tone.hydra")
    code, _, said = call(capsys, "train", saved(tmp_path, HEADINGS, RALLY), "--out", target)
    assert code == 3 and "holds no labelled texts" in said
    code, _, said = call(capsys, "train", saved(tmp_path, "pork up@positive", name="few.txt"), "--out", target)
    assert code == 3 and "at least 10 texts of every label" in said
    code, _, said = call(capsys, "train", labelled(tmp_path), "--out", str(tmp_path / "absent" / "tone.hydra"))
    assert code == 6 and "cannot be written" in said
    assert not Path(target).exists()


@pytest.mark.slow
def test_training_on_the_lake(tmp_path: Path) -> None:
    root = tmp_path / "w"
    assert hydra(root, "ingest", labelled(tmp_path)).returncode == 0
    done = hydra(root, "signals", "train", "--out", str(tmp_path / "tone.hydra"), "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["texts"] == 54
    check_one_sentence(hydra(tmp_path / "x", "signals", "train", "--out", "t"), 5, "no workspace")


@pytest.mark.slow
def test_a_text_model_answers_and_its_answers_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_tiny_bert(tmp_path / "tiny")
    file, kept = saved(tmp_path, HEADINGS, RALLY, "2026-01-05,Pork prices slump"), tmp_path / "kept.jsonl"
    first = rows_of(capsys, file, "--model", str(folder), "--cache", str(kept))
    assert {row["scorer"] for row in first} == {"model tiny"} and {row["status"] for row in first} == {"ok"}
    assert len(kept.read_text(encoding="utf-8").splitlines()) == 2
    assert rows_of(capsys, file, "--model", str(folder), "--cache", str(kept)) == first


def test_a_model_that_cannot_answer_fails_unless_the_word_lists_may(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_tiny_bert(tmp_path / "tiny")
    file = saved(tmp_path, HEADINGS, RALLY)

    def start(arguments: list[str], **pipes: object) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-c", "raise SystemExit('no memory')"]
        return subprocess.Popen(program, start_new_session=True, **pipes)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(finbert, "start_child", start)
    code, _, said = call(capsys, "news", file, *MARKET, "--model", str(folder))
    assert code == 8 and "process ended (exit code 1) before it answered: no memory" in said
    code, out, said = call(capsys, "news", file, *MARKET, "--model", str(folder), "--fallback", "--json")
    row = json.loads(out)
    assert code == 0 and row["scorer"] == "lexicon" and row["score"] > 0.0 and "no memory" in row["fallback"]
    assert said.startswith("hydra: the word lists answer in place of the model: ")
