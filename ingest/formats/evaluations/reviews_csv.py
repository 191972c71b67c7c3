"""CSV of past reviews: one judgement a row, as human annotations of the trace it names.

The columns are found by their names: the trace (`trace_id`, `run_id`, `id`, …), a label or a score, and, where
present, the criterion, the comment, the reviewer and the span. A name need not be exact: `Expert verdict` is a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ....model.errors import BadInputError
from ....model.reading.score_words import better_of, is_measure
from ....model.reading.scores import said_by
from ....model.traces import Annotation, AnnotatorKind, Outcome, OutcomeSource, SpanBatch, TraceFacts
from ..fields import number, outcome_of, shortened
from ..head import Head
from ..judgements import annotator_kind, judgement, present
from ..records import ReadItem, Source
from ..spreadsheet import RowError, header_of_cells, rows, too_many

_COLUMNS = {
    "trace": ("trace_id", "traceid", "trace", "run_id", "runid", "external_id", "conversation_id", "id"),
    "span": ("span_id", "spanid", "observation_id"),
    "label": ("label", "verdict", "outcome", "result", "judgement", "judgment", "pass", "passed", "correct", "answer"),
    "score": ("score", "rating", "stars", "grade", "csat", "nps", "thumbs", "thumb", "vote", "value"),
    "comment": ("explanation", "comment", "comments", "reason", "rationale", "notes", "note", "feedback", "reaction"),
    "name": ("name", "criterion", "metric", "question", "rubric", "category"),
    "reviewer": ("reviewer", "annotator", "rater", "reviewed_by", "author", "user", "email"),
    "kind": ("annotator_kind", "source_type"),
}
_ONLY_WHOLE = {"trace", "id", "name", "value", "user", "category", "result", "answer"}
"""Names that say too little as one word among others: `trace_url` is no trace."""
_NO_WORD = re.compile(r"[^0-9a-z]+")
_LONGEST_WORD = 24
_STATES = ("error", "errors", "completed", "complete", "failed", "success")
"""Columns of a table of runs that say how a run ended, not how somebody judged it."""
_FLUSH_ROWS = 1_000


def sniff(head: Head) -> bool:
    """Whether the first line names a trace column and one that judges."""
    found = columns_of(head.columns)
    return "trace" in found and bool({"label", "score", "comment"} & found.keys() or criteria_of(head.columns, found))


def read(source: Source) -> Iterator[ReadItem]:
    """Batches of facts, up to a thousand rows each.

    Raises:
        BadInputError: if the header names no trace or nothing that judges.
    """
    with source.open() as stream:
        found = rows(stream, source.limits.trace_bytes)
        header = header_of_cells(found)
        columns = columns_of(header)
        criteria = criteria_of(header, columns)
        if "trace" not in columns or not ({"label", "score", "comment"} & columns.keys() or criteria):
            names = ", ".join(shortened(name, 40) for name in header[:12]) or "nothing"
            raise BadInputError(
                f"The header names {names}; a column trace_id and one of label, score, comment are needed. "
                "Rename the columns.",
                where="line 1",
            )
        yield from _rows(source, found, header, columns)
        unread = [name for place, name in enumerate(header) if place not in {*columns.values(), *criteria} and name]
        if unread:
            names = ", ".join(shortened(name, 40) for name in unread[:12])
            yield source.left_out("columns of a table of reviews", len(unread), f"Not read: {names}.")


def _rows(
    source: Source, found: Iterable[tuple[int, list[str] | RowError]], header: list[str], columns: dict[str, int]
) -> Iterator[ReadItem]:
    batch = SpanBatch()
    for row_number, row in found:
        error = row if isinstance(row, RowError) else too_many(header, row)
        if isinstance(row, RowError) or error:
            yield source.error(f"row {row_number}", str(error))
            continue
        try:
            if row:
                batch.facts.append(_facts(row, columns, header))
        except BadInputError as err:
            yield source.error(f"row {row_number}", str(err))
        if len(batch.facts) >= _FLUSH_ROWS:
            yield batch
            batch = SpanBatch()
    if batch.facts:
        yield batch


def _facts(row: list[str], columns: dict[str, int], header: Sequence[str]) -> TraceFacts:
    cell = {name: row[index].strip() for name, index in columns.items() if index < len(row)}
    if not cell.get("trace"):
        raise BadInputError("The row names no trace.")
    first = _judgement(cell, {name: header[index] for name, index in columns.items()})
    notes = present(first, *_criteria(row, header, columns, cell))
    if not notes:
        raise BadInputError("The row judges nothing: label, score and comment are empty.")
    outcome = outcome_of(cell.get("label"))
    said = outcome in (Outcome.PASS, Outcome.FAIL) and not cell.get("span") and not cell.get("name")
    return TraceFacts(
        cell["trace"],
        outcome=outcome if said else None,
        outcome_source=OutcomeSource.FEEDBACK if said else OutcomeSource.NONE,
        annotations=notes,
    )


def criteria_of(header: Sequence[str], columns: dict[str, int]) -> tuple[int, ...]:
    """The places of further columns that are a criterion each: their name says which way is good."""
    taken = set(columns.values())
    return tuple(
        place
        for place, name in enumerate(header)
        if place not in taken and better_of(name) is not None and not is_measure(name) and _key_of(name) not in _STATES
    )


def _criteria(
    row: list[str], header: Sequence[str], columns: dict[str, int], cell: dict[str, str]
) -> Iterator[Annotation | None]:
    for place in criteria_of(header, columns):
        said = row[place].strip() if place < len(row) else ""
        value = number(said) if said else None
        yield judgement(
            _key_of(header[place]),
            value,
            label=said if value is None else None,
            kind=annotator_kind(cell.get("kind"), AnnotatorKind.HUMAN),
            span_id=cell.get("span"),
            source=cell.get("reviewer") or "csv",
        )


def _judgement(cell: dict[str, str], header: dict[str, str]) -> Annotation | None:
    """The row's judgement, named after its criterion, else after a column that says what was judged."""
    by = "label" if cell.get("label") else "score"
    label, comment = cell.get("label") or "", cell.get("comment") or ""
    if not label and not cell.get("score") and _judges(comment):
        # A column of feedback may hold what people wrote, or only their thumbs.
        by, label, comment = "comment", comment, ""
    name = cell.get("name") or ("review" if by == "label" else _key_of(header.get(by, "")))
    value = number(cell.get("score")) if cell.get("score") else None
    return judgement(
        name if better_of(name) or cell.get("name") else "review",
        value,
        label=label or (cell.get("score") if value is None else None),
        explanation=comment,
        kind=annotator_kind(cell.get("kind"), AnnotatorKind.HUMAN),
        span_id=cell.get("span"),
        source=cell.get("reviewer") or "csv",
    )


def _judges(text: str) -> bool:
    """Whether a cell holds a thumb, stars, a grade or one word that judges."""
    return len(text) <= _LONGEST_WORD and said_by(Annotation("review", text)) is not None


def columns_of(header: Sequence[str]) -> dict[str, int]:
    """Our column names with their place, each from the best name that is there: a whole one before a part of one.

    >>> columns_of(["Trace ID", "Expert verdict", "reviewer_comment", "Reviewer"])
    {'trace': 0, 'label': 1, 'comment': 2, 'reviewer': 3}
    """
    names: dict[str, int] = {}
    for index, name in enumerate(header):
        names.setdefault(_key_of(name), index)
    found: dict[str, int] = {}
    for matches in (_is_whole, _is_end, _is_beginning):
        for column, known in _COLUMNS.items():
            place = next(
                (
                    index
                    for word in known
                    for name, index in names.items()
                    if matches(name, word) and index not in found.values()
                ),
                None,
            )
            if place is not None and column not in found:
                found[column] = place
    return {column: found[column] for column in _COLUMNS if column in found}


def _key_of(name: str) -> str:
    return _NO_WORD.sub("_", name.lower()).strip("_")


def _is_whole(name: str, word: str) -> bool:
    return name == word


def _is_end(name: str, word: str) -> bool:
    return word not in _ONLY_WHOLE and name.endswith(f"_{word}")


def _is_beginning(name: str, word: str) -> bool:
    return word not in _ONLY_WHOLE and name.startswith(f"{word}_")
