"""Run a command of the CLI in this process and keep what it printed."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import orjson
from retrospan.cli.main import main


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)


def run(*args: str) -> Done:
    """`retrospan ARGS` with its exit code and output."""
    out, err = _Stream(), _Stream()
    with patch.object(sys, "stdout", out), patch.object(sys, "stderr", err):
        try:
            main(args)
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 0
    return Done(code, out.text(), err.text())


class _Stream(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", errors="surrogateescape", write_through=True)

    def text(self) -> str:
        return self.buffer.getvalue().decode()  # type: ignore[attr-defined,no-any-return]
