"""What came with runs beside their steps: every attribute with counts and values, and which field it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...model.reading.field_names import field_of, outcome_of_word
from ...model.reading.fields import FieldRule, matches
from ...model.traces import Outcome
from ...store.contract import Store
from ...store.settings.fields import load_field_rules
from ...store.traces.attributes import AttributeCount, count_attributes
from ...store.traces.revisions import refresh

_SHOWN = 5
_TELEMETRY = (
    "gen_ai.", "llm.", "openinference.", "input.", "output.", "langfuse.observation.", "traceloop.entity.",
    "traceloop.workflow.", "ai.", "logfire.", "thread.", "code.", "http.", "url.", "server.", "network.", "telemetry.",
    "mlflow.span", "exception.", "tool.", "langsmith.span.", "langsmith.metadata.ls_", "langsmith.metadata.lang",
    "langsmith.metadata.LANG", "metadata.ls_", "metadata.langgraph_", "genkit:path", "retrospan.", "pydantic_ai.",
    "gcp.vertex.", "anthropic.", "openai.", "smolagents.", "graph.node.", "agent_name", "model_name",
    "model_request_parameters", "operation.name", "langfuse.internal.",
)  # fmt: skip
"""Names that instrumentations fill for themselves; listed only on demand."""
_OUTCOME_HINTS = frozenset({"result", "verdict", "status", "score", "reward", "passed", "correct", "success", "grade"})


@dataclass(frozen=True, slots=True)
class AttributeView:
    """One attribute as it stands in the stored runs."""

    count: AttributeCount
    field: str | None
    """The field that it is read as; None for none."""
    mapped: bool
    """A person said so; else its name did."""


def list_attributes(
    store: Store, *, project: str | None = None, pattern: str | None = None, everything: bool = False
) -> list[AttributeView]:
    """The attributes of stored runs, those that are a field first, then the most widespread.

    Args:
        store: Where.
        project: Only runs of this project.
        pattern: Only names that fit; `*` stands for anything.
        everything: Also what instrumentations fill for themselves.
    """
    refresh(store)
    with store.read() as con:
        rules = load_field_rules(con, project or "")
    views = [_view(count, rules) for count in count_attributes(store, project=project, pattern=pattern, most=_SHOWN)]
    if not everything and pattern is None:
        views = [view for view in views if view.field or not view.count.name.startswith(_TELEMETRY)]
    return sorted(views, key=lambda view: (view.field is None, -view.count.traces, view.count.name))


def _view(count: AttributeCount, rules: Sequence[FieldRule]) -> AttributeView:
    rule = next((rule for rule in reversed(rules) if matches(rule.attribute, count.name)), None)
    if rule is not None:
        return AttributeView(count, rule.field, True)
    known = field_of(count.name)
    told = known is not None and (known[0] != "outcome" or any(_says(value) for value, _ in count.values))
    return AttributeView(count, known[0] if known and told else None, False)


def _says(value: str) -> bool:
    return outcome_of_word(value) in (Outcome.PASS, Outcome.FAIL)


def attributes_for(store: Store, field: str, *, project: str | None = None, most: int = 2) -> list[AttributeView]:
    """Attributes that seem to hold a field which is not known: by name, and for an outcome by what they hold.

    For an answer that finds only unknown values, so that it can name the line which would mend that.
    """
    found = []
    for view in list_attributes(store, project=project, everything=True):
        values = [value for value, _ in view.count.values]
        words = set(view.count.name.lower().replace("_", ".").split("."))
        hinted = field in words or (field == "outcome" and bool(words & _OUTCOME_HINTS))
        telling = field != "outcome" or view.count.kinds <= _SHOWN
        if view.field is None and hinted and telling and values:
            found.append(view)
    return found[:most]
