"""Committing batches: idempotent, merging, nothing lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conversations import Builder, answers, calls, says
from retrospan.model.errors import StoreError
from retrospan.model.query import parse_query
from retrospan.model.traces import (
    Annotation,
    AnnotatorKind,
    Document,
    Message,
    Outcome,
    OutcomeSource,
    Span,
    SpanBatch,
    Status,
    StepError,
    StepKind,
    ToolCall,
    TraceFacts,
    Usage,
)
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_summaries, get_trace, resolve_trace
from retrospan.store.reading.trace_ids import store_size
from retrospan.store.search.lines import search
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.spans import load_spans, span_ids_of

FULL = Span(
    trace_key="ab" * 16,
    span_id="01" * 8,
    name="chat gpt",
    kind=StepKind.LLM,
    status=Status.ERROR,
    error=StepError("boom", "Timeout"),
    agent="planner",
    model="gpt",
    provider="openai",
    started_at_ns=1_000,
    ended_at_ns=2_000,
    inputs={"z": 1, "a": [1.5, None, True, "x" * 500]},
    outputs="text",
    input_messages=(Message("system", "Be kind."), Message("user", "Hi \ud800 there", name="bo")),
    output_messages=(
        Message("assistant", "", (ToolCall("lookup", {"id": 2**70}, "c1"),), reasoning="hm", is_error=False),
    ),
    documents=(Document("passage", "d1", 0.5, {"k": "v"}), Document("other")),
    tool_definitions=[{"name": "lookup"}],
    usage=Usage(10, 5, 3, 2, 1),
    cost_usd=0.25,
    finish_reason="stop",
    tool_call_id="c0",
    response_id="r1",
    session="s",
    user="u",
    version="v1",
    environment="prod",
    task="t",
    tags=("a", "b"),
    convention="test",
    attributes={"x.y": "short", "long": "word " * 100, "n": 3},
)


def test_a_span_comes_back_as_it_was_committed(store: Store) -> None:
    commit_batch(store, SpanBatch([FULL]))
    with store.read() as con:
        (loaded,) = load_spans(con, 1, FULL.trace_key)
    assert loaded == FULL


def test_the_same_batch_twice_changes_nothing(store: Store) -> None:
    first = commit_batch(store, SpanBatch([FULL]))
    get_summaries(store, first.trace_ids)
    again = commit_batch(store, SpanBatch([FULL]))
    assert (first.new_spans, again.new_spans, again.unchanged_spans) == (1, 0, 1)
    assert again.changed_trace_ids == frozenset()
    assert get_summaries(store, first.trace_ids)[0].revision == 1


def test_a_late_end_replaces_the_open_span(store: Store) -> None:
    commit_batch(store, SpanBatch([replace(FULL, ended_at_ns=None, output_messages=())]))
    commit_batch(store, SpanBatch([FULL]))
    (step,) = get_trace(store, 1).steps
    assert step.output_messages == FULL.output_messages
    assert step.duration_ms == 0.001


def test_an_open_span_does_not_replace_its_end(store: Store) -> None:
    commit_batch(store, SpanBatch([FULL]))
    commit_batch(store, SpanBatch([replace(FULL, ended_at_ns=None, output_messages=())]))
    (step,) = get_trace(store, 1).steps
    assert step.output_messages == FULL.output_messages


def test_a_span_that_adds_nothing_to_what_is_known_is_not_written_again(store: Store) -> None:
    whole = replace(FULL, output_messages=(Message("assistant", "Your order was sent."),))
    less = replace(whole, ended_at_ns=None, output_messages=())
    first = commit_batch(store, SpanBatch([whole]))
    get_summaries(store, first.trace_ids)
    again = commit_batch(store, SpanBatch([less]))
    assert (again.new_spans, again.updated_spans, again.unchanged_spans) == (0, 0, 1)
    assert (again.changed_trace_ids, store_size(store).waiting) == (frozenset(), 0)


def test_repeated_contents_are_stored_once(store: Store) -> None:
    text = "a long shared prompt " * 50
    spans = [
        replace(FULL, span_id=f"{i:016x}", input_messages=(Message("user", text),), outputs=text) for i in range(20)
    ]
    commit_batch(store, SpanBatch(spans))
    with store.read() as con:
        stored = con.execute("SELECT count(*) AS bodies FROM body WHERE codec & 7 = 0").fetchone()["bodies"]
        indexed = con.execute(store.text.matches("words"), {"words": store.text.phrase("shared")}).fetchall()
    assert len(indexed) == 1
    assert stored < 10


def test_a_failed_commit_keeps_nothing(store: Store) -> None:
    bad = replace(FULL, span_id="02" * 8, attributes={"x": object()})  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        commit_batch(store, SpanBatch([FULL, bad]))
    assert (store_size(store).traces, span_ids_of(store, FULL.trace_key)) == (0, [])
    assert commit_batch(store, SpanBatch([FULL])).new_spans == 1


def test_a_trace_without_project_joins_the_one_it_was_first_seen_in(store: Store) -> None:
    commit_batch(store, SpanBatch([replace(FULL, project="shop")]))
    done = commit_batch(store, SpanBatch([replace(FULL, span_id="02" * 8)]))
    assert done.new_trace_ids == frozenset()
    assert get_summaries(store, done.trace_ids)[0].project == "shop"


def test_the_same_trace_id_in_two_named_projects_is_two_traces(store: Store) -> None:
    commit_batch(store, SpanBatch([FULL]), project="one")
    commit_batch(store, SpanBatch([FULL]), project="two")
    assert [s.project for s in get_summaries(store, [1, 2])] == ["one", "two"]


def test_facts_arriving_later_are_merged(store: Store) -> None:
    commit_batch(store, SpanBatch([FULL], [TraceFacts(FULL.trace_key, task="refund", metadata={"a": 1})]))
    note = Annotation("correctness", "fail", None, "wrong window", AnnotatorKind.LLM)
    done = commit_batch(
        store, SpanBatch([], [TraceFacts(FULL.trace_key, version="v9", metadata={"b": 2}, annotations=(note,))])
    )
    trace = get_trace(store, done.trace_ids[0])
    assert (trace.summary.task, trace.summary.version) == ("refund", "v9")
    assert trace.summary.metadata == {"a": 1, "b": 2}
    assert trace.annotations == (note,)
    assert (trace.summary.outcome, trace.summary.outcome_source) == (Outcome.FAIL, OutcomeSource.EVALUATION)


def test_a_store_opened_read_only_refuses_to_change(store: Store) -> None:
    with open_store(store.location, read_only=True) as frozen, pytest.raises(StoreError, match="read-only"):
        commit_batch(frozen, SpanBatch([FULL]))


def test_conversation_steps_are_numbered_as_in_the_file(store: Store, traces: Builder) -> None:
    trace_id = traces.add(
        says("user", "Where is A-1?"), calls("lookup_order", order_id="A-1"), answers('{"status": "sent"}'),
        says("assistant", "It was sent."), id="../../etc/passwd",
    )  # fmt: skip
    steps = get_trace(store, trace_id).steps
    assert [step.kind for step in steps] == [StepKind.HUMAN, StepKind.LLM, StepKind.TOOL, StepKind.LLM]
    assert steps[2].inputs == {"order_id": "A-1"}
    assert resolve_trace(store, "../../etc/passwd") == trace_id


def test_times_and_texts_that_a_database_cannot_hold_are_kept_out(store: Store) -> None:
    odd = replace(FULL, name="a\ud800b", agent="x\x00y", started_at_ns=2**64 - 1, ended_at_ns=-5)
    commit_batch(store, SpanBatch([odd]))
    (step,) = get_trace(store, 1).steps
    assert (step.name, step.agent, step.started_at_ns) == ("a\ufffdb", "x\x00y", None)


def test_a_judgement_that_comes_before_its_trace_joins_it_in_its_project(store: Store) -> None:
    judged = TraceFacts(FULL.trace_key, annotations=(Annotation("grounded", "fail", 0.0),))

    early = commit_batch(store, SpanBatch([], [judged]))
    late = commit_batch(store, SpanBatch([replace(FULL, project="clinic")]))
    other = commit_batch(store, SpanBatch([replace(FULL, project="lab")]))

    assert late.trace_ids == early.trace_ids != other.trace_ids
    trace = get_trace(store, late.trace_ids[0])
    assert (trace.summary.project, [note.name for note in trace.annotations]) == ("clinic", ["grounded"])


def test_a_judgement_that_waits_is_joined_in_a_store_that_holds_other_spans(store: Store) -> None:
    commit_batch(store, SpanBatch([replace(FULL, trace_key="cd" * 16, project="clinic")]))
    judged = TraceFacts(FULL.trace_key, annotations=(Annotation("grounded", "fail", 0.0),))

    early = commit_batch(store, SpanBatch([], [judged]))
    late = commit_batch(store, SpanBatch([replace(FULL, project="clinic")]))

    assert late.trace_ids == early.trace_ids
    assert get_summaries(store, late.trace_ids)[0].project == "clinic"


def test_a_trace_that_has_spans_is_not_taken_over_by_another_project(store: Store) -> None:
    unnamed = commit_batch(store, SpanBatch([FULL]))
    named = commit_batch(store, SpanBatch([replace(FULL, span_id="02" * 8, project="lab")]))

    assert named.trace_ids != unnamed.trace_ids
    assert [s.project for s in get_summaries(store, [*unnamed.trace_ids, *named.trace_ids])] == ["default", "lab"]


READS = replace(FULL, span_id="0a" * 8, input_messages=(Message("user", "pelican"),), output_messages=(), outputs=None)
FIRST, SECOND = (
    replace(READS, span_id=span_id, input_messages=(), output_messages=(Message("assistant", "pelican"),))
    for span_id in ("0b" * 8, "0c" * 8)
)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("spans", "where"),
    [
        ([READS, FIRST], FIRST),
        ([FIRST, READS], FIRST),
        ([FIRST, SECOND], FIRST),
        ([READS, SECOND, FIRST], SECOND),
    ],
)
def test_a_content_stands_at_the_first_span_that_brought_it_forth(
    store: Store, spans: list[Span], where: Span, together: bool
) -> None:
    for batch in [spans] if together else [[span] for span in spans]:
        commit_batch(store, SpanBatch(batch))
    (hit,) = search(store, parse_query("pelican"), limit=5)
    assert hit.span_id == where.span_id


def test_annotations_come_back_as_they_came_and_once(store: Store) -> None:
    said = [Annotation(name, "pass", 0.5, "why", AnnotatorKind.CODE, "01" * 8, "ci") for name in ("z", "a", "m")]
    commit_batch(store, SpanBatch([FULL], [TraceFacts(FULL.trace_key, annotations=tuple(said[:2]))]))
    done = commit_batch(store, SpanBatch([], [TraceFacts(FULL.trace_key, annotations=tuple(said[1:]))]))
    again = commit_batch(store, SpanBatch([], [TraceFacts(FULL.trace_key, annotations=tuple(said))]))
    assert get_trace(store, done.trace_ids[0]).annotations == tuple(said)
    assert (done.changed_trace_ids, again.changed_trace_ids) == (frozenset(done.trace_ids), frozenset())


def test_a_trace_of_very_many_spans_is_committed_and_read_whole(store: Store) -> None:
    spans = [replace(FULL, span_id=f"{i:016x}", attributes={}, documents=(Document(f"doc {i}"),)) for i in range(3_000)]
    commit_batch(store, SpanBatch(spans))
    assert commit_batch(store, SpanBatch(spans)).unchanged_spans == 3_000
    with store.read() as con:
        asked = [span.span_id for span in spans[:2_500]]
        assert {span.span_id for span in load_spans(con, 1, FULL.trace_key, asked)} == set(asked)


def by_service(name: str, span_id: str, parent: str | None) -> Span:
    return replace(FULL, span_id=span_id, parent_span_id=parent, project=name, project_by_service=True)


ROOT, CHILD = by_service("desk", "0a" * 8, None), by_service("orders-api", "0b" * 8, "0a" * 8)


@pytest.mark.parametrize("batches", [[[ROOT], [CHILD]], [[CHILD], [ROOT]], [[CHILD, ROOT]], [[ROOT, CHILD]]])
def test_a_trace_through_several_services_is_one_in_the_project_of_its_root(
    store: Store, batches: list[list[Span]]
) -> None:
    for spans in batches:
        commit_batch(store, SpanBatch(spans))
    (trace,) = get_summaries(store, [1, 2])
    assert trace.project == "desk" and len(span_ids_of(store, trace.external_id)) == 2


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_named_project_goes_before_the_name_of_a_service(store: Store, order: tuple[int, int]) -> None:
    spans = [replace(CHILD, project="shop", project_by_service=False), ROOT]
    for place in order:
        commit_batch(store, SpanBatch([spans[place]]))
    (trace,) = get_summaries(store, [1, 2])
    assert trace.project == "shop" and len(span_ids_of(store, trace.external_id)) == 2


def test_a_trace_that_a_judgement_began_still_moves_to_the_project_of_its_root(store: Store) -> None:
    judged = TraceFacts(ROOT.trace_key, annotations=(Annotation("grounded", "fail", 0.0),))
    for batch in (SpanBatch([], [judged]), SpanBatch([CHILD]), SpanBatch([ROOT])):
        commit_batch(store, batch)
    (trace,) = get_summaries(store, [1, 2])
    assert trace.project == "desk"
