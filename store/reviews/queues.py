"""Draws of review queues: which runs had their chance, what was taken, and how queues and people get on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ...model.reviews import ItemState, ReviewItem
from ..contract import Connection
from ..fields import from_row, insert_numbered, insert_row, values_of
from .items import same_item

SELECT_REACHED = "SELECT coalesce(max(upto_trace), 0) AS reached FROM queue_draw WHERE queue = :queue"
SELECT_DRAWN_SINCE = """
SELECT coalesce(sum(drawn), 0) AS drawn FROM queue_draw WHERE queue = :queue AND drawn_at >= :moment
"""
SELECT_UPTO = "SELECT coalesce(max(id), 0) AS upto FROM trace WHERE arrived_at <= :before"
SELECT_YOUNGEST_WAITING = "SELECT min(id) AS waiting FROM trace WHERE arrived_at > :before"
SELECT_NEW_TRACES = "SELECT id FROM trace WHERE id > :after AND id <= :upto ORDER BY id"
SELECT_NEW_SESSIONS = """
SELECT t.project, t.session, t.id FROM trace t JOIN (
  SELECT project, session FROM trace WHERE session IS NOT NULL
  GROUP BY project, session HAVING min(id) > :after AND min(id) <= :upto
) fresh ON fresh.project = t.project AND fresh.session = t.session ORDER BY t.id
"""
SELECT_SCORES = """
SELECT trace_id, signal, max(strength) AS strength, max(failure) AS failure FROM signal
WHERE trace_id IN :traces GROUP BY trace_id, signal ORDER BY trace_id, failure DESC, strength DESC, signal
"""
SELECT_FOCUS = """
SELECT span_id FROM signal WHERE trace_id = :trace AND failure = 1 AND span_id IS NOT NULL
ORDER BY strength DESC, position
"""
SELECT_TAGS = "SELECT id, tags, tools FROM trace WHERE id IN :traces"
SELECT_RUNS_SINCE = """
SELECT count(*) AS runs FROM trace WHERE project = :project AND coalesce(started_at, arrived_at) > :since
  AND coalesce(environment, '') <> 'regression'
"""
SELECT_BACK = """
SELECT count(DISTINCT t.id) AS runs FROM trace t JOIN mode_member m ON m.trace_id = t.id
WHERE t.project = :project AND coalesce(t.started_at, t.arrived_at) > :since AND m.mode_id IN :modes
  AND coalesce(t.environment, '') <> 'regression'
"""
SELECT_SAMPLE = "SELECT item_id, part, probability FROM queue_sample WHERE queue = :queue ORDER BY item_id"
_ONCE = "ON CONFLICT(queue, item_id) DO NOTHING"
COPY_SAMPLES = f"""
INSERT INTO queue_sample(draw_id, queue, item_id, part, probability)
SELECT draw_id, queue, :other, part, probability FROM queue_sample WHERE item_id = :item {_ONCE}
"""  # noqa: S608
SELECT_QUEUES = "SELECT queue, state, count(*) AS items FROM review_item GROUP BY queue, state"
SELECT_DECIDED_SINCE = """
SELECT count(DISTINCT i.id) AS items FROM review_item i JOIN verdict v ON v.item_id = i.id
WHERE i.state = 'decided' AND v.created_at >= :moment
"""
SELECT_CLAIMED = """
SELECT i.queue, count(DISTINCT i.id) AS items FROM review_item i JOIN review_slot s ON s.item_id = i.id
WHERE s.state = 'claimed' AND s.lease_until > :now GROUP BY i.queue
"""
SELECT_BY_REVIEWER = """
SELECT s.holder AS reviewer, i.queue, count(*) AS amount FROM review_slot s JOIN review_item i ON i.id = s.item_id
WHERE s.state = 'answered' GROUP BY s.holder, i.queue
"""
SELECT_SKIPS = """
SELECT k.reviewer, i.queue, count(*) AS amount FROM review_skip k JOIN review_item i ON i.id = k.item_id
GROUP BY k.reviewer, i.queue
"""
SELECT_TIMES = """
SELECT t.reviewer, i.queue, t.active_ms AS amount FROM review_time t JOIN review_item i ON i.id = t.item_id
JOIN review_slot s ON s.item_id = t.item_id AND s.holder = t.reviewer AND s.state = 'answered' WHERE t.active_ms > 0
"""
SELECT_DRAWS = "SELECT * FROM queue_draw ORDER BY id"
SELECT_LAST_RULE = "SELECT rule FROM queue_draw WHERE queue = :queue ORDER BY id DESC LIMIT 1"


class OfReviewer(NamedTuple):
    """An amount that belongs to one reviewer's work in one queue."""

    reviewer: str
    """Fingerprint."""
    queue: str
    amount: int


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
    return int(con.execute(SELECT_REACHED, {"queue": queue}).fetchone()["reached"])


def drawn_since(con: Connection, queue: str, moment: str) -> int:
    """How many items this queue has drawn since a moment (UTC text)."""
    return int(con.execute(SELECT_DRAWN_SINCE, {"queue": queue, "moment": moment}).fetchone()["drawn"])


def settled_upto(con: Connection, arrived_before_ns: int) -> int:
    """The last trace such that it and all before it arrived by then."""
    values = {"before": arrived_before_ns}
    waiting = con.execute(SELECT_YOUNGEST_WAITING, values).fetchone()["waiting"]
    if waiting is not None:
        return int(waiting) - 1
    return int(con.execute(SELECT_UPTO, values).fetchone()["upto"])


def new_traces(con: Connection, after: int, upto: int) -> list[int]:
    """The traces with ids above `after`, up to `upto`."""
    return [row["id"] for row in con.execute(SELECT_NEW_TRACES, {"after": after, "upto": upto})]


def new_sessions(con: Connection, after: int, upto: int) -> list[Session]:
    """The sessions whose first trace has an id above `after`, up to `upto`."""
    found: dict[tuple[str, str], list[int]] = {}
    for row in con.execute(SELECT_NEW_SESSIONS, {"after": after, "upto": upto}):
        found.setdefault((row["project"], row["session"]), []).append(row["id"])
    return [Session(project, session, ids[0], tuple(ids)) for (project, session), ids in found.items()]


def signals_by_trace(con: Connection, trace_ids: Sequence[int]) -> dict[int, list[tuple[str, float, bool]]]:
    """(signal, strength, whether a failure) of each trace, the strongest failure first."""
    found: dict[int, list[tuple[str, float, bool]]] = {}
    for row in con.execute(SELECT_SCORES, {"traces": trace_ids}):
        found.setdefault(row["trace_id"], []).append((row["signal"], row["strength"], bool(row["failure"])))
    return found


def runs_since(con: Connection, project: str, moment: str, modes: Sequence[int]) -> tuple[int, int]:
    """How many runs of a project began after a moment (UTC text), and how many of them show one of these modes."""
    since = int(datetime.fromisoformat(moment).timestamp() * 1e9)
    values = {"project": project, "since": since, "modes": modes}
    runs, back = (con.execute(statement, values).fetchone()["runs"] for statement in (SELECT_RUNS_SINCE, SELECT_BACK))
    return int(runs), int(back)


def tags_by_trace(con: Connection, trace_ids: Sequence[int]) -> dict[int, set[str]]:
    """Tags and tools of each trace, in lower case."""
    found = {}
    for row in con.execute(SELECT_TAGS, {"traces": trace_ids}):
        words = [word for text in (row["tags"], row["tools"]) if text for word in str(text).split("\n")]
        found[row["id"]] = {word.strip().lower() for word in words} - {""}
    return found


def focus_spans(con: Connection, trace_id: int, most: int = 3) -> tuple[str, ...]:
    """The spans with the strongest failure signals."""
    return tuple(dict.fromkeys(row["span_id"] for row in con.execute(SELECT_FOCUS, {"trace": trace_id})))[:most]


def asked_already(con: Connection, item: ReviewItem) -> int | None:
    """An item that asks the same and is not closed, decided ones too."""
    return same_item(con, item, states=[state for state in ItemState if state is not ItemState.CLOSED])


def insert_draw(con: Connection, draw: Draw, *, after: int, seed: str, rule: object) -> int:
    """Keep a draw; returns its id."""
    return insert_numbered(con, "queue_draw", values_of(draw, after_trace=after, seed=seed, rule=json.dumps(rule)))


def insert_sample(con: Connection, draw_id: int, queue: str, item_id: int, part: str, probability: float) -> None:
    """Note that a draw took an item, and the chance it had in this queue."""
    sample = {"draw_id": draw_id, "queue": queue, "item_id": item_id, "part": part, "probability": probability}
    insert_row(con, "queue_sample", sample, _ONCE)


def sample_of(con: Connection, queue: str) -> dict[int, tuple[str, float]]:
    """By item, the part that drew it and its chance in this queue."""
    rows = con.execute(SELECT_SAMPLE, {"queue": queue})
    return {row["item_id"]: (row["part"], row["probability"]) for row in rows}


def copy_samples(con: Connection, item_id: int, other: int) -> None:
    """Let another item stand for what this one was drawn for."""
    con.execute(COPY_SAMPLES, {"item": item_id, "other": other})


def list_draws(con: Connection) -> list[Draw]:
    """Every filling, oldest first."""
    return [from_row(Draw, row) for row in con.execute(SELECT_DRAWS)]


def queue_states(con: Connection) -> dict[str, dict[ItemState, int]]:
    """By queue, how many items stand where; the empty name is the queue of what was asked by hand."""
    found: dict[str, dict[ItemState, int]] = {}
    for row in con.execute(SELECT_QUEUES):
        found.setdefault(row["queue"], {})[ItemState(row["state"])] = row["items"]
    return found


def decided_since(con: Connection, moment: str) -> int:
    """How many decided items have a verdict that was signed since a moment (UTC text)."""
    return int(con.execute(SELECT_DECIDED_SINCE, {"moment": moment}).fetchone()["items"])


def claimed_by_queue(con: Connection, now: str) -> dict[str, int]:
    """By queue, how many items somebody holds."""
    return {row["queue"]: row["items"] for row in con.execute(SELECT_CLAIMED, {"now": now})}


def answers_by_reviewer(con: Connection) -> list[OfReviewer]:
    """How many items each reviewer signed in each queue."""
    return [from_row(OfReviewer, row) for row in con.execute(SELECT_BY_REVIEWER)]


def skips_by_reviewer(con: Connection) -> list[OfReviewer]:
    """How many items each reviewer skipped in each queue."""
    return [from_row(OfReviewer, row) for row in con.execute(SELECT_SKIPS)]


def active_times(con: Connection) -> list[OfReviewer]:
    """Active milliseconds of each signed item."""
    return [from_row(OfReviewer, row) for row in con.execute(SELECT_TIMES)]


def last_rule(con: Connection, queue: str) -> dict[str, Any]:
    """The rule by which a queue was filled last; empty where it never was."""
    row = con.execute(SELECT_LAST_RULE, {"queue": queue}).fetchone()
    rule: dict[str, Any] = {} if row is None else json.loads(row["rule"])
    return rule
