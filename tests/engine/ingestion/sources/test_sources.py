from __future__ import annotations

from pathlib import Path

import pytest

from engine.ingestion.sources import SOURCES, recognise, recognise_input
from engine.kernel.errors import InputError

SIDE = (3.1, 3.0, 3.2, 12, 345)
NUMBERS = (219240, 73029, 72834, 43697, 83800, 77521, 18714, 25188)


@pytest.fixture
def samples(yahoo_text, databento_text, legacy_text, cboe_text) -> dict[str, str]:
    return {
        "yahoo": yahoo_text([("2020-04-15", 45.75, 46.05, 45.5, 45.6, 420)]),
        "databento": databento_text([("2023-03-15T14:00:00.000000000Z", 350, 79.0, 79.0, 79.0, 79.0, 1, "HE.v.0")]),
        "databento_rolls": "symbol,start_date,end_date,instrument_id\nHE.v.0,2010-06-06,2010-06-20,9852\n",
        "cot_legacy": legacy_text([("054642", "2021-06-08", *NUMBERS)]),
        "cboe_quotes": cboe_text([("Fri Apr 12 2024", "84.00", SIDE, SIDE)]),
        "headlines": "published_at,source,title,url\n2024-02-20T14:34:30Z,Wire,Hog desk,https://x\n",
    }


def test_names_and_titles_are_unique() -> None:
    assert len({source.name for source in SOURCES}) == len({source.title for source in SOURCES}) == len(SOURCES)


def test_every_format_is_recognised_by_exactly_one_source(samples, as_input) -> None:
    for name, text in samples.items():
        assert [source.name for source in SOURCES if source.recognises(as_input(text))] == [name]


def test_the_name_of_a_file_says_nothing(samples, tmp_path: Path) -> None:
    path = tmp_path / "HE.v.0_rolls.xls"
    path.write_text(samples["yahoo"])
    assert recognise(path).name == "yahoo"


def test_no_source_raises_anything_but_input_error_on_damaged_content(samples, as_input, hogs) -> None:
    for text in samples.values():
        for kept in range(40, len(text), 41):
            file = as_input(text[:kept])
            try:
                recognise_input(file).parse(file, hogs.market)
            except InputError as error:
                assert error.message.startswith("input.csv: ") and "\n" not in error.message


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\0\0\0", b"hello world\n", b"{}", b"a,b,c\n1,2,3\n", b"\0" * 100]
)
def test_wrong_file_types_are_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "HE_to_2023.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"^HE_to_2023\.csv: the content fits no known source; known are: "):
        recognise(path)
