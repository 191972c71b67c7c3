"""`retrospan serve` as a process of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from otlp_requests import get

RETROSPAN = str(Path(sys.executable).with_name("retrospan"))


class Served:
    """A running server process.

    Attributes:
        url: Its base URL.
        process: The process; killing it is the test's affair.
    """

    def __init__(self, store: Path, *options: str, port: int = 0) -> None:
        command = [RETROSPAN, "serve", "--store", str(store), "--port", str(port), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        address = re.search(r"http://\S+", line)
        assert address is not None, (line, self.process.communicate(timeout=30))
        self.url = address[0]

    def wait_until_ready(self) -> None:
        """Return when the first request was answered; the socket queues requests from the start."""
        assert get(self.url, "/healthz").status in (200, 503)

    def stop(self) -> tuple[int, str]:
        """SIGTERM; returns the exit code and what was written to stderr."""
        self.process.send_signal(signal.SIGTERM)
        _, stderr = self.process.communicate(timeout=60)
        return self.process.returncode, stderr

    def kill(self) -> None:
        """SIGKILL, as a crash or the kernel would."""
        self.process.kill()
        self.process.communicate(timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.kill()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def served(store: Path, options: Sequence[str] = (), *, port: int = 0) -> Iterator[Served]:
    """A server that answers, killed at the end of the block if it still runs."""
    with Served(store, *options, port=port) as server:
        server.wait_until_ready()
        yield server
