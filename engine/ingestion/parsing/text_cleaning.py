"""Foreign text made safe to store, compare and paint: no markup, no control characters, single blanks."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

_LONGEST_RAW: Final = 65_536
_REPLACEMENT: Final = "\ufffd"
_COMMENT_START: Final = "<!--"
_BREAKING_TAG: Final = re.compile(
    r"</?(?:p|br|hr|div|li|ul|ol|h[1-6]|table|tr|td|th|blockquote)(?:\s[^<>]*|/)?>", re.IGNORECASE
)
_OTHER_TAG: Final = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_COMMENT: Final = re.compile(r"<!--[^<>]*-->")
# Zero-width blanks and marks that turn the direction of writing; joiners inside emoji stay.
_INVISIBLE: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


class UnusableTextError(ValueError):
    """A text that cannot be kept; the message is the reason."""


def clean_text(text: str, longest: int) -> str:
    """`text` without HTML tags, with its entities resolved once, control characters as blanks, blanks single.

    Raises UnusableTextError where the result has more than `longest` characters or holds the mark of bytes that were
    no text (U+FFFD, a lone surrogate).
    """
    if len(text) > _LONGEST_RAW:
        raise UnusableTextError(f"longer than {longest} characters")
    if "<" in text:
        if _COMMENT_START in text:
            text = _COMMENT.sub("", text)
        text = _OTHER_TAG.sub("", _BREAKING_TAG.sub(" ", text))
    if "&" in text:
        text = html.unescape(text)
    if _REPLACEMENT in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise UnusableTextError("holds bytes that are not text")
    if not text.isascii() or not text.isprintable():
        text = "".join(map(_safe, _INVISIBLE.sub("", text)))
    text = " ".join(text.split())
    if len(text) > longest:
        raise UnusableTextError(f"longer than {longest} characters")
    return text


def one_line(value: object, longest: int = 200) -> str:
    """Any foreign value as one short safe line, for a message to people."""
    text = str(value)[: 4 * longest].encode("utf-8", errors="replace").decode("utf-8")
    return " ".join("".join(map(_safe, _INVISIBLE.sub("", text))).split())[:longest]


def _safe(letter: str) -> str:
    return " " if unicodedata.category(letter) in _UNSAFE_CATEGORIES else letter
