"""What stands beside the turns or acts of a run in a file of no known product, where its name says what it is."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.text.jsontext import as_text
from ....model.traces import Annotation, JsonValue
from ..fields import MAX_ID
from ..judgements import first_of, judgement

_KEYS = ("conversation_id", "run_id", "trace_id", "session_id", "id", "uuid")
_TASKS = ("task_id", "task", "scenario_id", "case_id", "scenario", "instance_id", "question_id", "test_id")
_MARKS = frozenset(
    {
        "success", "task_success", "correct", "correctness", "is_correct", "passed", "pass", "resolved", "solved",
        "reward", "score", "aggregate_score",
    }
)  # fmt: skip
_WHY = ("reason", "explanation", "justification", "comment")
_SHORT = 200
_FEW = 20


def key_of(value: dict[str, JsonValue]) -> str:
    """The run's own id; empty where it has none."""
    held = next((value[name] for name in _KEYS if isinstance(value.get(name), str | int)), None)
    return as_text(held)[:MAX_ID] if held else ""


def task_of(value: dict[str, JsonValue]) -> str | None:
    """What the run was to do, by its short name."""
    task = first_of(value, *_TASKS)
    return task[:_SHORT] if isinstance(task, str) else None


def marks_of(value: dict[str, JsonValue], source: str) -> Iterator[Annotation | None]:
    """Marks of a grader: of the run itself, or in an object that stands for its grade."""
    for holder in (value, *(held for held in value.values() if isinstance(held, dict))):
        for name in sorted(_MARKS & holder.keys()):
            if isinstance(holder[name], bool | int | float):
                why = first_of(holder, f"{name}_reason", f"{name}_explanation", *_WHY)
                yield judgement(name, holder[name], explanation=why, source=source)


def about(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The short values of a run that are neither its id nor its task: at most 20."""
    short = {
        name: held
        for name, held in value.items()
        if isinstance(held, str | int | float) and len(as_text(held)) <= _SHORT and name not in (*_KEYS, *_TASKS)
    }
    return dict(list(short.items())[:_FEW])
