"""What judges answered, by version: another rubric, model or prompt is another judge of the same name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from ...model.traces import JsonValue
from ..contract import Store

SELECT_ANSWERS = """
SELECT j.key, j.params, j.created_at, t.trace_id, t.label, x.trace_key
FROM agent_task t JOIN agent_job j ON j.id = t.job_id JOIN trace x ON x.id = t.trace_id AND x.revision = t.revision
WHERE j.kind IN :kinds AND t.state IN ('done', 'no_result') ORDER BY t.id
"""


MODEL = "judge"
FUNCTION = "judge-function"
"""Kinds of jobs: a model's answers, and those that are computed."""


@dataclass(slots=True)
class Judgements:
    """One version of a judge, and what it answered on runs as they are now."""

    key: str
    """What makes two answers comparable: name, prompt, criterion, rubric, model."""
    params: Mapping[str, JsonValue]
    since: str
    """UTC text of its first job."""
    labels: dict[int, str | None] = field(default_factory=dict)
    """By trace; None is no verdict."""
    trace_keys: dict[int, str] = field(default_factory=dict)
    history: list[tuple[int, str | None]] = field(default_factory=list)
    """Every answer as trace and label, the oldest first; a run that was judged again stands there again."""

    @property
    def name(self) -> str:
        return str(self.params.get("name", ""))


def judgements(store: Store) -> list[Judgements]:
    """Every version of every judge, the one asked last at the end; of two answers on a run the later counts.

    Cost: one query over all answers of judges.
    """
    with store.read() as con:
        rows = con.execute(SELECT_ANSWERS, {"kinds": [MODEL, FUNCTION]}).fetchall()
    found: dict[str, Judgements] = {}
    for row in rows:
        known = found.pop(row["key"], None) or Judgements(row["key"], orjson.loads(row["params"]), row["created_at"])
        found[row["key"]] = known
        known.labels[row["trace_id"]] = row["label"]
        known.history.append((row["trace_id"], row["label"]))
        known.trace_keys[row["trace_id"]] = row["trace_key"]
    return list(found.values())
