"""Small OTLP inputs after public bug reports, each with what is true of it; skipped where the folder is absent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from retrospan.model.traces import Message, Status, StepKind, Trace, Usage
from retrospan.services.finding.searching import search_runs
from retrospan.services.receiving.importing import import_paths
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_trace
from shared_data import SHARED_DATA

ASKED = (Message("user", "Where is parcel 7?"),)


def case(name: str, file: str = "input.json") -> Path:
    path = SHARED_DATA.parent / "cases" / name / file
    if not path.exists():
        pytest.skip(f"needs cases/{name} beside the shared data folder ({SHARED_DATA})")
    return path


def read(store: Store, name: str, file: str = "input.json") -> Trace:
    report = import_paths(store, [case(name, file)])
    assert not report.errors
    (trace_id,) = report.trace_ids
    return get_trace(store, trace_id)


def kinds(trace: Trace) -> list[StepKind]:
    return [step.kind for step in trace.steps]


def test_an_errors_text_is_found(store: Store) -> None:
    read(store, "13-error-text-not-found")

    assert [search_runs(store, line).total for line in ("quokka", '"ledger unavailable"')] == [1, 1]


def test_an_output_tool_gives_the_answer(store: Store) -> None:
    summary = read(store, "21-output-tool").summary

    assert (summary.output, summary.usage) == ('{"number":88,"total":40}', Usage(60, 12))


def test_a_signature_is_no_word(store: Store) -> None:
    trace = read(store, "25-thought-signature")

    assert trace.summary.output == "I could not find data for shop 5."
    assert "AbC9" not in str([(step.output_messages, step.attributes) for step in trace.steps])


def test_a_picture_beyond_the_limit_leaves_the_question(store: Store, tmp_path: Path) -> None:
    subprocess.run([sys.executable, case("28-large-image", "make.py")], check=True, cwd=tmp_path)
    report = import_paths(store, [tmp_path / "input.json"])

    summary = get_trace(store, report.trace_ids[0]).summary

    assert (summary.input, summary.output) == ("What is on this receipt?\n[image image/png]", "Two coffees, 7.40.")


def test_genkit(store: Store) -> None:
    trace = read(store, "33-genkit")

    assert kinds(trace) == [StepKind.CHAIN, StepKind.LLM, StepKind.TOOL, StepKind.LLM]
    assert [step.usage for step in trace.steps] == [None, Usage(40, 6), None, Usage(60, 4)]
    assert (trace.steps[2].tool, trace.steps[2].inputs, trace.steps[2].outputs) == (
        "menuLookup",
        {"tag": "vegan"},
        ["salad"],
    )
    assert (trace.steps[0].name, trace.summary.models, trace.summary.output) == (
        "menuFlow",
        ("googleai/gemini-x",),
        "The salad.",
    )


def test_laminar(store: Store) -> None:
    trace = read(store, "34-laminar")

    assert (trace.summary.session, trace.summary.user, trace.summary.output) == ("s5", "u5", "In Oslo.")
    tool = trace.steps[2]
    assert (tool.kind, tool.tool, tool.inputs, tool.outputs) == (StepKind.TOOL, "track", {"id": 7}, "Oslo")


def test_livekit(store: Store) -> None:
    trace = read(store, "35-livekit")

    call, tool = trace.steps[1:]
    assert (call.kind, call.input_messages, call.output_messages[0].content) == (StepKind.LLM, ASKED, "In Oslo.")
    assert (tool.kind, tool.tool, tool.outputs) == (StepKind.TOOL, "track", "Oslo")


def test_sentry(store: Store) -> None:
    agent, call = read(store, "37-sentry-ai").steps

    assert (agent.inputs, agent.outputs, call.input_messages) == ("Where is parcel 7?", "In Oslo.", ASKED)
    (said,) = call.output_messages
    assert (said.content, said.tool_calls[0].name, said.tool_calls[0].arguments) == ("In Oslo.", "track", {"id": 7})


def test_openinference_without_kind(store: Store) -> None:
    (step,) = read(store, "38-openinference-without-kind").steps

    assert (step.kind, step.usage, step.model) == (StepKind.LLM, Usage(9, 3), "m")
    assert step.output_messages == (Message("assistant", "In Oslo."),)


def test_a_question_for_approval_waits(store: Store) -> None:
    trace = read(store, "40-a-person-said-no", "approval.json")

    assert [step.status for step in trace.steps if step.kind is StepKind.TOOL] == [Status.UNSET]


def test_a_list_of_requests(store: Store) -> None:
    trace = read(store, "43-list-of-otlp-requests")

    assert [step.output_messages[0].content for step in trace.steps] == ["One.", "Two."]


def test_one_model_call_recorded_twice(store: Store) -> None:
    trace = read(store, "44-model-call-recorded-twice")

    assert (kinds(trace).count(StepKind.LLM), trace.summary.usage) == (1, Usage(100, 10))
