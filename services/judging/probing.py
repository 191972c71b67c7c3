"""A judge that is learned from people's verdicts on one criterion, without a key; it says where it adds nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log1p
from typing import TYPE_CHECKING

import numpy as np

from ...analysis.judging.logistic import Floats
from ...analysis.judging.probe import FEWEST_OF_EACH, Probe, train_probe
from ...analysis.signals.registry import DEFINITIONS
from ...model.errors import UsageError
from ...model.reviews import Label
from ...model.traces import JsonValue, Status, TraceSummary
from ...store.contract import Store
from ...store.jobs.judgements import PROBE
from ...store.reading.summaries import get_summaries
from ..embedding.work import vectors_of_runs
from ..understanding.analysing import signals_of
from .criteria import AskedCriterion, asked_criterion
from .functions import SIGNAL_RULES, Answered, Computed, answer_runs
from .labels import PeopleLabel, people_labels

if TYPE_CHECKING:
    from ..embedding.protocol import Embedder

PROBE_CODE = "1"
"""Raise it when what a probe learns from, or how, changes."""
_PAGE = 500
_ASKED = 500
"""Characters of a run's input that say what was asked."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe learned, and what it answered."""

    answered: Answered
    labels: int
    """Verdicts that it learned from: those of the half that may be looked at."""
    fails: int
    explained: float
    """R² of verdicts that it did not see."""
    adds_nothing: bool
    by_meaning: bool
    """False where the embedding model is not installed, so that it has computed facts only."""

    @property
    def in_words(self) -> str:
        """What it is worth, in two sentences."""
        basis = "meaning and computed facts" if self.by_meaning else "computed facts (the embedding is not installed)"
        learned = f"Learned from {self.labels} verdicts, {self.fails} of them fails, by {basis}."
        if self.adds_nothing:
            return (
                f"{learned} It adds nothing here: verdicts it did not see it tells no better than the usual share of "
                "fails does. So it leaves every run to people; use a model or a signal."
            )
        return (
            f"{learned} It explains {self.explained:.0%} of how verdicts differ that it did not see, about the share "
            "of verdicts that it saves. What it is not sure of, or has seen nothing like, it leaves to people."
        )


def judge_by_probe(
    store: Store,
    query: str,
    model: Embedder | None,
    *,
    rubric: str | None = None,
    criterion: str | None = None,
    version: int | None = None,
    name: str | None = None,
) -> Probed:
    """Learn from the verdicts on a criterion, then answer it on the runs that a search line finds.

    It learns from the half of the runs that may be looked at; on these it answers as it would had it not seen them.

    Args:
        store: Where.
        query: A search line.
        model: For the meaning of the runs; None takes computed facts alone.
        rubric: Id of a confirmed rubric; None is the built-in one.
        version: Its version; None is the newest.
        criterion: Its id, where the rubric has several.
        name: Under which the answers are kept.

    Raises:
        UsageError: if there are too few verdicts, saying how many more would do; or the line is empty.
        UnknownIdError: if there is no such rubric or criterion.
        StoreBusyError: if another process answers at this moment.

    Cost: checks every verdict; 5 ms for a run without a vector; a second for 300 verdicts.
    """
    asked = asked_criterion(store, rubric, criterion, version)
    known = [label for label in _labels(store, asked) if not label.test]
    _enough(known)
    rows, asks = _rows(store, [label.trace_id for label in known], model)
    hits = np.array([label.label is Label.FAIL for label in known], dtype=np.float64)
    probe = train_probe(rows, hits, asks)
    own = {label.trace_id: float(chance) for label, chance in zip(known, probe.chances, strict=True)}

    def answers(trace_ids: Sequence[int]) -> Iterable[Computed]:
        for start in range(0, len(trace_ids), _PAGE):
            yield from _answers(store, probe, own, trace_ids[start : start + _PAGE], model)

    code: dict[str, JsonValue] = {
        "probe": PROBE_CODE,
        "rules": SIGNAL_RULES,
        "learned": _digest(known),
        "verdicts": len(known),
    }
    done = answer_runs(store, PROBE, asked, name or f"{asked.criterion.id}-probe", code, query, answers)
    return Probed(done, len(known), int(hits.sum()), probe.explained, probe.adds_nothing, model is not None)


def _labels(store: Store, asked: AskedCriterion) -> list[PeopleLabel]:
    return people_labels(store, asked.rubric.id, asked.rubric.version, asked.criterion.id)


def _enough(known: Sequence[PeopleLabel]) -> None:
    fails = sum(label.label is Label.FAIL for label in known)
    lacking = [
        f"{FEWEST_OF_EACH - count} more that people {word}"
        for word, count in (("fail", fails), ("pass", len(known) - fails))
        if count < FEWEST_OF_EACH
    ]
    if lacking:
        raise UsageError(
            f"{len(known)} verdicts of the half that may be learned from are too few. "
            f"It takes {' and '.join(lacking)}; about half of all runs are in that half. Review some: retrospan review."
        )


def _answers(
    store: Store, probe: Probe, own: dict[int, float], trace_ids: Sequence[int], model: Embedder | None
) -> Iterable[Computed]:
    rows, _ = _rows(store, trace_ids, model)
    for trace_id, chance, near in zip(trace_ids, *probe.judge(rows), strict=True):
        told = own.get(trace_id, float(chance))
        said = probe.answer(told, bool(near))
        yield Computed(Label.CANT_TELL if said is None else Label.FAIL if said else Label.PASS, told)


def _rows(store: Store, trace_ids: Sequence[int], model: Embedder | None) -> tuple[Floats, list[str]]:
    """A row of numbers for each run, and what it was asked."""
    by_id = {summary.id: summary for summary in get_summaries(store, trace_ids)}
    runs = [by_id[trace_id] for trace_id in trace_ids]
    signals = signals_of(store, trace_ids)
    facts = [_facts(run, {entry.signal for entry in signals[run.id]}) for run in runs]
    table = np.array(facts, dtype=np.float64).reshape(len(runs), -1)
    if model is not None:
        table = np.hstack([vectors_of_runs(store, model, runs).astype(np.float64), table])
    return table, [run.input[:_ASKED] or run.external_id for run in runs]


def _facts(run: TraceSummary, signals: set[str]) -> list[float]:
    """Never the outcome, a verdict or feedback: those are what is to be told."""
    sizes = (run.step_count, len(run.output), len(run.input), run.usage.output_tokens or 0)
    shows = [float(definition.name in signals) for definition in DEFINITIONS]
    return [*map(log1p, sizes), float(run.status is Status.ERROR), *shows]


def _digest(known: Sequence[PeopleLabel]) -> str:
    return hashlib.sha256(" ".join(sorted(label.verdict for label in known)).encode()).hexdigest()[:16]
