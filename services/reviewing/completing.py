"""The engineer's part of a verdict, later: where it went wrong, from what cause, and what came of it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ...model.choices import choice
from ...model.clock import utc_now, utc_text
from ...model.errors import RefusedError, UsageError
from ...model.findings import CauseClass
from ...model.reviews import Verdict
from ...model.text.bounds import within
from ...model.text.secrets import without_secrets
from ...store.contract import Store
from ...store.reading.summaries import get_traces
from ...store.reviews.completions import completions_of, insert_completion
from ...store.reviews.reviewers import load_trust
from ...store.reviews.verdicts import get_verdict, subject_ids
from ...trust.completions import Completion, parse_completion, sign_completion, verdict_sha256
from ...trust.session import ReviewSession
from .deciding import require_trusted
from .people import announce
from .subjects import find_step


def complete_verdict(
    store: Store,
    session: ReviewSession,
    verdict: str,
    *,
    cause: CauseClass | str | None = None,
    step: str | int | None = None,
    lesson: str | None = None,
    case: str | None = None,
    note: str = "",
    now: datetime | None = None,
) -> Completion:
    """Sign the engineer's part of a verdict. A later one of any engineer replaces it; both stay on record.

    Args:
        store: Where.
        session: The engineer, unlocked.
        verdict: `V12` or a uid; it has to count.
        cause: Class of the cause.
        step: Where it went wrong: `T412.7`, `7` or a span id.
        lesson: Id of the lesson that came of it.
        case: Id of the regression case that came of it.
        note: Anything else.
        now: For tests.

    Raises:
        UnknownIdError: if there is no such verdict or step.
        UsageError: if nothing is said, or the note is too long.
        RefusedError: if the key is not trusted here, or the verdict does not count.
    """
    if not any((cause, step is not None, lesson, case, note.strip())):
        raise UsageError("Nothing is said yet. Name a cause, a step, a lesson or a case.")
    within("note", note)
    trust = load_trust(store)
    require_trusted(session, trust)
    found = get_verdict(store, verdict, trust)
    if not found.confirmed:
        raise RefusedError(
            f"{found.short_id} is {found.state.value} ({found.state_reason}), so nothing is added to it."
        )
    moment = utc_text(now or utc_now())
    former = completions_of(store, [found], trust).get(found.uid, [])
    completion = Completion(
        uid=secrets.token_hex(16),
        verdict=found.uid,
        verdict_sha256=verdict_sha256(found),
        cause=None if cause is None else choice(CauseClass, "cause", cause),
        cause_span=None if step is None else _span(store, found, str(step)),
        lesson=lesson,
        case=case,
        note=without_secrets(note.strip()),
        supersedes=tuple(entry.uid for entry in former if entry.confirmed),
    )
    announce(store, session, now=moment)
    signed = parse_completion(sign_completion(session, completion, signed_at=moment))
    with store.write() as con:
        insert_completion(con, signed, now=moment)
    return next(entry for entry in completions_of(store, [found], trust)[found.uid] if entry.uid == signed.uid)


def completion_of(store: Store, verdict: Verdict) -> Completion | None:
    """The newest confirmed completion of a verdict."""
    entries = completions_of(store, [verdict]).get(verdict.uid, [])
    return next((entry for entry in reversed(entries) if entry.confirmed), None)


def with_completions(store: Store, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts, cause and step as the engineers' confirmed parts have them where there are such."""
    found = completions_of(store, verdicts)
    result = []
    for verdict in verdicts:
        entry = next((one for one in reversed(found.get(verdict.uid, [])) if one.confirmed), None)
        if entry is not None:
            answer = replace(
                verdict.answer,
                cause=entry.cause or verdict.answer.cause,
                cause_span=entry.cause_span or verdict.answer.cause_span,
            )
            verdict = replace(verdict, answer=answer)
        result.append(verdict)
    return result


def _span(store: Store, verdict: Verdict, step: str) -> str:
    traces = get_traces(store, subject_ids(store, verdict))
    for trace in traces[:-1]:
        if step in {entry.span_id for entry in trace.steps} or step.startswith(f"{trace.summary.short_id}."):
            return find_step(trace, step).span_id
    return find_step(traces[-1], step).span_id
