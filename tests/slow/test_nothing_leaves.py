"""No face reaches for anything but this machine, and no dependency leaves a file behind."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from network import can_trace, observed, reached

pytestmark = pytest.mark.slow
RUNS = "\n".join(
    json.dumps({"id": f"r{i}", "messages": [{"role": "user", "content": f"Refund order {i} https://a.example/{i}"},
                                            {"role": "assistant", "content": "You have 45 days."}]})
    for i in range(5)
)  # fmt: skip
OURS = re.compile(
    r"^(?:store\.db|config/|hook/|calls\.log|audit\.log|runs\.jsonl|demo/|\.local/share/retrospan/|\.store)"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    (folder / "runs.jsonl").write_text(RUNS)
    ran(folder, "import", str(folder / "runs.jsonl"))
    return folder


@pytest.fixture(autouse=True)
def nothing_left(home: Path) -> Iterator[None]:
    for name in ("calls.log", "audit.log"):
        (home / name).unlink(missing_ok=True)
    yield
    assert reached(home) == []
    strangers = [path for path in home.rglob("*") if path.is_file() and not OURS.match(str(path.relative_to(home)))]
    assert [path for path in strangers if "__pycache__" not in path.parts] == []


def ran(home: Path, *arguments: str, said: str = "", **variables: str) -> str:
    command, environment = observed(arguments, home, **variables)
    done = subprocess.run(command, env=environment, input=said, capture_output=True, text=True, timeout=240, cwd=home)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not can_trace(), reason="strace is not here, or may not trace")
def test_the_watch_sees_a_look_up(home: Path) -> None:
    command, environment = observed([], home)
    script = "import socket\ntry: socket.create_connection(('192.0.2.1', 9), 0.2)\nexcept OSError: pass"
    at = command.index("-m")
    subprocess.run([*command[:at], "-c", script], env=environment, timeout=60)
    assert any("192.0.2.1" in line for line in reached(home))
    for name in ("calls.log", "audit.log"):
        (home / name).unlink(missing_ok=True)


@pytest.mark.parametrize(
    "command",
    [
        ("import", "runs.jsonl"),
        ("embed",),
        ("trace", "list", "refund"),
        ("trace", "show", "T1"),
        ("suspects", "T1"),
        ("call", "search_traces", "--args", '{"query": "money back"}'),
        ("doctor",),
        ("audit", "verify"),
        ("demo", "--auto", "--folder", "demo"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_no_command_leaves_this_machine(home: Path, command: tuple[str, ...]) -> None:
    ran(home, *command)


MANY = """
import sys, anyio
from retrospan.cli.main import main
for line in sys.stdin.read().splitlines():
    try:
        main(line.split("|"))
    except SystemExit as stop:
        if stop.code not in (0, 1, 2, None):
            raise
from retrospan.store.opening import open_store
from retrospan.tui.app import RetrospanApp
async def look(store):
    async with RetrospanApp(store).run_test() as pilot:
        for key in "htrlcd":
            await pilot.press(key)
        await pilot.press("t", "enter", "escape", "comma", "escape")
        await pilot.pause(0.5)
with open_store(sys.argv[1]) as store:
    anyio.run(look, store)
"""
COMMANDS = """
    query|SELECT count(*) FROM runs
    export|runs|--to|exported
    compare|outcome:fail|outcome:unknown
    signals|--all
    paths
    fields
    mode|list
    digest
    observe|T1.1|refund|--quote|Refund
    mark|refund|--outcome|fail
    trace|diff|T1|T2
    case|new|T1|--id|refund|--never-says|45
    case|list
    case|try
    case|run
    verify|--list
    lesson|list
    lesson|search|refund
    lesson|doubts
    judge|show
    judge|signal|ungrounded_value
    queue|list
    review|digest
    review|outcomes
    rubric|list
    reviewer|list
    trust
    audit|access
    transcript|list
    connect
    token|list
    store|check
    store|backup|copy.db
    redact|--dry-run
    prune|--older-than|90d|--dry-run
"""


def test_no_other_command_and_no_screen_leaves_this_machine(home: Path) -> None:
    """All in one process; whether each finds something to do is another test's matter."""
    (home / "demo").mkdir(exist_ok=True)
    watched, environment = observed([], home)
    at = watched.index("-m")
    said = "\n".join(line.strip() for line in COMMANDS.strip().splitlines())
    command = [*watched[:at], "-c", MANY, str(home / "store.db")]
    done = subprocess.run(
        command, env=environment, input=said, capture_output=True, text=True, timeout=600, cwd=home / "demo"
    )
    assert done.returncode == 0, done.stderr
    assert "No such command" not in done.stderr and "Traceback" not in done.stderr


def test_embedding_stays_quiet_though_the_environment_says_otherwise(home: Path) -> None:
    ran(home, "embed", ORT_DISABLE_TELEMETRY="0")


def test_an_assistant_is_served_without_a_word_to_others(home: Path) -> None:
    client = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    frames: list[dict[str, Any]] = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call",
         "params": {"name": "search_traces", "arguments": {"query": "money returned to the buyer"}}},
    ]  # fmt: skip
    out = ran(home, "mcp", said="".join(f"{json.dumps(frame)}\n" for frame in frames))
    assert '"id":1' in out.replace(" ", "")


@pytest.mark.parametrize(
    "command", [("serve", "--port", "0"), ("review", "--web", "--port", "0")], ids=["serve", "page"]
)
def test_servers_reach_for_nothing(home: Path, command: tuple[str, ...]) -> None:
    watched, environment = observed(command, home, PYTHONUNBUFFERED="1")
    with subprocess.Popen(
        watched, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True, cwd=home
    ) as process:
        assert process.stdout is not None
        address = re.search(r"http://[^\s/]+", process.stdout.readline())
        assert address is not None
        for path in ("/healthz", "/"):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(address[0] + path, timeout=30).read()
        time.sleep(8)  # longer than the background waits before it analyses and embeds
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)
