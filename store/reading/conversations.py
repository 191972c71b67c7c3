"""The turns of a session around a trace: which they are, and what was said and shown in those before.

A turn is a run of the same project, session and user that was over before the next one began. What runs inside another
one (a sub-agent that carries its caller's session) is no turn of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ...model.conversations import Conversation, EarlierTurn, said_before
from ...model.reading.assembly import build_steps, reading_order
from ...model.reading.turns import turn_messages
from ...model.text.jsontext import as_text
from ...model.traces import Message, ToolCall
from ..contract import Connection, Store
from ..traces.revisions import load_order, refresh, trace_rows
from ..traces.spans import spans_of_traces

MOST_TURNS = 400
"""Turns on either side of a run that are looked at."""
_FIRST, _NEAREST = 4, 12
"""Turns that are read whole: those with which a conversation begins, and those just before."""
_MOST_TEXT = 120_000
"""Characters of all turns that are read whole, the nearest first."""
_WAITING = 256
"""Runs that wait to be assembled, among which earlier turns may be; with more, those are read when they are found."""
_MOST_OF_ONE = 30_000
"""Characters of one message."""

SELECT_PLACES = """
SELECT id, project, session, "user", started_at, duration_ms FROM trace WHERE id IN :ids AND session IS NOT NULL
"""
_SAME = """
FROM trace WHERE session = :session AND project = :project AND "user" IS NOT DISTINCT FROM :user
"""
SELECT_BEFORE = f"""
SELECT id, started_at, duration_ms {_SAME} AND started_at <= :at AND (started_at < :at OR id < :id)
ORDER BY started_at DESC, id DESC LIMIT :most
"""
SELECT_AFTER = f"""
SELECT id, started_at, duration_ms {_SAME} AND started_at >= :at AND (started_at > :at OR id > :id)
ORDER BY started_at, id LIMIT :most
"""
SELECT_BEFORE_UNTIMED = f"""
SELECT id, started_at, duration_ms {_SAME} AND started_at IS NULL AND id < :id ORDER BY id DESC LIMIT :most
"""
SELECT_AFTER_UNTIMED = f"""
SELECT id, started_at, duration_ms {_SAME} AND started_at IS NULL AND id > :id ORDER BY id LIMIT :most
"""
SELECT_WORKED = """
SELECT DISTINCT trace_id, tool FROM span
WHERE trace_id IN :ids AND kind = 'tool' AND tool IS NOT NULL AND status <> 'error' ORDER BY trace_id, tool
"""


class _Run(NamedTuple):
    id: int
    begun: int | None
    over: int | None


def conversation_of(store: Store, trace_id: int) -> Conversation | None:
    """Where a trace stands in its session; None where it has none, or is the only turn.

    Cost: two index ranges of at most 400 rows.
    """
    if not (places := _places(store, [trace_id])):
        return None
    place = places[0]
    with store.read() as con:
        before, after = _runs(con, place, later=False), _runs(con, place, later=True)
    own = _run(place)
    turns = _before(before, own)
    later = _in_turn([own, *after])[1:]
    complete = max(len(before), len(after)) < MOST_TURNS
    found = Conversation((*turns, own.id, *(run.id for run in later)), len(turns) + 1, complete)
    return found if len(found.turns) > 1 else None


def later_turns(store: Store, trace_ids: Sequence[int]) -> list[int]:
    """The next runs of the same sessions: those that are read with what was said in these, twelve for each.

    Cost: one index range for each trace that has a session.
    """
    found: set[int] = set()
    places = _places(store, trace_ids)
    with store.read() as con:
        for place in places:
            found.update(run.id for run in _runs(con, place, later=True, most=_NEAREST))
    return sorted(found.difference(trace_ids))


def earlier_turns(store: Store, trace_ids: Sequence[int]) -> dict[int, tuple[EarlierTurn, ...]]:
    """What was said, called and shown in the turns before each of these traces, oldest first.

    The four turns that began the conversation and the twelve before the trace are read whole (120,000 characters in
    all, the nearest first); of others, up to 400, the names of the tools that worked. Traces without earlier turns
    are left out.

    Args:
        store: Where.
        trace_ids: Assembled traces.

    Cost: one index look-up for all, nothing more for traces without a session; one index range and one reading of
    each distinct earlier turn otherwise.
    """
    places = _places(store, trace_ids)
    with store.read() as con:
        before = {place["id"]: _before(_runs(con, place, later=False), _run(place)) for place in places}
    whole = {trace_id: {*turns[:_FIRST], *turns[-_NEAREST:]} for trace_id, turns in before.items()}
    if not any(before.values()):
        return {}
    wanted = sorted({turn for turns in before.values() for turn in turns})
    refresh(store, wanted)
    with store.read() as con:
        read = _read(con, sorted({turn for turns in whole.values() for turn in turns}))
        worked = _worked(con, [turn for turn in wanted if any(turn not in whole[trace_id] for trace_id in before)])
    found = {
        trace_id: _bounded([read.get(turn) if turn in whole[trace_id] else worked.get(turn) for turn in turns])
        for trace_id, turns in before.items()
    }
    return {trace_id: turns for trace_id, turns in found.items() if turns}


def whole_before(store: Store, trace_id: int) -> tuple[Message, ...]:
    """What was said, called and shown in those earlier turns of a trace that are read whole, in order."""
    return said_before(turn for turn in earlier_turns(store, [trace_id]).get(trace_id, ()) if turn.whole)


def read_turns(store: Store, trace_ids: Sequence[int]) -> dict[int, EarlierTurn]:
    """What was said, called and shown in each of these traces. Cost: one reading of each."""
    if not trace_ids:
        return {}
    refresh(store, trace_ids)
    with store.read() as con:
        return _read(con, trace_ids)


def _places(store: Store, trace_ids: Sequence[int]) -> list[Any]:
    """Rows of those of these traces that have a session; a run has its session once it is assembled."""
    refresh(store, trace_ids)
    with store.read() as con:
        found = con.execute(SELECT_PLACES, {"ids": trace_ids}).fetchall()
    if found:
        refresh(store, limit=_WAITING)
    return found


def _runs(con: Connection, place: Any, *, later: bool, most: int = MOST_TURNS) -> list[_Run]:
    """Runs of the session on one side of a trace, the nearest first."""
    if place["started_at"] is None:
        statement = SELECT_AFTER_UNTIMED if later else SELECT_BEFORE_UNTIMED
    else:
        statement = SELECT_AFTER if later else SELECT_BEFORE
    values = {name: place[name] for name in ("id", "project", "session", "user")}
    rows = con.execute(statement, {**values, "at": place["started_at"], "most": most})
    return [_run(row) for row in rows]


def _run(row: Any) -> _Run:
    begun = row["started_at"]
    # The duration was rounded to a float of milliseconds.
    return _Run(row["id"], begun, None if begun is None else begun + int((row["duration_ms"] or 0) * 1_000) * 1_000)


def _before(nearest_first: Iterable[_Run], own: _Run) -> list[int]:
    turns = _in_turn(list(nearest_first)[::-1])
    return [run.id for run in turns if run.over is None or own.begun is None or run.over <= own.begun]


def _in_turn(runs: Sequence[_Run]) -> list[_Run]:
    """Runs in order of time without those that began while another turn went on."""
    kept: list[_Run] = []
    for run in runs:
        last = kept[-1].over if kept else None
        if last is None or run.begun is None or last <= run.begun:
            kept.append(run)
    return kept


def _read(con: Connection, trace_ids: Sequence[int]) -> dict[int, EarlierTurn]:
    found = {}
    rows = trace_rows(con, trace_ids)
    stored = spans_of_traces(con, {row["id"]: row["trace_key"] for row in rows})
    for row in rows:
        spans = stored[row["id"]].spans
        order = load_order(row) if row["reading"] and not row["dirty"] else reading_order(spans)
        steps = build_steps(spans, order, lambda _: b"")
        messages = turn_messages(steps, row["input"] or "", row["output"] or "")
        found[row["id"]] = EarlierTurn(row["id"], row["revision"], tuple(map(_cut, messages)))
    return found


def _cut(message: Message) -> Message:
    return message if len(message.content) <= _MOST_OF_ONE else replace(message, content=message.content[:_MOST_OF_ONE])


def _worked(con: Connection, trace_ids: Sequence[int]) -> dict[int, EarlierTurn]:
    tools: dict[int, list[str]] = {}
    for row in con.execute(SELECT_WORKED, {"ids": trace_ids}):
        tools.setdefault(row["trace_id"], []).append(row["tool"])
    return {trace_id: _by_name(trace_id, names) for trace_id, names in tools.items()}


def _by_name(trace_id: int, tools: Iterable[str]) -> EarlierTurn:
    asked = Message("assistant", tool_calls=tuple(ToolCall(tool) for tool in tools))
    return EarlierTurn(trace_id, 0, (asked,), whole=False)


def _bounded(turns: Sequence[EarlierTurn | None]) -> tuple[EarlierTurn, ...]:
    """The turns in order; those for which there is no room keep the names of what they called."""
    room = _MOST_TEXT
    found: list[EarlierTurn] = []
    for turn in reversed([turn for turn in turns if turn is not None]):
        size = sum(map(_size, turn.messages))
        fits = not found or size <= room
        room -= size * fits
        found.append(turn if fits else _by_name(turn.trace_id, _called(turn)))
    return tuple(reversed(found))


def _size(message: Message) -> int:
    return len(message.content) + sum(len(as_text(call.arguments)) for call in message.tool_calls)


def _called(turn: EarlierTurn) -> Iterable[str]:
    failed = {message.tool_call_id for message in turn.messages if message.is_error}
    calls = (call for message in turn.messages for call in message.tool_calls)
    return dict.fromkeys(call.name for call in calls if call.id not in failed)
