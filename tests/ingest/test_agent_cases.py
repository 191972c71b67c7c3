"""Situations of coding agents that public bug reports tell of, kept beside the repository: read as they are meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from retrospan.ingest.formats.read import RecordError, read_path
from retrospan.model.reading.assembly import build_steps, reading_order
from retrospan.model.reading.run_facts import RunFacts, summarise
from retrospan.model.traces import SpanBatch, Status, Step, TraceFacts
from shared_data import SHARED_DATA


def runs_of(case: str, *parts: str) -> dict[str, tuple[tuple[Step, ...], RunFacts]]:
    """The runs of a case as they are shown, by key."""
    path = Path(SHARED_DATA.parent, "cases", case, *parts)
    if not path.exists():
        pytest.skip(f"needs {case}/{'/'.join(parts)} of the shared cases")
    items = list(read_path(path))
    assert not [item for item in items if isinstance(item, RecordError)]
    found: dict[str, tuple[tuple[Step, ...], RunFacts]] = {}
    batches = [item for item in items if isinstance(item, SpanBatch)]
    for key in dict.fromkeys(span.trace_key for batch in batches for span in batch.spans):
        spans = [span for batch in batches for span in batch.spans if span.trace_key == key]
        facts = next((fact for batch in batches for fact in batch.facts if fact.trace_key == key), TraceFacts(key))
        steps = build_steps(spans, reading_order(spans))
        found[key] = steps, summarise(steps, spans, facts)
    return found


def kinds(steps: tuple[Step, ...]) -> list[str]:
    return [step.kind.value for step in steps]


def heard(step: Step) -> list[str]:
    return [message.content for message in step.input_messages]


def test_a_codex_sub_agent_keeps_its_own_name_and_tokens() -> None:
    runs = runs_of("05-codex-subagent", "sessions")
    (parent, parent_facts), (child, child_facts) = runs.values()

    assert [key[:8] for key in runs] == ["aaaaaaaa", "bbbbbbbb"]
    assert kinds(parent) == ["human", "llm", "tool", "llm"]
    assert (parent_facts.input, parent_facts.output) == ("Count the tests", "There are 12 tests.")
    assert (parent_facts.usage.input_tokens, parent_facts.usage.output_tokens) == (300, 30)
    assert kinds(child) == ["human", "llm"]
    assert (child_facts.input, child_facts.output) == ("Count tests in unit/", "12 tests.")
    assert (child_facts.usage.input_tokens, child_facts.usage.output_tokens) == (50, 5)


def test_streams_of_one_file_name_are_runs_of_their_own() -> None:
    runs = runs_of("07-claude-stream-json", "jobs")

    assert sorted(runs) == ["0000-a", "0000-b"]
    for steps, facts in runs.values():
        assert kinds(steps) == ["llm"]
        assert (facts.usage.output_tokens, facts.cost_usd) == (80, 0.05)


def test_the_last_usage_of_a_streamed_answer_counts() -> None:
    [(steps, facts)] = runs_of("08-claude-code-output-tokens", "input.jsonl").values()

    assert (facts.usage.input_tokens, facts.usage.output_tokens) == (228, 310)
    assert [step.finish_reason for step in steps if step.kind.value == "llm"] == ["tool_use", "end_turn"]


def test_slash_commands_are_no_requests() -> None:
    [(steps, facts)] = runs_of("09-claude-code-slash-commands", "input.jsonl").values()

    assert facts.input == "What does main.py do?"
    assert [step.kind.value for step in steps].count("human") == 1


def test_sub_agents_beside_their_session_are_below_their_call() -> None:
    [(steps, facts)] = runs_of("10-claude-code-flat-subagents", "project").values()
    call = next(step for step in steps if step.tool == "Task")
    below = [step for step in steps if step.parent == call.index]

    assert facts.input == "Where is the login code?"
    assert len(below) == 4
    assert {step.agent for step in below} == {"Explore"}
    assert not [step for step in steps if "Warmup" in str(step.inputs)]


def test_a_prompt_that_was_taken_back_is_folded() -> None:
    [(steps, _)] = runs_of("12-claude-code-rewind", "input.jsonl").values()

    assert [step.kind.value for step in steps] == ["human", "llm", "human", "llm"]
    assert "English" in str(steps[2].inputs)
    assert [text[:5] for text in heard(steps[3])] == ["Hello", "Hi.", "Pleas"]


def test_results_of_commands_in_the_user_role_are_results() -> None:
    [(steps, facts)] = runs_of("20-tool-output-as-user-turn", "input.json").values()

    assert facts.task == "shop-17"
    assert kinds(steps) == ["chain", "human", *(["llm", "tool"] * 4)]
    assert steps[3].inputs == {"command": "grep -rn round src"}
    assert steps[-1].tool == "submit"


def test_a_persons_no_is_no_error_of_the_tool() -> None:
    [(steps, _)] = runs_of("40-a-person-said-no", "rejected.json").values()

    assert not [step for step in steps if step.status is Status.ERROR]
    assert kinds(steps).count("human") == 2


def test_the_headline_of_a_failed_command_is_what_it_printed() -> None:
    [(steps, _)] = runs_of("48-codex-error-headline", "input.jsonl").values()
    [failed] = [step for step in steps if step.status is Status.ERROR]

    assert failed.error is not None
    assert failed.error.message == "wc: open.csv: No such file or directory"
