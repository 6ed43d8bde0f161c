"""Pages that people write: what they point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
TEST_FILES = {path.name: path for path in (ROOT / "tests").rglob("test_*.py")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_named_test_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = [path for path in re.findall(r"`?(tests/[\w/.]+)", text) if not (ROOT / path.rstrip("./")).exists()]
    for file, name in re.findall(r"(test_\w+\.py)::(test_\w+)", text):
        if file not in TEST_FILES or f"def {name}(" not in TEST_FILES[file].read_text(encoding="utf-8"):
            missing.append(f"{file}::{name}")
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_place_on_one_machine(page: Path) -> None:
    assert re.findall(r"(?<![\w.~])/(?:work|root|home|tmp|opt)/", page.read_text(encoding="utf-8")) == []
