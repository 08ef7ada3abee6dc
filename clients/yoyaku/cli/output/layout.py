"""Fits tables into the terminal: words, ids and times stay whole, however narrow it is."""

import sys
from collections.abc import Mapping

from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table

from yoyaku.cli.output.escaping import plain

_PIPE_WIDTH = 250
_GAP = 2


def out(table: Table, *, err: bool = False) -> None:
    """Print a table; where the terminal is too narrow for it, each row as a block of lines. A pipe gets whole lines."""
    stream = sys.stderr if err else sys.stdout
    console = Console(file=stream, width=None if stream.isatty() else _PIPE_WIDTH, highlight=False)
    console.print(fitted(table, console.width))


def fitted(table: Table, width: int) -> Table:
    """The table with columns as wide as the terminal allows, or its rows as blocks of names and values."""
    if not table.show_header:
        return table
    narrow, natural = zip(*map(_widths, table.columns), strict=True)
    spare = width - sum(narrow) - _GAP * len(narrow)
    if spare < 0:
        return _blocks(table)
    given = _shared([most - least for least, most in zip(narrow, natural, strict=True)], spare)
    for column, least, more in zip(table.columns, narrow, given, strict=True):
        column.width = least + more
    return table


def details(values: Mapping[str, str]) -> Table:
    """Names and values, one per line."""
    made = _names_and_values()
    for name, value in values.items():
        made.add_row(name, plain(value))
    return made


def _widths(column: Column) -> tuple[int, int]:
    """The width that breaks no word of a column, and the one that breaks no cell."""
    texts = [str(cell) for cell in (column.header, *column.cells)]
    words = texts if column.no_wrap else [word for text in texts for word in text.split()]
    return max(map(cell_len, words), default=0), max(map(cell_len, texts))


def _shared(needs: list[int], spare: int) -> list[int]:
    """What each gets of something spare: no more than it needs, and those who need most get equal parts."""
    given = [0] * len(needs)
    for done, number in enumerate(sorted(range(len(needs)), key=needs.__getitem__)):
        given[number] = min(needs[number], spare // (len(needs) - done))
        spare -= given[number]
    return given


def _blocks(table: Table) -> Table:
    made = _names_and_values()
    made.title, made.title_justify, made.title_style = table.title, table.title_justify, table.title_style
    for row in zip(*(column.cells for column in table.columns), strict=True):
        if made.row_count:
            made.add_row()
        for column, cell in zip(table.columns, row, strict=True):
            made.add_row(column.header, cell)
    return made


def _names_and_values() -> Table:
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    return made
