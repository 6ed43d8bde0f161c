"""Names of styles and what they look like. Colour repeats what a word and a glyph already say, never says it alone.

Grey base, colour only for what is out of the ordinary; orange and blue instead of red and green (Okabe and Ito, 2008).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from rich.style import Style

COLOUR: Final = "hydra"
GREYSCALE: Final = "hydra-grey"
BACKGROUND: Final = "#101317"

_COLOURS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "normal": "#c9ced4",
        "strong": "bold #f2f4f6",
        "dim": "#868e97",
        "frame": "#4b535c",
        "frame-focus": "#8fb8d8",
        "title": "bold #dfe3e7",
        "good": "#6cb6e8",
        "warn": "bold #f0a92e",
        "crit": "bold #ff7a45",
        "stale": "italic #a9a1c4",
        "select": "bold #101317 on #c9ced4",
        "select-idle": "#e8ebee on #2a3139",
        "banner": "bold #101317 on #f0a92e",
        "banner-crit": "bold #ffffff on #b8460b",
        "off": "#5d656e",
        "input": "bold #f2f4f6 on #2a3139",
    }
)
_GREYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("normal", "good"), "#c8c8c8"),
        "strong": "bold #ffffff",
        "dim": "#8c8c8c",
        "frame": "#505050",
        "frame-focus": "#d0d0d0",
        "title": "bold #e0e0e0",
        "warn": "bold #ffffff",
        "crit": "bold reverse #ffffff",
        "stale": "italic #a0a0a0",
        "select": "bold #101010 on #d0d0d0",
        "select-idle": "#f0f0f0 on #303030",
        "banner": "bold #101010 on #e0e0e0",
        "banner-crit": "bold #101010 on #ffffff",
        "off": "#606060",
        "input": "bold #ffffff on #303030",
    }
)


@cache
def ink(name: str, theme: str = COLOUR) -> Style:
    """The style called `name` under a theme; an unknown name is a programming error (KeyError)."""
    table = _GREYS if theme == GREYSCALE else _COLOURS
    return Style.parse(f"on {BACKGROUND}") + Style.parse(table[name])
