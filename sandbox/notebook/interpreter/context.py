"""`z`: what paragraphs in Python call for forms, tables and pictures, as in Zeppelin.

https://zeppelin.apache.org/docs/0.12.0/usage/other_features/zeppelin_context.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.notebook import display, forms
from sandbox.notebook.forms import Form
from sandbox.notebook.interpreter import pictures
from sandbox.notebook.interpreter.channel import Channel, Output


class ZeppelinContext:
    """`params` are the values that the note's reader chose for this paragraph's forms."""

    def __init__(self, channel: Channel, output: Output) -> None:
        self._channel = channel
        self._output = output
        self.params: Mapping[str, Any] = {}
        self._pool: dict[str, Any] = {}

    # --- forms

    def input(self, name: str, defaultValue: Any = "") -> Any:  # noqa: N803 - Zeppelin's name
        """The text that was typed for `name`."""
        return self._ask(forms.text_box(name, defaultValue))

    textbox = input

    def select(self, name: str, options: Iterable[Any], defaultValue: Any = "") -> Any:  # noqa: N803
        """The one of `options` that was chosen; an option is a pair of value and label, or both in one."""
        return self._ask(forms.select(name, _pairs(options), defaultValue))

    def checkbox(
        self,
        name: str,
        options: Iterable[Any],
        defaultChecked: Iterable[Any] | None = None,  # noqa: N803
    ) -> list[Any]:
        """Those of `options` that were chosen; at first all, unless told otherwise."""
        pairs = _pairs(options)
        checked = [value for value, _ in pairs] if defaultChecked is None else list(defaultChecked)
        return list(self._ask(forms.check_box(name, pairs, checked)))

    def _ask(self, form: Form) -> Any:
        self._channel.send("form", form=form)
        return self.params.get(form["name"], form["defaultValue"])

    # --- showing

    def show(self, what: Any, maxRows: int = display.TABLE_ROWS) -> None:  # noqa: N803
        """Show a DataFrame of Spark or pandas as a table, a figure or pyplot as a picture, else the text."""
        if pictures.is_figure(what):
            pictures.show(what)
        elif hasattr(what, "to_html") and hasattr(what, "iterrows"):
            shown = what.head(maxRows)
            rows = [[_cell(value) for value in row] for row in shown.itertuples(index=False, name=None)]
            self._table([str(column) for column in what.columns], rows, len(what) > maxRows, maxRows)
        elif hasattr(what, "limit") and hasattr(what, "collect") and hasattr(what, "columns"):
            self.show_rows(what.columns, what.limit(maxRows + 1).collect(), maxRows)
        else:
            print(what)  # noqa: T201 - a paragraph's output

    def show_rows(self, columns: list[str], rows: list[Any], maximum: int = display.TABLE_ROWS) -> None:
        """Show collected rows as a table; more than `maximum` are told, not shown."""
        cells = [[_cell(value) for value in row] for row in rows[:maximum]]
        self._table(columns, cells, len(rows) > maximum, maximum)

    def _table(self, columns: list[str], rows: list[list[str]], cut: bool, maximum: int) -> None:
        self._output.message("TABLE", display.table(columns, rows))
        if cut:
            self._output.message("HTML", f"<p>Only the first {maximum} rows are shown.</p>\n")

    # --- the pool that paragraphs share

    def put(self, name: str, value: Any) -> None:
        """Keep a value for other paragraphs."""
        self._pool[name] = value

    def get(self, name: str) -> Any:
        """The value that was kept; None when there is none."""
        return self._pool.get(name)


def _cell(value: Any) -> str:
    return "null" if value is None else str(value)


def _pairs(options: Iterable[Any]) -> list[tuple[Any, str]]:
    pair = 2
    return [
        (option[0], str(option[1]))
        if isinstance(option, tuple | list) and len(option) == pair
        else (option, str(option))
        for option in options
    ]
