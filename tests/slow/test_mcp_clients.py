"""The server under the protocol's own conformance suite, and driven by the official Inspector in both eras.

Both are Node programs of exact versions, installed into a throw-away folder; without npm these tests are skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conversations import Builder, answers, calls, says
from mcp_http import mcp_at
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from served import RETROSPAN

pytestmark = pytest.mark.slow

NODE_PACKAGES = (
    "node@22.23.3",
    "@modelcontextprotocol/conformance@0.1.16",
    "@modelcontextprotocol/inspector@2.12.0",
)
SCENARIOS = (
    "server-initialize",
    "ping",
    "tools-list",
    "tools-call-error",
    "prompts-list",
    "resources-list",
    "completion-complete",
    "dns-rebinding-protection",
    "server-sse-multiple-streams",
)
LEFT_OUT = {
    "calls a tool of the suite's own sample server": (
        "tools-call-simple-text",
        "tools-call-image",
        "tools-call-audio",
        "tools-call-embedded-resource",
        "tools-call-mixed-content",
        "tools-call-with-logging",
        "tools-call-with-progress",
        "tools-call-sampling",
        "tools-call-elicitation",
        "json-schema-2020-12",
        "elicitation-sep1034-defaults",
        "elicitation-sep1330-enums",
    ),
    "gets a prompt of the sample server": (
        "prompts-get-simple",
        "prompts-get-with-args",
        "prompts-get-embedded-resource",
        "prompts-get-with-image",
    ),
    "reads a resource of the sample server": (
        "resources-read-text",
        "resources-read-binary",
        "resources-templates-read",
    ),
    "needs what is deprecated or gone in the newest revision: log levels and per-resource subscriptions": (
        "logging-set-level",
        "resources-subscribe",
        "resources-unsubscribe",
    ),
    "resumes a stream, which needs a session kept on the server": ("server-sse-polling",),
}
"""Every scenario of the suite that does not apply, by reason."""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs one of the installed programs under the installed Node."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs npm, to install the conformance suite and the Inspector")
    folder = tmp_path_factory.mktemp("node")
    install = [npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), *NODE_PACKAGES]
    done = subprocess.run(install, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip(f"npm could not install {', '.join(NODE_PACKAGES)}: {done.stderr[-300:]}")
    programs = folder / "node_modules" / ".bin"

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(programs / "node"), str(programs / program), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=folder)

    return run


@pytest.fixture(scope="module")
def served_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with one failing run."""
    with open_store(tmp_path_factory.mktemp("store") / "store.db") as store:
        Builder(store).add(
            says("user", "Refund order R-1"),
            calls("issue_refund", "c1", order="R-1"),
            answers('{"error": "no such order"}', "c1"),
            says("assistant", "Refunded."),
            outcome="fail",
        )
        yield store


@pytest.fixture(scope="module")
def url(served_store: Store) -> Iterator[str]:
    with mcp_at(served_store) as address:
        yield address


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_conformance_scenario_passes(node: Run, url: str, scenario: str) -> None:
    done = node("conformance", "server", "--url", url, "--scenario", scenario)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout


def test_every_scenario_is_run_or_left_out_for_a_reason(node: Run) -> None:
    listed = node("conformance", "list").stdout.split("Client scenarios")[0]
    known = {line.split()[1] for line in listed.splitlines() if line.startswith("  - ")}
    assert known == {*SCENARIOS, *(name for names in LEFT_OUT.values() for name in names)}


@pytest.fixture(params=["stdio", "http"])
def target(request: pytest.FixtureRequest, served_store: Store, url: str) -> list[str]:
    """How the Inspector reaches the server."""
    return [url] if request.param == "http" else [RETROSPAN, "mcp", "--store", served_store.location]


def inspect(node: Run, target: list[str], era: str, method: str, *arguments: str) -> Any:
    done = node(
        "mcp-inspector",
        "--cli",
        *target,
        *("--protocol-era", era),
        *("--method", method, *arguments),
        *("--format", "json"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)["result"]


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_the_inspector_lists_and_calls(node: Run, target: list[str], era: str) -> None:
    tools = [tool["name"] for tool in inspect(node, target, era, "tools/list", "--strict")["tools"]]
    assert tools[0] == "search_traces"
    read = inspect(node, target, era, "tools/call", "--tool-name", "get_trace", "--tool-arg", "trace=T1")
    assert "no such order" in read["content"][0]["text"]
    assert not read.get("isError")


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_the_inspector_reads_prompts_and_resources(node: Run, target: list[str], era: str) -> None:
    got = inspect(node, target, era, "prompts/get", "--prompt-name", "explain_failure", "--prompt-args", "trace=T1")
    assert "T1" in got["messages"][0]["content"]["text"]
    read = inspect(node, target, era, "resources/read", "--uri", "retrospan://trace/T1/step/2")
    assert "no such order" in read["contents"][0]["text"]


def test_the_packages_are_pinned() -> None:
    assert all(package.rpartition("@")[2].count(".") == 2 for package in NODE_PACKAGES)
    assert not list(Path(__file__).parents[2].glob("package*.json"))
