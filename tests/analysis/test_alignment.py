from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from retrospan.analysis import alignment
from retrospan.analysis.alignment import align, diff_traces
from retrospan.analysis.shapes import likeness, shapes
from retrospan.ingest.formats.messages import conversation_spans
from retrospan.model.reading.assembly import assemble
from retrospan.model.traces import Step, Trace

Run = Callable[..., Trace]

_messages = st.lists(
    st.one_of(
        st.builds(lambda text: {"role": "user", "content": text}, st.text(max_size=20)),
        st.builds(lambda text: {"role": "assistant", "content": text}, st.text(max_size=20)),
        st.builds(
            lambda tool, value: {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": "x", "name": tool, "arguments": {"id": value}}],
            },
            st.sampled_from(["get_order", "cancel_order"]),
            st.integers(0, 3),
        ),
    ),
    min_size=1,
    max_size=12,
)


def _trace(messages: list[Any]) -> Trace:
    return assemble(conversation_spans("run", messages))


@given(_messages)
@settings(max_examples=60, deadline=None)
def test_a_run_does_not_differ_from_itself(messages: list[Any]) -> None:
    trace = _trace(messages)
    diff = diff_traces(trace, trace)
    assert diff.differences == ()
    assert diff.first_divergence is None
    assert diff.pairs == tuple((i, i) for i in range(len(trace.steps)))


@given(_messages, _messages)
@settings(max_examples=60, deadline=None)
def test_pairs_hold_every_step_once_and_in_order(left: list[Any], right: list[Any]) -> None:
    ours, theirs = _trace(left), _trace(right)
    pairs = diff_traces(ours, theirs).pairs
    assert [i for i, _ in pairs if i is not None] == list(range(len(ours.steps)))
    assert [j for _, j in pairs if j is not None] == list(range(len(theirs.steps)))


@given(_messages, _messages)
@settings(max_examples=60, deadline=None)
def test_the_other_way_round_shows_as_many_changed_calls(left: list[Any], right: list[Any]) -> None:
    ours, theirs = _trace(left), _trace(right)
    forward = [item for item in diff_traces(ours, theirs).differences if item.kind == "arguments"]
    backward = [item for item in diff_traces(theirs, ours).differences if item.kind == "arguments"]
    assert len(forward) == len(backward)


def test_the_argument_of_a_change_ranks_before_the_answer(refund_run: Run) -> None:
    diff = diff_traces(refund_run(order="W18", said="I have refunded order W18."), refund_run())
    first = diff.differences[0]
    assert (first.kind, first.path, first.before, first.after) == ("arguments", "arguments.order_id", "W18", "W17")
    assert [item.rank for item in diff.differences] == list(range(1, len(diff.differences) + 1))
    assert "answer" in {item.kind for item in diff.differences[1:]}


def test_a_change_that_is_left_out_ranks_first(refund_run: Run) -> None:
    full = refund_run()
    short = assemble(
        conversation_spans(
            "short",
            [
                {"role": "system", "content": "You help customers with their orders."},
                {"role": "user", "content": "Please refund order W17, the lamp arrived broken."},
                {"role": "assistant", "content": "Done."},
            ],
        )
    )
    first = diff_traces(short, full).differences[0]
    assert (first.kind, first.left, first.right) == ("only_right", None, 7)


def test_the_same_changes_in_another_order_are_no_changed_arguments(build: Callable[..., Trace]) -> None:
    def run(*orders: str) -> Trace:
        messages: list[Any] = [{"role": "user", "content": "Cancel both."}]
        for i, order in enumerate(orders):
            call = {"id": str(i), "name": "cancel_order", "arguments": {"order_id": order}}
            messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
            messages.append({"role": "tool", "tool_call_id": str(i), "content": "ok"})
        return build(messages)

    assert not [item for item in diff_traces(run("A1", "B2"), run("B2", "A1")).differences if item.kind == "arguments"]


def test_runs_that_come_together_again_part_later_for_good(refund_run: Run) -> None:
    left, right = refund_run(order="W18"), refund_run()
    assert diff_traces(left, right).first_divergence == (6, 6)


@pytest.mark.parametrize("size", [100])
def test_two_long_runs_need_at_most_one_comparison_a_cell(
    size: int, build: Callable[..., Trace], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = 0

    def counting(*pair: Any) -> float:
        nonlocal compared
        compared += 1
        return likeness(*pair)

    monkeypatch.setattr("retrospan.analysis.alignment.likeness", counting)
    left = build([{"role": "assistant", "content": f"left {i}"} for i in range(size)])
    right = build([{"role": "assistant", "content": f"right {i}"} for i in range(size)])
    diff_traces(left, right)
    assert compared <= size * size


def test_very_long_runs_are_cut_at_steps_that_both_have_once(
    build: Callable[..., Trace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrospan.analysis.alignment._MOST_CELLS", 100)
    shared = [{"role": "assistant", "content": f"shared {i}"} for i in range(60)]
    left = build([{"role": "user", "content": "left"}, *shared, {"role": "assistant", "content": "left end"}])
    right = build(
        [{"role": "user", "content": "right"}, shared[0], *shared[2:], {"role": "assistant", "content": "right end"}]
    )
    pairs = diff_traces(left, right).pairs
    assert sum(i is not None and j is not None for i, j in pairs) == 61
    assert [i for i, _ in pairs if i is not None] == list(range(len(left.steps)))
    assert [j for _, j in pairs if j is not None] == list(range(len(right.steps)))


@pytest.mark.parametrize(
    ("rule", "likenesses", "pairs"),
    [
        ("the better of two partners is taken", [[0.5], [0.2]], [(0, 0), (1, None)]),
        ("two weak pairs outweigh one strong one with two gaps", [[0.2, 0.5], [0.0, 0.2]], [(0, 0), (1, 1)]),
        ("one strong pair outweighs two very weak ones", [[0.1, 0.5], [0.0, 0.1]], [(None, 0), (0, 1), (1, None)]),
        ("of equal partners the first is taken", [[0.0, 0.0], [0.5, 0.5]], [(0, None), (1, 0), (None, 1)]),
        ("what has no partner stands right side first", [[0.0], [0.0]], [(None, 0), (0, None), (1, None)]),
        ("pairs never cross", [[0.0, 1.0], [0.5, 0.0]], [(None, 0), (0, 1), (1, None)]),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else None,
)
def test_a_worked_alignment_for_each_rule(
    rule: str,
    likenesses: list[list[float]],
    pairs: list[tuple[int | None, int | None]],
    build: Callable[..., Trace],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = shapes(build([{"role": "assistant", "content": f"left {i}"} for i in range(len(likenesses))]))
    right = shapes(build([{"role": "assistant", "content": f"right {i}"} for i in range(len(likenesses[0]))]))
    monkeypatch.setattr("retrospan.analysis.alignment.likeness", lambda one, other: likenesses[one.index][other.index])
    assert align(left, right) == pairs


def _says(*turns: str) -> list[dict[str, Any]]:
    """`?x` asks for look-up x, anything else is said."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Is order W17 late?"}]
    for turn in turns:
        call = {"id": turn, "name": "look_up", "arguments": {"about": turn[1:]}}
        calls = {"tool_calls": [call]} if turn.startswith("?") else {}
        messages.append({"role": "assistant", "content": "" if calls else turn, **calls})
    return messages


@pytest.mark.parametrize(
    ("rule", "left", "right", "parted"),
    [
        ("a shared look-up brings them together", ("?weather", "?W17", "Yes."), ("?news", "?W17", "No."), (3, 3)),
        ("a shared courtesy does not", ("?weather", "One moment.", "Yes."), ("?news", "One moment.", "No."), (1, 1)),
        ("they never part", ("?W17", "Yes."), ("?W17", "Yes."), None),
        ("one side goes on", ("?W17",), ("?W17", "It is late."), (None, 2)),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else None,
)
def test_where_two_runs_part_for_good(
    rule: str,
    left: tuple[str, ...],
    right: tuple[str, ...],
    parted: tuple[int | None, int | None] | None,
    build: Callable[..., Trace],
) -> None:
    assert diff_traces(build(_says(*left)), build(_says(*right))).first_divergence == parted


def test_a_step_that_comes_twice_is_no_anchor(build: Callable[..., Trace], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrospan.analysis.alignment._MOST_CELLS", 1)
    left = shapes(build([{"role": "assistant", "content": text} for text in ("apple", "again", "pear", "again")]))
    right = shapes(build([{"role": "assistant", "content": text} for text in ("again", "plum", "again", "fig")]))
    assert align(left, right) == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_a_call_answers_the_one_that_it_shares_most_values_with(build: Callable[..., Trace]) -> None:
    def run(*calls: tuple[str, str]) -> Trace:
        messages: list[Any] = [{"role": "user", "content": "Return both."}]
        for i, (order, item) in enumerate(calls):
            call = {"id": str(i), "name": "return_item", "arguments": {"order": order, "item": item}}
            messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
            messages.append({"role": "tool", "tool_call_id": str(i), "content": "ok"})
        return build(messages)

    found = diff_traces(run(("W1", "a"), ("W2", "b")), run(("W2", "c"))).differences
    changed = [(item.left, item.right, item.path) for item in found if item.kind == "arguments"]
    assert changed == [(4, 2, "arguments.item")]
    assert [item.left for item in found if item.kind == "only_left" and item.weight > 0.5] == [2]


def _calls_of(*ids: int) -> list[Any]:
    made = []
    for n in ids:
        call = {"id": f"c{n}", "name": "get_order", "arguments": {"order": f"W{n}00"}}
        made += [
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"c{n}", "content": f"order W{n}00 is at place {n}"},
        ]
    return made


def test_steps_that_stand_once_on_each_side_are_paired_where_there_is_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "_MOST_CELLS", 0)
    left, right = _trace(_calls_of(1, 2, 3, 4)), _trace(_calls_of(9, 2, 4, 8))
    pairs = set(diff_traces(left, right).pairs)
    shared = [(i, j) for i, a in enumerate(left.steps) for j, b in enumerate(right.steps) if _same_call(a, b)]
    assert len(shared) == 4 and pairs.issuperset(shared)


def _same_call(left: Step, right: Step) -> bool:
    return (
        left.kind is right.kind and left.tool == right.tool and left.inputs == right.inputs and bool(left.tool)
    ) or (bool(left.output_messages) and left.output_messages == right.output_messages)


def test_equal_steps_that_lie_crosswise_are_paired_on_the_longest_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "_MOST_CELLS", 0)
    ours, theirs = shapes(_trace(_calls_of(1, 2, 3, 4, 5))), shapes(_trace(_calls_of(5, 1, 2, 3, 9)))
    found = align(ours, theirs)
    kept = [(i, j) for i, j in found if i is not None and j is not None and ours[i].values == theirs[j].values]
    assert {(i // 2, j // 2) for i, j in kept} >= {(0, 1), (1, 2), (2, 3)}


def test_a_shared_end_is_paired_where_a_run_has_more_before_it() -> None:
    ours, theirs = shapes(_trace(_calls_of(1, 2))), shapes(_trace(_calls_of(1, 7, 8, 2)))
    n, m = len(ours), len(theirs)
    assert align(ours, theirs)[-2:] == [(n - 2, m - 2), (n - 1, m - 1)]
    assert align(ours, theirs)[:2] == [(0, 0), (1, 1)]
    assert align(ours, ours[:2]) == [(0, 0), (1, 1), *((i, None) for i in range(2, n))]


def test_nothing_that_is_paired_at_the_start_is_paired_again_at_the_end() -> None:
    side = shapes(_trace([{"role": "user", "content": "Go on."}] * 5))
    assert align(side[:3], side) == [*((i, i) for i in range(3)), (None, 3), (None, 4)]
    assert align(side, side[:3]) == [*((i, i) for i in range(3)), (3, None), (4, None)]
