"""The smallest Textual program: what a first paint costs before HYDRA adds anything."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class MinimalApp(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static("smallest app")


if __name__ == "__main__":
    MinimalApp().run(mouse=False)
