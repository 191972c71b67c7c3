"""What a run was stands on its row: every field of it, each under its own name."""

from __future__ import annotations

from dataclasses import fields, replace

from retrospan.model.reading.run_facts import RunFacts
from retrospan.model.traces import Message, Outcome, OutcomeSource, Span, SpanBatch, Status, StepKind, TraceFacts, Usage
from retrospan.store.contract import Store
from retrospan.store.reading.path_rows import load_path_rows
from retrospan.store.reading.step_texts import load_told_steps, save_told_steps
from retrospan.store.reading.summaries import folded_spans, get_summaries, get_trace
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import step_numbers, summary_columns, trace_rows

RUN = RunFacts(
    status=Status.ERROR,
    outcome=Outcome.FAIL,
    outcome_source=OutcomeSource.FIELD,
    task="refund\ud800",
    task_declared=True,
    run_id="r-1",
    session="s",
    user="u",
    version="v1",
    environment="prod",
    agents=("planner", "two\nlines"),
    models=("gpt",),
    tags=("a", "b"),
    started_at_ns=1_000,
    duration_ms=2.5,
    input="in" * 5_000,
    output="out",
    usage=Usage(1, 2, 3, 4, 5),
    cost_usd=0.25,
    metadata={"k": "v"},
    values=(("k", "v"),),
    tools=("lookup",),
    prompt_fingerprint="p",
    tools_fingerprint="t",
)


def test_every_field_of_a_run_has_a_column_and_a_value_that_a_database_holds(store: Store) -> None:
    columns = summary_columns(RUN)
    commit_batch(store, SpanBatch([Span("k", "01", "chat", StepKind.LLM)]))
    with store.read() as con:
        (row,) = trace_rows(con, [1])
    assert columns.keys() <= set(row.keys())
    assert all(value is None or type(value) in (str, int, float) for value in columns.values())
    named = {field.name for field in fields(RunFacts)} - {"metadata", "usage", "values", "started_at_ns"}
    assert named <= columns.keys()
    assert columns == {
        **{name: columns[name] for name in columns},
        "task": "refund\ufffd",
        "task_declared": 1,
        "agents": "\nplanner\ntwo lines\n",
        "started_at": 1_000,
        "input": ("in" * 5_000)[:4_000],
        "input_tokens": 1,
        "reasoning_tokens": 5,
        "outcome_source": "field",
    }


def test_a_summary_says_what_the_spans_and_facts_said(store: Store) -> None:
    span = Span(
        trace_key="k",
        span_id="01" * 8,
        name="chat",
        kind=StepKind.LLM,
        status=Status.ERROR,
        agent="planner",
        model="gpt",
        started_at_ns=1_000_000,
        ended_at_ns=3_000_000,
        input_messages=(Message("user", "Where is it?"),),
        output_messages=(Message("assistant", "Sent."),),
        usage=Usage(10, 5, 3, 2, 1),
        cost_usd=0.25,
        session="s",
        user="u",
        version="v1",
        environment="prod",
        tags=("a",),
    )
    tool = Span("k", "02" * 8, "look", StepKind.TOOL, parent_span_id="01" * 8, tool="lookup", started_at_ns=2_000_000)
    facts = TraceFacts("k", task="refund", outcome=Outcome.PASS, metadata={"a": 1})
    commit_batch(store, SpanBatch([replace(span), tool], [facts]), project="shop")
    (summary,) = get_summaries(store, [1])
    assert (summary.project, summary.external_id, summary.revision, summary.step_count) == ("shop", "k", 1, 2)
    assert (summary.task, summary.task_declared, summary.metadata) == ("refund", True, {"a": 1})
    assert (summary.session, summary.user, summary.version, summary.environment) == ("s", "u", "v1", "prod")
    assert (summary.agents, summary.models, summary.tags) == (("planner",), ("gpt",), ("a",))
    assert (summary.started_at_ns, summary.duration_ms) == (1_000_000, 2.0)
    assert (summary.usage, summary.cost_usd) == (Usage(10, 5, 3, 2, 1), 0.25)
    assert (summary.outcome, summary.outcome_source) == (Outcome.PASS, OutcomeSource.FIELD)
    assert get_trace(store, 1).summary == summary
    assert step_numbers(store, 1) == {"01" * 8: 0, "02" * 8: 1}
    assert folded_spans(store, 1) == []
    assert [(row.span_id, row.parent_span_id, row.tool, row.step) for row in load_path_rows(store, [1, 9])[1]] == [
        ("01" * 8, None, None, 0),
        ("02" * 8, "01" * 8, "lookup", 1),
    ]


def test_steps_in_words_are_kept_for_one_revision_and_wording(store: Store) -> None:
    commit_batch(store, SpanBatch([Span("k", "01", "chat", StepKind.LLM)]))
    told: list[list[list[object]]] = [[["old", 1]], [["new", 2], ["and", None]]]
    for steps in told:
        with store.write() as con:
            save_told_steps(con, 1, 3, 7, steps)
    assert load_told_steps(store, 1, 3, 7) == [["new", 2], ["and", None]]
    assert load_told_steps(store, 1, 4, 7) is None
    assert load_told_steps(store, 1, 3, 8) is None
