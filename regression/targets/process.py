"""One child process with bounds: time, output, and nothing of it left running, whatever it started."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .trouble import TargetTroubleError, TroubleKind

MAX_OUTPUT = 4 << 20
"""Bytes that a run may write to stdout; an answer of an agent has some kilobytes."""
_KEPT_STDERR = 8 << 10
_CHUNK = 1 << 16
_DRAIN_SECONDS = 5.0
_running: set[int] = set()
"""Process groups of runs that are being made by this process."""
MARK = "RETROSPAN_RUN"
"""Environment variable that every descendant of a run inherits, by which those left behind are found."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that ended by itself, with status 0."""

    stdout: bytes
    stderr: str
    """Its last lines."""


def run_process(
    command: Sequence[str],
    stdin: bytes,
    *,
    timeout_s: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    max_output: int = MAX_OUTPUT,
) -> Finished:
    """Run a command to its end; its descendants are ended with it.

    Args:
        command: Program and arguments; no shell.
        stdin: Written, then closed.
        timeout_s: Seconds until it is killed.
        cwd: Its folder.
        env: Added to this process's environment.
        max_output: Bytes on stdout until it is killed.

    Raises:
        TargetTroubleError: if it cannot be started, takes too long, writes too much, or ends with another status.
    """
    mark = secrets.token_hex(12)
    try:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={**os.environ, **(env or {}), MARK: mark},
            start_new_session=True,
        )
    except OSError as err:
        raise TargetTroubleError(
            TroubleKind.NOT_STARTED,
            f"{command[0]!r} cannot be started: {err.strerror}. Check the command and its folder.",
        ) from err
    watched = _Watched(process, max_output)
    _running.add(process.pid)
    try:
        watched.feed(stdin)
        overdue = not watched.wait(timeout_s)
    finally:
        _end_all(process, mark)
        _running.discard(process.pid)
    watched.drain()
    _check(watched, command[0], timeout_s, max_output, overdue)
    return Finished(bytes(watched.out), watched.told)


def end_running() -> None:
    """End every run that other threads are making: their `run_process` then raises that it died."""
    for group in list(_running):
        with suppress(OSError):
            os.killpg(group, signal.SIGKILL)


class _Watched:
    """The pipes of a process, each read by a thread, so that none of them can stall it."""

    def __init__(self, process: subprocess.Popen[bytes], most: int) -> None:
        self.process, self.out, self.err, self.too_large = process, bytearray(), bytearray(), False
        self._most = most
        assert process.stdout is not None and process.stderr is not None
        self._threads = [
            threading.Thread(target=self._read_out, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._read_err, args=(process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def feed(self, data: bytes) -> None:
        """Write stdin in a thread of its own: a program may never read it."""

        def write() -> None:
            pipe = self.process.stdin
            assert pipe is not None
            with suppress(OSError), pipe:
                pipe.write(data)

        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        self._threads.append(thread)

    def wait(self, timeout_s: float) -> bool:
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def drain(self) -> None:
        """Whatever was written before the end; all writers are gone by now."""
        deadline = time.monotonic() + _DRAIN_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    @property
    def told(self) -> str:
        return self.err.decode("utf-8", "replace").strip()

    def _read_out(self, pipe: IO[bytes]) -> None:
        with suppress(OSError, ValueError), pipe:
            while chunk := os.read(pipe.fileno(), _CHUNK):
                self.out += chunk
                if len(self.out) > self._most:
                    self.too_large = True
                    self.process.kill()
                    return

    def _read_err(self, pipe: IO[bytes]) -> None:
        with suppress(OSError, ValueError), pipe:
            while chunk := os.read(pipe.fileno(), _CHUNK):
                self.err += chunk
                del self.err[:-_KEPT_STDERR]


def _check(watched: _Watched, name: str, timeout_s: float, most: int, overdue: bool) -> None:
    if watched.too_large:
        raise TargetTroubleError(
            TroubleKind.TOO_LARGE,
            f"{name!r} wrote more than {most >> 20} MiB to stdout and was stopped. "
            "Write the answer there, and logs to stderr.",
        )
    if overdue:
        raise TargetTroubleError(
            TroubleKind.TIMEOUT,
            f"{name!r} did not end within {timeout_s:g} s and was stopped. Raise --timeout if it needs longer."
            + _last(watched.told),
        )
    status = watched.process.returncode
    if status != 0:
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        raise TargetTroubleError(
            TroubleKind.DIED, f"{name!r} {how}." + (_last(watched.told) or " It wrote nothing to stderr.")
        )


def _last(told: str) -> str:
    return f" It said last:\n{told[-1500:]}" if told else ""


def _end_all(process: subprocess.Popen[bytes], mark: str) -> None:
    """End the process, its group, and whatever of it has left the group."""
    running = process.poll() is None
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    if running:
        process.wait()
    _end_marked(mark, process.pid)


def _end_marked(mark: str, own: int) -> None:
    """End processes that carry the mark in their environment. Where there is no /proc, the group is all we reach."""
    wanted = f"{MARK}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) in (own, os.getpid()):
            continue
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)
