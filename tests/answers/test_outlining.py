"""Outlines and details: inside the budget, every step reachable by a call that the text names."""

from __future__ import annotations

import re

import pytest
from conversations import Builder, answers, calls, says
from retrospan.answers.reading_traces import read_steps, read_trace
from retrospan.model.errors import UnknownIdError, UsageError
from retrospan.model.text.budget import count_tokens
from retrospan.model.traces import Message, Span, SpanBatch, StepKind
from retrospan.store.contract import Store
from retrospan.store.traces.commit import commit_batch

PROSE = "The customer asked about order {n} and the warehouse in Leeds answered with a long list of parcels. "


def long_run(traces: Builder, steps: int, size: int) -> str:
    """A run of so many steps with so many characters in each second one."""
    messages = [says("user", "Where is my order?")]
    while len(messages) < steps - 1:
        n = len(messages)
        messages.append(calls("track_parcel", f"c{n}", order=f"A-{n}"))
        messages.append(answers((PROSE.format(n=n) * (size // len(PROSE) + 1))[:size], f"c{n}"))
    messages.append(says("assistant", "It left Leeds this morning."))
    return f"T{traces.add(*messages[:steps])}"


def named_calls(text: str) -> list[tuple[str, str]]:
    return re.findall(r'get_trace\(trace="(T\d+)", steps="([^"]+)"', text)


def shown_steps(text: str) -> set[int]:
    """Indices that have a place of their own or stand in a range that names them."""
    shown: set[int] = set()
    for line in text.split("\n"):
        if match := re.match(r"(\d+)(?:([-,])(\d+))? ", line):
            first, last = int(match[1]), int(match[3] or match[1])
            shown.update(range(first, last + 1) if match[2] == "-" else (first, last))
    return shown


def test_default_outline_of_twenty_steps_fits_its_budget(store: Store, traces: Builder) -> None:
    trace = long_run(traces, 20, 6_000)
    assert count_tokens(read_trace(store, trace, budget=1_600)) <= 1_700


def test_default_outline_of_sixty_large_steps_fits_its_budget(store: Store, traces: Builder) -> None:
    trace = long_run(traces, 60, 8_000)
    text = read_trace(store, trace, budget=1_600)
    assert count_tokens(text) <= 2_000
    assert shown_steps(text) == set(range(60))


@pytest.mark.parametrize("steps", [2, 5, 40, 200])
def test_every_budget_is_kept_and_every_step_has_a_place(store: Store, traces: Builder, steps: int) -> None:
    trace = long_run(traces, steps, 900)
    for budget in (200, 400, 1_600, 8_000):
        text = read_trace(store, trace, budget=budget)
        assert count_tokens(text) <= budget
        assert shown_steps(text) == set(range(steps))


def test_short_run_is_shown_whole(store: Store, traces: Builder) -> None:
    trace = traces.add(
        says("user", "Refund order 7"), calls("refund", order="7"), answers("done"), says("assistant", "Done.")
    )
    text = read_trace(store, f"T{trace}", budget=1_600)
    assert "0 human: Refund order 7" in text
    assert '1,2 llm → tool refund (order="7") → done' in text
    assert "3 llm: Done." in text
    assert "get_trace(" not in text


def test_folded_outline_keeps_the_step_that_failed(store: Store, traces: Builder) -> None:
    messages = [says("user", "Move all parcels")]
    for n in range(150):
        messages += [calls("track_parcel", f"c{n}", order=f"A-{n}"), answers(PROSE.format(n=n), f"c{n}")]
        if n == 90:
            messages += [calls("move_parcel", "bad", to="Leeds"), answers('{"error": "no such depot"}', "bad")]
    messages.append(says("assistant", "All parcels are in Leeds now."))
    text = read_trace(store, f"T{traces.add(*messages)}", budget=1_000)
    assert "no such depot" in text
    assert "folded:" in text
    assert "All parcels are in Leeds now." in text


def test_calls_named_by_an_outline_lead_to_the_whole_text(store: Store, traces: Builder) -> None:
    trace = long_run(traces, 60, 8_000)
    for name, steps in named_calls(read_trace(store, trace, budget=1_600)):
        assert "untrusted data" in read_steps(store, name, steps, full=False, offset=0, budget=1_600)


def test_following_the_named_calls_reads_every_character_of_a_huge_step(store: Store, traces: Builder) -> None:
    body = "".join(f"<{n}>" for n in range(9_000))
    trace = f"T{traces.add(says('user', 'Go'), calls('dump', 'c1'), answers(body), says('assistant', 'Ok.'))}"
    offset, read = 0, ""
    while True:
        text = read_steps(store, trace, "2", full=False, offset=offset, budget=8_000)
        assert count_tokens(text) <= 8_000
        inside = text.split("⟧\n", 1)[1].split("\n⟦/", 1)[0]
        read += inside.split("\n", 1)[1] if offset else inside
        following = re.search(r"offset=(\d+)\)", text)
        if following is None:
            break
        offset = int(following[1])
    assert body in read


def test_following_the_named_calls_reaches_every_step_of_a_range(store: Store, traces: Builder) -> None:
    trace = long_run(traces, 60, 3_000)
    wanted: str | None = "0-"
    seen: set[int] = set()
    while wanted is not None:
        text = read_steps(store, trace, wanted, full=False, offset=0, budget=1_600)
        assert count_tokens(text) <= 1_600
        found = {int(n) for n in re.findall(rf"(?m)^{trace}\.(\d+) ", text)}
        assert found - seen
        seen |= found
        following = re.search(r'Not shown yet\. Next: get_trace\(trace="T\d+", steps="([^"]+)"', text)
        wanted = following[1] if following else None
    assert seen == set(range(60))


def test_a_step_of_its_own_id_is_shown_in_full(store: Store, traces: Builder) -> None:
    trace = traces.add(says("user", "Hello"), says("assistant", "Good\nmorning"))
    assert "Good\nmorning" in read_steps(store, f"T{trace}.1", None, full=False, offset=0, budget=1_600)


@pytest.mark.parametrize(
    ("steps", "error"),
    [("9", UnknownIdError), ("2-1", UnknownIdError), ("x", UsageError), ("", UsageError), ("-", UsageError)],
)
def test_steps_that_are_not_there_are_refused(
    store: Store, traces: Builder, steps: str, error: type[Exception]
) -> None:
    trace = traces.add(says("user", "Hello"), says("assistant", "Hi"), says("user", "Bye"))
    with pytest.raises(error, match=r"steps"):
        read_steps(store, f"T{trace}", steps or " ", full=False, offset=0, budget=1_600)


def test_an_offset_behind_the_end_is_refused(store: Store, traces: Builder) -> None:
    trace = traces.add(says("user", "Hello"))
    with pytest.raises(UsageError, match="behind the end"):
        read_steps(store, f"T{trace}", "0", full=False, offset=9_999, budget=1_600)


def test_only_new_messages_are_shown_until_full_is_asked(store: Store, traces: Builder) -> None:
    trace = traces.add(
        says("user", "First question"), says("assistant", "One"), says("user", "Second"), says("assistant", "Two")
    )
    brief = read_steps(store, f"T{trace}", "3", full=False, offset=0, budget=1_600)
    assert "First question" not in brief
    assert "full=true" in brief
    assert "First question" in read_steps(store, f"T{trace}", "3", full=True, offset=0, budget=1_600)


@pytest.mark.parametrize("budget", [200, 300, 1_000])
def test_details_keep_to_a_small_budget_too(store: Store, traces: Builder, budget: int) -> None:
    body = '{"error": "' + PROSE * 30 + '"}'
    messages = [says("user", "Go " + PROSE * 20)]
    for n in range(6):
        messages += [calls("move_parcel", f"c{n}", order=PROSE, to="Leeds"), answers(body, f"c{n}")]
    trace = f"T{traces.add(*messages)}"
    for steps in ("0", "2", "2-4", "0-"):
        text = read_steps(store, trace, steps, full=False, offset=0, budget=budget)
        assert count_tokens(text) <= budget, steps
        assert "get_trace(" in text or "…+" not in text


def test_steps_that_only_hold_others_share_a_line(store: Store) -> None:
    commit_batch(store, SpanBatch(spans=[*_wrapped()]))
    text = read_trace(store, "T1", budget=1_600)
    assert "0-1 frames: chain graph › agent planner" in text
    assert "2 llm: Good morning" in text


def test_a_step_without_kind_shows_what_it_holds(store: Store) -> None:
    span = Span("t", "a", "load_profile", StepKind.CHAIN, inputs={"user": "u-7"}, outputs={"tier": "gold"})
    commit_batch(store, SpanBatch(spans=[span]))
    assert '0 chain load_profile (user="u-7") → {"tier":"gold"}' in read_trace(store, "T1", budget=1_600)


def _wrapped() -> list[Span]:
    graph = Span("t", "a", "graph", StepKind.CHAIN, sequence=0, outputs={"state": 1}, inputs={"q": 2})
    planner = Span("t", "b", "planner", StepKind.AGENT, "a", agent="planner", sequence=1)
    model = Span("t", "c", "chat", StepKind.LLM, "b", sequence=2)
    model.output_messages = (Message("assistant", "Good morning"),)
    return [graph, planner, model]
