"""The views that a question may read. Texts are decoded only where they are selected.

Each view stands twice: under a name that nobody can guess, which alone may read tables, and under its public name. A
question that calls something of its own by a public name gains nothing by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

TEXT = "retrospan_text"
"""The function that decodes a kept text; only the hidden views may call it."""
_RUN = "t.id AS run"
_TIME = "strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000000000.0, 'unixepoch')"
_NAMES = "trim(replace(t.{column}, char(10), ' '))"


class View(NamedTuple):
    """One view: its columns with what they say, and what it is read from."""

    about: str
    columns: Mapping[str, str]
    """Name → expression."""
    source: str
    """What stands behind FROM; `t` is the run."""


def _text(column: str) -> str:
    return f"{TEXT}({column})"


_OF_RUN = "{table} r JOIN trace t ON t.id = r.trace_id"
VIEWS: Mapping[str, View] = {
    "runs": View(
        "one run of the agent; run is the number of T412, id the run's own",
        {
            "run": "t.id",
            "id": "coalesce(t.run_id, t.trace_key)",
            "project": "t.project",
            "task": "t.task",
            "outcome": "coalesce(c.outcome, t.outcome)",
            "outcome_by": "CASE WHEN c.run IS NULL THEN t.outcome_source ELSE 'verdict' END",
            "status": "coalesce(t.status, 'unset')",
            "version": "t.version",
            "session": "t.session",
            "user": "t.user",
            "environment": "t.environment",
            "agents": _NAMES.format(column="agents"),
            "models": _NAMES.format(column="models"),
            "tools": _NAMES.format(column="tools"),
            "tags": _NAMES.format(column="tags"),
            "started_at": _TIME.format(column="t.started_at"),
            "duration_ms": "t.duration_ms",
            "steps": "t.step_count",
            "input": "t.input",
            "output": "t.output",
            "input_tokens": "t.input_tokens",
            "output_tokens": "t.output_tokens",
            "cost_usd": "t.cost_usd",
            "prompt": "t.prompt_fingerprint",
        },
        'trace t LEFT JOIN "{secret}confirmed" c ON c.run = t.id',
    ),
    "steps": View(
        "one step in reading order; role is user, context, decision, result or frame",
        {
            "run": "t.id",
            "step": "r.step",
            "parent": "r.parent",
            "kind": "r.kind",
            "role": "r.role",
            "name": "r.name",
            "agent": "r.agent",
            "tool": "r.tool",
            "model": "r.model",
            "status": "r.status",
            "error": "r.error",
            "started_at": _TIME.format(column="r.started_at"),
            "duration_ms": "r.duration_ms",
            "input_tokens": "r.input_tokens",
            "output_tokens": "r.output_tokens",
            "text": _text("r.text"),
            "span_id": "r.span_id",
        },
        _OF_RUN.format(table="step_row"),
    ),
    "calls": View(
        "one tool call in the order of asking, with its result; arguments as JSON; step asked for it, done answered",
        {
            "run": "t.id",
            "call": "r.call",
            "step": "coalesce(r.asked, r.done)",
            "done": "r.done",
            "agent": "r.agent",
            "tool": "r.tool",
            "effect": "r.effect",
            "status": "r.status",
            "error": "r.error",
            "arguments": _text("r.arguments"),
            "result": _text("r.result"),
        },
        _OF_RUN.format(table="call_row"),
    ),
    "edges": View(
        "a call and the next one, repeats kept; to_tool is null after the last",
        {
            "run": "t.id",
            "call": "r.call",
            "from_tool": "r.tool",
            "to_tool": "lead(r.tool) OVER (PARTITION BY r.trace_id ORDER BY r.call)",
        },
        _OF_RUN.format(table="call_row"),
    ),
    "messages": View(
        "one message at the step that first shows it; direction in or out",
        {
            "run": "t.id",
            "step": "r.step",
            "position": "r.position",
            "direction": "r.direction",
            "role": "r.role",
            "name": "r.name",
            "text": _text("r.text"),
        },
        _OF_RUN.format(table="message_row"),
    ),
    "documents": View(
        "one retrieved passage",
        {
            "run": "t.id",
            "step": "r.step",
            "rank": "r.rank",
            "document": "r.document",
            "score": "r.score",
            "text": _text("r.text"),
        },
        _OF_RUN.format(table="document_row"),
    ),
    "signals": View(
        "what a rule found; failure is 1 or 0",
        {
            "run": "t.id",
            "step": "s.step",
            "name": "r.signal",
            "failure": "r.failure",
            "reason": "r.reason",
        },
        "signal r JOIN trace t ON t.id = r.trace_id "
        "LEFT JOIN step_row s ON s.trace_id = r.trace_id AND s.span_id = r.span_id",
    ),
    "modes": View(
        "a run in a failure mode",
        {
            "run": "t.id",
            "mode": "'M' || m.id",
            "name": "coalesce(m.name, m.proposed_name, m.computed_name)",
            "status": "m.status",
            "failure": "m.failure",
            "step": "s.step",
        },
        "mode_member r JOIN trace t ON t.id = r.trace_id JOIN failure_mode m ON m.id = r.mode_id "
        "LEFT JOIN step_row s ON s.trace_id = r.trace_id AND s.span_id = r.span_id",
    ),
    "scores": View(
        "what came with the run: feedback, evaluations",
        {
            "run": "t.id",
            "step": "s.step",
            "name": "r.name",
            "label": "r.label",
            "score": "r.score",
            "explanation": "r.explanation",
            "by": "r.annotator_kind",
        },
        "annotation r JOIN trace t ON t.id = r.trace_id "
        "LEFT JOIN step_row s ON s.trace_id = r.trace_id AND s.span_id = r.span_id",
    ),
    "reviews": View(
        "a question put to people",
        {
            "review": "'R' || r.id",
            "run": "t.id",
            "project": "r.project",
            "question": "r.question",
            "rubric": "r.rubric_id || ' v' || r.rubric_version",
            "state": "r.state",
            "asked_by": "r.requested_by",
            "queue": "r.queue",
            "created_at": "r.created_at",
        },
        "review_item r JOIN trace t ON t.id = r.trace_id",
    ),
}
GIVEN: Mapping[str, View] = {
    "verdicts": View(
        "a person's signed answer; state valid is what counts",
        dict.fromkeys(("verdict", "run", "label", "severity", "reason", "cause", "state", "reviewer", "signed_at"), ""),
        "",
    ),
    "confirmed": View(
        "runs whose outcome a valid verdict decides; runs.outcome has it already",
        dict.fromkeys(("run", "outcome"), ""),
        "",
    ),
    "suspects": View(
        "ranked steps of runs that were explained",
        dict.fromkeys(("run", "rank", "step", "agent", "cause", "score", "reason", "enough"), ""),
        "",
    ),
    "lessons": View(
        "what was learned",
        dict.fromkeys(("lesson", "title", "state", "tools", "what_to_do", "regression_case"), ""),
        "",
    ),
}
"""Views whose rows are handed in with the question, since what they are worth is computed when they are read."""
TABLES = frozenset(
    {
        *("trace", "step_row", "call_row", "message_row", "document_row", "signal", "mode_member", "failure_mode"),
        *("annotation", "review_item"),
    }
)
"""Tables that the hidden views read."""


def columns_of(name: str) -> tuple[str, ...]:
    """The columns of a view by its public name."""
    return tuple((VIEWS.get(name) or GIVEN[name]).columns)


def create_views(secret: str, projects: Sequence[str] | None) -> list[str]:
    """The statements that make the views of `VIEWS` on a connection.

    Args:
        secret: Stands before the hidden names.
        projects: Runs of these alone are seen; None for all.
    """
    within = "" if projects is None else f" WHERE t.project IN ({', '.join(map(_quoted, projects)) or 'NULL'})"
    made = []
    for name, view in VIEWS.items():
        shown = ", ".join(f'{expression} AS "{column}"' for column, expression in view.columns.items())
        source = view.source.replace("{secret}", secret)
        made.append(f'CREATE TEMP VIEW "{secret}{name}" AS SELECT {shown} FROM {source}{within}')  # noqa: S608
    public = [*VIEWS, *GIVEN]
    return made + [f'CREATE TEMP VIEW "{name}" AS SELECT * FROM "{secret}{name}"' for name in public]  # noqa: S608


def create_given(secret: str) -> list[str]:
    """The statements that make the tables of `GIVEN`, each empty, and how a row is put in."""
    return [f'CREATE TEMP TABLE "{secret}{name}"({_columns(view)})' for name, view in GIVEN.items()]


def _columns(view: View) -> str:
    """A table of one row a run has the run as its key, so that joins find it."""
    key = "confirmed" if tuple(view.columns) == ("run", "outcome") else ""
    return ", ".join(f'"{name}" INTEGER PRIMARY KEY' if key and name == "run" else f'"{name}"' for name in view.columns)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''").replace("\0", "") + "'"
