from __future__ import annotations

import random
from pathlib import Path

import pytest

from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.parsing.prose import is_markdown, is_prose
from engine.ingestion.sources import recognise_input
from engine.kernel.errors import InputError

PROSE = b"""================
  Read me first
================

This work may be used by everybody who keeps the names of its authors with it, and by nobody else.
For questions write to Jane Doe <jane.doe@example.org>; she answers on most days of the week.
"""
# A table whose header or whose beginning was lost, a list of labelled texts, documents of fields: never prose.
DAMAGED_TABLES = {
    "headlines without a header": b"Hog prices rise as packers bid more for the animals they need.,2025-10-01,x\n"
    b"Pork exports fall for the third month in a row they say.,2025-10-02,y\n",
    "labelled phrases, the first one damaged": b"\xffThe company grew faster than all of its rivals did .@posi\n"
    b"It fell more than anybody in the market had expected .@negative\n",
    "one labelled phrase": b"It fell more than anybody in the whole market had expected .@negative\n",
    "tweets": b"the whole market is going up and nobody knows the reason why it does.,1\n"
    b"the whole market is going down and nobody knows the reason why it does.,0\n",
    "tabs": b"Gold is going up as the whole world is looking for safety.\tpositive\tnews\n"
    b"Gold is going down as the whole world is looking for risk.\tnegative\tnews\n"
    b"Gold is not going anywhere as the whole world is asleep today.\tneutral\tnews\n",
    "cut JSON": b'"title": "Hog prices rise as packers bid more for the animals that they need."}, {"title": "x"}',
    "cut XML": b"Hog prices rise as packers bid more for the animals that they need.</title></item>",
    "printed object": b"Stock(symbol='AMD') was asked for and the answer is that there is no such thing at all.",
    "ruled table": b"Beef .............: 2,247.8    2,335.0    2,109.3       94         90\n" * 3
    + b"The figures of this table are those of the month and of the year before.\n",
}


def test_sentences_are_prose() -> None:
    file = unpack("LICENSE", PROSE)
    assert is_prose(file)
    with pytest.raises(InputError, match=r"^LICENSE: holds prose and no table; nothing to ingest$"):
        recognise_input(file)


@pytest.mark.parametrize("content", DAMAGED_TABLES.values(), ids=DAMAGED_TABLES)
def test_a_damaged_table_is_no_prose(content: bytes) -> None:
    assert not is_prose(unpack("f", content))


@pytest.mark.parametrize("content", [b"hello world\n", b"a,b,c\n1,2,3\n", b"\0" * 100, b"{}", b"no. yes. 1 2 3 4."])
def test_what_has_no_sentence_is_no_prose(content: bytes) -> None:
    assert not is_prose(unpack("f", content))


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["License.txt", "README.txt"])
def test_real_prose(real_data: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"^{name}: holds prose and no table; nothing to ingest$"):
        recognise_input(read_input(real_data / "news" / "financial_phrasebank" / name))


@pytest.mark.real_data
def test_no_other_real_file_passes_for_prose_whole_or_without_its_beginning(real_data: Path) -> None:
    """Every file as it is, without its first line or lines, and cut off anywhere after the first kilobyte."""
    chosen = random.Random(11)
    passed = []
    for path in sorted(entry for entry in real_data.rglob("*") if entry.is_file()):
        if path.suffix == ".md" or (path.parent.name == "financial_phrasebank" and path.suffix == ".txt"):
            continue
        try:
            content = read_input(path).content
        except InputError:
            continue
        lines = content[:100_000].split(b"\n")
        pieces = [content, b"\n".join(lines[1:]), b"\n".join(lines[chosen.randrange(1, 8) :])]
        pieces += [content[: chosen.randrange(1_000, max(len(content), 1_001))] for _ in range(2)]
        passed += [path.name for piece in pieces if _passes(piece)]
    assert passed == []


def _passes(piece: bytes) -> bool:
    try:
        return is_prose(unpack("f", piece))
    except InputError:
        return False


def test_a_markdown_document_is_told_by_its_title_and_chapters() -> None:
    document = "# Data\n\nThese files were fetched by a person who wrote down where each came from.\n\n## Kinds\n"
    assert is_markdown(unpack("README.md", document.encode()))
    assert not is_markdown(unpack("x.csv", b"# Date,Close\n2024-01-02,80.5\n"))
    assert not is_markdown(unpack("x.txt", document.replace("# Data\n", "Data\n", 1).encode()))
