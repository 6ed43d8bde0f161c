"""Market: smile, density, gamma, term structure, outcomes, traders' commitments, sentiment, divergence.

A large terminal shows everything at once; v turns to one part with the whole room, as small terminals always do. Enter
opens the page of the row or list under the cursor, esc goes back to the first page.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult

from hydra_tui import market_crowd, market_options, market_overview
from hydra_tui.market_words import head_lines
from hydra_tui.screens.view import Look, OperatorView
from widgets.list_panel import ListPanel
from widgets.panel import Panel
from widgets.rooms import RoomRow

_LEAST_WIDTH, _LEAST_HEIGHT = 150, 44
PAGES: Final = {
    "all": ("smile", "density", "gamma", "term", "outcomes", "cot", "crowd", "divergence"),
    "overview": ("overview", "divergence"),
    "smile": ("smile", "strike"),
    "density": ("density", "outcomes"),
    "gamma": ("gamma", "strike"),
    "term": ("term",),
    "crowd": ("crowd", "divergence"),
    "evidence": ("evidence",),
    "cot": ("cot",),
}
_PAGE_OF_LIST: Final = {
    "market-smile": "smile",
    "market-term": "term",
    "market-outcomes": "density",
    "market-gamma": "gamma",
}
_ROOMS: Final = {
    "market-top": ("smile", "density", "overview"),
    "market-middle": ("gamma", "strike", "term", "outcomes"),
    "market-bottom": ("cot", "crowd", "divergence", "evidence"),
}


class MarketView(OperatorView):
    """Everything at once where there is room, else page by page."""

    name_of_screen: ClassVar[str] = "market"

    def __init__(self) -> None:
        super().__init__()
        self._page = ""
        self._at_money: set[str] = set()

    def compose(self) -> ComposeResult:
        """A head that always stands, then three rows of panels of which a page shows some."""
        yield Panel("Market", id="market-head")
        with RoomRow(id="market-top"):
            yield ListPanel("Overview", id="market-overview")
            yield ListPanel("Smile", id="market-smile")
            yield Panel("Implied density", id="market-density")
        with RoomRow(id="market-middle"):
            yield ListPanel("Gamma by strike", id="market-gamma")
            yield Panel("Strike", id="market-strike")
            yield ListPanel("Term structure", empty="no expiry is quoted", id="market-term")
            yield ListPanel(
                "Implied against realised", empty="no density was held for an expiry yet", id="market-outcomes"
            )
        with RoomRow(id="market-bottom"):
            yield Panel("Commitments of Traders", id="market-cot")
            yield Panel("Composite sentiment", id="market-crowd")
            yield Panel("Divergence", id="market-divergence")
            yield ListPanel("Evidence", headings=False, id="market-evidence")

    def on_mount(self) -> None:
        """The first page depends on the room."""
        self._page = self._pages()[0]
        super().on_mount()
        self._show_page()

    def on_resize(self) -> None:
        """Another size may be another first page, and other pictures in the lists."""
        if not self._ready:
            return
        if self._page not in self._pages():
            self._page = self._pages()[0]
            self.call_after_refresh(self._take_keys)
        self._show_page()

    @property
    def lists(self) -> list[ListPanel]:
        """The lists of this page."""
        return [panel for panel in super().lists if panel.id is not None and self._is_shown(panel.id)]

    def fill(self, look: Look) -> None:
        """Fill the panels of this page."""
        self.panel("market-head").show(lambda w, h: head_lines(look, w, h)[:h])
        for name in PAGES[self._page]:
            getattr(self, f"_fill_{name}")(look)

    def toggle(self, what: str) -> str:
        """`v` turns the page."""
        if what != "page":
            return super().toggle(what)
        pages = self._pages()
        self._turn_to(pages[(pages.index(self._page) + 1) % len(pages)])
        return ""

    def row_to_open(self) -> str:
        """The page of the row or of the list under the cursor; nothing on that page itself. The page of the crowd has
        no list: enter there opens all of its evidence."""
        if self._page == "crowd":
            return "market page:evidence:"
        panel = self.active_list
        kind, _, rest = self.row.partition(":")
        page = rest.partition(":")[0] if kind == "page" else _PAGE_OF_LIST.get(panel.id or "", "") if panel else ""
        return f"market page:{page}:" if page and page != self._page else ""

    def arrive(self, row: str = "", filter_text: str = "") -> None:
        """A row "page:NAME:" turns to that page."""
        kind, _, rest = row.partition(":")
        page = rest.partition(":")[0]
        if kind == "page" and self._ready and page in self._pages():
            self._turn_to(page)
            return
        super().arrive(row, filter_text)

    def back(self) -> bool:
        """From a page to the first one; False on the first one."""
        first = self._pages()[0]
        if self._page == first:
            return False
        self._turn_to(first)
        return True

    # -- pages --------------------------------------------------------------------------------------------------------

    def _pages(self) -> list[str]:
        size = self.app.size
        roomy = size.width >= _LEAST_WIDTH and size.height >= _LEAST_HEIGHT
        return ["all" if roomy else "overview", *(name for name in PAGES if name not in ("all", "overview"))]

    def _turn_to(self, page: str) -> None:
        self._page = page
        self._show_page()
        super().arrive()

    def _take_keys(self) -> None:
        """Keys go to a list of this page where the one that had them is hidden now; never out of a field or dialog."""
        if self.display and self.app.focused is None:
            super().arrive()

    def _show_page(self) -> None:
        for page in PAGES:
            self.set_class(page == self._page, f"-page-{page}")
        for room, names in _ROOMS.items():
            self.query_one(f"#{room}").display = any(name in PAGES[self._page] for name in names)
            for name in names:
                self.panel(f"market-{name}").display = name in PAGES[self._page]
        self.look_again()
        # Pictures in lists are as wide as their list, which the layout has yet to say.
        self.call_after_refresh(self.look_again)

    def _is_shown(self, panel_id: str) -> bool:
        return panel_id.removeprefix("market-") in PAGES.get(self._page, ())

    def _start_at_money(self, panel: ListPanel, look: Look) -> None:
        """The cursor of a list of strikes begins at the money, once; afterwards it is the operator's."""
        key = market_options.strike_at_money(look)
        if panel.id is not None and panel.id not in self._at_money and key and panel.go_to(key):
            self._at_money.add(panel.id)

    # -- panels -------------------------------------------------------------------------------------------------------

    def _fill_overview(self, look: Look) -> None:
        panel = self.list_panel("market-overview")
        rows = market_overview.overview_rows(look, panel.inner_size[0] or 76)
        panel.set_rows(market_overview.COLUMNS, rows, name="Overview (⏎ opens, v turns)")

    def _fill_smile(self, look: Look) -> None:
        panel = self.list_panel("market-smile")
        columns, rows, name, panel.foot = market_options.smile_rows(look, panel.inner_size[0] - 1)
        panel.set_rows(columns, rows, name=name, empty=market_options.smile_empty(look))
        self._start_at_money(panel, look)

    def _fill_strike(self, look: Look) -> None:
        key = self.row
        self.panel("market-strike").show(lambda w, h: market_options.strike_lines(look, key, w)[:h])

    def _fill_density(self, look: Look) -> None:
        self.panel("market-density").show(lambda w, h: market_options.density_lines(look, w, h))

    def _fill_gamma(self, look: Look) -> None:
        panel = self.list_panel("market-gamma")
        columns, rows, name, panel.foot = market_options.gamma_rows(look, panel.inner_size[0] - 1)
        panel.set_rows(columns, rows, name=name, empty=market_options.gamma_empty(look))
        self._start_at_money(panel, look)

    def _fill_term(self, look: Look) -> None:
        panel = self.list_panel("market-term")
        columns, rows, name = market_options.term_rows(look, panel.inner_size[0] - 1)
        panel.set_rows(columns, rows, name=name, empty=market_options.smile_empty(look) if not rows else None)

    def _fill_outcomes(self, look: Look) -> None:
        panel = self.list_panel("market-outcomes")
        columns, rows, name, panel.foot = market_options.outcome_rows(look, panel.inner_size[0] - 1)
        panel.set_rows(columns, rows, name=name)

    def _fill_cot(self, look: Look) -> None:
        self.panel("market-cot").show(
            lambda w, h: market_crowd.positioning_lines(look, w, h), title=market_crowd.positioning_title(look)
        )

    def _fill_crowd(self, look: Look) -> None:
        self.panel("market-crowd").show(lambda w, h: market_crowd.sentiment_lines(look, w, h))

    def _fill_divergence(self, look: Look) -> None:
        title = "Divergence (⏎ all evidence)" if self._page == "crowd" else "Divergence"
        self.panel("market-divergence").show(lambda w, h: market_crowd.divergence_lines(look, w, h), title=title)

    def _fill_evidence(self, look: Look) -> None:
        panel = self.list_panel("market-evidence")
        rows = market_crowd.evidence_rows(look, max(20, panel.inner_size[0] - 1))
        panel.set_rows(market_crowd.EVIDENCE_COLUMNS, rows, name="Evidence (j k scroll)")
