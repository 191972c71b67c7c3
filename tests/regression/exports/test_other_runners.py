"""Exported cases pass and fail in the real DeepEval, Inspect and promptfoo as they do here.

They get environments of their own, made here; RETROSPAN_PEER_VENVS names a folder to keep them in.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from retrospan.model.cases import parse_case
from retrospan.regression.exports.forms import export_cases

pytestmark = pytest.mark.peers
HEAD = "id: {name}\ntitle: T\ninput: hi\nchecks:\n- {{check: output_contains, text: {says}}}\n"
TOOLS = "- {check: tool_order, tools: [look, send]}\n- {check: tool_argument, tool: look, path: n, min: 1}\n"
CASES = [parse_case(HEAD.format(name="good", says="HELLO") + TOOLS), parse_case(HEAD.format(name="bad", says="bye"))]
AGENT = """
import sys

def run(input):
    return {"output": "hello", "tool_calls": [{"name": "look", "arguments": {"n": 1}, "result": "x"}, {"name": "send"}]}

if __name__ == "__main__":
    print(run(sys.argv[1])["output"])
"""
QUIET = {
    "DEEPEVAL_TELEMETRY_OPT_OUT": "YES",
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_UPDATE": "1",
    "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
}


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = os.environ.get("RETROSPAN_PEER_VENVS")
    return Path(kept) if kept else tmp_path_factory.mktemp("venvs")


@pytest.fixture(scope="module")
def python_home(homes: Path) -> Path:
    home = homes / "runners"
    uv = shutil.which("uv") or pytest.skip("needs uv to make an environment")
    if not (home / "bin" / "inspect").exists():
        made = subprocess.run([uv, "venv", "-q", str(home)], check=False).returncode
        install = [uv, "pip", "install", "-q", "-p", str(home / "bin" / "python"), "deepeval", "inspect-ai", "pytest"]
        if made or subprocess.run(install, check=False).returncode:
            pytest.skip("DeepEval and Inspect cannot be installed here")
    return home / "bin"


@pytest.fixture(scope="module")
def promptfoo(homes: Path) -> Path:
    npm = shutil.which("npm") or pytest.skip("needs npm")
    program = homes / "npm" / "node_modules" / ".bin" / "promptfoo"
    if not program.exists():
        install = [npm, "install", "--prefix", str(homes / "npm"), "promptfoo", "--no-audit", "--no-fund"]
        if subprocess.run(install, check=False, capture_output=True).returncode:
            pytest.skip("promptfoo cannot be installed here")
    return program


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "bot.py").write_text(AGENT)
    return tmp_path


def ran(command: list[str | Path], place: Path) -> str:
    home = {
        "HOME": str(place),
        "PROMPTFOO_CONFIG_DIR": str(place / "promptfoo"),
        "INSPECT_LOG_DIR": str(place / "logs"),
    }
    done = subprocess.run(
        command, cwd=place, env=os.environ | QUIET | home, capture_output=True, text=True, check=False, timeout=600
    )
    return done.stdout + done.stderr


def test_deepeval(place: Path, python_home: Path) -> None:
    exported = export_cases(CASES, "deepeval", lambda: "bot:run")
    (place / "test_cases.py").write_text(exported.text)
    assert exported.left_out == ()
    told = ran([python_home / "pytest", "-q", "-p", "no:cacheprovider", "test_cases.py"], place)
    assert "1 failed, 1 passed" in told, told
    assert "FAILED test_cases.py::test_case[bad]" in told


def test_inspect(place: Path, python_home: Path) -> None:
    (place / "cases_task.py").write_text(export_cases(CASES, "inspect", lambda: "bot:run").text)
    told = ran([python_home / "inspect", "eval", "cases_task.py", "--model", "none", "--log-format", "json"], place)
    (log,) = (place / "logs").glob("*.json")
    samples = json.loads(log.read_text())["samples"]
    assert {sample["id"]: sample["scores"]["case_checks"]["value"] for sample in samples} == {
        "good": "C",
        "bad": "I",
    }, told


def test_promptfoo(place: Path, promptfoo: Path) -> None:
    exported = export_cases(CASES, "promptfoo", lambda: "exec: python bot.py")
    (place / "promptfooconfig.yaml").write_text(exported.text)
    assert exported.left_out == ("good: tool_order look → send", "good: tool_argument look.n")
    told = ran([promptfoo, "eval", "--no-cache", "-o", "out.json"], place)
    results = json.loads((place / "out.json").read_text())["results"]["results"]
    assert {row["testCase"]["metadata"]["case"]: row["success"] for row in results} == {"good": True, "bad": False}, (
        told
    )
