"""Damage as it happens to files: bytes lost, doubled, replaced, inserted; digits changed; ends cut off."""

from __future__ import annotations

import random
from typing import Final

HOSTILE: Final = (b"\x00", b"\xff\xfe", b"\x1b[2J", b"\\ud800", b"[" * 3_000, b"9" * 5_000, b"1e999", b"NaN", b'"',
           b"<", b"&x;", b"null", b"{}", b"\xe2\x80\xae", b"]]>", b"\r", b"0001-01-01", b"9999-12-31T23:59:59Z",
           b"-", b".", b",", b"\n", b"1e-320", b"inf", b"\xed\xa0\x80")  # fmt: skip
_DIGITS: Final = b"0123456789"


def mutate(content: bytes, seed: int) -> bytes:
    """`content` after one to six changes that follow from `seed`; never empty."""
    rng = random.Random(seed)
    damaged = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(damaged) + 1)
        length = rng.choice((1, 1, 2, 4, 16, 64, 400))
        kind = rng.randrange(7)
        if kind == 0:
            del damaged[place : place + length]
        elif kind == 1:
            damaged[place:place] = damaged[place : place + length]
        elif kind == 2:
            damaged[place:place] = rng.choice(HOSTILE)
        elif kind == 3:
            damaged[place : place + length] = rng.randbytes(min(length, 8))
        elif kind == 4:
            del damaged[place:]
        else:
            digits = [i for i in range(place, min(len(damaged), place + 200)) if damaged[i] in _DIGITS]
            for i in rng.sample(digits, min(len(digits), 2)):
                damaged[i] = rng.choice(_DIGITS)
    return bytes(damaged) or b"x"
