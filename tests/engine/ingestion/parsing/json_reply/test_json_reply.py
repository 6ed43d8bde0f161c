from __future__ import annotations

import pytest

from engine.ingestion.input_file import unpack
from engine.ingestion.parsing.json_reply import leading_keys, read_json
from engine.kernel.errors import InputError


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": [1, 2', "f: not complete JSON: "),
        (b"[" * 100_000 + b"]" * 100_000, "f: the JSON is nested too deeply"),
        (b'{"a":' * 80 + b"1" + b"}" * 80, "f: the JSON is nested too deeply"),
        (b"[" + b"9" * 5_000 + b"]", "f: the JSON holds a number that cannot be read"),
        (b"[NaN]", "f: the JSON holds a number that cannot be read"),
        (b"[-Infinity]", "f: the JSON holds a number that cannot be read"),
        (b"[1] [2]", "f: not complete JSON: "),
    ],
)
def test_refused_in_one_sentence(content: bytes, message: str) -> None:
    with pytest.raises(InputError) as refused:
        read_json(unpack("f", content))
    assert refused.value.message.startswith(message) and "\n" not in refused.value.message


def test_one_damaged_byte_costs_one_text_only() -> None:
    assert read_json(unpack("f", b'\xef\xbb\xbf["good", "b\xe9d", "p\xc3\xa9"]')) == ["good", "b\ufffdd", "pé"]


def test_leading_keys() -> None:
    assert leading_keys(unpack("f", b' \xef\xbb\xbf {"a" : {"b_c":1}}')) == set()
    assert leading_keys(unpack("f", b'\xef\xbb\xbf {"a" : {"b_c":1, "d e": "f"}}')) == {"a", "b_c"}
    assert leading_keys(unpack("f", b'"a": 1')) == set()
