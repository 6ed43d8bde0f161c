from __future__ import annotations

import pytest

from engine.ingestion.texts.social_text import junk_reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("$HE_F hogs look heavy", ""),
        ("$A $B $C $D $E hogs", ""),
        ("$A $a $B $C $D $E hogs", ""),
        ("$A $B $C $D $E $F hogs", "spam"),
        ("$HE_F", "spam"),
        ("$HE_F https://x/pork", "spam"),
        ("🚀🚀 1234", "spam"),
        ("pork https://x https://y", ""),
        ("pork https://x https://y https://z", "spam"),
        ("[Removed]", "removed by its author or a moderator"),
        ("[deleted by user]", "removed by its author or a moderator"),
        ("costs $4 a pound", ""),
    ],
)
def test_junk(text: str, reason: str) -> None:
    assert junk_reason(text) == reason
