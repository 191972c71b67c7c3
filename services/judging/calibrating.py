"""How far a judge may be trusted on its criterion: its record beside people, the corrected rate, and what is stale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...analysis.judging.choosing import CorrectedRate, Refused, corrected_rate
from ...analysis.judging.rates import Labelled
from ...analysis.judging.record import Abstention, Record, judge_record, risk_coverage
from ...analysis.statistics import median
from ...model.clock import utc_now, utc_text
from ...model.errors import UnknownIdError, did_you_mean
from ...model.query import parse_query
from ...model.reviews import Label
from ...model.traces import JsonValue
from ...store.contract import Store
from ...store.jobs.judgements import Judgements, judgements
from ...store.reviews import queues
from ...store.search.lines import only_matching
from ...store.settings.values import get_setting, set_setting
from .consistency import Flips, flips_of
from .known import keep_known, rate_of
from .labels import LabelledRun, beside_judge, labels_for
from .staleness import why_stale

_USUAL_MINUTES = 1.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """One version of a judge beside people."""

    judge: Judgements
    runs: tuple[LabelledRun, ...]
    """All, of both halves."""
    dev: Record
    test: Record | None
    """Only where it was asked for."""
    test_used: str | None
    """UTC text of the first look at the test half by this version; a second look proves less."""
    rate: CorrectedRate | Refused
    """Of fails among the judged runs that its queue could have drawn."""
    queue: str
    """Whose verdicts carry the rate."""
    population: int
    stale: tuple[str, ...]
    """Why this says nothing of what the judge would answer today; empty where it does."""
    minutes_each: float
    abstention: tuple[Abstention, ...]
    """By how far its repeated answers on a run agree, or by the chance that it tells; empty where there is neither."""
    flips: tuple[Flips, ...]
    """What was tried of its consistency; empty where nothing was."""

    @property
    def disagreements(self) -> tuple[LabelledRun, ...]:
        """What to read before any change of a prompt: first what the judge let pass."""
        differ = [run for run in self.runs if run.differs and not run.test]
        return tuple(sorted(differ, key=lambda run: (run.judge is Label.FAIL, run.trace_id)))


def judge_versions(store: Store) -> list[Judgements]:
    """Every version of every judge that has answered, the one asked last at the end."""
    return judgements(store)


def find_judge(store: Store, name: str) -> Judgements:
    """The newest version of a judge.

    Raises:
        UnknownIdError: naming the nearest.
    """
    found = {version.name: version for version in judgements(store)}
    if name not in found:
        known = did_you_mean(name, found) if found else "no judge has answered yet"
        raise UnknownIdError("judge", name, known=known, next_step="`retrospan judge show` lists them.")
    return found[name]


def calibrate(store: Store, name: str, *, where: str = "", test: bool = False, prompt: str = "") -> Calibration:
    """The record of a judge's newest version; that of all its runs is kept for lists and outlines.

    Args:
        store: Where.
        name: Of the judge.
        where: A search line: only this slice of the runs (`project:support`, `mode:M3`).
        test: Look at the test half too, and note that it was looked at.
        prompt: Beginning of the keys that today's prompt makes; another one makes the record stale.

    Raises:
        UnknownIdError: if there is no such judge.
        QueryError: if the line cannot be read.

    Cost: checks every verdict.
    """
    judge = find_judge(store, name)
    labels = labels_for(store, judge)
    runs = _in_slice(store, beside_judge(labels, judge), where)
    with store.read() as con:
        minutes = median([spent.amount / 60_000 for spent in queues.active_times(con)]) or _USUAL_MINUTES
    queue = _fullest_queue(runs)
    population, refusal = _population(store, judge, queue, where)
    rate = refusal or _rate(judge, runs, queue, population, minutes)
    used = get_setting(store, f"judge-test:{judge.key}")
    if test and used is None:
        set_setting(store, f"judge-test:{judge.key}", utc_text(utc_now()))
    found = Calibration(
        judge,
        tuple(runs),
        _record([run for run in runs if not run.test]),
        _record([run for run in runs if run.test]) if test else None,
        None if used is None else str(used),
        rate,
        queue,
        len(population),
        tuple(why_stale(store, judge, prompt=prompt, verdicts=sum(not label.test for label in labels))),
        minutes,
        _abstention(judge, [run for run in runs if not run.test], minutes),
        flips_of(store, judge),
    )
    if not where.strip() and not store.read_only:
        keep_known(store, name, _to_keep(found))
    return found


def _to_keep(found: Calibration) -> dict[str, JsonValue]:
    """The part of a calibration that lists and outlines show: counts and names, no words of anybody."""
    record = found.dev
    return {
        "key": found.judge.key,
        "criterion": found.judge.params["criterion"],
        "fails": record.hits,
        "found": record.sensitivity.value,
        "passes": record.labels - record.hits,
        "cleared": record.specificity.value,
        "trusted": record.trusted,
        "stale": bool(found.stale),
        "runs": found.population,
        **rate_of(found.rate),
    }


def _record(runs: Sequence[LabelledRun]) -> Record:
    return judge_record([(run.human is Label.FAIL, run.judge is Label.FAIL) for run in runs if run.answered])


def _in_slice(store: Store, runs: Sequence[LabelledRun], where: str) -> list[LabelledRun]:
    if not where.strip():
        return list(runs)
    fitting = only_matching(store, parse_query(where), [run.trace_id for run in runs])
    return [run for run in runs if run.trace_id in fitting]


def _fullest_queue(runs: Sequence[LabelledRun]) -> str:
    names = [queue for run in runs for queue in run.people.chances]
    return max(sorted(set(names)), key=names.count, default="")


def _population(store: Store, judge: Judgements, queue: str, where: str) -> tuple[list[int], Refused | None]:
    """The judged runs that had their chance in the queue; a refusal where that cannot be told."""
    answered = [trace_id for trace_id in judge.labels if judge.score(trace_id) is not None]
    if not queue:
        return answered, None
    with store.read() as con:
        rule, upto = queues.last_rule(con, queue), queues.reached(con, queue)
    if rule.get("signals") or rule.get("modes") or rule.get("subject") == "session":
        told = f"queue {queue} asks only about runs with certain signals, modes or whole sessions"
        return answered, Refused(f"{told}; use a queue with a random part over all runs", 0, 0.0, 0)
    found = [trace_id for trace_id in answered if trace_id <= upto]
    for line in (str(rule.get("where", "")), where):
        if line.strip():
            fitting = only_matching(store, parse_query(line), found)
            found = [trace_id for trace_id in found if trace_id in fitting]
    return found, None


def _rate(
    judge: Judgements, runs: Sequence[LabelledRun], queue: str, population: Sequence[int], minutes: float
) -> CorrectedRate | Refused:
    inside = set(population)
    rows = [
        (float(run.human is Label.FAIL), run.score, run.people.chances[queue])
        for run in runs
        if run.people.chances.get(queue) and run.trace_id in inside
    ]
    judged = np.array([judge.score(trace_id) for trace_id in population], dtype=np.float64)
    return corrected_rate(Labelled.of(rows), judged, minutes_each=minutes)


def _abstention(judge: Judgements, runs: Sequence[LabelledRun], minutes: float) -> tuple[Abstention, ...]:
    if judge.scores:
        # In tenths: a chance of its own for every run would be a step of the curve for every run.
        told = [
            (run.human is Label.FAIL, run.score >= 0.5, round(max(run.score, 1 - run.score) - 0.05, 1)) for run in runs
        ]
        return tuple(risk_coverage(told, minutes_each=minutes))
    said: dict[int, list[str | None]] = {}
    for trace_id, label in judge.history:
        said.setdefault(trace_id, []).append(label)
    again = [run for run in runs if run.answered and len(said[run.trace_id]) > 1]
    answers = [
        (
            run.human is Label.FAIL,
            run.judge is Label.FAIL,
            said[run.trace_id].count(run.judge) / len(said[run.trace_id]),
        )
        for run in again
    ]
    return tuple(risk_coverage(answers, minutes_each=minutes))
