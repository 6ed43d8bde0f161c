"""What holds panels. A room has nothing of its own to paint, and says so: Textual styles every row of one otherwise."""

from __future__ import annotations

from typing import ClassVar

from textual.containers import Container, Horizontal


class Room(Container):
    """Panels one below the other; no border, no padding."""

    BLANK: ClassVar[bool] = True


class RoomRow(Horizontal):
    """Panels side by side; no border, no padding."""

    BLANK: ClassVar[bool] = True
