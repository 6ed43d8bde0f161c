"""Two plain tables of 40 rows and 8 columns: what a key costs in Textual before HYDRA adds anything."""

from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import DataTable


class TableApp(App[None]):
    """The two tables; the first has the cursor."""

    def compose(self) -> ComposeResult:
        """Side by side."""
        with Horizontal():
            yield DataTable(cursor_type="row")
            yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        """Fill both."""
        for table in self.query(DataTable):
            table.add_columns(*(f"column {number}" for number in range(8)))
            for row in range(40):
                table.add_row(*(f"{row * column:.2f}" for column in range(8)))
        self.query(DataTable).first().focus()


if __name__ == "__main__":
    TableApp().run(mouse=False)
