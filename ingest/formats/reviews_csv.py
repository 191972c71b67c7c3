"""CSV of past reviews: one judgement a row, as human annotations of the trace it names.

The columns are found by their names: the trace (`trace_id`, `run_id`, `id`, …), a label or a score, and, where
present, the criterion, the comment, the reviewer and the span.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from ...store.errors import BadInputError
from ...store.models import AnnotatorKind, JsonValue, Outcome, OutcomeSource, SpanBatch, TraceFacts
from .fields import number, outcome_of, shortened
from .head import Head
from .judgements import annotator_kind, judgement, present
from .records import ReadItem, Source

_COLUMNS = {
    "trace": ("trace_id", "traceid", "trace", "run_id", "runid", "external_id", "conversation_id", "id"),
    "label": ("label", "verdict", "outcome", "result", "judgement", "judgment", "pass", "passed", "correct", "answer"),
    "score": ("score", "rating", "stars", "grade", "value"),
    "name": ("name", "criterion", "metric", "question", "rubric", "category"),
    "comment": ("explanation", "comment", "comments", "reason", "rationale", "notes", "note", "feedback"),
    "reviewer": ("reviewer", "annotator", "rater", "reviewed_by", "author", "user", "email"),
    "span": ("span_id", "spanid", "observation_id"),
    "kind": ("annotator_kind", "source_type"),
}
_FLUSH_ROWS = 1_000


def sniff(head: Head) -> bool:
    """Whether the first line names a trace column and one that judges."""
    line = head.data.split(b"\n", 1)[0]
    if head.records or not line or b"\0" in line:
        return False
    try:
        header = next(csv.reader([line.decode()], delimiter=_delimiter(line.decode())), [])
    except (UnicodeDecodeError, csv.Error):
        return False
    found = _found(header)
    return len(header) > 1 and "trace" in found and bool({"label", "score", "comment"} & found.keys())


def read(source: Source) -> Iterator[ReadItem]:
    """Batches of facts, up to a thousand rows each.

    Raises:
        BadInputError: if the header names no trace or nothing that judges.
    """
    with source.open() as raw:
        text = io.TextIOWrapper(raw, "utf-8-sig", errors="replace", newline="")
        first = text.readline(source.limits.attribute_bytes)
        header = next(csv.reader([first], delimiter=_delimiter(first)), [])
        columns = _found(header)
        if "trace" not in columns or not {"label", "score", "comment"} & columns.keys():
            names = ", ".join(shortened(name, 40) for name in header[:12]) or "nothing"
            raise BadInputError(
                f"The header names {names}; a column trace_id and one of label, score, comment are needed. "
                "Rename the columns.",
                where="line 1",
            )
        yield from _rows(source, csv.reader(_bounded(text, source), delimiter=_delimiter(first)), columns)


def _bounded(text: io.TextIOWrapper, source: Source) -> Iterator[str]:
    """Lines, none longer than an attribute may be."""
    while line := text.readline(source.limits.attribute_bytes):
        yield line.replace("\0", "␀")


def _rows(source: Source, rows: Iterator[list[str]], columns: dict[str, int]) -> Iterator[ReadItem]:
    batch = SpanBatch()
    number_of_row = 1
    while True:
        number_of_row += 1
        try:
            row = next(rows)
        except StopIteration:
            break
        except csv.Error as err:
            yield source.error(f"row {number_of_row}", f"Not valid CSV: {err}.")
            continue
        try:
            if row:
                batch.facts.append(_facts(row, columns))
        except BadInputError as err:
            yield source.error(f"row {number_of_row}", str(err))
        if len(batch.facts) >= _FLUSH_ROWS:
            yield batch
            batch = SpanBatch()
    if batch.facts:
        yield batch


def _facts(row: list[str], columns: dict[str, int]) -> TraceFacts:
    cell = {name: row[index].strip() for name, index in columns.items() if index < len(row)}
    if not cell.get("trace"):
        raise BadInputError("The row names no trace.")
    label: JsonValue = cell.get("label") or None
    value: JsonValue = number(cell.get("score")) if cell.get("score") else None
    note = judgement(
        cell.get("name") or "review",
        value,
        label=label or (cell.get("score") if value is None else None),
        explanation=cell.get("comment"),
        kind=annotator_kind(cell.get("kind"), AnnotatorKind.HUMAN),
        span_id=cell.get("span"),
        source=cell.get("reviewer") or "csv",
    )
    if note is None:
        raise BadInputError("The row judges nothing: label, score and comment are empty.")
    outcome = outcome_of(label)
    said = outcome in (Outcome.PASS, Outcome.FAIL) and not cell.get("span") and not cell.get("name")
    return TraceFacts(
        cell["trace"],
        outcome=outcome if said else None,
        outcome_source=OutcomeSource.FEEDBACK if said else OutcomeSource.NONE,
        annotations=present(note),
    )


def _found(header: list[str]) -> dict[str, int]:
    """Our column names with their place, each from the best name that is there."""
    names = {
        name.strip().lower().replace(" ", "_").lstrip("\ufeff"): index
        for index, name in reversed(list(enumerate(header)))
    }
    found: dict[str, int] = {}
    for column, known in _COLUMNS.items():
        place = next((names[name] for name in known if name in names), None)
        if place is not None and place not in found.values():
            found[column] = place
    return found


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)
