"""Which files a step of the venue delivers: the history at once, then one set per live bar."""

from __future__ import annotations

from dataclasses import dataclass

from engine.kernel.errors import InputError
from engine.sandbox.venue.bar_writer import bars_text
from engine.sandbox.venue.cot_writer import cot_text
from engine.sandbox.venue.delivery import VenueFile, delivery_name
from engine.sandbox.venue.headline_writer import headlines_text
from engine.sandbox.venue.option_chain_writer import chains_text
from engine.sandbox.venue.world import MarketWorld

HISTORY_STEP = 0


@dataclass(frozen=True, slots=True)
class SessionFiles:
    """The deliveries of one world. Every method is a pure function of its argument: same bar, same bytes."""

    world: MarketWorld

    def history(self) -> list[VenueFile]:
        """Everything known when the last bar of history closed."""
        last = self.world.settings.history_bars - 1
        return self._files(HISTORY_STEP, 0, last, None)

    def live(self, bar: int) -> list[VenueFile]:
        """Live bar `bar`, the headlines inside it and a report published since the bar before."""
        settings = self.world.settings
        if not 0 <= bar < settings.live_bars:
            raise InputError(f"this market has live bars 0 to {settings.live_bars - 1}, not {bar}")
        index = settings.history_bars + bar
        return self._files(bar + 1, index, index, self.world.times.end_ts(index - 1))

    def now_ts(self, bar: int) -> int:
        """Simulated time once live bar `bar` (-1: the history) is delivered: that bar's end."""
        return self.world.times.end_ts(self.world.settings.history_bars + bar)

    def _files(self, step: int, first: int, last: int, published_after_ts: int | None) -> list[VenueFile]:
        world = self.world
        cot = cot_text(world.settings.seed, published_after_ts, world.times.end_ts(last))
        headlines = headlines_text(world, first, last)
        files = [] if cot is None else [VenueFile(delivery_name(step, 1, "cot"), cot)]
        files.append(VenueFile(delivery_name(step, 2, "chain"), chains_text(world, first, last)))
        if headlines is not None:
            files.append(VenueFile(delivery_name(step, 3, "headlines"), headlines))
        files.append(VenueFile(delivery_name(step, 4, "bars"), bars_text(world, first, last)))
        return files
