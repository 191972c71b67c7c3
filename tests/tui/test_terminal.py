"""The app on a real (pseudo-)terminal: which bytes reach it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hostile import hostile_run
from retrospan.model.traces import SpanBatch
from retrospan.store.contract import Store
from retrospan.store.traces.commit import commit_batch
from reviewdesk import Desk

_WALK = ("\t", "t", "\r", "j", "x", "j", "x", "s", "\x1b", "d", "n", "\x1b", "\x1b", "l", "h")
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P_^X].*?(?:\x07|\x1b\\)|[ -/]*[0-~])", re.DOTALL)
_MOVES_AND_COLOURS = re.compile(rb"\x1b\[[\d;]*[mHABCDGJK]")


def bytes_on_terminal(store: Path, keys: Sequence[str] = (), env: dict[str, str] | None = None) -> bytes:
    """What `retrospan tui` writes to a terminal of 100 × 30 while a person presses `keys`."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    command = [sys.executable, "-m", "retrospan.cli", "tui", "--store", str(store)]
    surroundings = {**os.environ, "TERM": "xterm-256color", **(env or {})}
    process = subprocess.Popen(command, stdin=child, stdout=child, stderr=child, env=surroundings, close_fds=True)
    os.close(child)
    out = _read(parent, until=b"Help", seconds=20.0)
    for key in keys:
        os.write(parent, key.encode())
        out += _read(parent, seconds=0.3)
    os.write(parent, b"\x11")
    out += _read(parent, seconds=60.0)
    assert process.wait(10) == 0
    os.close(parent)
    return out


def _read(terminal: int, *, seconds: float, until: bytes | None = None) -> bytes:
    out, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and not (until and until in out):
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                chunk = os.read(terminal, 65_536)
            except OSError:
                break
            if not chunk:
                break
            out += chunk
    return out


@pytest.fixture
def runs(store: Store) -> Path:
    Desk(store)
    return Path(store.location)


def test_hostile_run_adds_no_escape_sequence(store: Store, runs: Path) -> None:
    tame = bytes_on_terminal(runs, ("t", "\r"))
    commit_batch(store, SpanBatch(spans=hostile_run()))
    out = bytes_on_terminal(runs, _WALK)

    assert b"fake screen" in out and "␛".encode() in out, "the hostile run was on the screen"
    kinds = {sequence for sequence in _SEQUENCE.findall(out) if not _MOVES_AND_COLOURS.fullmatch(sequence)}
    usual = {sequence for sequence in _SEQUENCE.findall(tame) if not _MOVES_AND_COLOURS.fullmatch(sequence)}
    assert kinds <= usual
    left = _SEQUENCE.sub(b"", out)
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]|\x1b|\xc2[\x80-\x9f]", left)


def test_no_colour_is_sent_where_none_is_wanted(runs: Path) -> None:
    out = bytes_on_terminal(runs, env={"NO_COLOR": "1", "COLORTERM": "truecolor"})
    colours = re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", out)
    assert colours and all(red == green == blue for red, green, blue in colours)
