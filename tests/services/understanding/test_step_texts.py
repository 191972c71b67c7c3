"""Steps in words, kept per revision: never stale, never a place where erased text stays."""

from __future__ import annotations

import pytest
from conversations import Builder, answers, calls, says
from retrospan.analysis.reading import read
from retrospan.answers.reading_traces import read_trace
from retrospan.services.privacy.erasing import delete_traces
from retrospan.services.privacy.rescanning import redact_store
from retrospan.services.understanding import step_texts
from retrospan.services.understanding.analysing import analyse
from retrospan.services.understanding.step_texts import tell_steps, told_steps
from retrospan.store.contract import Connection, Store
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_summaries, get_trace
from retrospan.store.traces.compression import unpack

MAIL = "quentin.zabriskie@example.org"


def kept_rows(con: Connection) -> list[str]:
    return [repr(unpack(row[0])) for row in con.execute("SELECT steps FROM told_steps ORDER BY trace_id")]


def some_run(traces: Builder) -> int:
    return traces.add(
        says("user", f"Write to {MAIL}"),
        calls("send", to=MAIL),
        answers('{"error": "mailbox full"}'),
        says("assistant", "Sent to Leeds."),
    )


def test_what_is_kept_is_what_would_be_told(store: Store, traces: Builder) -> None:
    trace_id = some_run(traces)
    analyse(store)
    (summary,) = get_summaries(store, [trace_id])
    told = tell_steps(read(get_trace(store, trace_id)), with_agents=False)
    assert told_steps(store, summary) == [step._replace(texts=list(step.texts)) for step in told]


def test_outline_is_the_same_before_and_after_the_steps_were_kept(store: Store, traces: Builder) -> None:
    name = f"T{some_run(traces)}"
    analyse(store)
    kept = read_trace(store, name, budget=1_600)
    with store.write() as con:
        con.execute("DELETE FROM told_steps")
    fresh = read_trace(store, name, budget=1_600)
    assert [line for line in kept.split("\n") if "⟦" not in line] == [
        line for line in fresh.split("\n") if "⟦" not in line
    ]


def test_steps_in_another_wording_are_told_anew(store: Store, traces: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    trace_id = some_run(traces)
    analyse(store)
    with store.write() as con:
        con.execute("UPDATE told_steps SET form = ?", (step_texts.FORM - 1,))
    (summary,) = get_summaries(store, [trace_id])
    assert len(told_steps(store, summary)) == 4


def test_a_longer_run_is_told_to_its_end(store: Store, traces: Builder) -> None:
    first = says("user", "One")
    trace_id = traces.add(first, says("assistant", "Two"), id="growing")
    assert "Three" not in read_trace(store, f"T{trace_id}", budget=1_600)
    traces.add(first, says("assistant", "Two"), says("user", "Three"), says("assistant", "Four"), id="growing")
    assert "Four" in read_trace(store, f"T{trace_id}", budget=1_600)


def test_a_read_only_store_is_told_without_keeping(store: Store, traces: Builder) -> None:
    name = f"T{some_run(traces)}"
    get_summaries(store, [1])
    with open_store(store.location, read_only=True) as reader:
        assert "mailbox full" in read_trace(reader, name, budget=1_600)
    with store.read() as con:
        assert kept_rows(con) == []


def test_redaction_reaches_what_was_kept(store: Store, traces: Builder) -> None:
    trace_id = some_run(traces)
    analyse(store)
    with store.read() as con:
        assert "zabriskie" in kept_rows(con)[0]
    redact_store(store, ["email"])
    with store.read() as con:
        assert "zabriskie" not in "".join(kept_rows(con))
    assert "⟨EMAIL_1⟩" in read_trace(store, f"T{trace_id}", budget=1_600)


def test_deletion_takes_what_was_kept(store: Store, traces: Builder) -> None:
    traces.add(says("user", f"I am {MAIL}"), says("assistant", "Hello"), user="u1")
    traces.add(says("user", "Hello"), says("assistant", "Hi"), user="u2")
    analyse(store)
    delete_traces(store, user="u1")
    with store.read() as con:
        assert len(kept_rows(con)) == 1
