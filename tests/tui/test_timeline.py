"""Time and tokens of a run's steps as bars, and steps that arrive while one reads."""

from __future__ import annotations

import pytest
from keyboard import Hands, assert_looks_as_before, at_keyboard
from retrospan.model.traces import Span, SpanBatch, Status, StepKind, Usage
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import refresh
from retrospan.tui.app import RetrospanApp
from retrospan.tui.screens import base
from retrospan.tui.timeline import timeline_of
from reviewdesk import Desk

_MS = 1_000_000


def timed_run(steps: int = 6, key: str = "timed") -> list[Span]:
    """An agent that thinks, calls a tool and thinks again; each model call has more to read."""
    root = Span(key, "root", "support", StepKind.AGENT, started_at_ns=0, ended_at_ns=steps * 500 * _MS)
    spans = [root]
    for number in range(1, steps):
        model = number % 2 == 1
        start = (number - 1) * 500 * _MS
        span = Span(key, f"s{number}", "chat" if model else "lookup_order", parent_span_id="root", sequence=number)
        span.kind = StepKind.LLM if model else StepKind.TOOL
        span.started_at_ns, span.ended_at_ns = start, start + (450 if model else 120) * _MS
        if model:
            span.usage = Usage(
                input_tokens=400 * number, output_tokens=30 + number, cache_read_tokens=100 * (number - 1)
            )
        else:
            span.tool = "lookup_order"
        spans.append(span)
    return spans


def test_bars_lie_where_the_steps_ran(store: Store) -> None:
    commit_batch(store, SpanBatch(spans=timed_run()))
    timeline = timeline_of(get_trace(store, 1).steps)
    whole, first, tool = (timeline.row(index, 103).plain for index in (0, 1, 2))
    start = whole.index("█")
    assert whole.count("█") == 32, "the agent fills the whole scale"
    assert first[start : start + 32] == "█" * 5 + " " * 27, "450 of 3,000 ms"
    assert tool.index("█") == start + 5 and "120 ms" in tool
    assert all(timeline.row(index, width).cell_length == width for index in range(6) for width in (60, 78, 103, 200))
    assert "3,600 tokens in (600 from cache), 99 out in 3 model calls" in timeline.totals(103).plain


def test_run_without_times_and_tokens_says_so(store: Store) -> None:
    commit_batch(store, SpanBatch(spans=[Span("bare", "r", "support", StepKind.AGENT)]))
    timeline = timeline_of(get_trace(store, 1).steps)
    assert "No step of this run says when it ran" in timeline.totals(80).plain
    assert timeline.row(0, 80).cell_length == 80


@pytest.mark.parametrize(("name", "size"), [("timeline", (110, 32)), ("timeline-narrow", (80, 24))])
def test_t_spreads_the_outline_over_time_and_keeps_the_step(store: Store, name: str, size: tuple[int, int]) -> None:
    spans = timed_run()
    spans[4].status = Status.ERROR
    commit_batch(store, SpanBatch(spans=spans))
    app = RetrospanApp(store, start="traces")

    async def walk(hands: Hands) -> None:
        await hands.press("enter", "g", "j", "j", "t")
        assert "tokens in" in hands.text and "▸    2 tool lookup_order" in hands.text
        assert_looks_as_before(hands, name)
        await hands.press("j", "enter")
        assert (
            "tokens in, call by call" not in hands.text
            and "▸     3" in hands.text
            and "what the step adds" in hands.text
        )

    at_keyboard(app, walk, size=size)


def test_long_run_scrolls(store: Store) -> None:
    commit_batch(store, SpanBatch(spans=timed_run(400)))
    app = RetrospanApp(store, start="traces")

    async def walk(hands: Hands) -> None:
        await hands.press("enter", "t", "G")
        assert "▸  399 model" in hands.text
        assert_looks_as_before(hands, "timeline-crowded")

    at_keyboard(app, walk, size=(110, 32))


def test_steps_that_arrive_are_added_and_the_marked_one_stays(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "LIVE_SECONDS", 0.02)
    app = RetrospanApp(desk.store, start="traces")

    async def walk(hands: Hands) -> None:
        await hands.press("G", "enter", "g", "j", "t")
        assert "3 steps" in hands.text and "▸    1" in hands.text
        with open_store(desk.store.location) as receiver:
            late = Span("run-1", "a4", "send_email", StepKind.TOOL, sequence=3, started_at_ns=9_000, project="support")
            late.tool = "send_email"
            commit_batch(receiver, SpanBatch(spans=[late]))
            refresh(receiver)
        await hands.until(lambda: "4 steps" in hands.text)
        assert "▸    1" in hands.text and "send_email" in hands.text

    at_keyboard(app, walk)
