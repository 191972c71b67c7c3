"""Proposals and verdicts of traces. A verdict's state is computed each time it is read, from keys and content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from ...knowledge.rubrics import BUILT_IN
from ...model.errors import BadInputError, UnknownIdError
from ...model.reviews import CitedStep, Label, Proposal, SignatureState, Verdict
from ...model.text.jsontext import canonical
from ...model.text.secrets import json_without_secrets, without_secrets
from ...trust.root import Trust
from ...trust.signing import SignatureCheck
from ...trust.verdicts import FORMER, CurrentTrace, parse_verdict_record, verify_record
from ..audit.chain import append_link, record_sha256
from ..contract import Connection, Store
from ..fields import from_row, insert_many, insert_numbered, values_of
from .reviewers import load_trust
from .seen import current_trace

SELECT_PROPOSALS = "SELECT * FROM proposal WHERE {where} ORDER BY id"
_ASKED_BY = "(SELECT requested_by FROM review_item i WHERE i.id = v.item_id) AS asked_by"
SELECT_VERDICTS = f"SELECT id, uid, item_id, record, {_ASKED_BY} FROM verdict v WHERE {{where}} ORDER BY id"  # noqa: S608
SELECT_JUDGED = "SELECT DISTINCT trace_id FROM verdict_subject ORDER BY trace_id"
SELECT_OF_TRACES = f"""
SELECT s.trace_id, v.id, v.uid, v.item_id, v.record, {_ASKED_BY}
FROM verdict_subject s JOIN verdict v ON v.id = s.verdict_id
WHERE s.trace_id IN :traces ORDER BY v.id
"""  # noqa: S608
SELECT_TRACE = "SELECT id FROM trace WHERE trace_key = :trace_key AND project = :project"


def insert_proposal(con: Connection, proposal: Proposal) -> Proposal:
    """Keep a proposal, without secrets; returns it as it was kept, with its id."""
    proposal = replace(proposal, explanation=without_secrets(proposal.explanation))
    cited = json.dumps(json_without_secrets([[entry.span_id, entry.quote] for entry in proposal.cited]))
    return replace(proposal, id=insert_numbered(con, "proposal", values_of(proposal, leave_out=("id",), cited=cited)))


def list_proposals(con: Connection, *, item_id: int | None = None, trace_id: int | None = None) -> list[Proposal]:
    """Proposals on an item (with those on its trace that name no item), or on a trace, oldest first."""
    where = "trace_id = :trace"
    if item_id is not None:
        where = "(item_id = :item OR (item_id IS NULL AND trace_id = :trace))"
    values = {"item": item_id, "trace": trace_id}
    return [_proposal(row) for row in con.execute(SELECT_PROPOSALS.format(where=where), values)]


def all_proposals(con: Connection) -> list[Proposal]:
    """Every proposal, oldest first."""
    return [_proposal(row) for row in con.execute(SELECT_PROPOSALS.format(where="1 = 1"))]


def proposal_digest(proposal: Proposal) -> str:
    """Hex digest of what a proposal says: how a verdict cites the one its reviewer saw."""
    said = [
        proposal.label.value,
        proposal.explanation,
        [[entry.span_id, entry.quote] for entry in proposal.cited],
        proposal.cause.value if proposal.cause else None,
        proposal.proposed_by,
    ]
    return hashlib.sha256(canonical(said)).hexdigest()


def insert_verdict(
    con: Connection, verdict: Verdict, *, trace_ids: Sequence[int], item_id: int | None, now: str
) -> int:
    """Keep a signed record and link it into the chain; returns its id."""
    text = canonical(dict(verdict.record)).decode()
    row = {"uid": verdict.uid, "item_id": item_id, "record": text, "created_at": now}
    verdict_id = insert_numbered(con, "verdict", row)
    insert_many(con, "verdict_subject", [{"trace_id": trace_id, "verdict_id": verdict_id} for trace_id in trace_ids])
    append_link(con, kind="verdict", subject=verdict.uid, sha256=record_sha256(text), at=now)
    return verdict_id


def has_verdict(con: Connection, uid: str) -> bool:
    """Whether a verdict is here, whatever it is worth."""
    return con.execute(SELECT_VERDICTS.format(where="uid = :uid"), {"uid": uid}).fetchone() is not None


def get_verdict(store: Store, name: str, trust: Trust | None = None) -> Verdict:
    """A verdict by short id (`V12`) or uid, with its state as of now.

    Raises:
        UnknownIdError: if there is none.
    """
    number = name[1:] if name[:1] in "Vv" else ""
    where, value = ("id = :name", int(number)) if number.isdigit() and len(number) < 16 else ("uid = :name", name)
    with store.read() as con:
        rows = con.execute(SELECT_VERDICTS.format(where=where), {"name": value}).fetchall()
        newest = con.execute("SELECT max(id) AS newest FROM verdict").fetchone()["newest"]
    if not rows:
        known = f"newest: V{newest}" if newest else "nothing is judged yet"
        raise UnknownIdError("verdict", name, known=known, next_step="List the verdicts of a trace to see the ids.")
    return _checked(store, rows, trust)[0]


def verdict_state(store: Store, verdict: Verdict, trust: Trust | None = None) -> SignatureCheck:
    """What a verdict's signature is worth at this moment, whatever its `state` said when it was read."""
    return verify_record(verdict, trust or load_trust(store), _current(store, subject_ids(store, verdict)))


def list_verdicts(
    store: Store, *, item_id: int | None = None, trace_id: int | None = None, trust: Trust | None = None
) -> list[Verdict]:
    """Verdicts of an item, of a trace, or all, oldest first, each with its state as of now."""
    with store.read() as con:
        if item_id is not None:
            rows = con.execute(SELECT_VERDICTS.format(where="item_id = :item"), {"item": item_id}).fetchall()
        elif trace_id is not None:
            rows = con.execute(SELECT_OF_TRACES, {"traces": [trace_id]}).fetchall()
        else:
            rows = con.execute(SELECT_VERDICTS.format(where="1 = 1")).fetchall()
    return _checked(store, rows, trust)


def verdicts_by_uid(store: Store, uids: Sequence[str], trust: Trust | None = None) -> dict[str, Verdict]:
    """Those of the named verdicts that are in this store, each with its state as of now."""
    with store.read() as con:
        rows = con.execute(SELECT_VERDICTS.format(where="uid IN :uids"), {"uids": uids}).fetchall()
    return {verdict.uid: verdict for verdict in _checked(store, rows, trust)}


def why_not_standing(store: Store, verdict: Verdict, trust: Trust | None = None) -> str:
    """Why a verdict is no ground for a lesson any more; empty where it still is.

    It is none once it does not count, or a later verdict that replaces it says otherwise. Where what was seen was
    erased on purpose, the reviewer's word stands.
    """
    if verdict.state not in (SignatureState.VALID, SignatureState.REDACTED):
        return f"its verdict is {verdict.state.value}: {verdict.state_reason}"
    trust = trust or load_trust(store)
    for trace_id in subject_ids(store, verdict):
        for other in list_verdicts(store, trace_id=trace_id, trust=trust):
            if other.confirmed and verdict.uid in other.supersedes and other.answer.label is not verdict.answer.label:
                return f"a later verdict says {other.answer.label.value}"
    return ""


def confirmed_verdicts(
    store: Store, trace_ids: Sequence[int] | None = None, trust: Trust | None = None, *, deciding: bool = True
) -> dict[int, Verdict]:
    """By trace, the verdict that counts: signature valid, key trusted, content as signed, not superseded or disputed.

    A verdict on one fact ("Did the agent answer in English?") says nothing on how the run ended, whoever asked it.

    Args:
        store: Where.
        trace_ids: Only these; None for every judged trace.
        trust: From `load_trust`; loaded where left out.
        deciding: Only verdicts that decide the outcome of their run, by `Verdict.outcome`; False takes every question.

    Cost: nothing but one query where no trace has a verdict; else one signature check each, and one reading of each
    judged trace since the last change.
    """
    with store.read() as con:
        asked = [row["trace_id"] for row in con.execute(SELECT_JUDGED)] if trace_ids is None else list(trace_ids)
        rows = con.execute(SELECT_OF_TRACES, {"traces": asked}).fetchall()
    if not rows:
        return {}
    verdicts = _checked(store, {row["id"]: row for row in rows}.values(), trust)
    standing = [verdict for verdict in verdicts if verdict.confirmed]
    replaced = {uid for verdict in standing for uid in verdict.supersedes}
    by_trace: dict[int, list[Verdict]] = {}
    for verdict in standing:
        if verdict.uid not in replaced and (verdict.outcome is not None or not deciding):
            for trace_id in subject_ids(store, verdict):
                by_trace.setdefault(trace_id, []).append(verdict)
    chosen = {trace_id: _standing(by_trace[trace_id], deciding) for trace_id in asked if trace_id in by_trace}
    return {trace_id: replace(verdict, trace_id=trace_id) for trace_id, verdict in chosen.items() if verdict}


def _standing(verdicts: Sequence[Verdict], deciding: bool) -> Verdict | None:
    """The verdict that a trace shows: of all questions, a fail before a pass, then the newest.

    Of one reviewer the last word on a question counts. A question on which reviewers disagree says nothing until
    somebody adjudicates.
    """

    def said(verdict: Verdict) -> Label:
        return verdict.outcome if deciding and verdict.outcome else verdict.answer.label

    last_words: dict[tuple[str, str], dict[str, Verdict]] = {}
    for verdict in sorted(verdicts, key=lambda entry: (entry.signed_at, entry.id or 0)):
        last_words.setdefault((verdict.question, verdict.rubric.id), {})[verdict.reviewer] = verdict
    agreed: list[Verdict] = []
    for words in last_words.values():
        telling = [verdict for verdict in words.values() if said(verdict) is not Label.CANT_TELL]
        if len({said(verdict) for verdict in telling}) <= 1:
            agreed += telling or words.values()
    order = (Label.CANT_TELL, Label.PASS, Label.FAIL)
    return max(agreed, key=lambda entry: (order.index(said(entry)), entry.signed_at, entry.id), default=None)


def subject_ids(store: Store, verdict: Verdict) -> list[int]:
    """The rows of the traces that a verdict's signed record is about, whatever the index says."""
    with store.read() as con:
        asked = [{"trace_key": seen.trace_key, "project": seen.project} for seen in verdict.seen]
        return [row["id"] for values in asked for row in con.execute(SELECT_TRACE, values).fetchall()]


def _checked(store: Store, rows: Iterable[Any], trust: Trust | None) -> list[Verdict]:
    trust = trust or load_trust(store)
    return [verdict for row in rows if (verdict := _verdict(store, row, trust)) is not None]


def _verdict(store: Store, row: Any, trust: Trust) -> Verdict | None:
    if row["record"] is None:
        return None
    try:
        verdict = _parsed(row["record"])
    except BadInputError:
        return None
    subjects = subject_ids(store, verdict)
    verdict = replace(
        verdict,
        id=row["id"],
        item_id=row["item_id"],
        trace_id=subjects[0] if len(subjects) == 1 else None,
    )
    if verdict.record.get("format") == FORMER:
        verdict = replace(verdict, outcome=_former_outcome(verdict, row["asked_by"]))
    if verdict.uid != row["uid"]:
        return replace(verdict, state=SignatureState.INVALID, state_reason="filed under another id than it was signed")
    check = verdict_state(store, verdict, trust)
    # The name in the record is what the signer claims; a trusted key has the name under which it is known here.
    name = check.signed_by or verdict.reviewer_name
    return replace(verdict, state=check.state, state_reason=check.reason, reviewer_name=name)


def _former_outcome(verdict: Verdict, asked_by: str | None) -> Label | None:
    """What a record of before decides, which does not say: by the built-in rubric always, else where a person asked."""
    decides = verdict.rubric.id == BUILT_IN["id"] or (asked_by or "").startswith("human:")
    return verdict.answer.label if decides else None


@lru_cache(maxsize=5_000)
def _parsed(text: str) -> Verdict:
    return parse_verdict_record(text)


def _current(store: Store, trace_ids: Sequence[int]) -> Mapping[tuple[str, str], CurrentTrace | None]:
    found = [current_trace(store, trace_id) for trace_id in trace_ids]
    return dict(entry for entry in found if entry is not None)


def _proposal(row: Any) -> Proposal:
    cited = tuple(CitedStep(span_id=span_id, quote=quote) for span_id, quote in json.loads(row["cited"]))
    return from_row(Proposal, row, cited=cited)
