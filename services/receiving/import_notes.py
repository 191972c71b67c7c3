"""What an import says beside its counts: what was left out, which scores it cannot read, whose spans were judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ...ingest.formats.records import RecordError
from ...model.reading.score_words import better_of
from ...model.reading.scores import MAP_HINT
from ...model.traces import Annotation, SpanBatch, TraceFacts
from ...store.contract import Store
from ...store.traces.score_scales import UnreadScore, unread_scores
from ...store.traces.spans import traces_of_spans

_SHOWN = 8


def left_out_line(what: str, count: int, why: str) -> str:
    """`12 data set items were left out. Why.`"""
    return f"{count:,} {what} left out." + (f" {why}" if why else "")


def placed(store: Store, notes: Sequence[tuple[str, Annotation]]) -> tuple[SpanBatch, list[RecordError]]:
    """Judgements of spans as facts of the traces that have them, and an error for each that no trace has.

    Args:
        store: Where the spans are.
        notes: File and judgement.
    """
    known = traces_of_spans(store, {note.span_id for _, note in notes if note.span_id})
    by_trace: defaultdict[tuple[str, str], list[Annotation]] = defaultdict(list)
    unknown = []
    for file, note in notes:
        place = known.get(note.span_id or "")
        if place is None:
            what = (
                f"The judgement {note.name!r} is of span {note.span_id!r}, which is in no trace of this store. "
                "Import the spans too, in the same command or before."
            )
            unknown.append(RecordError(file, f"span {note.span_id}", what))
        else:
            by_trace[place].append(note)
    facts = [TraceFacts(key, project=project, annotations=tuple(found)) for (key, project), found in by_trace.items()]
    return SpanBatch(facts=facts), unknown


def unknown_scores(store: Store, trace_ids: Sequence[int]) -> list[str]:
    """A line for each score of these traces whose meaning is not known, with the command that says what it means."""
    found = unread_scores(store, trace_ids)
    lines = [_line(score) for score in found[:_SHOWN]]
    if len(found) > _SHOWN:
        names = ", ".join(score.name for score in found[_SHOWN : 2 * _SHOWN])
        lines.append(f"{len(found) - _SHOWN} more scores whose meaning is not known: {names}. They are kept and shown.")
    return lines


def _line(score: UnreadScore) -> str:
    seen = f", {score.low:g} to {score.high:g}" if score.low is not None and score.high is not None else ""
    if score.labels:
        seen += ", " + ", ".join(repr(label) for label in score.labels)
    gap = "its scale is" if better_of(score.name) else "whether high or low is good is"
    runs = "1 run" if score.runs == 1 else f"{score.runs:,} runs"
    return (
        f"Score {score.name!r} ({runs}{seen}): {gap} not known, so it is kept and shown and the outcome stays unknown. "
        f"Say it: `{MAP_HINT.format(name=score.name)}`"
    )
