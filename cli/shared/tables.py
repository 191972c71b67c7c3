"""Tables as files: JSON lines, CSV, Parquet; written a piece at a time."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import orjson

from ...model.extras import require_extra
from ...model.text.csvtext import csv_cell

Rows = Sequence[Sequence[Any]]
Write = Callable[[Rows], int]
"""Puts rows into the file, and says how many."""


@contextmanager
def writer_for(path: Path, form: Literal["jsonl", "csv", "parquet"], columns: Sequence[str]) -> Iterator[Write]:
    """A file of this form, whole when the block ends.

    Raises:
        NotInstalledError: for Parquet without its extra.
    """
    if form == "parquet":
        with _parquet(path, columns) as write:
            yield write
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        if form == "csv":
            table = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
            table.writerow(columns)

            def write_csv(rows: Rows) -> int:
                table.writerows([csv_cell(value) for value in row] for row in rows)
                return len(rows)

            yield write_csv
        else:

            def write_lines(rows: Rows) -> int:
                for row in rows:
                    file.write(orjson.dumps(dict(zip(columns, row, strict=True))).decode() + "\n")
                return len(rows)

            yield write_lines


@contextmanager
def _parquet(path: Path, columns: Sequence[str]) -> Iterator[Write]:
    require_extra("parquet")
    import pyarrow
    import pyarrow.parquet

    writer: Any = None

    def write(rows: Rows) -> int:
        nonlocal writer
        table = pyarrow.table({name: _column([row[i] for row in rows]) for i, name in enumerate(columns)})
        if writer is None:
            writer = pyarrow.parquet.ParquetWriter(path, table.schema)
        writer.write_table(table.cast(writer.schema))
        return len(rows)

    try:
        yield write
        if writer is None:
            write([])
    finally:
        if writer is not None:
            writer.close()


def _column(values: Sequence[Any]) -> Any:
    """Numbers stay numbers where all are; anything else is text, so that every piece of a file has the same types."""
    import pyarrow

    if values and all(type(value) is int for value in values):
        return pyarrow.array(values, pyarrow.int64())
    if values and all(isinstance(value, int | float) for value in values):
        return pyarrow.array(values, pyarrow.float64())
    return pyarrow.array([None if value is None else str(value) for value in values], pyarrow.string())
