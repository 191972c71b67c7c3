"""What people signed on the runs that a judge answered, and with what chance each run came to be asked about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...model.clock import utc_now, utc_text
from ...model.reviews import Label, ReviewItem, Verdict
from ...store.contract import Store
from ...store.jobs.judgements import Judgements
from ...store.reviews.items import list_items
from ...store.reviews.verdicts import list_verdicts

_TELLING = (Label.PASS, Label.FAIL)
_MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class LabelledRun:
    """A run that people and the judge answered."""

    trace_id: int
    human: Label
    """What people said before they saw any proposal."""
    judge: Label
    test: bool
    """In the half that is kept for the last look; fixed by the run's own key."""
    queue: str = ""
    chance: float | None = None
    """With which its queue drew it; None where somebody picked it by hand."""
    reason: str = ""


def labelled_runs(store: Store, judge: Judgements) -> list[LabelledRun]:
    """The runs with a verdict on the judge's criterion and rubric version, and an answer of the judge.

    A verdict counts that is signed, trusted, about the run as it is and not superseded; runs on which people differ
    stay out.

    Cost: checks every verdict.
    """
    verdicts = [verdict for verdict in list_verdicts(store) if verdict.confirmed and not verdict.demo]
    replaced = {uid for verdict in verdicts for uid in verdict.supersedes}
    with store.read() as con:
        items = {item.id: item for item in list_items(con, now=utc_text(utc_now()), states=(), limit=_MANY)}
    by_trace: dict[int, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.uid not in replaced and verdict.trace_id in judge.labels and _same_rubric(verdict, judge):
            by_trace.setdefault(verdict.trace_id, []).append(verdict)
    return [run for trace_id, found in sorted(by_trace.items()) if (run := _run(judge, trace_id, found, items))]


def in_test_half(trace_key: str) -> bool:
    """Whether a run is in the half that is looked at once: by the digest of its key, alike in every store."""
    return bool(hashlib.sha256(trace_key.encode()).digest()[0] & 1)


def _same_rubric(verdict: Verdict, judge: Judgements) -> bool:
    return (verdict.rubric.id, verdict.rubric.version) == (judge.params["rubric"], judge.params["version"])


def _run(
    judge: Judgements, trace_id: int, verdicts: Sequence[Verdict], items: Mapping[int, ReviewItem]
) -> LabelledRun | None:
    said = judge.labels[trace_id]
    labels = {label for verdict in verdicts if (label := _answer(verdict, str(judge.params["criterion"]))) in _TELLING}
    if said not in _TELLING or len(labels) != 1:
        return None
    asked = [items[v.item_id] for v in verdicts if v.item_id is not None and v.item_id in items]
    drawn = next((item for item in asked if item.inclusion_probability is not None), None)
    return LabelledRun(
        trace_id,
        labels.pop(),
        Label(said),
        in_test_half(judge.trace_keys[trace_id]),
        drawn.queue if drawn else "",
        drawn.inclusion_probability if drawn else None,
        verdicts[-1].answer.reason,
    )


def _answer(verdict: Verdict, criterion: str) -> Label:
    """To the criterion; to the whole question where the reviewer was asked no criterion apart."""
    given = {entry.criterion: entry.label for entry in verdict.first_answer.criteria}
    return given.get(criterion, Label.CANT_TELL if given else verdict.first_answer.label)
