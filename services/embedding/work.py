"""Give traces their vectors, newest first, a few at a time: resumable, and never in the way of receiving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...analysis.texts.speakers import persons_words
from ...model.text.jsontext import as_text
from ...model.traces import Step, StepKind, Trace, TraceSummary
from ...store.contract import Store
from ...store.findings.signals import load_signals
from ...store.reading.summaries import get_trace
from ...store.search.vectors import NewVector, save_vectors, traces_to_embed, vectors_of
from .protocol import Embedder

if TYPE_CHECKING:
    from .protocol import Vectors

_BATCH = 16
_SIDE = 700
"""Characters of input and of output that stand for a trace; the model reads about 256 tokens."""
_STEPS = 4
"""Notable steps of a trace that get a vector of their own."""


def embed_pending(
    store: Store, model: Embedder, *, limit: int = 1_000_000, on_progress: Callable[[int, int], None] | None = None
) -> int:
    """Embed traces that have no vector of their newest revision; returns how many were done.

    A trace gets one vector for what people asked in it and its final answer, and one for each of its notable steps.

    Cost: about 5 ms a text; committed every 16 traces.
    """
    waiting = traces_to_embed(store, model.model_id, limit)
    for start in range(0, len(waiting), _BATCH):
        chunk = waiting[start : start + _BATCH]
        signals = load_signals(store, chunk)
        kept: list[NewVector] = []
        texts: list[str] = []
        for trace_id in chunk:
            trace = get_trace(store, trace_id)
            notable = [s.step for s in signals[trace_id] if s.failure and s.step is not None]
            for span_id, text in _texts(trace, list(dict.fromkeys(notable))[:_STEPS]):
                kept.append(NewVector(trace_id, span_id, trace.summary.project, trace.summary.revision))
                texts.append(text)
        save_vectors(store, model.model_id, kept, model.embed(texts))
        if on_progress:
            on_progress(min(start + _BATCH, len(waiting)), len(waiting))
    return len(waiting)


def vectors_of_runs(store: Store, model: Embedder, runs: Sequence[TraceSummary]) -> Vectors:
    """A unit vector for each run as a whole, in their order: the kept one, or one made now and not kept.

    Cost: about 5 ms for each that is made.
    """
    import numpy as np

    kept = vectors_of(store, model.model_id, [run.id for run in runs])
    missing = [run for run in runs if run.id not in kept]
    made = model.embed([_run_text(run) for run in missing])
    kept |= {run.id: vector for run, vector in zip(missing, made, strict=True)}
    return np.array([kept[run.id] for run in runs], dtype=np.float32).reshape(len(runs), model.dimensions)


def _run_text(run: TraceSummary) -> str:
    return f"{run.input[:_SIDE]}\n{run.output[:_SIDE]}".strip() or run.external_id


def _texts(trace: Trace, notable: list[int]) -> list[tuple[str, str]]:
    texts = [("", _run_text(trace.summary))]
    texts += _wishes(trace)
    texts += [(trace.steps[i].span_id, text) for i in notable if (text := _step_text(trace.steps[i]))]
    return texts


def _wishes(trace: Trace) -> list[tuple[str, str]]:
    """What people said after their first words, which are often a greeting, with the step where they went on."""
    found: dict[str, str] = {}
    for step in trace.steps:
        if step.kind is StepKind.HUMAN:
            said = [as_text(step.outputs or step.inputs)]
        else:
            said = [m.content for m in step.new_messages if m.role == "user"] if step.kind is StepKind.LLM else []
        for words in map(persons_words, said):
            if words:
                found.setdefault(words, step.span_id)
    later = list(found.items())[1:]
    return [(later[0][1], "\n".join(words for words, _ in later)[:_SIDE])] if later else []


def _step_text(step: Step) -> str:
    said = "\n".join(message.content for message in step.output_messages if message.content)
    error = step.error.message if step.error else ""
    return f"{step.tool or ''} {said or as_text(step.outputs)} {error}".strip()[: 2 * _SIDE]
