"""A pull from Phoenix's real server gives what OTLP gave it, and verdicts go back as annotations.

Phoenix gets an environment of its own, made here; RETROSPAN_PEER_VENVS names a folder to keep it in.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from captures import batches
from retrospan.ingest.connectors.registry import open_connector
from retrospan.model.findings import CauseClass
from retrospan.model.reviews import Answer, Label
from retrospan.model.traces import Step
from retrospan.services.receiving.pulling import pull_traces, write_back
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.services.reviewing.people import add_reviewer, unlock_reviewer
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.traces.commit import commit_batch
from retrospan.trust.keys import KdfCost
from shared_data import shared

pytestmark = pytest.mark.peers
CAPTURES = (
    "langgraph-openinference/ok",
    "langgraph-openinference/tool_error",
    "openai_agents-openinference/wrong_retrieval",
)
_START_SECONDS = 120


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


@pytest.fixture(scope="module")
def phoenix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server with the captures in its project `default`."""
    pytest.importorskip("phoenix.client", reason="needs the extra retrospan[phoenix]")
    kept = os.environ.get("RETROSPAN_PEER_VENVS")
    home = (Path(kept) if kept else tmp_path_factory.mktemp("venvs")) / "phoenix"
    uv = shutil.which("uv") or pytest.skip("needs uv to make an environment")
    if not (home / "bin" / "phoenix").exists():
        made = subprocess.run([uv, "venv", "-q", str(home)], check=False).returncode
        command = [uv, "pip", "install", "-q", "-p", str(home / "bin" / "python"), "arize-phoenix"]
        if made or subprocess.run(command, check=False).returncode:
            pytest.skip("Phoenix cannot be installed here")
    port, grpc = free_ports(2)
    environ = os.environ | {
        "PHOENIX_WORKING_DIR": str(tmp_path_factory.mktemp("phoenix")),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(grpc),
        "PHOENIX_TELEMETRY_ENABLED": "false",
        "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
    }
    url = f"http://127.0.0.1:{port}"
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environ}
    with subprocess.Popen([str(home / "bin" / "phoenix"), "serve"], **quiet) as server:
        try:
            wait_until_it_answers(f"{url}/healthz")
            for name in CAPTURES:
                send(url, shared("otlp", *name.split("/")))
            yield url
        finally:
            server.terminate()


def wait_until_it_answers(url: str) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.5)
    pytest.fail(f"nothing answers at {url}")


def send(url: str, folder: Path) -> None:
    for path in sorted(folder.glob("*-traces.pb")):
        headers = {"content-type": "application/x-protobuf"}
        with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/traces", path.read_bytes(), headers)) as answer:
            assert answer.status == 200


def pull(store: Store, url: str, traces: int) -> None:
    """Pull until Phoenix has written what it took."""
    until = time.monotonic() + 30
    found = 0
    while found < traces and time.monotonic() < until:
        found += pull_traces(store, open_connector("phoenix", url), "default", since=365 * 86_400, again=True).traces
        time.sleep(0.3)
    assert found == traces


def shown(step: Step) -> tuple[object, ...]:
    """What a reader sees of a step; Phoenix keeps microseconds."""
    texts = [(message.role, message.content, message.tool_calls) for message in step.output_messages]
    facts = (step.index, step.span_id, step.parent, step.kind, step.name, step.agent, step.tool, step.model)
    return (*facts, step.status, step.error, step.inputs, step.outputs, texts, step.usage, step.documents)


def test_pulled_steps_are_those_that_otlp_gives(phoenix: str, store: Store, tmp_path: Path) -> None:
    pull(store, phoenix, len(CAPTURES))
    with open_store(tmp_path / "direct.db") as direct:
        for name in CAPTURES:
            for batch in batches(name, "pb"):
                commit_batch(direct, batch)
        expected = {get_trace(direct, i).summary.external_id: get_trace(direct, i) for i in (1, 2, 3)}
    for trace_id in (1, 2, 3):
        trace = get_trace(store, trace_id)
        direct_trace = expected[trace.summary.external_id]
        assert [shown(step) for step in trace.steps] == [shown(step) for step in direct_trace.steps]
        assert trace.summary.session == direct_trace.summary.session
        assert trace.summary.output == direct_trace.summary.output
    again = pull_traces(store, open_connector("phoenix", phoenix), "default", since=365 * 86_400, again=True)
    assert (again.traces, again.updated) == (0, 0) and again.spans > 30


def test_a_verdict_goes_back_once_and_can_be_read_there(phoenix: str, store: Store) -> None:
    from phoenix.client import Client

    pull(store, phoenix, len(CAPTURES))
    add_reviewer(store, "Ada", "correct horse battery", pin=True, cost=KdfCost(n=2**10))
    session = unlock_reviewer("Ada", "correct horse battery")
    trace = get_trace(store, 1)
    item = request_review(store, "T1", "Was the refund right?", by="agent:test")
    review = open_review(store, item.id, session.fingerprint)
    cause = trace.steps[2].span_id
    give_answer(store, review.claim, Answer(Label.FAIL, reason="It was not.", cause=CauseClass.TOOL, cause_span=cause))
    sign_verdict(store, session, review)
    connector = open_connector("phoenix", phoenix)
    for _ in range(2):
        done = write_back(store, connector, "default")
        assert (done.verdicts, done.annotations, done.unknown) == (1, 2, 0)
    ids = [step.span_id for step in trace.steps]
    notes = Client(base_url=phoenix).spans.get_span_annotations(span_ids=ids, project_identifier="default")
    assert len(notes) == 2 and {note["annotator_kind"] for note in notes} == {"HUMAN"}
    by_span = {note["span_id"]: note for note in notes}
    result = by_span[trace.steps[0].span_id]["result"]
    assert (result["label"], result["score"]) == ("fail", 0.0) and "It was not." in result["explanation"]
    assert by_span[cause]["result"]["label"] == "tool"
    pull_traces(store, connector, "default", since=365 * 86_400, again=True)
    assert get_trace(store, 1).annotations == ()


def test_annotations_of_traces_and_sessions_are_pulled(phoenix: str, store: Store) -> None:
    from phoenix.client import Client

    pull(store, phoenix, len(CAPTURES))
    client = Client(base_url=phoenix)
    summaries = [get_trace(store, i).summary for i in range(1, len(CAPTURES) + 1)]
    judged, in_session = summaries[0], next(found for found in summaries if found.session)
    client.traces.add_trace_annotation(
        trace_id=judged.external_id,
        annotation_name="quality",
        annotator_kind="HUMAN",
        label="poor",
        score=0.2,
        sync=True,
    )
    client.sessions.add_session_annotation(
        session_id=in_session.session or "", annotation_name="mood", annotator_kind="HUMAN", label="angry", sync=True
    )
    pull_traces(store, open_connector("phoenix", phoenix), "default", since=365 * 86_400, again=True)
    by_run = {found.external_id: get_trace(store, i).annotations for i, found in enumerate(summaries, 1)}
    assert ("quality", "poor", 0.2, None) in {(n.name, n.label, n.score, n.span_id) for n in by_run[judged.external_id]}
    moods = {run for run, notes in by_run.items() if any(note.name == "mood" for note in notes)}
    assert moods == {found.external_id for found in summaries if found.session == in_session.session}
