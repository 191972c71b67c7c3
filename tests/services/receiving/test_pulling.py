"""Pulls from another product are incremental and idempotent; only valid verdicts go back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from commands import run
from phoenix_server import PhoenixServer, phoenix_server
from retrospan.ingest.connectors.base import windows
from retrospan.ingest.connectors.registry import open_connector
from retrospan.model.errors import RefusedError, RemoteError, UsageError
from retrospan.model.traces import Span, SpanBatch, StepKind
from retrospan.services.privacy.erasing import delete_traces
from retrospan.services.receiving.pulling import pull_traces, write_back
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.traces.commit import commit_batch
from reviewdesk import Desk

pytest.importorskip("phoenix.client", reason="needs the extra retrospan[phoenix]")

NOW = datetime.now(UTC)
TRACE = "a" * 32


@pytest.fixture
def server() -> Iterator[PhoenixServer]:
    with phoenix_server() as running:
        running.add(
            TRACE, "0" * 15 + "1", NOW - timedelta(hours=30), name="desk", kind="AGENT", **{"input.value": "hi"}
        )
        running.add(TRACE, "0" * 15 + "2", NOW - timedelta(hours=29), "0" * 15 + "1", name="get_order", kind="TOOL")
        running.annotate("0" * 15 + "1", "thumbs", label="down", score=0.0, explanation="wrong order")
        yield running


def test_a_pull_brings_spans_and_annotations(store: Store, server: PhoenixServer) -> None:
    done = pull_traces(store, open_connector("phoenix", server.url), "support", since=7 * 86_400)
    assert (done.traces, done.spans, done.errors) == (1, 2, [])
    trace = get_trace(store, 1)
    assert (trace.summary.external_id, trace.summary.project) == (TRACE, "support")
    assert [step.name for step in trace.steps] == ["desk", "get_order"]
    (note,) = trace.annotations
    assert (note.name, note.label, note.explanation, note.source) == ("thumbs", "down", "wrong order", "phoenix")


def test_annotations_of_traces_and_sessions_come_too(store: Store, server: PhoenixServer) -> None:
    other = "b" * 32
    server.add(other, "0" * 15 + "3", NOW - timedelta(hours=20), **{"session.id": "s-1"})
    server.add("c" * 32, "0" * 15 + "4", NOW - timedelta(hours=19), **{"session.id": "s-1"})
    server.annotate_run("quality", trace_id=TRACE, label="poor", score=0.2)
    server.annotate_run("tone", trace_id=TRACE, label="rude")
    server.annotate_run("mood", session_id="s-1", label="angry")
    server.annotate_run("default", "retrospan:1", trace_id=TRACE, label="fail")
    pull_traces(store, open_connector("phoenix", server.url), "support", since=7 * 86_400)
    on_run = {note.name: (note.label, note.span_id) for note in get_trace(store, 1).annotations if not note.span_id}
    assert on_run == {"quality": ("poor", None), "tone": ("rude", None)}
    for trace_id in (2, 3):
        assert [(note.name, note.label) for note in get_trace(store, trace_id).annotations] == [("mood", "angry")]


def test_a_second_pull_asks_only_for_what_is_new(store: Store, server: PhoenixServer) -> None:
    connector = open_connector("phoenix", server.url)
    pull_traces(store, connector, "support", since=7 * 86_400)
    again = pull_traces(store, connector, "support", since=7 * 86_400)
    assert (again.traces, again.updated, again.spans) == (0, 0, 0)
    server.add("b" * 32, "0" * 15 + "3", NOW, name="fresh")
    later = pull_traces(store, connector, "support", since=7 * 86_400)
    assert (later.traces, later.spans) == (1, 1)
    assert later.since > NOW - timedelta(hours=2)


def test_pulling_again_from_the_start_changes_nothing_but_new_annotations(store: Store, server: PhoenixServer) -> None:
    connector = open_connector("phoenix", server.url)
    pull_traces(store, connector, "support", since=7 * 86_400)
    server.annotate("0" * 15 + "2", "tone", label="rude")
    again = pull_traces(store, connector, "support", since=7 * 86_400, again=True)
    assert (again.traces, again.updated, again.spans) == (0, 1, 2)
    assert {note.name for note in get_trace(store, 1).annotations} == {"thumbs", "tone"}


def test_a_trace_that_came_another_way_stays_one_trace_in_its_project(store: Store, server: PhoenixServer) -> None:
    commit_batch(store, SpanBatch([Span(TRACE, "0" * 15 + "1", "desk", StepKind.AGENT)]), project="desk")
    done = pull_traces(store, open_connector("phoenix", server.url), "support", since=7 * 86_400)
    assert (done.traces, done.updated) == (0, 1)
    trace = get_trace(store, 1)
    assert (trace.summary.project, len(trace.steps)) == ("desk", 2)


def test_a_trace_that_was_deleted_here_does_not_come_back(store: Store, server: PhoenixServer) -> None:
    connector = open_connector("phoenix", server.url)
    pull_traces(store, connector, "support", since=7 * 86_400)
    delete_traces(store, traces=["T1"])
    done = pull_traces(store, connector, "support", since=7 * 86_400, again=True)
    assert (done.traces, done.erased) == (0, 1)


def test_valid_verdicts_are_written_back_once(store: Store, server: PhoenixServer) -> None:
    desk = Desk(store)
    server.add("run-1", "a1", NOW)
    server.add("run-1", "a2", NOW)
    desk.decide(desk.reviewer())
    connector = open_connector("phoenix", server.url)
    before = len(server.annotations)
    done = write_back(store, connector, "support")
    assert (done.verdicts, done.unknown) == (1, 0)
    assert write_back(store, connector, "support") == done
    assert len(server.annotations) == before + done.annotations
    (note,) = [note for (span, _, _), note in server.annotations.items() if span == "a1"]
    assert note["annotator_kind"] == "HUMAN" and note["identifier"].startswith("retrospan:")
    assert (note["result"]["label"], note["result"]["score"]) == ("fail", 0.0)
    assert "The policy says 30 days." in note["result"]["explanation"]


def test_a_stale_verdict_stays_here(store: Store, server: PhoenixServer) -> None:
    desk = Desk(store)
    server.add("run-1", "a1", NOW)
    desk.decide(desk.reviewer())
    desk.add_late_span("run-1")
    assert write_back(store, open_connector("phoenix", server.url), "support").verdicts == 0


def test_a_verdict_on_a_trace_that_is_not_there_is_counted(store: Store, server: PhoenixServer) -> None:
    desk = Desk(store)
    session = desk.reviewer()
    desk.decide(session)
    desk.decide(session, trace="T2")
    server.add("run-2", "a1", NOW)
    desk.add_run("run-9", "Yes.")
    done = write_back(store, open_connector("phoenix", server.url), "support")
    assert done.verdicts == 2 and done.annotations == 2


def test_our_own_annotations_are_not_pulled_as_somebodys_word(store: Store, server: PhoenixServer) -> None:
    server.annotate("0" * 15 + "1", "default", "retrospan:123", label="fail")
    pull_traces(store, open_connector("phoenix", server.url), "support", since=7 * 86_400)
    assert [note.name for note in get_trace(store, 1).annotations] == ["thumbs"]


def test_a_demo_store_writes_nothing_back(server: PhoenixServer, tmp_path: object) -> None:
    with open_store(f"{tmp_path}/demo.db", kind="demo") as demo, pytest.raises(RefusedError, match="demo store"):
        write_back(demo, open_connector("phoenix", server.url), "support")


def test_trouble_is_told_in_words(store: Store, server: PhoenixServer) -> None:
    with pytest.raises(RemoteError, match="no project 'other'"):
        pull_traces(store, open_connector("phoenix", server.url), "other")
    server.api_key = "right"
    with pytest.raises(RemoteError, match="PHOENIX_API_KEY"):
        pull_traces(store, open_connector("phoenix", server.url, "wrong"), "support")
    with pytest.raises(RemoteError, match="No answer"):
        pull_traces(store, open_connector("phoenix", "http://127.0.0.1:9"), "support")
    with pytest.raises(UsageError, match="is no address"):
        open_connector("phoenix", "localhost:6006")


def test_the_commands_print_what_came_and_went(server: PhoenixServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.api_key = "from the environment"
    monkeypatch.setenv("OUR_KEY", server.api_key)
    arguments = ("phoenix", server.url, "--project", "support", "--api-key-env", "OUR_KEY", "--json")
    pulled = run("pull", *arguments, "--since", "7d")
    assert (pulled.code, pulled.json["traces"], pulled.json["spans"]) == (0, 1, 2)
    assert run("push", *arguments).json == {"verdicts": 0, "annotations": 0, "unknown": 0}
    assert run("pull", *arguments[:-3], "--api-key-env", "NOT_SET").code == 2


def test_windows_hold_every_record_once_however_they_cluster() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    bursts = [start + timedelta(hours=5)] * 70 + [start + timedelta(minutes=n) for n in range(500)]

    def fetch(since: datetime, until: datetime, most: int) -> list[datetime]:
        return [at for at in bursts if since <= at < until][:most]

    found = list(windows(start, start + timedelta(days=1), fetch, most=40))
    assert sorted(at for _, records in found for at in records) == sorted(bursts)
    assert [end for end, _ in found] == sorted(end for end, _ in found) and found[-1][0] == start + timedelta(days=1)
