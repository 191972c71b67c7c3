"""The lines that `connect app` prints, in real applications with the real frameworks, against a scripted model.

Each framework gets an environment of its own, made here; RETROSPAN_PEER_VENVS names a folder to keep them in.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_apps import APPS, TOOLS, VERCEL_AI
from retrospan.services.connecting.frameworks import instructions
from shared_data import shared

pytestmark = pytest.mark.peers

ANSWER = "Yes. The tent was delivered 12 days ago and the policy allows returns within 30 days. "


@pytest.fixture(scope="session")
def venvs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = os.environ.get("RETROSPAN_PEER_VENVS")
    return Path(kept) if kept else tmp_path_factory.mktemp("venvs")


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    """The scripted model server."""
    apps = shared("otlp", "_apps")
    spec = importlib.util.spec_from_file_location("fake_llm", apps / "fake_llm.py")
    assert spec and spec.loader
    fake: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fake)
    server = fake.Server(json.loads((apps / "scenarios.json").read_text())).start()
    yield f"http://127.0.0.1:{server.port}/s/ok"
    server.shutdown()
    server.server_close()


def environment(venvs: Path, framework: str) -> Path:
    """The interpreter of an environment with the framework and what the instructions say to install."""
    uv = shutil.which("uv") or pytest.skip("needs uv to make an environment")
    python = venvs / framework / "bin" / "python"
    if not python.exists():
        install = instructions(framework, "").install.removeprefix("pip install ").split()
        made = subprocess.run([uv, "venv", "-q", str(venvs / framework)], check=False)
        packages = [*APPS[framework][0].split(), *install]
        done = subprocess.run([uv, "pip", "install", "-q", "-p", str(python), *packages], check=False)
        if made.returncode or done.returncode:
            pytest.skip(f"{framework} cannot be installed here")
    return python


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


@pytest.mark.parametrize("framework", list(APPS))
def test_an_application_with_the_printed_lines_arrives_complete(
    framework: str, venvs: Path, model_url: str, tmp_path: Path
) -> None:
    python = environment(venvs, framework)
    endpoint = f"http://127.0.0.1:{free_port()}"
    app = tmp_path / "app.py"
    app.write_text("\n".join((instructions(framework, endpoint).code, TOOLS, APPS[framework][1])))
    check_arrival(framework, endpoint, [str(python), str(app)], f"{model_url}/{framework}", tmp_path / "store.db")


def test_a_vercel_application_with_the_printed_lines_arrives_complete(
    venvs: Path, model_url: str, tmp_path: Path
) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        pytest.skip("needs npm and node")
    folder = venvs / "vercel-ai"
    folder.mkdir(exist_ok=True)
    if not (folder / "node_modules" / "ai").exists():
        packages = instructions("vercel-ai", "").install.removeprefix("npm install ").split()
        command = [npm, "install", "--no-audit", "--no-fund", "ai@6", "@ai-sdk/openai-compatible", "zod", *packages]
        (folder / "package.json").write_text('{"private": true}')
        if subprocess.run(command, cwd=folder, check=False).returncode:
            pytest.skip("the AI SDK cannot be installed here")
    endpoint = f"http://127.0.0.1:{free_port()}"
    app = folder / "app.mjs"
    app.write_text(instructions("vercel-ai", endpoint).code + VERCEL_AI)
    check_arrival("vercel-ai", endpoint, [node, str(app)], f"{model_url}/vercel", tmp_path / "store.db")


def check_arrival(framework: str, endpoint: str, command: list[str], model_url: str, store: Path) -> None:
    """Run an application while `connect app` waits, and look at what arrived."""
    waiter = [sys.executable, "-m", "retrospan.cli", "connect", "app", framework, "--endpoint", endpoint]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "OPENAI_"))}
    environ |= {"LLM_URL": model_url, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        [*waiter, "--store", str(store), "--timeout", "90", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ,
    ) as waiting:  # fmt: skip
        assert waiting.stderr and "Waiting for the first trace" in waiting.stderr.readline()
        ran = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=120, check=False)
        assert ran.returncode == 0, ran.stderr[-2_000:]
        out, err = waiting.communicate(timeout=120)
    assert ANSWER.strip() in ran.stdout
    assert waiting.returncode == 0, err
    shown = json.loads(out)
    assert [check["what"] for check in shown["checks"] if not check["ok"]] == []
    assert shown["trace"]["session"] == "chat-17" and shown["trace"]["version"] == "v1"
    assert shown["trace"]["output"].startswith(ANSWER)
    assert shown["trace"]["usage"]["input_tokens"] == 120 + 160 + 200 + 240
    assert shown["trace"]["usage"]["output_tokens"] == 24 + 32 + 40 + 48
    steps = steps_of(store)
    assert [(step["tool"], step["inputs"]) for step in steps if step["kind"] in ("tool", "retriever")] == [
        ("search_policy", {"query": "returns policy items returned within days"}),
        ("lookup_order", {"order_id": "A-1001"}),
        ("issue_refund", {"order_id": "A-1001", "amount": 249.0}),
    ]
    assert [step["outputs"] for step in steps if step["tool"] == "issue_refund"] == [
        {"order_id": "A-1001", "refunded": 249.0, "reference": "RF-A-1001"}
    ]
    assert len([step for step in steps if step["kind"] == "llm"]) == 4


def steps_of(store: Path) -> list[dict[str, Any]]:
    """The steps of the only trace."""
    command = [sys.executable, "-m", "retrospan.cli", "trace", "show", "T1", "--full", "--json", "--store", str(store)]
    found: list[dict[str, Any]] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["steps"]
    return [step for step in found if not step["folded"]]
