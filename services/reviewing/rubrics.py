"""Rubric versions over time: what changed between two, what an override suggests, and what a new version asks again."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ...knowledge.folders import KnowledgeKind
from ...knowledge.plaintext import plain_line
from ...knowledge.rubrics import clean_rubric, rubric_content, rubric_from_content
from ...model.clock import utc_now, utc_text
from ...model.errors import BadInputError, UsageError
from ...model.reviews import Answer, ItemState, Label, ReviewItem, Rubric, RubricRef, SignatureState, Verdict
from ...model.text import yamltext
from ...store.contract import Connection, Store
from ...store.knowledge.index import DRAFTS, list_documents, put_draft
from ...store.reviews.items import insert_item, list_items, set_item_state
from ...store.reviews.queues import copy_samples
from ...store.reviews.rubrics import find_rubric, list_rubrics
from ...store.reviews.verdicts import list_proposals, list_verdicts, proposal_digest

_MANY = 1_000_000
_NAMED = re.compile(r"(?P<id>[a-z0-9_-]+?)(?:\.v(?P<version>\d{1,6}))?")
_MOST_EXAMPLES = 40


@dataclass(frozen=True, slots=True)
class RubricDiff:
    """What changed from one version to another."""

    old: RubricRef
    new: RubricRef
    added: tuple[str, ...]
    """Ids of criteria."""
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    text: str
    """The difference of the two files, line by line."""
    examples_alone: tuple[str, ...] = ()
    """Those of `changed` whose words stay and whose examples differ."""

    @property
    def touched(self) -> frozenset[str]:
        """Criteria whose answers may come out otherwise."""
        return frozenset((*self.added, *self.removed, *self.changed))


@dataclass(frozen=True, slots=True)
class Reopened:
    """What a new rubric version asks again, or would."""

    rubric: RubricRef
    decided: tuple[int, ...]
    """Items that were answered under an older version whose criteria differ."""
    waiting: tuple[int, ...]
    """Items that nobody has answered yet; they move to the new version."""
    in_hands: int
    """Left alone, since somebody holds them or has answered in part; run it again later."""
    untouched: int
    """Items of older versions whose criteria read the same, or whose answers no new example is about."""
    queued: tuple[int, ...] = ()
    """The new items; empty in a dry run."""


def diff_rubrics(old: Rubric, new: Rubric) -> RubricDiff:
    """What changed between two versions; a title alone touches no answer."""
    before = {entry.id: entry for entry in old.criteria}
    after = {entry.id: entry for entry in new.criteria}
    left, right = (yamltext.dump(rubric_content(rubric)).splitlines() for rubric in (old, new))
    text = "\n".join(difflib.unified_diff(left, right, str(old.ref), str(new.ref), lineterm=""))
    return RubricDiff(
        old.ref,
        new.ref,
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(name for name in after if name in before and after[name] != before[name]),
        text=text,
        examples_alone=tuple(
            name
            for name in after
            if name in before
            and after[name] != before[name]
            and replace(after[name], examples=()) == replace(before[name], examples=())
        ),
    )


def check_rubric(rubric: Rubric) -> list[str]:
    """What a rubric lacks to be answered alike by different people; nothing of it forbids to use it."""
    notes = []
    for entry in rubric.criteria:
        if not entry.question.rstrip().endswith("?"):
            notes.append(f"{entry.id}: the question asks nothing; end it with a question mark")
        if not entry.pass_when or not entry.fail_when:
            missing = "pass_when" if not entry.pass_when else "fail_when"
            notes.append(f"{entry.id}: {missing} is missing; say what decides it")
        if " and " in entry.question.lower() and " or " in entry.question.lower():
            notes.append(f"{entry.id}: the question asks several things; one fact a criterion is judged most alike")
    return notes


def list_drafts(store: Store) -> list[Rubric]:
    """Rubric versions in files and in the store that no trusted reviewer has signed."""
    confirmed = {rubric.ref for rubric in list_rubrics(store) if rubric.state is SignatureState.VALID}
    found: dict[RubricRef, Rubric] = {}
    for document in list_documents(store, KnowledgeKind.RUBRIC):
        try:
            rubric = rubric_from_content(dict(document.content), source=document.name)
        except BadInputError:
            continue
        if rubric.ref not in confirmed:
            found.setdefault(rubric.ref, rubric)
    return list(found.values())


def rubric_named(store: Store, name: str) -> Rubric:
    """A rubric by `refunds.v3`, drafts too, or by `refunds`: its newest confirmed version.

    Raises:
        UnknownIdError: if there is none.
        UsageError: if several drafts of this version differ.
    """
    found = _NAMED.fullmatch(name.strip())
    if found is None or found["version"] is None:
        return find_rubric(store, name.strip())
    wanted = (found["id"], int(found["version"]))
    drafts = [rubric for rubric in list_drafts(store) if (rubric.id, rubric.version) == wanted]
    known = [rubric for rubric in list_rubrics(store) if (rubric.id, rubric.version) == wanted]
    valid = [rubric for rubric in known if rubric.state is SignatureState.VALID]
    if not valid and len(drafts) > 1:
        raise UsageError(f"There are several drafts of {name} that differ. Remove all but one.")
    chosen = valid or drafts
    return chosen[0] if chosen else find_rubric(store, *wanted)


def overridden(store: Store, verdict: Verdict) -> bool:
    """Whether the reviewer saw a proposal and decided otherwise."""
    if verdict.proposal is None or verdict.answer.label is Label.CANT_TELL:
        return False
    with store.read() as con:
        proposals = list_proposals(con, item_id=verdict.item_id, trace_id=verdict.trace_id)
    shown = next((entry for entry in proposals if proposal_digest(entry) == verdict.proposal), None)
    return shown is not None and shown.label is not verdict.answer.label


def propose_rubric_change(store: Store, con: Connection, verdict: Verdict, *, now: str) -> RubricDiff | None:
    """Where a signed verdict overrides a proposal and gives a reason, draft the next rubric version with it.

    It is kept in the transaction of `con`, so that neither comes without the other.

    The reason becomes an example of the criterion it was about. Drafts of one version gather the reasons of several
    verdicts; a reviewer edits and signs them (`retrospan rubric confirm`).

    Returns:
        What the draft would change, or None where there is nothing to learn.
    """
    reason = plain_line(verdict.answer.reason)[:500]
    if not verdict.confirmed or not reason or not overridden(store, verdict):
        return None
    versions = [rubric for rubric in list_rubrics(store) if rubric.id == verdict.rubric.id]
    confirmed = [rubric for rubric in versions if rubric.state is SignatureState.VALID]
    if not confirmed:
        return None
    current = max(confirmed, key=lambda rubric: rubric.version)
    name = f"{current.id}.v{current.version + 1}"
    base = kept_draft(store, name) or replace(current, version=current.version + 1)
    changed = _with_example(base, verdict, reason)
    if changed is None:
        return None
    put_draft(con, KnowledgeKind.RUBRIC, name, yamltext.dump(rubric_content(changed)), now=now)
    return diff_rubrics(current, changed)


def reopen_items(
    store: Store, rubric_id: str, *, version: int | None = None, dry_run: bool = False, now: datetime | None = None
) -> Reopened:
    """Ask again, under a new version of a rubric, what was asked under older ones whose criteria differ.

    A criterion whose words stay and whose examples differ is asked again only where its answers were in doubt: people
    differed, somebody could not tell, or a proposal was overruled.

    A decided item stays as it is, with its verdicts; a new item asks the same, and its verdict replaces them. An item
    that nobody has answered yet is closed and asked anew. Chances, routing, priority and overlap carry over.

    Args:
        store: Where.
        rubric_id: The rubric.
        version: The new version; the newest confirmed one where left out.
        dry_run: Only count.
        now: For tests.

    Raises:
        UnknownIdError: if there is no such confirmed version.
    """
    rubric = find_rubric(store, rubric_id, version)
    known = {entry.ref: entry for entry in list_rubrics(store) if entry.id == rubric_id}
    moment = utc_text(now or utc_now())
    with store.read() as con:
        items = list_items(con, now=moment, states=(), limit=_MANY)
    older = [
        item
        for item in items
        if item.rubric.id == rubric_id and item.rubric.version < rubric.version and item.state is not ItemState.CLOSED
    ]
    again = {item.reopens for item in items if item.rubric == rubric.ref}
    doubtful = _Doubts(store)
    touched = [
        item for item in older if item.id not in again and _touches(known.get(item.rubric), rubric, item, doubtful)
    ]
    alive = [item for item in touched if item.trace_id is not None or item.session]
    decided = [item for item in alive if item.state in (ItemState.DECIDED, ItemState.DISPUTED)]
    waiting = [item for item in alive if item not in decided and not item.answered and not item.claimed]
    found = Reopened(
        rubric.ref,
        tuple(item.id for item in decided),
        tuple(item.id for item in waiting),
        in_hands=len(alive) - len(decided) - len(waiting),
        untouched=len(older) - len(touched),
    )
    if dry_run:
        return found
    return replace(found, queued=_ask_again(store, rubric, decided, waiting, moment))


def _ask_again(
    store: Store, rubric: Rubric, decided: Sequence[ReviewItem], waiting: Sequence[ReviewItem], moment: str
) -> tuple[int, ...]:
    queued = []
    with store.write() as con:
        for item in (*decided, *waiting):
            answered = item in decided
            fresh = replace(
                item,
                id=0,
                rubric=rubric.ref,
                state=ItemState.OPEN,
                note="",
                created_at=moment,
                due_at=None,
                reason=f"the rubric has changed: {rubric.ref}" if answered else item.reason,
                reopens=item.id if answered else item.reopens,
            )
            number = insert_item(con, fresh)
            copy_samples(con, item.id, number)
            queued.append(number)
            if item.state is not ItemState.DECIDED:
                set_item_state(con, item.id, ItemState.CLOSED, f"asked again as R{number} under {rubric.ref}")
    return tuple(queued)


def reopened_by(store: Store, current: Rubric, proposed: Rubric) -> tuple[int, ...]:
    """The decided items of the current version that a proposed one, once it is signed, would ask again."""
    with store.read() as con:
        items = list_items(con, now=utc_text(utc_now()), states=(ItemState.DECIDED, ItemState.DISPUTED), limit=_MANY)
    doubtful = _Doubts(store)
    mine = [item for item in items if item.rubric == current.ref]
    return tuple(item.id for item in mine if _touches(current, proposed, item, doubtful))


class _Doubts:
    """Which answers to which criteria were in doubt, by item; the verdicts are read when it is first asked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._verdicts: dict[int, list[Verdict]] | None = None

    def about(self, item: ReviewItem, criterion: str) -> bool:
        if self._verdicts is None:
            self._verdicts = defaultdict(list)
            for verdict in list_verdicts(self._store):
                if verdict.item_id is not None:
                    self._verdicts[verdict.item_id].append(verdict)
        given = self._verdicts.get(item.id, [])
        labels = {label_on(verdict.answer, criterion) for verdict in given}
        labels |= {label_on(verdict.first_answer, criterion) for verdict in given}
        unsure = Label.CANT_TELL in labels or len(labels) > 1 or item.state is ItemState.DISPUTED
        return unsure or any(overridden(self._store, verdict) for verdict in given)


def label_on(answer: Answer, criterion: str) -> Label:
    """The answer to a criterion; that to the whole question where none is given to it."""
    return next((entry.label for entry in answer.criteria if entry.criterion == criterion), answer.label)


def _touches(old: Rubric | None, new: Rubric, item: ReviewItem, doubts: _Doubts) -> bool:
    """Whether a new version may change what was answered on an item."""
    if old is None:
        return True
    found = diff_rubrics(old, new)
    if found.touched - set(found.examples_alone) or not item.answered:
        return bool(found.touched)
    return any(doubts.about(item, criterion) for criterion in found.examples_alone)


def kept_draft(store: Store, name: str) -> Rubric | None:
    """The draft of that name that is kept in the store: `refunds.v4`."""
    for document in list_documents(store, KnowledgeKind.RUBRIC):
        if document.name == name and document.folder == DRAFTS:
            try:
                return rubric_from_content(dict(document.content))
            except BadInputError:
                return None
    return None


def _with_example(rubric: Rubric, verdict: Verdict, reason: str) -> Rubric | None:
    label = verdict.answer.label
    named = [entry.criterion for entry in verdict.answer.criteria if entry.label is label]
    target = next((entry.id for entry in rubric.criteria if entry.id in named), rubric.criteria[0].id)
    example = f"{'Fails' if label is Label.FAIL else 'Passes'}: {reason}"
    entry = next(entry for entry in rubric.criteria if entry.id == target)
    if example in entry.examples or len(entry.examples) >= _MOST_EXAMPLES:
        return None
    changed = replace(entry, examples=(*entry.examples, example))
    longer = replace(rubric, criteria=tuple(changed if one.id == target else one for one in rubric.criteria))
    try:
        return clean_rubric(longer)
    except BadInputError:
        # A rubric that has outgrown its bounds takes no more examples; the verdict stands without.
        return None
