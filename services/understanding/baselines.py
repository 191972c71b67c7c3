"""What a run is held against: its project's declared rules, what is usual for its agent, and what people failed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from ...analysis.reading import read
from ...analysis.signals.surroundings import LEAST_RUNS, Population, Spread, Surroundings
from ...analysis.signals.unusual.new_topic import topic_words
from ...analysis.signals.unusual.rare_path import path_of
from ...analysis.signals.unusual.schema_drift import shape_of
from ...analysis.statistics import adjusted, fisher_p, median
from ...model.traces import TraceSummary
from ...store.contract import Store
from ...store.reading.summaries import get_summaries, traces_in_turn
from ...store.reading.trace_ids import version_trace_ids
from .invariants import DeclaredRules, declared_rules
from .known_failures import KnownFailures

_MOST_RUNS = 400
_MOST_READ = 120
"""Runs whose steps are read, for paths and shapes of results."""
_KEPT_S = 300.0
_WEEK_NS = 7 * 24 * 3600 * 10**9
_MAD = 1.4826
_CHANCE = 0.01
_TWICE = 2.0
_LEAST_WITH = 5

_kept: dict[tuple[str, str, str], tuple[float, Population | None]] = {}
"""By store, project and version: when it was computed, and what is usual."""


class Surrounder:
    """Hands out the surroundings of runs; the rules are read once, what is usual every few minutes."""

    def __init__(self, store: Store, rules: DeclaredRules | None = None) -> None:
        """Args:
        store: Where.
        rules: Its declared rules, where the caller has read them.
        """
        self._store = store
        self._rules = declared_rules(store) if rules is None else rules
        self._populations: dict[tuple[str, str], Population | None] = {}
        self._known = KnownFailures(store)

    def of(self, summary: TraceSummary) -> Surroundings:
        """What this run is held against."""
        key = (summary.project, summary.version or "")
        if key not in self._populations:
            self._populations[key] = population_of(self._store, *key)
        return Surroundings(self._rules.of(summary.project), self._populations[key], self._known.before(summary))


def population_of(store: Store, project: str, version: str) -> Population | None:
    """What is usual among the newest 400 runs of a project and version; None where there are fewer than 30.

    Cost: some milliseconds a run, once in five minutes.
    """
    key = (store.location, project, version)
    at, kept = _kept.get(key, (0.0, None))
    now = time.monotonic()
    if key in _kept and now - at < _KEPT_S and kept is not None:
        return kept
    runs = version_trace_ids(store, project, version, _MOST_RUNS)
    if len(runs) < LEAST_RUNS:
        return None
    _kept[key] = (now, _population(store, runs))
    return _kept[key][1]


def _population(store: Store, trace_ids: Sequence[int]) -> Population:
    summaries = get_summaries(store, trace_ids)
    words: Counter[str] = Counter()
    for summary in summaries:
        words.update(topic_words(summary.input).keys())
    paths, shapes, results, tools = _from_steps(store, trace_ids[:_MOST_READ])
    return Population(
        runs=len(summaries),
        duration_ms=_spread([s.duration_ms for s in summaries if s.duration_ms]),
        tokens=_spread([float(t) for s in summaries if (t := s.usage.input_tokens + s.usage.output_tokens)]),
        cost_usd=_spread([s.cost_usd for s in summaries if s.cost_usd]),
        steps=_spread([float(s.step_count) for s in summaries]),
        words=words,
        paths=paths,
        shapes=shapes,
        results=results,
        tools=tools,
        shifts=_shifts(summaries),
    )


def _from_steps(
    store: Store, trace_ids: Sequence[int]
) -> tuple[Counter[str], dict[str, Counter[str]], Counter[str], Counter[str]]:
    """Paths, shapes of results by tool, how many results of each tool were seen, and in how many runs it was called."""
    tools: Counter[str] = Counter()
    paths: Counter[str] = Counter()
    shapes: dict[str, Counter[str]] = {}
    results: Counter[str] = Counter()
    for trace in traces_in_turn(store, trace_ids):
        acts = read(trace).acts
        paths[path_of(acts)] += 1
        tools.update({act.tool for act in acts})
        for act in acts:
            shape = shape_of(act)
            if shape:
                results[act.tool] += 1
                shapes.setdefault(act.tool, Counter()).update(shape)
    return paths, shapes, results, tools


def _spread(values: list[float]) -> Spread | None:
    middle = median(values)
    if middle is None:
        return None
    away = median([abs(value - middle) for value in values]) or 0.0
    return Spread(len(values), middle, _MAD * away)


def _shifts(summaries: Sequence[TraceSummary]) -> dict[str, str]:
    """Words of requests whose share in the newest seven days is significantly higher than before."""
    timed = [(s.started_at_ns, topic_words(s.input)) for s in summaries if s.started_at_ns]
    if not timed:
        return {}
    border = max(at for at, _ in timed) - _WEEK_NS
    late = [words for at, words in timed if at > border]
    early = [words for at, words in timed if at <= border]
    if len(late) < LEAST_RUNS or len(early) < LEAST_RUNS:
        return {}
    now = Counter(word for words in late for word in words)
    before = Counter(word for words in early for word in words)
    candidates = [word for word, n in now.items() if n >= _LEAST_WITH]
    ps = adjusted([fisher_p(now[word], len(late), before[word], len(early)) for word in candidates])
    return {
        word: f"{now[word] / len(late):.0%} of {len(late)}, before {before[word] / len(early):.0%} of {len(early)}"
        for word, p in zip(candidates, ps, strict=True)
        if p < _CHANCE and now[word] * len(early) >= _TWICE * before[word] * len(late)
    }
