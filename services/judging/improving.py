"""What disagreements teach a rubric, and whether another judge is better, by held-out labels and a plan kept first."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...analysis.statistics import mcnemar_p
from ...knowledge.folders import KnowledgeKind
from ...knowledge.plaintext import plain_line
from ...knowledge.rubrics import clean_rubric, rubric_content
from ...model.clock import utc_now, utc_text
from ...model.errors import UsageError
from ...model.reviews import Criterion, Label, ReviewItem, Rubric
from ...model.text import yamltext
from ...store.contract import Store
from ...store.jobs.judgements import Judgements
from ...store.knowledge.index import put_draft
from ...store.reviews.rubrics import find_rubric
from ...store.reviews.verdicts import verdicts_by_uid, why_not_standing
from ...store.settings.values import get_setting, set_setting
from ..reviewing.asking import request_review
from ..reviewing.rubrics import RubricDiff, diff_rubrics, kept_draft
from .calibrating import Calibration, find_judge
from .criteria import find_criterion
from .labels import LabelledRun, PeopleLabel, beside_judge, labels_for

MOST_CLAUSES = 6
"""Examples of a criterion that a judge is shown."""
_CHANCE = 0.05
_REASON = 300


@dataclass(frozen=True, slots=True)
class Clauses:
    """A drafted rubric version."""

    name: str
    """Of the draft: `refunds.v4`."""
    diff: RubricDiff
    added: tuple[str, ...]
    retracted: tuple[str, ...]
    """What verdicts had taught that do not stand any more."""


def propose_clauses(store: Store, found: Calibration) -> Clauses | None:
    """Draft the next version of the judge's rubric: with people's reasons where it and they differ, first half only.

    What a verdict taught that has been replaced since, or does not count any more, is left out of it. A reviewer reads,
    edits and signs the draft; nothing changes before.

    Returns:
        None where nothing is to be added or taken back.
    """
    params = found.judge.params
    current = find_rubric(store, str(params["rubric"]))
    name = f"{current.id}.v{current.version + 1}"
    base = kept_draft(store, name) or replace(current, version=current.version + 1)
    criterion = find_criterion(base, str(params["criterion"]))
    taught = _taught(store, current.id)
    kept, retracted = _standing(store, criterion, taught)
    added: list[str] = []
    for run in found.disagreements:
        clause = _clause(run)
        if clause and clause not in (*kept, *added) and len(kept) + len(added) < MOST_CLAUSES:
            added.append(clause)
            taught[_digest(clause)] = run.people.verdict
    if not added and not retracted:
        return None
    draft = _with_examples(base, replace(criterion, examples=(*kept, *added)))
    with store.write() as con:
        put_draft(con, KnowledgeKind.RUBRIC, name, yamltext.dump(rubric_content(draft)), now=utc_text(utc_now()))
    set_setting(store, f"judge-taught:{current.id}", dict(taught))
    return Clauses(name, diff_rubrics(current, draft), tuple(added), tuple(retracted))


def _clause(run: LabelledRun) -> str:
    reason = plain_line(run.people.reason)[:_REASON].strip()
    return f"{'Fails' if run.human is Label.FAIL else 'Passes'}: {reason}" if reason else ""


def _with_examples(rubric: Rubric, criterion: Criterion) -> Rubric:
    criteria = tuple(criterion if entry.id == criterion.id else entry for entry in rubric.criteria)
    return clean_rubric(replace(rubric, criteria=criteria))


def _standing(store: Store, criterion: Criterion, taught: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The examples that hold, and those that a verdict taught which does not stand any more."""
    verdicts = verdicts_by_uid(store, list(taught.values()))
    kept: list[str] = []
    retracted: list[str] = []
    for example in criterion.examples:
        uid = taught.get(_digest(example))
        verdict = verdicts.get(uid) if uid else None
        gone = uid is not None and (verdict is None or bool(why_not_standing(store, verdict)))
        (retracted if gone else kept).append(example)
    return kept, retracted


def _taught(store: Store, rubric_id: str) -> dict[str, str]:
    kept = get_setting(store, f"judge-taught:{rubric_id}")
    return {str(digest): str(uid) for digest, uid in kept.items()} if isinstance(kept, dict) else {}


def ask_about_differences(store: Store, found: Calibration, *, most: int = 20) -> list[ReviewItem]:
    """Put the runs where a judge and people differ before people once more, under the judge's own question.

    Who said what is not told, so that the second answer is one of its own; where people then differ among themselves,
    the run decides nothing and the rubric has a gap.
    """
    params = found.judge.params
    rubric = find_rubric(store, str(params["rubric"]), int(str(params["version"])))
    criterion = find_criterion(rubric, str(params["criterion"]))
    why = f"a person and the judge {found.judge.name} differ here; say in your reason what the rubric should say"
    return [
        request_review(
            store,
            f"T{run.trace_id}",
            criterion.question,
            by=f"judge:{found.judge.name}",
            rubric=rubric.id,
            rubric_version=rubric.version,
            reason=why,
        )
        for run in [run for run in found.disagreements if run.people.verdicts < 2][:most]
    ]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two judges on the same held-out labels."""

    left: str
    right: str
    runs: int
    """With a verdict, in the half that is kept, answered by both."""
    planned_at: str
    """UTC text of when the plan was kept: before the first look."""
    looked: bool
    only_left: int = 0
    """Runs on which only the left one is right."""
    only_right: int = 0
    p: float = 1.0
    again: bool = False
    """It was looked at before, so it proves less."""

    @property
    def in_words(self) -> str:
        """The plan, or the answer."""
        if not self.looked:
            return (
                f"Planned: {self.left} against {self.right} on {self.runs} runs of the half that is kept for the last "
                f"look, each counted by which of the two is right; one is called better where so lopsided a split has "
                f"a chance of less than {_CHANCE:.0%} (exact McNemar test). Look with --look."
            )
        better = self.left if self.only_left > self.only_right else self.right
        split = (
            f"On {self.runs} runs only {self.left} is right {self.only_left} times, only {self.right} "
            f"{self.only_right} times (chance of so lopsided a split: {self.p:.2g})."
        )
        told = f"{better} is better." if self.p < _CHANCE else "Neither is shown to be better."
        return f"{told} {split}" + (" It was looked at before, so this proves less." if self.again else "")


def compare_judges(store: Store, left: str, right: str, *, look: bool = False) -> Comparison:
    """Compare two judges of one criterion on the labels of the half that is kept, run by run.

    The first call keeps the plan and shows no result; a look without a plan is refused.

    Raises:
        UnknownIdError: if one is not there.
        UsageError: if they answer different criteria, or there is no plan yet.
    """
    judges = find_judge(store, left), find_judge(store, right)
    if len({str(judge.params["criterion"]) for judge in judges}) > 1:
        raise UsageError(f"{left} and {right} answer different criteria, so that their answers do not compare.")
    both = _held_out(store, *judges)
    setting = f"judge-comparison:{_digest(judges[0].key + judges[1].key)}"
    plan = get_setting(store, setting)
    if not isinstance(plan, dict):
        if look:
            raise UsageError("There is no plan yet, and a look without one proves nothing. Leave --look out first.")
        plan = {"at": utc_text(utc_now()), "runs": len(both), "looks": 0}
        set_setting(store, setting, plan)
    looks = int(str(plan["looks"]))
    planned = Comparison(left, right, len(both), str(plan["at"]), looked=False)
    if not look:
        return planned
    set_setting(store, setting, {**plan, "looks": looks + 1})
    only_left = sum(one.differs < other.differs for one, other in both)
    only_right = sum(one.differs > other.differs for one, other in both)
    p = mcnemar_p(only_left, only_right)
    return replace(planned, looked=True, only_left=only_left, only_right=only_right, p=p, again=looks > 0)


def _held_out(store: Store, left: Judgements, right: Judgements) -> list[tuple[LabelledRun, LabelledRun]]:
    """The held-out labels of either rubric version, the newer one's first, with both answers."""
    labels: dict[int, PeopleLabel] = {}
    for judge in sorted((left, right), key=lambda judge: int(str(judge.params["version"]))):
        labels |= {label.trace_id: label for label in labels_for(store, judge) if label.test}
    ones, others = (
        {run.trace_id: run for run in beside_judge(list(labels.values()), judge) if run.answered}
        for judge in (left, right)
    )
    return [(ones[trace_id], others[trace_id]) for trace_id in sorted(ones) if trace_id in others]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
