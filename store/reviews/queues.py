"""Draws of review queues: which runs had their chance, what was taken, and how queues and people get on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ...model.reviews import ItemState, ReviewItem
from ..contract import Connection
from ..traces.contents import marks

_CHUNK = 900

SELECT_REACHED = "SELECT coalesce(max(upto_trace), 0) FROM queue_draw WHERE queue = ?"
SELECT_DRAWN_SINCE = "SELECT coalesce(sum(drawn), 0) FROM queue_draw WHERE queue = ? AND drawn_at >= ?"
SELECT_UPTO = "SELECT coalesce(max(id), 0) FROM trace WHERE arrived_at <= ?"
SELECT_YOUNGEST_WAITING = "SELECT min(id) FROM trace WHERE arrived_at > ?"
SELECT_NEW_TRACES = "SELECT id FROM trace WHERE id > ? AND id <= ? ORDER BY id"
SELECT_NEW_SESSIONS = """
SELECT project, session, min(id) AS first, group_concat(id) AS ids FROM trace
WHERE session IS NOT NULL GROUP BY project, session HAVING first > ? AND first <= ? ORDER BY first
"""
SELECT_SCORES = """
SELECT trace_id, signal, max(strength) AS strength, max(failure) AS failure FROM signal
WHERE trace_id IN ({marks}) GROUP BY trace_id, signal ORDER BY trace_id, failure DESC, strength DESC, signal
"""
SELECT_FOCUS = """
SELECT span_id FROM signal WHERE trace_id = ? AND failure = 1 AND span_id IS NOT NULL ORDER BY strength DESC, position
"""
SELECT_MODES = "SELECT trace_id, mode_id FROM mode_member WHERE trace_id IN ({marks}) ORDER BY trace_id, mode_id"
SELECT_TAGS = "SELECT id, tags, tools FROM trace WHERE id IN ({marks})"
SELECT_SAME = """
SELECT id FROM review_item WHERE question = ? AND rubric_id = ? AND rubric_version = ? AND state <> 'closed'
  AND trace_id IS ? AND session IS ? AND project = ? ORDER BY id LIMIT 1
"""
SELECT_RUNS_SINCE = "SELECT count(*) FROM trace WHERE project = ? AND coalesce(started_at, arrived_at) > ?"
SELECT_BACK = """
SELECT count(DISTINCT t.id) FROM trace t JOIN mode_member m ON m.trace_id = t.id
WHERE t.project = ? AND coalesce(t.started_at, t.arrived_at) > ? AND m.mode_id IN ({marks})
"""
INSERT_DRAW = """
INSERT INTO queue_draw(queue, drawn_at, after_trace, upto_trace, population, drawn, seed, rule)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
RETURNING id
"""
INSERT_SAMPLE = """
INSERT OR IGNORE INTO queue_sample(draw_id, queue, item_id, part, probability) VALUES (?, ?, ?, ?, ?)
"""
SELECT_SAMPLE = "SELECT item_id, part, probability FROM queue_sample WHERE queue = ? ORDER BY item_id"
COPY_SAMPLES = """
INSERT OR IGNORE INTO queue_sample(draw_id, queue, item_id, part, probability)
SELECT draw_id, queue, ?, part, probability FROM queue_sample WHERE item_id = ?
"""
SELECT_QUEUES = "SELECT queue, state, count(*) FROM review_item GROUP BY queue, state"
SELECT_CLAIMED = """
SELECT i.queue, count(DISTINCT i.id) FROM review_item i JOIN review_slot s ON s.item_id = i.id
WHERE s.state = 'claimed' AND s.lease_until > ? GROUP BY i.queue
"""
SELECT_BY_REVIEWER = """
SELECT s.holder, i.queue, count(*) FROM review_slot s JOIN review_item i ON i.id = s.item_id
WHERE s.state = 'answered' GROUP BY s.holder, i.queue
"""
SELECT_SKIPS = (
    "SELECT k.reviewer, i.queue, count(*) FROM review_skip k JOIN review_item i ON i.id = k.item_id GROUP BY 1, 2"
)
SELECT_TIMES = """
SELECT t.reviewer, i.queue, t.active_ms FROM review_time t JOIN review_item i ON i.id = t.item_id
JOIN review_slot s ON s.item_id = t.item_id AND s.holder = t.reviewer AND s.state = 'answered' WHERE t.active_ms > 0
"""
SELECT_DRAWS = "SELECT queue, drawn_at, population, drawn, upto_trace FROM queue_draw ORDER BY id"


class Session(NamedTuple):
    """A session as a unit of a draw; its first trace stands for it."""

    project: str
    session: str
    first: int
    traces: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Draw:
    """One filling of a queue."""

    queue: str
    drawn_at: str
    population: int
    drawn: int
    upto_trace: int


def reached(con: Connection, queue: str) -> int:
    """The last trace that had its chance in this queue; later ones have not."""
    return int(con.execute(SELECT_REACHED, (queue,)).fetchone()[0])


def drawn_since(con: Connection, queue: str, moment: str) -> int:
    """How many items this queue has drawn since a moment (UTC text)."""
    return int(con.execute(SELECT_DRAWN_SINCE, (queue, moment)).fetchone()[0])


def settled_upto(con: Connection, arrived_before_ns: int) -> int:
    """The last trace such that it and all before it arrived by then."""
    waiting = con.execute(SELECT_YOUNGEST_WAITING, (arrived_before_ns,)).fetchone()[0]
    if waiting is not None:
        return int(waiting) - 1
    return int(con.execute(SELECT_UPTO, (arrived_before_ns,)).fetchone()[0])


def new_traces(con: Connection, after: int, upto: int) -> list[int]:
    """The traces with ids above `after`, up to `upto`."""
    return [row[0] for row in con.execute(SELECT_NEW_TRACES, (after, upto))]


def new_sessions(con: Connection, after: int, upto: int) -> list[Session]:
    """The sessions whose first trace has an id above `after`, up to `upto`."""
    return [
        Session(row[0], row[1], row[2], tuple(sorted(int(part) for part in str(row[3]).split(","))))
        for row in con.execute(SELECT_NEW_SESSIONS, (after, upto))
    ]


def signals_by_trace(con: Connection, trace_ids: Sequence[int]) -> dict[int, list[tuple[str, float, bool]]]:
    """(signal, strength, whether a failure) of each trace, the strongest failure first."""
    found: dict[int, list[tuple[str, float, bool]]] = {}
    for row in _chunked(con, SELECT_SCORES, trace_ids):
        found.setdefault(row[0], []).append((row[1], row[2], bool(row[3])))
    return found


def modes_by_trace(con: Connection, trace_ids: Sequence[int]) -> dict[int, list[int]]:
    """The failure modes of each trace."""
    found: dict[int, list[int]] = {}
    for row in _chunked(con, SELECT_MODES, trace_ids):
        found.setdefault(row[0], []).append(row[1])
    return found


def runs_since(con: Connection, project: str, moment: str, modes: Sequence[int]) -> tuple[int, int]:
    """How many runs of a project began after a moment (UTC text), and how many of them show one of these modes."""
    since = int(datetime.fromisoformat(moment).timestamp() * 1e9)
    runs = con.execute(SELECT_RUNS_SINCE, (project, since)).fetchone()[0]
    back = con.execute(SELECT_BACK.format(marks=marks(len(modes))), (project, since, *modes)) if modes else None
    return int(runs), int(back.fetchone()[0]) if back else 0


def tags_by_trace(con: Connection, trace_ids: Sequence[int]) -> dict[int, set[str]]:
    """Tags and tools of each trace, in lower case."""
    found = {}
    for row in _chunked(con, SELECT_TAGS, trace_ids):
        words = [word for text in row[1:] if text for word in str(text).split("\n")]
        found[row[0]] = {word.strip().lower() for word in words} - {""}
    return found


def focus_spans(con: Connection, trace_id: int, most: int = 3) -> tuple[str, ...]:
    """The spans with the strongest failure signals."""
    return tuple(dict.fromkeys(row[0] for row in con.execute(SELECT_FOCUS, (trace_id,))))[:most]


def same_item(con: Connection, item: ReviewItem) -> int | None:
    """An item that asks the same and is not closed, decided ones too."""
    rubric = item.rubric
    values = (item.question, rubric.id, rubric.version, item.trace_id, item.session, item.project)
    row = con.execute(SELECT_SAME, values).fetchone()
    return None if row is None else int(row[0])


def insert_draw(con: Connection, draw: Draw, *, after: int, seed: str, rule: object) -> int:
    """Keep a draw; returns its id."""
    values = (draw.queue, draw.drawn_at, after, draw.upto_trace, draw.population, draw.drawn, seed, json.dumps(rule))
    return int(con.execute(INSERT_DRAW, values).fetchone()[0])


def insert_sample(con: Connection, draw_id: int, queue: str, item_id: int, part: str, probability: float) -> None:
    """Note that a draw took an item, and the chance it had in this queue."""
    con.execute(INSERT_SAMPLE, (draw_id, queue, item_id, part, probability))


def sample_of(con: Connection, queue: str) -> dict[int, tuple[str, float]]:
    """By item, the part that drew it and its chance in this queue."""
    return {row[0]: (row[1], row[2]) for row in con.execute(SELECT_SAMPLE, (queue,))}


def copy_samples(con: Connection, item_id: int, other: int) -> None:
    """Let another item stand for what this one was drawn for."""
    con.execute(COPY_SAMPLES, (other, item_id))


def list_draws(con: Connection) -> list[Draw]:
    """Every filling, oldest first."""
    return [Draw(*row) for row in con.execute(SELECT_DRAWS)]


def queue_states(con: Connection) -> dict[str, dict[ItemState, int]]:
    """By queue, how many items stand where; the empty name is the queue of what was asked by hand."""
    found: dict[str, dict[ItemState, int]] = {}
    for queue, state, count in con.execute(SELECT_QUEUES):
        found.setdefault(queue, {})[ItemState(state)] = count
    return found


def claimed_by_queue(con: Connection, now: str) -> dict[str, int]:
    """By queue, how many items somebody holds."""
    return dict(con.execute(SELECT_CLAIMED, (now,)).fetchall())


def answers_by_reviewer(con: Connection) -> list[tuple[str, str, int]]:
    """(fingerprint, queue, how many items they signed)."""
    return [(row[0], row[1], row[2]) for row in con.execute(SELECT_BY_REVIEWER)]


def skips_by_reviewer(con: Connection) -> list[tuple[str, str, int]]:
    """(fingerprint, queue, how many items they skipped)."""
    return [(row[0], row[1], row[2]) for row in con.execute(SELECT_SKIPS)]


def active_times(con: Connection) -> list[tuple[str, str, int]]:
    """(fingerprint, queue, active milliseconds) of each signed item."""
    return [(row[0], row[1], row[2]) for row in con.execute(SELECT_TIMES)]


def _chunked(con: Connection, statement: str, ids: Sequence[int]) -> list[Any]:
    rows: list[Any] = []
    for start in range(0, len(ids), _CHUNK):
        chunk = list(ids[start : start + _CHUNK])
        rows += con.execute(statement.format(marks=marks(len(chunk))), chunk).fetchall()
    return rows
