"""Run the example agent against a receiver of its own: two subprocesses and a store in between."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...model.errors import StoreError

_PATIENCE = 60.0
"""Seconds that the receiver may take to start on a slow machine."""
_LAST_LINES = 5


@contextmanager
def receiver(store_path: Path) -> Iterator[str]:
    """`retrospan serve` on a free loopback port; yields its address and stops it in the end.

    Raises:
        StoreError: if it does not come up.
    """
    command = [sys.executable, "-m", "retrospan.cli", "serve", "--port", "0", "--store", str(store_path)]
    process = subprocess.Popen(
        [*command, "--no-background"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_quiet()
    )
    try:
        yield _address(process)
    finally:
        process.terminate()
        process.wait(_PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        address = next((word for word in line.split() if word.startswith("http://")), None)
        if address is not None:
            _wait_until_ready(address)
            return address
    raise StoreError(f"The receiver did not start: {''.join(said[-_LAST_LINES:]).strip() or 'it said nothing'}")


def _wait_until_ready(address: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with opener.open(f"{address}/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError as err:
            if time.monotonic() > deadline:
                raise StoreError(f"The receiver at {address} does not answer ({err}).") from err
            time.sleep(0.05)


def run_agent(address: str, version: str, requests: int, seed: int, on_progress: Callable[[int, int], None]) -> None:
    """Run the support agent; its spans go to `address` through the OpenTelemetry SDK's own OTLP exporter.

    Raises:
        StoreError: if the agent fails.
    """
    arguments = ["--version", version, "--requests", str(requests), "--seed", str(seed)]
    process = subprocess.Popen(
        [sys.executable, "-m", "retrospan.examples.support_agent", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**_quiet(), "OTEL_EXPORTER_OTLP_ENDPOINT": address, "NO_PROXY": "127.0.0.1"},
    )
    assert process.stderr is not None
    said = []
    with process.stderr:
        for line in process.stderr:
            said.append(line)
            if line.startswith("["):
                on_progress(int(line[1:].split("/", 1)[0]), requests)
    if process.wait() != 0:
        raise StoreError(f"The example agent failed: {''.join(said[-_LAST_LINES:]).strip()}")


def _quiet() -> dict[str, str]:
    """The environment without the user's own exporter settings, which would send the demo elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
