"""Observations of assistants and people: filed with words that stand in a step, gathered into modes, put to people."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from hashlib import blake2b

from ...analysis.modes.features import pack_total, unpack_features, unpack_total
from ...model.clock import utc_now, utc_text
from ...model.errors import UsageError
from ...model.reviews import ReviewItem
from ...model.text.bounds import bounded
from ...model.text.display import safe_line
from ...model.traces import Outcome, Trace
from ...store.contract import Connection, Store
from ...store.findings.mode_facts import count_members, mode_of_label
from ...store.findings.mode_features import load_centres, load_features, save_centres
from ...store.findings.modes import get_mode_row, insert_mode, modes_of, put_member, set_name
from ...store.findings.observations import Observation, insert_observation
from ...store.reading.summaries import locate_trace
from ..reviewing.asking import request_review
from ..reviewing.citing import locate_quote
from ..reviewing.subjects import find_step, load_subject
from ..understanding.analysing import analyse
from .gathering import update_modes

LABEL_LIMIT = 100
NOTE_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """An observation, the mode it went to, and the question that was put to people."""

    observation: Observation
    mode: str
    """Short id."""
    mode_size: int
    opened: bool
    """The mode is new."""
    review: ReviewItem | None


def record_observation(
    store: Store,
    step: str,
    label: str,
    quote: str,
    *,
    by: str,
    note: str = "",
    good: bool = False,
    mode: str | None = None,
    ask: bool = False,
) -> Recorded:
    """File what somebody noticed in a step. Equal labels of a project share a mode.

    Args:
        store: Where.
        step: `T412.7`.
        label: What was noticed, in a few words that fit other runs too: "refund promised before the check".
        quote: Words that stand in the step.
        by: `agent:claude` or `human:Ada`; an agent's label is only a proposed name of its mode.
        note: Why it matters.
        good: Something done well rather than a failure.
        mode: A mode that it belongs to, `M3`; else the label decides.
        ask: Put the question to people as well.

    Raises:
        UsageError: if a text is empty or too long, or the quote does not stand in the step.
        UnknownIdError: if there is no such trace, step or mode.
    """
    label = " ".join(bounded("label", label, LABEL_LIMIT).split())
    note = note.strip()[:NOTE_LIMIT]
    address = locate_trace(store, step)
    if address.step is None:
        raise UsageError(f"{safe_line(step, 60)!r} names no step. Name the one that shows it, as T412.7.")
    trace = load_subject(store, address.trace_id)
    seen = find_step(trace, str(address.step))
    words = locate_quote(seen, quote)
    if words is None:
        raise UsageError(
            f"The words {safe_line(quote, 80)!r} do not stand in {trace.summary.short_id}.{seen.index}. "
            "Quote it letter for letter, a few words suffice."
        )
    analyse(store, [trace.summary.id])
    update_modes(store, trace_ids=[trace.summary.id])
    now = utc_text(utc_now())
    named = None if mode is None else get_mode_row(store, mode).id
    with store.write() as con:
        mode_id, opened = (named, False) if named is not None else _mode_of_label(con, trace, label, good, by, now)
        observation = Observation(0, trace.summary.id, mode_id, seen.span_id, words, label, note, good, by, now)
        number = insert_observation(con, observation)
        if not good:
            _count_in(con, trace, mode_id)
        known = trace.summary.outcome is Outcome.FAIL
        put_member(
            con, mode_id, trace.summary.id, span_id=seen.span_id, known=known, likeness=1.0, at=now, observed=True
        )
        size = count_members(con, mode_id)
    kept = Observation(number, *_fields(observation))
    review = _ask(store, trace, kept, seen.index) if ask else None
    return Recorded(kept, f"M{mode_id}", size, opened, review)


def _fields(o: Observation) -> tuple[int, int, str, str, str, str, bool, str, str]:
    return o.trace_id, o.mode_id, o.span_id, o.quote, o.label, o.note, o.good, o.observed_by, o.created_at


def label_key(label: str, *, good: bool) -> str:
    """What labels share that differ in case, blanks and punctuation only."""
    folded = " ".join(re.findall(r"\w+", label.casefold())) or label
    return blake2b(f"{int(good)} {folded}".encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _mode_of_label(con: Connection, trace: Trace, label: str, good: bool, by: str, now: str) -> tuple[int, bool]:
    project, key = trace.summary.project, label_key(label, good=good)
    if (found := mode_of_label(con, project, key)) is not None:
        return found, False
    person = by.startswith("human:")
    name, proposed = (label, None) if person else (None, label)
    opened = insert_mode(
        con, project, at=now, by=by, failure=not good, label_key=key, name=name, proposed_name=proposed
    )
    return opened, True


def _count_in(con: Connection, trace: Trace, mode_id: int) -> None:
    """Let the run lead alike ones to its mode, unless likeness has already led it elsewhere or here."""
    if modes_of(con, [trace.summary.id]):
        return
    packed = load_features(con, [trace.summary.id]).get(trace.summary.id)
    row = next((row for row in load_centres(con, trace.summary.project) if row.mode_id == mode_id), None)
    if packed is None or row is None:
        return
    features, total = unpack_features(packed), unpack_total(row.centre)
    total[features.buckets] += features.values
    save_centres(con, [replace(row, centre=pack_total(total))])


def _ask(store: Store, trace: Trace, observation: Observation, step: int) -> ReviewItem:
    verb = "well" if observation.good else "wrong"
    return request_review(
        store,
        trace.summary.id,
        f"Did the run do this {verb}: {observation.label}?",
        by=observation.observed_by,
        focus=[step],
        reason=observation.note,
    )


def name_mode(store: Store, mode: str, name: str, *, by: str) -> str:
    """Name a mode. A person's name stands; an assistant's is shown as proposed until a person names it.

    Returns:
        The mode's short id.

    Raises:
        UsageError: if the name is empty or too long.
        UnknownIdError: if there is no such mode.
    """
    name = " ".join(bounded("name", name, LABEL_LIMIT).split())
    row = get_mode_row(store, mode)
    with store.write() as con:
        set_name(con, row.id, name, at=utc_text(utc_now()), by=by, proposed=not by.startswith("human:"))
    return row.short_id
