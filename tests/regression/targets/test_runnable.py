"""Each kind of version runs a case, and each kind of misbehaviour is one clear error."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from retrospan.model.cases import Case, parse_case
from retrospan.model.errors import UsageError
from retrospan.regression.protocol import RunResult
from retrospan.regression.targets.runnable import RunSettings, opened_version
from retrospan.regression.targets.spans import SpanReceiver
from retrospan.regression.targets.trouble import TargetTroubleError, TroubleKind
from retrospan.regression.targets.versions import read_version

CASE = parse_case("id: hello\ntitle: Says hello\ninput: Ann\nchecks:\n- check: output_contains\n  text: Ann\n")
FROZEN = parse_case(
    "id: frozen\ntitle: Reads\ninput: Ann\ntool_results:\n- tool: look\n  arguments: {id: 1}\n  result: 42\n"
    "checks:\n- check: output_contains\n  text: '42'\n"
)
AGENT = """
import sys
def run(input, tool_results=None):
    print("noise on stdout")
    if tool_results is not None:
        return {"output": str(tool_results.answer("look", {"id": 1}).result), "tool_calls": [{"name": "look"}]}
    return f"hello {input}"
async def later(input):
    return f"later {input}"
def bad(input):
    raise ValueError("no such customer")
def leave(input):
    raise SystemExit(4)
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "agent.py").write_text(AGENT)
    (tmp_path / "retrospan.toml").write_text('target = "agent:run"\n')
    return tmp_path


def run(text: str, folder: Path, case: Case = CASE, **settings: float) -> RunResult:
    with opened_version(read_version(text, folder), folder, RunSettings(**settings)) as version:  # type: ignore[arg-type]
        return version.run(case, {})


def test_a_function_runs_whatever_it_prints(app: Path) -> None:
    assert run("agent:run", app) == RunResult("hello Ann")
    assert run("agent:later", app) == RunResult("later Ann")
    assert run(".", app) == RunResult("hello Ann")


def test_frozen_results_reach_the_function(app: Path) -> None:
    assert run("agent:run", app, FROZEN) == RunResult("42", [{"name": "look"}])
    with pytest.raises(TargetTroubleError, match="no parameter 'tool_results'"):
        run("agent:later", app, FROZEN)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("agent:bad", "no such customer"),
        ("agent:leave", "SystemExit"),
        ("agent:none", "none"),
        ("nowhere:run", "nowhere"),
    ],
)
def test_what_the_application_raises_is_told(app: Path, target: str, says: str) -> None:
    with pytest.raises(TargetTroubleError, match=says) as caught:
        run(target, app)
    assert caught.value.kind is TroubleKind.RAISED


def test_a_git_ref_runs_as_it_was_and_leaves_no_worktree(app: Path) -> None:
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e@x", *arguments], cwd=app, check=True)
    (app / "agent.py").write_text(AGENT.replace("hello", "goodbye"))
    assert run("main", app) == RunResult("hello Ann")
    assert run(".", app) == RunResult("goodbye Ann")
    listed = subprocess.run(["git", "worktree", "list"], cwd=app, capture_output=True, text=True, check=True).stdout
    assert len(listed.splitlines()) == 1


@pytest.mark.parametrize("in_git", [False, True])
def test_prints_tell_code_apart_and_nothing_else(app: Path, in_git: bool) -> None:
    def target_hash() -> str:
        with opened_version(read_version(".", app), app, RunSettings()) as version:
            return version.target_print.target_hash

    if in_git:
        for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
            subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e@x", *arguments], cwd=app, check=True)
    first = target_hash()
    (app / "verify.xml").write_text("<x/>")
    (app / "runs.db").write_text("store")
    (app / ".retrospan").mkdir()
    (app / ".retrospan" / "case.yaml").write_text("id: x")
    assert target_hash() == first
    (app / "helper.py").write_text("x = 1\n")
    second = target_hash()
    assert second != first
    (app / "agent.py").write_text(AGENT + "\n")
    assert target_hash() not in (first, second)


def command(code: str) -> str:
    return f"cmd:{sys.executable} -c {json.dumps(code)}"


def test_a_command_answers_on_its_last_line(tmp_path: Path) -> None:
    code = (
        "import json,sys; r=json.load(sys.stdin); print('log'); print(json.dumps({'output': r['input'] + r['case']}))"
    )
    assert run(command(code), tmp_path) == RunResult("Annhello")


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("print('hello')", TroubleKind.GARBAGE, "no JSON object: it begins 'hello'"),
        ("pass", TroubleKind.GARBAGE, "it is empty"),
        ("print('{}')", TroubleKind.GARBAGE, "keys: none"),
        ("print('[' * 100000)", TroubleKind.GARBAGE, "no JSON object"),
        ("import sys; sys.exit('dead')", TroubleKind.DIED, "dead"),
        ("import time; time.sleep(60)", TroubleKind.TIMEOUT, "within 1 s"),
        ("print('x' * 10_000_000)", TroubleKind.TOO_LARGE, "4 MiB"),
    ],
)
def test_a_command_that_misbehaves_is_explained(tmp_path: Path, code: str, kind: TroubleKind, says: str) -> None:
    with pytest.raises(TargetTroubleError) as caught:
        run(command(code), tmp_path, timeout_s=1 if kind is TroubleKind.TIMEOUT else 30)
    assert caught.value.kind is kind
    assert says in str(caught.value)


@pytest.fixture
def address() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = 200, json.dumps({"output": f"by http {asked['input']}"}).encode()
            if self.path == "/broken":
                status, body = 500, b"out of cheese"
            elif self.path == "/huge":
                body = b"x" * 6_000_000
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_endpoint_answers_with_json(tmp_path: Path, address: str) -> None:
    assert run(f"{address}/run", tmp_path) == RunResult("by http Ann")


@pytest.mark.parametrize(("path", "kind"), [("/broken", TroubleKind.DIED), ("/huge", TroubleKind.TOO_LARGE)])
def test_an_endpoint_that_misbehaves_is_explained(tmp_path: Path, address: str, path: str, kind: TroubleKind) -> None:
    with pytest.raises(TargetTroubleError) as caught:
        run(address + path, tmp_path)
    assert caught.value.kind is kind


def test_an_endpoint_that_is_not_there_may_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(TargetTroubleError, match="cannot be reached") as caught:
        run("http://127.0.0.1:9/run", tmp_path)
    assert caught.value.may_pass


def test_recorded_runs_cannot_be_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be run again"):
        run("version:v3", tmp_path)


def test_spans_of_a_run_arrive_and_those_of_others_do_not(tmp_path: Path) -> None:
    case = parse_case("id: r\ntitle: r\ninput: Where is order R-2056?\nchecks:\n- check: max_steps\n  steps: 9\n")
    version = read_version("python:retrospan.examples.support_agent.app:run_v1", tmp_path)
    with SpanReceiver() as receiver, opened_version(version, tmp_path, RunSettings()) as target:
        first, other = receiver.begin(), receiver.begin()
        target.run(case, receiver.environment(first))
        assert {span.kind.value for span in receiver.end(first).spans} >= {"agent", "llm"}
        assert receiver.end(other).spans == []
        assert receiver.take(f"/run/{first}/v1/traces", b"", "application/x-protobuf") == 404
