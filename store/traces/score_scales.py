"""Which scale the scores of a name are on: what a person mapped, what a file declared, and the values seen so far."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from ...model.reading.scores import NOTHING_KNOWN, is_understood, outcome_of, seen_ends
from ...model.score_scale import ScoreScale
from ...model.traces import Annotation, AnnotatorKind, Outcome
from ..contract import Connection, Store
from ..settings.values import put_setting, setting_of

MAPPED, DECLARED, _SEEN = "score:", "declared score:", "seen scores"
"""Names of settings: what a person said of a score, what a file did, and the ends of the values seen."""
_Key = tuple[str, str, str]
"""Project, name, kind of annotator."""
_LABELS = 4
KnownScales = dict[_Key, ScoreScale]

SELECT_ENDS = """
SELECT min(a.score) AS low, max(a.score) AS high FROM annotation a JOIN trace t ON t.id = a.trace_id
WHERE a.name = :name AND a.annotator_kind = :kind AND t.project = :project AND a.is_expectation = 0
"""
SELECT_SCORES = """
SELECT trace.project, name, label, score, annotator_kind, low, high, count(DISTINCT trace_id) AS runs
FROM annotation JOIN trace ON trace.id = trace_id
WHERE trace_id IN :trace_ids AND is_expectation = 0 AND (score IS NOT NULL OR label IS NOT NULL)
GROUP BY trace.project, name, label, score, annotator_kind, low, high
"""
TOUCH_SCORED = """
UPDATE trace SET dirty = 1 WHERE id IN (SELECT trace_id FROM annotation WHERE name = :name)
AND (:project = '' OR project = :project)
"""


def declare_scale(con: Connection, name: str, scale: ScoreScale, *, project: str = "", by_person: bool = False) -> None:
    """Keep what is said of the scores of a name, and have the runs that bear them read again where it is new.

    Args:
        con: For writing.
        name: Of the score.
        scale: What is said; a person's mapping wins over a file's declaration.
        project: Only there; empty for the whole store.
        by_person: Whether a person says so.
    """
    setting = (MAPPED if by_person else DECLARED) + name
    value = json.dumps({key: item for key, item in asdict(scale).items() if item is not None and item is not False})
    if setting_of(con, setting, project) == json.loads(value):
        return
    put_setting(con, setting, json.loads(value), project)
    con.execute(TOUCH_SCORED, {"name": name, "project": project})


class SeenScales:
    """The scales of scores, looked up once each while traces are read."""

    def __init__(self, con: Connection, known: KnownScales | None = None) -> None:
        """Args:
        con: Within one transaction.
        known: What was looked up before; filled further.
        """
        self._con = con
        self._known: KnownScales = {} if known is None else known
        self._fresh: set[_Key] = set()

    def understood(self, project: str, annotations: Iterable[Annotation]) -> tuple[Annotation, ...]:
        """Annotations of a run of `project` with what each says of it.

        Cost: one query for a name that was not asked for before, over all its scores.
        """
        return tuple(
            replace(note, outcome=outcome_of(note, self.scale(project, note)) or Outcome.UNKNOWN)
            for note in annotations
        )

    def scale(self, project: str, note: Annotation) -> ScoreScale:
        """What is known of the scores that `note` is one of."""
        key = (project, note.name, note.annotator_kind.value)
        if key not in self._known:
            self._known[key] = self._look_up(key)
            self._fresh.add(key)
        return self._known[key]

    def _look_up(self, key: _Key) -> ScoreScale:
        project, name, kind = key
        for prefix in (MAPPED, DECLARED):
            for where in (project, ""):
                said = setting_of(self._con, prefix + name, where)
                if isinstance(said, dict):
                    return _scale_of(said)
        ends = self._con.execute(SELECT_ENDS, {"name": name, "kind": kind, "project": project}).fetchone()
        return NOTHING_KNOWN if ends["low"] is None else ScoreScale(ends["low"], ends["high"])

    def settle(self) -> None:
        """Have the runs read again whose scores mean something else since values beyond the known ones were seen."""
        by_project: dict[str, dict[str, Any]] = {}
        for project, name, kind in self._fresh:
            scale = self._known[project, name, kind]
            if scale.low is None or scale.high is None or scale.is_declared:
                continue
            before = setting_of(self._con, _SEEN, project)
            ends = by_project.setdefault(project, before if isinstance(before, dict) else {})
            place = f"{kind} {name}"
            now = [*seen_ends(name, scale.low, scale.high), scale.high > 1, scale.low < 0]
            if place in ends and ends[place] != now:
                self._con.execute(TOUCH_SCORED, {"name": name, "project": project})
            ends[place] = now
        for project, ends in by_project.items():
            put_setting(self._con, _SEEN, ends, project)
        self._fresh.clear()


@dataclass(slots=True)
class UnreadScore:
    """A score whose meaning is not known."""

    name: str
    runs: int = 0
    low: float | None = None
    high: float | None = None
    labels: tuple[str, ...] = ()
    """Some of its labels."""


def unread_scores(store: Store, trace_ids: Sequence[int]) -> list[UnreadScore]:
    """The scores on these traces whose meaning is not known, by name, the commonest first."""
    found: dict[str, UnreadScore] = {}
    with store.read() as con:
        scales = SeenScales(con)
        for row in con.execute(SELECT_SCORES, {"trace_ids": trace_ids}):
            note = Annotation(
                row["name"],
                row["label"],
                row["score"],
                annotator_kind=AnnotatorKind(row["annotator_kind"]),
                low=row["low"],
                high=row["high"],
            )
            if not is_understood(note, scales.scale(row["project"], note)):
                _count(found.setdefault(note.name, UnreadScore(note.name)), note, row["runs"])
    return sorted(found.values(), key=lambda score: (-score.runs, score.name))


def _count(score: UnreadScore, note: Annotation, runs: int) -> None:
    score.runs += runs
    if note.score is not None:
        score.low = note.score if score.low is None else min(score.low, note.score)
        score.high = note.score if score.high is None else max(score.high, note.score)
    if note.label and len(score.labels) < _LABELS and note.label not in score.labels:
        score.labels += (note.label[:40],)


def _scale_of(said: dict[str, Any]) -> ScoreScale:
    known = {field.name: said[field.name] for field in fields(ScoreScale) if said.get(field.name) is not None}
    return ScoreScale(**known | {"is_declared": True})
