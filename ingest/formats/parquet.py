"""Parquet files as lines of JSON, for the reader of whatever their rows are; needs the extra `parquet`."""

from __future__ import annotations

import base64
import datetime
import decimal
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from ...model.errors import BadInputError, TooLargeError
from ..limits import Limits, readable_bytes

MAGIC = b"PAR1"
_ROWS = 256
_IN_MEMORY = 8 << 20
_NO_LIBRARY = (
    "A Parquet file, and pyarrow, which reads it, is not installed. Install Retrospan with the extra 'parquet' "
    "(`retrospan[parquet]`), or write the rows as JSON lines: df.to_json('runs.jsonl', orient='records', lines=True)."
)


def json_lines(path: Path, limits: Limits) -> BinaryIO:
    """The rows of a file, one JSON object a line, from the beginning; the caller closes.

    Raises:
        BadInputError: if it is broken, or pyarrow is not installed.
        TooLargeError: if it grows beyond `limits.file_bytes`.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as err:
        raise BadInputError(_NO_LIBRARY, where="file") from err
    lines = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    try:
        written = 0
        for line in _rows(pyarrow.parquet.ParquetFile(path)):
            written += lines.write(line)
            if written > limits.file_bytes:
                raise TooLargeError(f"The rows pass {readable_bytes(limits.file_bytes)}. Split the file.", where="file")
    except (pyarrow.ArrowException, OSError) as err:
        lines.close()
        raise BadInputError(f"The Parquet file is broken: {err}. Write it again.", where="file") from err
    lines.seek(0)
    return cast(BinaryIO, lines)


def _rows(file: Any) -> Iterator[bytes]:
    for batch in file.iter_batches(batch_size=_ROWS):
        for row in batch.to_pylist():
            said = {name: _plain(value) for name, value in row.items() if value is not None}
            yield orjson.dumps(said, option=orjson.OPT_NON_STR_KEYS) + b"\n"


def _plain(value: Any) -> Any:
    """A cell as JSON can hold it: times as text, bytes as their text or base64."""
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        if value and all(isinstance(item, tuple) and len(item) == 2 for item in value):  # Arrow's map
            return {str(name): _plain(item) for name, item in value}
        return [_plain(item) for item in value]
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
