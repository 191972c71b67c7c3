"""Each signal against its labelled examples, kept one file a signal in `signals/`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from retrospan.analysis.signals.registry import DEFINITIONS, find_signals
from retrospan.analysis.signals.surroundings import FailedBefore, Population, Spread, Surroundings
from retrospan.analysis.texts.quotes import stands_in
from retrospan.ingest.formats.messages import conversation_spans
from retrospan.knowledge.invariants import Invariants
from retrospan.model.reading.assembly import assemble
from retrospan.model.traces import Message, Span, StepKind, Trace, Usage

EXAMPLES = Path(__file__).parent / "signals"


def _examples() -> list[Any]:
    found = []
    for path in sorted(EXAMPLES.glob("*.yaml")):
        examples = yaml.safe_load(path.read_text(encoding="utf-8"))
        found += [pytest.param(path.stem, example, id=f"{path.stem}: {example['title']}") for example in examples]
    return found


@pytest.mark.parametrize(("name", "example"), _examples())
def test_labelled_examples(name: str, example: dict[str, Any], build: Any) -> None:
    trace = _trace(build, example)
    every = find_signals(trace, surroundings=_surroundings(example, build))
    found = [item for item in every if item.signal == name]
    assert bool(found) == example["expect"], [item.reason for item in every]
    if "step" in example:
        assert found[0].step == example["step"]
    if "failure" in example:
        assert [item.failure for item in found] == [example["failure"]]
    for item in found:
        assert item.evidence or item.step is None
        for evidence in item.evidence:
            assert stands_in(trace.steps[evidence.step], evidence.quote)


def _trace(build: Any, example: dict[str, Any]) -> Trace:
    trace: Trace = build(
        example["messages"],
        outcome=example.get("outcome"),
        errors=example.get("errors"),
        annotations=example.get("annotations", ()),
    )
    told = example.get("summary", {})
    if "tokens" in told:
        trace = replace(trace, summary=replace(trace.summary, usage=Usage(input_tokens=told["tokens"])))
    if "duration_ms" in told:
        trace = replace(trace, summary=replace(trace.summary, duration_ms=float(told["duration_ms"])))
    return trace


def _surroundings(example: dict[str, Any], build: Any) -> Surroundings:
    rules = Invariants.model_validate({"invariants": example.get("invariants", [])}).invariants
    usual = dict(example.get("population", {}))
    for name in {"tokens", "duration_ms", "steps"} & usual.keys():
        usual[name] = Spread(**usual[name])
    failed = tuple(FailedBefore(build(messages), "V1", "Ada") for messages in example.get("failed_before", ()))
    return Surroundings(rules, Population(**usual) if usual else None, failed)


def test_every_signal_has_positives_and_negatives() -> None:
    for definition in DEFINITIONS:
        examples = yaml.safe_load((EXAMPLES / f"{definition.name}.yaml").read_text(encoding="utf-8"))
        labels = [example["expect"] for example in examples]
        assert labels.count(True) >= 2, definition.name
        assert labels.count(False) >= 2, definition.name


def test_a_muted_signal_is_left_out(build: Any) -> None:
    trace = build(
        [
            {"role": "user", "content": "Where is my order?"},
            {"role": "tool", "name": "get_order", "content": "down", "is_error": True},
            {"role": "assistant", "content": "It is on its way."},
        ]
    )
    assert "tool_error" in {item.signal for item in find_signals(trace)}
    assert "tool_error" not in {item.signal for item in find_signals(trace, frozenset({"tool_error"}))}


_text = st.text(max_size=60)
_hostile = st.lists(
    st.one_of(
        st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system"]), "content": _text}),
        st.fixed_dictionaries({"role": st.just("tool"), "content": _text, "is_error": st.booleans()}),
        st.builds(
            lambda name, value: {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": "a", "name": name or "t", "arguments": value}],
            },
            _text,
            st.one_of(_text, st.dictionaries(_text, _text, max_size=3)),
        ),
    ),
    min_size=1,
    max_size=10,
)


@given(_hostile)
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_and_every_quote_stands_in_its_step(messages: list[Any]) -> None:
    trace = assemble(conversation_spans("run", messages))
    for item in find_signals(trace):
        for evidence in item.evidence:
            assert stands_in(trace.steps[evidence.step], evidence.quote)


@pytest.mark.parametrize(("second", "asks_again"), [("writer", False), ("researcher", True)])
def test_prompts_of_one_make_for_two_agents_are_nobody_asking_again(second: str, asks_again: bool) -> None:
    asked = "Current task: write about the canals of Leeds. This is what is expected of your answer: "
    spans = [
        Span("t", f"{n:016x}", "chat", StepKind.LLM, agent=agent, started_at_ns=n, ended_at_ns=n + 1)
        for n, agent in enumerate(("researcher", second))
    ]
    for span, wanted in zip(spans, ("a list", "a list, and prose"), strict=True):
        span.input_messages = (Message("user", asked + wanted),)
        span.output_messages = (Message("assistant", "Here it is."),)
    shown = {item.signal for item in find_signals(assemble(spans))}
    assert ("user_frustration" in shown) == asks_again
