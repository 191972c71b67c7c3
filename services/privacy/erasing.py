"""Retention and deletion: choose the traces, take them out, and see that nothing of them is left in the file."""

from __future__ import annotations

import getpass
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ...model.clock import read_length, utc_text
from ...model.errors import UsageError
from ...store.contract import Store
from ...store.erasure.choosing import knowledge_texts, trace_keys, traces_before, traces_named
from ...store.erasure.records import ErasureKind, Occasion
from ...store.erasure.removal import remove_traces
from ...store.erasure.sweep import is_sweep_pending, mark, settle_sweep, sweep
from ...store.reading.summaries import resolve_trace
from ...store.traces.revisions import refresh

_BATCH = 200
"""Traces removed in one transaction."""
_SHOWN = 5
_WORD = re.compile(r"[^\s\"'`,;()\[\]{}<>]+")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did, or would do."""

    traces: int
    spans: int = 0
    contents: int = 0
    """Texts, values and messages that nothing else held."""
    verdicts: int = 0
    """Verdict records emptied."""
    clean: bool = True
    """False where another process kept an old state of the file in use; its log still holds some bytes."""
    citing: tuple[str, ...] = ()
    """Knowledge files that cite the traces; they are yours to change."""
    sample: tuple[str, ...] = ()


def parse_age(text: str) -> float:
    """Seconds of an age: `90d`, `12h`, `6w`, as in search lines.

    Raises:
        UsageError: if it is none, or no time at all.

    >>> parse_age("2d")
    172800.0
    """
    age = read_length(text)
    if not age:
        raise UsageError(f"{text!r} is no age; write one as 30m, 12h, 90d or 6w.")
    return age.total_seconds()


def prune_traces(
    store: Store,
    older_than: str,
    *,
    keep_reviewed: bool = False,
    project: str | None = None,
    dry_run: bool = False,
    compact: bool = False,
    on_progress: Progress | None = None,
) -> Erased:
    """Take out traces that began longer ago than `older_than`.

    Args:
        store: Where.
        older_than: `90d`, `12h`, `6w`.
        keep_reviewed: Keep traces that people have judged or that wait in the queue.
        project: Only of this project.
        dry_run: Only say what would go.
        compact: Give the freed space back to the disk.
        on_progress: Called with the stage (`removing`, `sweeping`), how much is done, and how much there is.

    Raises:
        UsageError: if the age cannot be read.
    """
    before = time.time_ns() - int(parse_age(older_than) * 1e9)
    refresh(store)
    found = traces_before(store, before, project=project, keep_reviewed=keep_reviewed)
    occasion = occasion_now("prune", f"older than {older_than.strip()}", "retention")
    return _erase(store, found, occasion, dry_run=dry_run, compact=compact, on_progress=on_progress)


def delete_traces(
    store: Store,
    *,
    session: str | None = None,
    user: str | None = None,
    traces: Sequence[str] = (),
    project: str | None = None,
    reason: str = "",
    with_verdicts: bool = False,
    dry_run: bool = False,
    compact: bool = False,
    on_progress: Progress | None = None,
) -> Erased:
    """Take out the traces of a session or a user, or named ones. Give exactly one of the three.

    Args:
        store: Where.
        session: The session's whole name.
        user: The user's whole name.
        traces: Short or external ids.
        project: Only of this project, for a session or user.
        reason: Kept in the tombstone: it must hold nothing personal.
        with_verdicts: Empty the verdict records on these traces as well.
        dry_run: Only say what would go.
        compact: Give the freed space back to the disk.
        on_progress: See `prune_traces`.

    Raises:
        UsageError: if none or several of the three are given.
        UnknownIdError: if a trace is not known; nothing was removed then.
    """
    if sum((session is not None, user is not None, bool(traces))) != 1:
        raise UsageError("Say what to delete: one of --session, --user and --trace.")
    refresh(store)
    scope: str
    if session is not None:
        scope, found = "session", traces_named(store, "session", session, project=project)
    elif user is not None:
        scope, found = "user", traces_named(store, "user", user, project=project)
    else:
        scope, found = "trace", sorted({resolve_trace(store, name) for name in traces})
    occasion = occasion_now("delete", scope, reason)
    return _erase(
        store, found, occasion, with_verdicts=with_verdicts, dry_run=dry_run, compact=compact, on_progress=on_progress
    )


def finish_erasing(store: Store, *, compact: bool = False, on_progress: Progress | None = None) -> tuple[int, bool]:
    """Sweep and scrub what erasures have let go of, also those that were interrupted.

    Returns:
        How many contents were removed, and whether the file is clean of them.
    """
    if not is_sweep_pending(store):
        return 0, True
    refresh(store)
    removed = sweep(
        store, mark(store), (lambda done, total: on_progress("sweeping", done, total)) if on_progress else None
    )
    clean = store.scrub(compact=compact)
    if clean:
        settle_sweep(store)
    return removed, clean


def occasion_now(kind: ErasureKind, scope: str, reason: str) -> Occasion:
    """An erasure by the user of this machine, now."""
    try:
        who = getpass.getuser()
    except (KeyError, OSError):
        who = "unknown"
    return Occasion(kind, scope, who, reason.strip()[:500], utc_text(datetime.now(UTC)))


def _erase(
    store: Store,
    found: Sequence[int],
    occasion: Occasion,
    *,
    with_verdicts: bool = False,
    dry_run: bool,
    compact: bool,
    on_progress: Progress | None,
) -> Erased:
    sample = tuple(f"T{trace_id}" for trace_id in found[:_SHOWN])
    citing = _citing(store, found)
    if dry_run:
        return Erased(len(found), citing=citing, sample=sample)
    spans = verdicts = traces = 0
    for start in range(0, len(found), _BATCH):
        done = remove_traces(store, found[start : start + _BATCH], occasion, with_verdicts=with_verdicts)
        traces, spans, verdicts = traces + done.traces, spans + done.spans, verdicts + done.verdicts
        if on_progress:
            on_progress("removing", min(start + _BATCH, len(found)), len(found))
    contents, clean = finish_erasing(store, compact=compact, on_progress=on_progress)
    return Erased(traces, spans, contents, verdicts, clean, citing, sample)


def _citing(store: Store, trace_ids: Sequence[int]) -> tuple[str, ...]:
    """Knowledge files in which the id of one of these traces stands as a word."""
    keys = trace_keys(store, trace_ids)
    citing = {
        f"{file.folder}/{file.kind}: {file.name}"
        for file in (knowledge_texts(store) if keys else ())
        if not keys.isdisjoint(_WORD.findall(file.text))
    }
    return tuple(sorted(citing))
