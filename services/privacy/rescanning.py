"""Take secrets and personal data out of what is stored already, for when the rules or the wishes have changed."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from ...ingest.redaction import placeholder_numbers, redact_batch
from ...model.text.secrets import RuleSet, json_without_secrets, load_rules
from ...model.traces import SpanBatch
from ...store.contract import Store
from ...store.erasure.rewriting import load_texts, redact_traces, verdict_records
from ...store.erasure.words import change_words
from ...store.reading.trace_ids import list_trace_ids
from ...store.reviews.reviewers import load_trust
from ...store.reviews.verdicts import list_verdicts
from ...store.traces.revisions import refresh
from ..understanding.analysing import analyse
from .erasing import Progress, finish_erasing, occasion_now

_BATCH = 32
"""Traces rewritten in one transaction."""


@dataclass(slots=True)
class Rescanned:
    """What a re-scan found and changed."""

    traces: int = 0
    """Traces that held something."""
    spans: int = 0
    """Spans that were rewritten."""
    found: Counter[str] = field(default_factory=Counter)
    """How often each rule hit; a text that several spans share counts once a trace."""
    words: int = 0
    """Texts beside the traces that held something: drafts of lessons and cases, names of modes, conversations."""
    contents: int = 0
    """Old contents that were removed."""
    verdicts: tuple[str, ...] = ()
    """Signed records that hold something; they cannot be changed, only emptied by a deletion."""
    voided: tuple[str, ...] = ()
    """Verdicts that count now and read `redacted` once what their reviewers saw is changed."""
    clean: bool = True
    """False where another process kept an old state of the file in use; its log still holds some bytes."""


def redact_store(
    store: Store,
    personal: Collection[str] = (),
    *,
    project: str | None = None,
    dry_run: bool = False,
    agree: Callable[[Rescanned], bool] | None = None,
    on_progress: Progress | None = None,
) -> Rescanned:
    """Apply the present rules to every stored trace and to what people and agents wrote beside them.

    Signatures over what changed read `redacted`, not `invalid`.

    Args:
        store: Where.
        personal: Kinds of personal data to take out beside secrets: `email`, `phone`, `card`, `iban`.
        project: Only traces of this project, and nothing beside them.
        dry_run: Only say what would change.
        agree: Asked before the first change with what was found; where it says no, nothing changes.
        on_progress: Called with the stage (`scanning`, `rewriting`, `sweeping`), and how much is done of how much.

    Raises:
        UsageError: if a kind of personal data is unknown.

    Cost: reads every trace once; rewrites those with a hit, then sweeps the store.
    """
    scan = _Scan(load_rules(personal))
    refresh(store)
    report = Rescanned()
    hit = _scan(store, list_trace_ids(store, project), scan, report, on_progress)
    report.traces, report.found = len(hit), scan.found.copy()
    report.voided = _counting(store, hit)

    def beside(*, dry_run: bool) -> int:
        """Texts of people and agents; none where only the traces of a project are meant."""
        if project is not None:
            return 0
        return change_words(store, lambda value: json_without_secrets(value, scan.rules), dry_run=dry_run)

    report.words = beside(dry_run=True)
    if dry_run or (agree is not None and not agree(report)):
        return report
    report.words = beside(dry_run=False)
    occasion = occasion_now("redact", ", ".join(sorted({"secrets", *personal})), "rules applied to the whole store")
    for start in range(0, len(hit), _BATCH):
        report.spans += redact_traces(store, hit[start : start + _BATCH], scan, occasion)
        if on_progress:
            on_progress("rewriting", min(start + _BATCH, len(hit)), len(hit))
    refresh(store)
    report.contents, report.clean = finish_erasing(store, on_progress=on_progress)
    analyse(store, hit)
    return report


def _counting(store: Store, trace_ids: Sequence[int]) -> tuple[str, ...]:
    trust = load_trust(store)
    found = {v.id: v.short_id for i in trace_ids for v in list_verdicts(store, trace_id=i, trust=trust) if v.confirmed}
    return tuple(found[number] for number in sorted(found, key=lambda number: number or 0))


class _Scan:
    """The rules over one trace, with placeholder numbers above those it has."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self._key = secrets.token_bytes(32)
        self.found: Counter[str] = Counter()

    def __call__(self, batch: SpanBatch) -> int:
        report = redact_batch(batch, self.rules, self._key, placeholder_numbers(batch))
        self.found.update(report.counts)
        return report.total

    def finds(self, text: str) -> bool:
        return self.rules.finds(text)


def _scan(
    store: Store, trace_ids: Sequence[int], scan: _Scan, report: Rescanned, on_progress: Progress | None
) -> list[int]:
    hit: list[int] = []
    verdicts: set[int] = set()
    for done, trace_id in enumerate(trace_ids, start=1):
        with store.read() as con:
            texts = load_texts(con, trace_id)
            verdicts.update(number for number, record in verdict_records(con, trace_id) if scan.finds(record))
        if texts is not None and scan(texts.batch):
            hit.append(trace_id)
        if on_progress and done % _BATCH == 0:
            on_progress("scanning", done, len(trace_ids))
    report.verdicts = tuple(f"V{number}" for number in sorted(verdicts))
    return hit
