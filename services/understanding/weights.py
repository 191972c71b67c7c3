"""Weights of evidence, learned per project from the causes that people confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...analysis.evidence.inquiry import inquire
from ...analysis.suspects import SOURCES, Source
from ...store.contract import Store
from ...store.reading.summaries import get_summary, get_traces
from ...store.settings.values import get_setting, set_setting
from .analysing import signals_of
from .confirmed_causes import confirmed_causes
from .siblings import SIBLINGS_READ, find_siblings

_SETTING = "evidence_weights"


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned for a project, and how it does on runs that it was not learned from."""

    project: str
    causes: int
    """Confirmed causes with a step."""
    needed: int
    weights: Mapping[str, float] | None
    """None below `needed` causes, or where the held-out hits are no better than those of the shipped weights."""
    hit_1: int = 0
    hit_3: int = 0
    shipped_hit_1: int = 0
    shipped_hit_3: int = 0


def learn_project(store: Store, project: str) -> Learned:
    """Learn the project's weights again and keep them if they do better on held-out tasks; else the shipped ones stay.

    Cost: reads each confirmed run and its siblings once; then seconds of arithmetic.
    """
    from ...analysis.weights import LEAST, cross_validate, example_of, learn_weights

    causes = {trace_id: cause.step for trace_id, cause in confirmed_causes(store, project).items()}
    if len(causes) < LEAST:
        set_setting(store, _SETTING, None, project)
        return Learned(project, len(causes), LEAST, None)
    examples = []
    signals = signals_of(store, list(causes))
    for trace_id, step in causes.items():
        summary = get_summary(store, trace_id)
        alike = find_siblings(store, summary, SIBLINGS_READ).summaries
        trace, *others = get_traces(store, [trace_id, *(sibling.id for sibling in alike)])
        case = inquire(trace, signals[trace_id], others)
        examples.append(example_of(case, summary.task or str(trace_id), {step}))
    shipped = {name: weight for name, (_, weight) in SOURCES.items()}
    held = cross_validate(examples, shipped)
    weights = learn_weights(examples, shipped) if held.better else None
    set_setting(store, _SETTING, dict(weights) if weights else None, project)
    return Learned(project, len(causes), LEAST, weights, held.hit_1, held.hit_3, held.start_hit_1, held.start_hit_3)


def weighted_sources(store: Store, project: str) -> Mapping[str, tuple[Source, float]]:
    """The sources of evidence with the project's own weights, else the shipped ones."""
    kept = get_setting(store, _SETTING, project)
    if not isinstance(kept, dict):
        return SOURCES
    return {name: (source, _number(kept.get(name), weight)) for name, (source, weight) in SOURCES.items()}


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, (int, float)) else default
