"""Find traces by words and filters. Words are matched against unique contents; a trace is one hit at its best step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from ...model.query import NUMBER_FIELDS, TIME_FIELDS, Filter, Query, Term
from ...model.text.display import safe_line
from ...model.text.jsontext import scalars
from ...model.traces import JsonValue
from ..contract import Connection, FullText, Store
from ..traces.contents import Contents
from .conditions import COLUMNS, NAME_LISTS, Condition

_READ_ONLY_WEIGHT = 0.8
"""A content that a span only read (a prompt, a repeated turn) ranks below one that a span brought forth."""
_SHARED_WEIGHT = 0.1
"""A content that many runs hold (instructions, above all) tells none of them apart, however rare its words are."""
_MOST_SHARED = 64
"""Runs that may hold a content before it counts as shared; where there are few runs, half of them."""
_MOST_RANKED = 30_000
"""Contents that are ranked by their words before the commonest words are left out; ranking takes 0.8 µs each."""
_FACET_SAMPLE = 5_000
_FACETS = ("outcome", "status", "version", "project")
COUNT_SIGNALS = """
SELECT signal, count(DISTINCT trace_id) AS traces FROM signal WHERE trace_id IN :ids
GROUP BY signal ORDER BY traces DESC, signal LIMIT 12
"""
COUNT_HOLDERS = """
SELECT count(*) FROM (SELECT 1 FROM occurrence s WHERE s.body_id = m.body_id LIMIT :shared + 1) c
"""
COUNT_SOME = "SELECT count(*) AS traces FROM (SELECT 1 FROM trace LIMIT :most) c"
SELECT_CONTENTS = """
SELECT trace_id, span_id, body_id FROM occurrence WHERE trace_id IN :ids ORDER BY produced DESC, body_id
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEWEST_FIRST = "coalesce(t.started_at, t.arrived_at) DESC, t.id DESC"


class Hit(NamedTuple):
    """One trace found. `span_id` and `body_id` name the best matching content; None without words in the query."""

    trace_id: int
    span_id: str | None
    body_id: int | None
    score: float


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
    where = Condition(store.text, query, verdicts or {})
    with store.read() as con:
        if query.words:
            texts = [term.text for term in query.terms if not term.negated]
            return _by_words(store, con, texts, where, limit + offset)[offset:]
        rows = con.execute(
            f"SELECT t.id FROM trace t WHERE {where.sql} ORDER BY {_NEWEST_FIRST} LIMIT :most OFFSET :offset",  # noqa: S608
            {**where.values, "most": limit, "offset": offset},
        )
        return [Hit(row["id"], None, None, 0.0) for row in rows]


def search_any_word(
    store: Store, query: Query, words: Sequence[str], *, limit: int, verdicts: Mapping[int, str] | None = None
) -> list[Hit]:
    """Traces that hold at least one of the telling ones of `words` and all of `query`, best first.

    Where even the rarest word stands in tens of thousands of contents, the newest of them are ranked.
    """
    where = Condition(store.text, query, verdicts or {})
    with store.read() as con:
        return _by_words(store, con, words, where, limit, newest=_MOST_RANKED)


def only_matching(
    store: Store, query: Query, trace_ids: Sequence[int], verdicts: Mapping[int, str] | None = None
) -> set[int]:
    """Those of `trace_ids` that hold all of `query`."""
    where = Condition(store.text, query, verdicts or {})
    asked = where.bind(trace_ids)
    statement = f"SELECT t.id FROM trace t WHERE t.id IN :{asked} AND {where.sql}"  # noqa: S608
    with store.read() as con:
        return {row["id"] for row in con.execute(statement, where.values)}


def _by_words(
    store: Store, con: Connection, texts: Sequence[str], where: Condition, wanted: int, *, newest: int | None = None
) -> list[Hit]:
    """Traces by their best content that holds one of the telling words.

    Args:
        store: Where.
        con: From its `read`.
        texts: Words or phrases.
        where: What else must hold of a trace.
        wanted: At most so many.
        newest: Rank only so many of the newest contents that match; None for all.
    """
    text = store.text
    # The plus keeps SQLite from trying every matching trace for every matching content: the square of both.
    statement = f"""
    SELECT o.trace_id, o.span_id, o.body_id,
           m.score * CASE o.produced WHEN 1 THEN 1.0 ELSE {_READ_ONLY_WEIGHT} END
           * CASE WHEN ({COUNT_HOLDERS}) > :shared THEN {_SHARED_WEIGHT} ELSE 1.0 END AS score
    FROM ({text.ranked("words", newest)}) m
    JOIN occurrence o ON o.body_id = m.body_id JOIN trace t ON t.id = +o.trace_id
    WHERE {where.sql}
    ORDER BY 4, o.trace_id DESC, o.body_id LIMIT :most
    """  # noqa: S608
    words = text.any_of([text.phrase(word) for word in _telling(text, con, texts)])
    held = con.execute(COUNT_SOME, {"most": 2 * _MOST_SHARED}).fetchone()["traces"]
    values = {**where.values, "words": words, "shared": max(held // 2, 1)}
    rows_wanted = wanted * 4
    while True:
        rows = con.execute(statement, {**values, "most": rows_wanted}).fetchall()
        best: dict[int, Hit] = {}
        for row in rows:
            best.setdefault(row["trace_id"], Hit(row["trace_id"], row["span_id"], row["body_id"], -row["score"]))
        if len(best) >= wanted or len(rows) < rows_wanted:
            return list(best.values())[:wanted]
        rows_wanted *= 8


def _telling(text: FullText, con: Connection, texts: Sequence[str]) -> Sequence[str]:
    """The rarest of these words: as many as stand in `_MOST_RANKED` contents together, at least one.

    A word of most texts says little about any of them, and ranking by it costs as much as there are texts.
    """
    if len(texts) < 2:
        return texts
    counts = [_count_up_to(text, con, word) for word in texts]
    if sum(counts) <= _MOST_RANKED:
        return texts
    rarest = sorted(zip(counts, texts, strict=True))
    together = list(accumulate(count for count, _ in rarest))
    return [word for (_, word), total in zip(rarest, together, strict=True) if total <= _MOST_RANKED] or [rarest[0][1]]


def _count_up_to(text: FullText, con: Connection, word: str) -> int:
    """How many contents hold the word; counting ends at `_MOST_RANKED`."""
    statement = f"SELECT count(*) AS found FROM (SELECT 1 FROM ({text.matches('word')}) m LIMIT :most) c"  # noqa: S608
    return int(con.execute(statement, {"word": text.phrase(word), "most": _MOST_RANKED}).fetchone()["found"])


def count_traces(store: Store, query: Query, verdicts: Mapping[int, str] | None = None) -> int:
    """How many traces hold every term and filter."""
    where = Condition(store.text, query, verdicts or {})
    with store.read() as con:
        found = con.execute(f"SELECT count(*) AS traces FROM trace t WHERE {where.sql}", where.values).fetchone()  # noqa: S608
    return int(found["traces"])


def facet_counts(
    store: Store, query: Query, verdicts: Mapping[int, str] | None = None
) -> dict[str, list[tuple[str, int]]]:
    """How the found traces spread over outcome, status, version, project and signal, most frequent first.

    Counts at most the newest 5,000 traces found.
    """
    where = Condition(store.text, query, verdicts or {})
    sample = f"SELECT t.id FROM trace t WHERE {where.sql} ORDER BY {_NEWEST_FIRST} LIMIT {_FACET_SAMPLE}"  # noqa: S608
    facets: dict[str, list[tuple[str, int]]] = {}
    with store.read() as con:
        asked = {"ids": [row["id"] for row in con.execute(sample, where.values)]}
        rows = con.execute(f"SELECT {', '.join(_FACETS)} FROM trace WHERE id IN :ids", asked).fetchall()  # noqa: S608
        for name in _FACETS:
            counts = Counter(row[name] for row in rows if row[name] is not None)
            facets[name] = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:8]
        facets["signal"] = [(row["signal"], row["traces"]) for row in con.execute(COUNT_SIGNALS, asked)]
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
        if field == "run":
            sql = "SELECT coalesce(run_id, trace_key) AS value FROM trace ORDER BY id DESC LIMIT :most"
        elif field in ("has", "attr"):
            sql = "SELECT name AS value FROM run_attribute GROUP BY name ORDER BY count(*) DESC, name LIMIT :most"
        elif field == "signal":
            sql = "SELECT signal AS value FROM signal GROUP BY signal ORDER BY count(*) DESC, signal LIMIT :most"
        elif field == "mode":
            sql = """
            SELECT 'M' || mode_id AS value FROM mode_member GROUP BY mode_id ORDER BY count(*) DESC, mode_id LIMIT :most
            """
        elif field in NAME_LISTS:
            column = NAME_LISTS[field]
            sql = f"SELECT DISTINCT {column} AS value FROM trace t WHERE {column} IS NOT NULL LIMIT :most"  # noqa: S608
        elif field in COLUMNS and field not in NUMBER_FIELDS + TIME_FIELDS:
            column = COLUMNS[field]
            sql = f"""
            SELECT {column} AS value FROM trace t WHERE {column} IS NOT NULL
            GROUP BY {column} ORDER BY count(*) DESC, {column} LIMIT :most
            """  # noqa: S608
        else:
            return []
        values = [row["value"] for row in con.execute(sql, {"most": limit})]
    names = [name for value in values for name in str(value).strip("\n").split("\n")]
    return list(dict.fromkeys(names))[:limit]


def contents_of(store: Store, places: Sequence[tuple[int, str]]) -> dict[tuple[int, str], list[int]]:
    """The contents of steps, given as trace and span id: what they brought forth first, then what they read."""
    found: dict[tuple[int, str], list[int]] = {place: [] for place in places}
    with store.read() as con:
        rows = con.execute(SELECT_CONTENTS, {"ids": {trace_id for trace_id, _ in places}})
        for row in rows:
            if (place := (row["trace_id"], row["span_id"])) in found:
                found[place].append(row["body_id"])
    return found


def load_texts(store: Store, body_ids: Sequence[int]) -> dict[int, str]:
    """The text of contents, as full text sees them."""
    with store.read() as con:
        contents = Contents(con)
        contents.load(body_ids)
        return {body_id: _plain(contents.value(body_id)) for body_id in body_ids}


def _plain(value: JsonValue) -> str:
    return value if isinstance(value, str) else " ".join(f"{path}: {scalar}" for path, scalar in scalars(value))
