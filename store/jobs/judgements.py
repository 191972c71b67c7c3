"""What judges answered, by version: another rubric, model or prompt is another judge of the same name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from ...model.reviews import Label
from ...model.traces import JsonValue
from ..contract import Store
from ..traces.compression import unpack

SELECT_ANSWERS = """
SELECT j.key, j.params, j.created_at, t.trace_id, t.label, x.trace_key,
  CASE WHEN j.kind = :scored THEN t.answer END AS answer
FROM agent_task t JOIN agent_job j ON j.id = t.job_id JOIN trace x ON x.id = t.trace_id AND x.revision = t.revision
WHERE j.kind IN :kinds AND t.state IN ('done', 'no_result') ORDER BY t.id
"""


MODEL = "judge"
FUNCTION = "judge-function"
PROBE = "judge-probe"
VARIANT = "judge-variant"
"""Kinds of jobs: a model's answers; those that are computed; those that come with a chance of a fail, as what is
learned from verdicts does; a judge's answers on runs that were changed where it must not matter."""


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
    scores: dict[int, float] = field(default_factory=dict)
    """By trace the chance of a fail, of a judge that tells one."""
    history: list[tuple[int, str | None]] = field(default_factory=list)
    """Every answer as trace and label, the oldest first; a run that was judged again stands there again."""

    @property
    def name(self) -> str:
        return str(self.params.get("name", ""))

    def score(self, trace_id: int) -> float | None:
        """The chance of a fail, of a plain answer 0 or 1; None where it gave none."""
        said = self.labels.get(trace_id)
        plain = float(said == Label.FAIL) if said in (Label.PASS, Label.FAIL) else None
        return self.scores.get(trace_id, plain)


def judgements(store: Store, kinds: Sequence[str] = (MODEL, FUNCTION, PROBE)) -> list[Judgements]:
    """Every version of every judge, the one asked last at the end; of two answers on a run the later counts.

    Cost: one query over all answers of judges.
    """
    with store.read() as con:
        rows = con.execute(SELECT_ANSWERS, {"kinds": kinds, "scored": PROBE}).fetchall()
    found: dict[str, Judgements] = {}
    for row in rows:
        known = found.pop(row["key"], None) or Judgements(row["key"], orjson.loads(row["params"]), row["created_at"])
        found[row["key"]] = known
        known.labels[row["trace_id"]] = row["label"]
        known.history.append((row["trace_id"], row["label"]))
        known.trace_keys[row["trace_id"]] = row["trace_key"]
        answer = unpack(row["answer"]) if row["answer"] else None
        if isinstance(answer, dict) and isinstance(chance := answer.get("chance"), float):
            known.scores[row["trace_id"]] = chance
    return list(found.values())
