"""Find traces by words and filters. Words are matched against unique contents; a trace is one hit at its best step."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any, NamedTuple

from ...model.query import NUMBER_FIELDS, TIME_FIELDS, Filter, Query, Term
from ...model.text.display import safe_line
from ...model.text.jsontext import scalars
from ...model.traces import JsonValue
from ..contract import Connection, Store
from ..sqlite.fulltext import quote_phrase
from ..traces.contents import Contents, marks

_READ_ONLY_WEIGHT = 0.8
"""A content that a span only read (a prompt, a repeated turn) ranks below one that a span brought forth."""
_MOST_RANKED = 30_000
"""Contents that are ranked by their words before the commonest words are left out; ranking takes 0.8 µs each."""
COUNT_UP_TO = "SELECT count(*) FROM (SELECT 1 FROM body_text WHERE body_text MATCH ? LIMIT ?)"
_FACET_SAMPLE = 5_000
_FACETS = ("outcome", "status", "version", "project")
_LISTED = "SELECT value FROM json_each(?)"
_CHUNK = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MATCHES = "SELECT o.trace_id FROM body_text JOIN occurrence o ON o.body_id = body_text.rowid WHERE body_text MATCH ?"
_COLUMNS = {
    "outcome": "t.outcome",
    "project": "t.project",
    "version": "t.version",
    "session": "t.session",
    "user": "t.user",
    "task": "t.task",
    "environment": "t.environment",
    "prompt": "t.prompt_fingerprint",
    "cost": "t.cost_usd",
    "duration": "t.duration_ms",
    "steps": "t.step_count",
    "tokens": "(t.input_tokens + t.output_tokens)",
    "since": "coalesce(t.started_at, t.arrived_at)",
    "until": "coalesce(t.started_at, t.arrived_at)",
}
_NAME_LISTS = {"agent": "t.agents", "model": "t.models", "tool": "t.tools", "tag": "t.tags"}
_NEWEST_FIRST = "coalesce(t.started_at, t.arrived_at) DESC, t.id DESC"


class Hit(NamedTuple):
    """One trace found. `span_id` and `body_id` name the best matching content; None without words in the query."""

    trace_id: int
    span_id: str | None
    body_id: int | None
    score: float


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL with its bound values; values never stand in the text."""

    sql: str
    values: tuple[Any, ...] = ()


def search(
    store: Store, query: Query, *, limit: int, offset: int = 0, verdicts: Mapping[int, str] | None = None
) -> list[Hit]:
    """Traces that hold every term and filter of `query`.

    Args:
        store: Where.
        query: The parsed line.
        limit: At most so many hits.
        offset: Skip so many, for paging.
        verdicts: Confirmed verdict label by trace, for `verdict:` filters.

    Returns:
        Best first by BM25 where there are words, else newest first.
    """
    where = _where(query, verdicts or {})
    with store.read() as con:
        if query.words:
            texts = [term.text for term in query.terms if not term.negated]
            return _by_words(con, texts, where, limit + offset)[offset:]
        rows = con.execute(
            f"SELECT t.id FROM trace t WHERE {where.sql} ORDER BY {_NEWEST_FIRST} LIMIT ? OFFSET ?",  # noqa: S608
            (*where.values, limit, offset),
        )
        return [Hit(row[0], None, None, 0.0) for row in rows]


def search_any_word(
    store: Store, query: Query, words: Sequence[str], *, limit: int, verdicts: Mapping[int, str] | None = None
) -> list[Hit]:
    """Traces that hold at least one of the telling ones of `words` and all of `query`, best first.

    Where even the rarest word stands in tens of thousands of contents, the newest of them are ranked.
    """
    where = _where(query, verdicts or {})
    with store.read() as con:
        return _by_words(con, words, where, limit, newest=_MOST_RANKED)


def only_matching(
    store: Store, query: Query, trace_ids: Sequence[int], verdicts: Mapping[int, str] | None = None
) -> set[int]:
    """Those of `trace_ids` that hold all of `query`."""
    where = _where(query, verdicts or {})
    found: set[int] = set()
    with store.read() as con:
        for start in range(0, len(trace_ids), _CHUNK):
            chunk = trace_ids[start : start + _CHUNK]
            sql = f"SELECT t.id FROM trace t WHERE t.id IN ({marks(len(chunk))}) AND {where.sql}"  # noqa: S608
            found.update(row[0] for row in con.execute(sql, (*chunk, *where.values)))
    return found


def _by_words(
    con: Connection, texts: Sequence[str], where: Condition, wanted: int, *, newest: int | None = None
) -> list[Hit]:
    """Traces by their best content that holds one of the telling words.

    Args:
        con: An open connection.
        texts: Words or phrases.
        where: What else must hold of a trace.
        wanted: At most so many.
        newest: Rank only so many of the newest contents that match; None for all.
    """
    phrases = [quote_phrase(text) for text in _telling(con, texts)]
    matches = "SELECT rowid, bm25(body_text) AS score FROM body_text WHERE body_text MATCH ?"
    # A limit that is never reached would still keep SQLite from joining while it reads.
    ranked = f"({matches} ORDER BY rowid DESC LIMIT {newest})" if newest is not None else f"({matches})"
    # The plus keeps SQLite from trying every matching trace for every matching content: the square of both.
    statement = f"""
    SELECT o.trace_id, o.span_id, o.body_id,
           m.score * CASE o.produced WHEN 1 THEN 1.0 ELSE {_READ_ONLY_WEIGHT} END AS score
    FROM {ranked} m JOIN occurrence o ON o.body_id = m.rowid JOIN trace t ON t.id = +o.trace_id
    WHERE {where.sql}
    ORDER BY 4, o.trace_id DESC, o.body_id LIMIT ?
    """  # noqa: S608
    rows_wanted = wanted * 4
    while True:
        rows = con.execute(statement, (" OR ".join(phrases), *where.values, rows_wanted)).fetchall()
        best: dict[int, Hit] = {}
        for row in rows:
            best.setdefault(row["trace_id"], Hit(row["trace_id"], row["span_id"], row["body_id"], -row["score"]))
        if len(best) >= wanted or len(rows) < rows_wanted:
            return list(best.values())[:wanted]
        rows_wanted *= 8


def _telling(con: Connection, texts: Sequence[str]) -> Sequence[str]:
    """The rarest of these words: as many as stand in `_MOST_RANKED` contents together, at least one.

    A word of most texts says little about any of them, and ranking by it costs as much as there are texts.
    """
    if len(texts) < 2:
        return texts
    counts = [con.execute(COUNT_UP_TO, (quote_phrase(text), _MOST_RANKED)).fetchone()[0] for text in texts]
    if sum(counts) <= _MOST_RANKED:
        return texts
    rarest = sorted(zip(counts, texts, strict=True))
    together = list(accumulate(count for count, _ in rarest))
    return [text for (_, text), total in zip(rarest, together, strict=True) if total <= _MOST_RANKED] or [rarest[0][1]]


def count_traces(store: Store, query: Query, verdicts: Mapping[int, str] | None = None) -> int:
    """How many traces hold every term and filter."""
    where = _where(query, verdicts or {})
    with store.read() as con:
        return int(con.execute(f"SELECT count(*) FROM trace t WHERE {where.sql}", where.values).fetchone()[0])  # noqa: S608


def facet_counts(
    store: Store, query: Query, verdicts: Mapping[int, str] | None = None
) -> dict[str, list[tuple[str, int]]]:
    """How the found traces spread over outcome, status, version, project and signal, most frequent first.

    Counts at most the newest 5,000 traces found.
    """
    where = _where(query, verdicts or {})
    sample = f"SELECT t.id FROM trace t WHERE {where.sql} ORDER BY {_NEWEST_FIRST} LIMIT {_FACET_SAMPLE}"  # noqa: S608
    facets: dict[str, list[tuple[str, int]]] = {}
    with store.read() as con:
        ids = json.dumps([row[0] for row in con.execute(sample, where.values)])
        rows = con.execute(f"SELECT {', '.join(_FACETS)} FROM trace WHERE id IN ({_LISTED})", (ids,)).fetchall()  # noqa: S608
        for position, name in enumerate(_FACETS):
            counts = Counter(row[position] for row in rows if row[position] is not None)
            facets[name] = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:8]
        sql = f"SELECT signal, count(DISTINCT trace_id) n FROM signal WHERE trace_id IN ({_LISTED})"  # noqa: S608
        found = con.execute(f"{sql} GROUP BY 1 ORDER BY n DESC, 1 LIMIT 12", (ids,))
        facets["signal"] = [(row[0], row[1]) for row in found]
    return facets


def explain_empty(store: Store, query: Query, verdicts: Mapping[int, str] | None = None) -> list[str]:
    """Why nothing was found: how much each part of the query finds by itself, and what the field holds instead."""
    lines = []
    total = count_traces(store, Query(""))
    if total == 0:
        return ["The store is empty. Run `retrospan import PATH`, or point an OTLP exporter at `retrospan serve`."]
    parts: list[Term | Filter] = [*query.terms, *query.filters]
    for part in parts:
        alone = Query("", terms=(part,)) if isinstance(part, Term) else Query("", filters=(part,))
        found = count_traces(store, alone, verdicts)
        name = f'"{part.text}"' if isinstance(part, Term) else f"{part.field}:{_shown(part)}"
        line = f"{'-' if part.negated else ''}{name} alone finds {found} of {total} traces"
        if found == 0 and isinstance(part, Filter) and (held := field_values(store, part.field)):
            line += f"; {part.field} holds: {', '.join(safe_line(value, 60) for value in held)}"
        lines.append(line)
    return lines


def _shown(part: Filter) -> str:
    """The filter's value in the words of a search line."""
    value, op = part.value, part.op if part.op != "=" else ""
    if isinstance(value, str):
        return op + value
    if part.field in TIME_FIELDS:
        return _moment(value)
    return f"{op}{value / 1000:g}s" if part.field == "duration" else f"{op}{value:.15g}"


def _moment(nanoseconds: float) -> str:
    try:
        return f"{_EPOCH + timedelta(seconds=nanoseconds // 10**9):%Y-%m-%dT%H:%M}"
    except OverflowError:
        return "…"


def field_values(store: Store, field: str, limit: int = 8) -> list[str]:
    """The commonest values of a field, for suggestions."""
    with store.read() as con:
        if field == "signal":
            sql = "SELECT signal FROM signal GROUP BY 1 ORDER BY count(*) DESC LIMIT ?"
        elif field == "mode":
            sql = "SELECT 'M' || mode_id FROM mode_member GROUP BY mode_id ORDER BY count(*) DESC LIMIT ?"
        elif field in _NAME_LISTS:
            column = _NAME_LISTS[field]
            sql = f"SELECT DISTINCT {column} FROM trace t WHERE {column} IS NOT NULL LIMIT ?"  # noqa: S608
        elif field in _COLUMNS and field not in NUMBER_FIELDS + TIME_FIELDS:
            column = _COLUMNS[field]
            sql = f"SELECT {column} FROM trace t WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC LIMIT ?"  # noqa: S608
        else:
            return []
        values = [row[0] for row in con.execute(sql, (limit,))]
    names = [name for value in values for name in str(value).strip("\n").split("\n")]
    return list(dict.fromkeys(names))[:limit]


def _where(query: Query, verdicts: Mapping[int, str]) -> Condition:
    conditions = [_term(term) for term in query.terms] + [_filter(part, verdicts) for part in query.filters]
    if not conditions:
        return Condition("1")
    sql = " AND ".join(condition.sql for condition in conditions)
    return Condition(sql, tuple(value for condition in conditions for value in condition.values))


def _term(term: Term) -> Condition:
    return Condition(f"t.id {'NOT ' if term.negated else ''}IN ({_MATCHES})", (quote_phrase(term.text),))


def _filter(part: Filter, verdicts: Mapping[int, str]) -> Condition:
    condition = _positive(part, verdicts)
    return Condition(f"NOT coalesce(({condition.sql}), 0)", condition.values) if part.negated else condition


def _positive(part: Filter, verdicts: Mapping[int, str]) -> Condition:
    if part.field in _NAME_LISTS:
        column = _NAME_LISTS[part.field]
        return Condition(f"instr(lower({column}), char(10) || lower(?) || char(10)) > 0", (part.value,))
    if part.field in TIME_FIELDS + NUMBER_FIELDS:
        return Condition(f"{_COLUMNS[part.field]} {part.op} ?", (part.value,))
    if part.field == "outcome" and verdicts:
        return _outcome(str(part.value), verdicts)
    if part.field in _COLUMNS:
        return Condition(f"{_COLUMNS[part.field]} = ?", (part.value,))
    if part.field == "status":
        return _status(str(part.value))
    if part.field == "kind":
        return Condition("EXISTS (SELECT 1 FROM span s WHERE s.trace_id = t.id AND s.kind = ?)", (part.value,))
    if part.field == "signal":
        return Condition("t.id IN (SELECT trace_id FROM signal WHERE signal = ?)", (part.value,))
    if part.field == "mode":
        return _mode(str(part.value).lower())
    return _verdict(str(part.value), verdicts)


def _mode(value: str) -> Condition:
    """Runs of one failure mode, of any, or of none; what was observed as good is no failure."""
    if value in ("any", "none"):
        members = "SELECT x.trace_id FROM mode_member x JOIN failure_mode m ON m.id = x.mode_id AND m.failure = 1"
        return Condition(f"t.id {'NOT ' if value == 'none' else ''}IN ({members})")
    return Condition("t.id IN (SELECT trace_id FROM mode_member WHERE mode_id = ?)", (int(value.removeprefix("m")),))


def _status(value: str) -> Condition:
    """A trace counts as in error where it or any of its spans ended in one: most failures finish with status OK."""
    if value != "error":
        return Condition("t.status = ?", (value,))
    failed = "SELECT id FROM trace WHERE status = 'error' UNION SELECT trace_id FROM span WHERE status = 'error'"
    return Condition(f"t.id IN ({failed})")


def _outcome(value: str, verdicts: Mapping[int, str]) -> Condition:
    """A confirmed pass or fail is the outcome of its trace, whatever the column says."""
    told = sorted(trace_id for trace_id, label in verdicts.items() if label in ("pass", "fail"))
    ids = [trace_id for trace_id in told if verdicts[trace_id] == value]
    sql = f"(t.id IN ({marks(len(ids))}) OR (t.outcome = ? AND t.id NOT IN ({marks(len(told))})))"
    return Condition(sql, (*ids, value, *told))


def _verdict(value: str, verdicts: Mapping[int, str]) -> Condition:
    if value == "none":
        ids = sorted(verdicts)
        return Condition(f"t.id NOT IN ({marks(len(ids))})", tuple(ids))
    ids = sorted(trace_id for trace_id, label in verdicts.items() if label == value)
    return Condition(f"t.id IN ({marks(len(ids))})", tuple(ids))


def load_texts(store: Store, body_ids: Sequence[int]) -> dict[int, str]:
    """The text of contents, as full text sees them."""
    with store.read() as con:
        contents = Contents(con)
        contents.load(body_ids)
        return {body_id: _plain(contents.value(body_id)) for body_id in body_ids}


def _plain(value: JsonValue) -> str:
    return value if isinstance(value, str) else " ".join(f"{path}: {scalar}" for path, scalar in scalars(value))
