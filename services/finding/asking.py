"""Questions of any shape: one SELECT over the views of a store, answered within bounds."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...model.errors import QuestionError
from ...model.query import parse_query
from ...model.questions import Question, QuestionAnswer, QuestionLimits
from ...model.reviews import Label
from ...store.contract import Store
from ...store.findings.signals import all_suspects
from ...store.knowledge.lookup import list_lessons
from ...store.reading.rows import traces_without_rows
from ...store.reviews.outcomes import verdict_labels
from ...store.reviews.verdicts import list_verdicts
from ...store.search.lines import search
from ...store.traces.revisions import refresh
from ..embedding.choose import embedder, has_vectors
from ..understanding.analysing import analyse

AT_ONCE = 2_000
"""Runs that are looked at before a question is answered; some milliseconds each, once."""
_MOST_FOUND = 100_000
_NO_COLUMN = re.compile(r"no such column: ([\w.]+)")
_NO_TABLE = re.compile(r"no such table: ([\w.]+)")
_NO_FUNCTION = re.compile(r"(?:not authorized to use function|no such function): (\w+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer, and what it does not know yet."""

    answer: QuestionAnswer
    waiting: int
    """Runs that are not in the rows yet, since nobody has looked at them."""


def ask(
    store: Store, sql: str, *, projects: Sequence[str] | None = None, limits: QuestionLimits | None = None
) -> Asked:
    """Answer one SELECT over the views `runs`, `steps`, `calls`, … of a store.

    Args:
        store: Where.
        sql: As typed.
        projects: Runs of these alone are seen; None for all.
        limits: What the answer may be.

    Raises:
        UsageError: if the question names or does what it may not.
        QuestionError: if it cannot be run; names the nearest column or view.
    """
    waiting = _look_first(store)
    # A lone surrogate, as a shell's broken bytes come in, stands in no text that is stored.
    sql = sql.encode("utf-8", "replace").decode()
    question = Question(
        sql.strip().rstrip(";"),
        None if projects is None else tuple(projects),
        limits or QuestionLimits(),
        _given(store, sql),
    )
    try:
        answer = store.ask(question, lambda kind, words: _find(store, kind, words))
    except QuestionError as err:
        raise QuestionError(explained(str(err), store.question_views())) from err
    return Asked(answer, waiting)


def _look_first(store: Store) -> int:
    """Bring the rows of new runs up to date; returns how many still wait."""
    refresh(store)
    waiting = traces_without_rows(store, AT_ONCE + 1)
    if store.read_only or not waiting:
        return len(waiting)
    analyse(store, waiting[:AT_ONCE], rows=True)
    return max(len(waiting) - AT_ONCE, 0)


def _given(store: Store, sql: str) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of the views that are computed when they are read, where the question names them."""
    named = set(re.findall(r"\w+", sql.lower()))
    outcomes = {Label.PASS.value: "pass", Label.FAIL.value: "fail"}
    given: dict[str, list[tuple[Any, ...]]] = {
        "confirmed": [(run, outcomes[label]) for run, label in verdict_labels(store).items() if label in outcomes]
    }
    if "verdicts" in named:
        given["verdicts"] = [
            (
                v.short_id,
                v.trace_id,
                v.answer.label.value,
                v.answer.severity and v.answer.severity.value,
                v.answer.reason,
                v.answer.cause and v.answer.cause.value,
                v.state.value,
                v.reviewer_name,
                v.signed_at,
            )
            for v in list_verdicts(store)
        ]
    if "lessons" in named:
        given["lessons"] = [
            (entry.id, entry.title, entry.status.value, ", ".join(entry.applies_to.tools), entry.what_to_do, entry.case)
            for entry in list_lessons(store)
        ]
    if "suspects" in named:
        given["suspects"] = [
            (run, rank, s.step, s.agent, s.cause.value, s.score, "; ".join(s.reasons), int(report.enough_evidence))
            for run, report in all_suspects(store)
            for rank, s in enumerate(report.suspects, 1)
        ]
    return given


def _find(store: Store, kind: Literal["words", "likeness"], words: str) -> dict[int, float]:
    if kind == "words":
        return {hit.trace_id: 1.0 for hit in search(store, parse_query(words), limit=_MOST_FOUND)}
    from ...store.search.vectors import likeness_of, nearest_traces

    model = embedder() if has_vectors(store) else None
    if model is None:
        raise QuestionError("likeness() needs vectors: run `retrospan embed` first, or ask with words().")
    vector = model.embed([words])[0]
    near = nearest_traces(store, model.model_id, vector, limit=1_000)
    return {run: found.cosine for run, found in likeness_of(store, model.model_id, vector, sorted(near)).items()}


def explained(message: str, views: Mapping[str, Sequence[str]]) -> str:
    """What is wrong with a question, with the nearest name that there is.

    >>> explained("no such column: outcom", {"runs": ("run", "outcome")})
    "No column 'outcom'; nearest: runs.outcome."
    """
    if found := _NO_COLUMN.search(message):
        name = found[1].rpartition(".")[2]
        known = {f"{view}.{column}": column for view, columns in views.items() for column in columns}
        close = difflib.get_close_matches(name.lower(), set(known.values()), 3, 0.5)
        near = [place for place, column in known.items() if column in close][:5]
        return f"No column {found[1]!r}; " + (f"nearest: {', '.join(near)}." if near else _listed(views))
    if found := _NO_TABLE.search(message):
        close = difflib.get_close_matches(found[1].lower(), views, 1, 0.5)
        return f"No view {found[1]!r}; " + (f"nearest: {close[0]}. " if close else "") + _listed(views)
    if found := _NO_FUNCTION.search(message):
        return (
            f"No function {found[1]!r} here. Use those of SQL, and words(run, '…'), likeness(run, '…'), attr(run, '…')."
        )
    return f"The question cannot be answered: {message}."


def _listed(views: Mapping[str, Sequence[str]]) -> str:
    return "there are: " + "; ".join(f"{view}({', '.join(columns)})" for view, columns in views.items()) + "."
