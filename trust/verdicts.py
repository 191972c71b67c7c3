"""Verdict records: the manifest of what a reviewer saw and said, its signature, and what that is worth today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..model.errors import BadInputError
from ..model.fields import record_of
from ..model.findings import CauseClass
from ..model.reviews import Answer, CriterionAnswer, Label, RubricRef, SeenTrace, Severity, SignatureState, Verdict
from ..model.text.jsontext import parse
from ..model.traces import JsonValue
from .root import Trust
from .session import ReviewSession
from .signing import Signature, SignatureCheck, check_signature, read_signature, sign_manifest

FORMAT = "retrospan.verdict/2"
FORMER = "retrospan.verdict/1"
"""Records of before: they say neither who asked nor whether the answer decides the outcome of the run."""
_TEXT = 20_000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Rubric(_Strict):
    id: str = Field(max_length=100)
    version: int
    sha256: str = Field(max_length=64)


class _Seen(_Strict):
    trace: str = Field(max_length=500)
    project: str = Field(max_length=500)
    revision: int
    steps: tuple[tuple[str, str], ...]
    """Span id and content hash, in reading order."""


class _Criterion(_Strict):
    criterion: str = Field(max_length=100)
    label: Label
    note: str = Field(default="", max_length=_TEXT)


class _Answer(_Strict):
    label: Label
    severity: Severity | None = None
    expected: str = Field(default="", max_length=_TEXT)
    reason: str = Field(default="", max_length=_TEXT)
    criteria: tuple[_Criterion, ...] = ()
    cause: CauseClass | None = None
    cause_span: str | None = None


class _Manifest(_Strict):
    uid: str = Field(pattern="^[0-9a-f]{32}$")
    question: str = Field(max_length=_TEXT)
    rubric: _Rubric
    seen: tuple[_Seen, ...] = Field(min_length=1)
    answer: _Answer
    first_answer: _Answer
    proposal: str | None = None
    supersedes: tuple[str, ...] = ()


class _Manifest2(_Manifest):
    asked_by: str = Field(max_length=_TEXT)
    decides: str = Field(max_length=_TEXT)
    note: str = Field(max_length=2 * _TEXT)
    form: tuple[tuple[str, str], ...]
    outcome: Label | None
    shown: str = Field(pattern="^([0-9a-f]{64})?$")


_MANIFESTS: Mapping[str, type[_Manifest]] = {FORMAT: _Manifest2, FORMER: _Manifest}


@dataclass(frozen=True, slots=True)
class CurrentTrace:
    """What a trace holds now, to compare with what was signed."""

    revision: int
    steps: Mapping[str, str]
    """Content hash of each step by span id in reading order, computed from the content, never read from a column."""
    erased: frozenset[str] = frozenset()
    """Span ids whose payload was deleted or redacted after the fact."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an item asks, as its row reads now."""

    question: str
    rubric: RubricRef
    asked_by: str
    decides: str
    trace: tuple[str, str] | None
    """Project and key of its run; None where it is about a session, or the run was erased."""


def sign_verdict_record(session: ReviewSession, verdict: Verdict, *, signed_at: str) -> dict[str, JsonValue]:
    """The record of a verdict, signed: `{"format", "manifest", "signature"}`.

    Args:
        session: The unlocked reviewer.
        verdict: What was seen and said; its reviewer, time and state are taken from the session and `signed_at`.
        signed_at: UTC, `2026-11-22T11:00:00Z`.
    """
    manifest = _manifest_of(verdict)
    signature = sign_manifest(session, "verdict", manifest, signed_at=signed_at)
    return {
        "format": FORMAT,
        "manifest": manifest,
        "signature": cast(JsonValue, signature.model_dump(mode="json")),
    }


def parse_verdict_record(data: str | bytes | Mapping[str, Any]) -> Verdict:
    """A verdict from its record. Its state is `unsigned` until `verify_record` has looked at it.

    Raises:
        BadInputError: if it is no verdict record.
    """
    try:
        record = dict(data) if isinstance(data, Mapping) else parse(data)
        if not isinstance(record, dict) or record.get("format") not in (FORMAT, FORMER) or set(record) - _KEYS:
            raise BadInputError(f"This is no verdict record; one is {{format: {FORMAT}, manifest, signature}}.")
        manifest = _MANIFESTS[str(record["format"])].model_validate(record.get("manifest"))
    except (ValidationError, ValueError) as err:
        raise BadInputError("This is no verdict record: its manifest cannot be read.") from err
    return _verdict_of(manifest, read_signature(record.get("signature")), record)


def verify_record(
    verdict: Verdict, trust: Trust, current: Mapping[tuple[str, str], CurrentTrace | None]
) -> SignatureCheck:
    """What a verdict's signature is worth now.

    Args:
        verdict: From `parse_verdict_record`; only its `record` is believed.
        trust: Whom the user trusts.
        current: By (project, trace key), what each trace holds now; None or absent where the store has it no more.

    Returns:
        `valid` where a trusted reviewer signed it and every trace still holds what was seen and nothing else;
        `stale` where a trace has grown since; `redacted` where what was seen is gone; `invalid` where signature, key
        or content do not fit; `unsigned` without a signature.
    """
    signature = read_signature(verdict.record.get("signature"))
    manifest = verdict.record.get("manifest")
    projects = {seen.project for seen in verdict.seen}
    check = check_signature("verdict", manifest, signature, trust)
    if check.state is not SignatureState.VALID:
        return check
    for project in sorted(projects):
        if signature is None or trust.find(signature.reviewer, project) is None:
            return SignatureCheck(SignatureState.INVALID, f"{check.signed_by} is not trusted for project {project!r}")
    return _worst([_compare(seen, current.get((seen.project, seen.trace_key))) for seen in verdict.seen], check)


_KEYS = {"format", "manifest", "signature"}
_ORDER = (SignatureState.INVALID, SignatureState.REDACTED, SignatureState.STALE, SignatureState.VALID)


def _compare(seen: SeenTrace, now: CurrentTrace | None) -> tuple[SignatureState, str]:
    if now is None:
        return SignatureState.REDACTED, f"trace {seen.trace_key} is not in this store any more"
    differing = [span for span, digest in seen.steps.items() if now.steps.get(span) != digest]
    # A step that was redacted and judged anew is as it was signed.
    gone = [span for span in differing if span in now.erased]
    changed = [span for span in differing if span not in now.erased]
    order = [span for span in now.steps if span in seen.steps]
    moved = order != [span for span in seen.steps if span in now.steps]
    if changed and now.revision <= seen.revision:
        return SignatureState.INVALID, f"the content differs from what was signed (span {changed[0]})"
    if gone:
        return SignatureState.REDACTED, f"content of {len(gone)} seen steps was erased"
    if changed or moved or now.steps.keys() - seen.steps.keys():
        return SignatureState.STALE, f"trace {seen.trace_key} has changed since it was judged"
    return SignatureState.VALID, ""


def _worst(states: Sequence[tuple[SignatureState, str]], check: SignatureCheck) -> SignatureCheck:
    state, reason = min(states, key=lambda entry: _ORDER.index(entry[0]))
    return check if state is SignatureState.VALID else SignatureCheck(state, reason, check.signed_by)


def _manifest_of(verdict: Verdict) -> dict[str, JsonValue]:
    manifest: dict[str, JsonValue] = {
        "uid": verdict.uid,
        "question": verdict.question,
        "rubric": record_of(verdict.rubric),
        "seen": [
            {
                "trace": seen.trace_key,
                "project": seen.project,
                "revision": seen.revision,
                "steps": [[span_id, digest] for span_id, digest in seen.steps.items()],
            }
            for seen in verdict.seen
        ],
        "first_answer": answer_json(verdict.first_answer),
        "answer": answer_json(verdict.answer),
        "proposal": verdict.proposal,
        "supersedes": list(verdict.supersedes),
        "asked_by": verdict.asked_by,
        "decides": verdict.decides,
        "note": verdict.note,
        "form": [[criterion, question] for criterion, question in verdict.form],
        "outcome": verdict.outcome.value if verdict.outcome else None,
        "shown": verdict.shown,
    }
    return manifest


def other_than_signed(verdict: Verdict, asked: Asked) -> list[str]:
    """How an item as it stands in the store differs from what was signed on it; empty where it does not.

    Rows of items are not signed: whoever has the file can change them. What was answered is what the record says.
    """
    found = []
    if asked.question != verdict.question:
        found.append("question")
    if asked.rubric != verdict.rubric:
        found.append("rubric")
    if asked.trace is not None and asked.trace not in [(seen.project, seen.trace_key) for seen in verdict.seen]:
        found.append("run")
    if verdict.record.get("format") != FORMER:
        found += ["who asked"] if asked.asked_by != verdict.asked_by else []
        found += ["what it decides"] if asked.decides != verdict.decides else []
    return found


def answer_json(answer: Answer) -> dict[str, JsonValue]:
    """An answer as it stands in manifests and drafts; empty parts are left out."""
    parts: dict[str, JsonValue] = record_of(answer, criteria=[record_of(entry) for entry in answer.criteria])
    return {name: value for name, value in parts.items() if value not in (None, "", [])}


def answer_from_json(value: Any) -> Answer:
    """The answer that `answer_json` wrote.

    Raises:
        BadInputError: if it is none.
    """
    try:
        return _answer_of(_Answer.model_validate(value))
    except ValidationError as err:
        first = err.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInputError(f"This is no answer: {where}: {first['msg']}.") from err


def _answer_of(answer: _Answer) -> Answer:
    criteria = tuple(CriterionAnswer(**entry.model_dump()) for entry in answer.criteria)
    return Answer(**(answer.model_dump() | {"criteria": criteria}))


def _seen_of(seen: _Seen) -> SeenTrace:
    return SeenTrace(trace_key=seen.trace, project=seen.project, revision=seen.revision, steps=dict(seen.steps))


def _verdict_of(manifest: _Manifest, signature: Signature | None, record: Mapping[str, JsonValue]) -> Verdict:
    return Verdict(
        uid=manifest.uid,
        question=manifest.question,
        rubric=RubricRef(**manifest.rubric.model_dump()),
        seen=tuple(_seen_of(seen) for seen in manifest.seen),
        answer=_answer_of(manifest.answer),
        first_answer=_answer_of(manifest.first_answer),
        reviewer=signature.reviewer if signature else "",
        reviewer_name=signature.name if signature else "",
        signed_at=signature.signed_at if signature else "",
        demo=signature.demo if signature else False,
        proposal=manifest.proposal,
        supersedes=manifest.supersedes,
        record=record,
        **_asked_of(manifest),
    )


def _asked_of(manifest: _Manifest) -> dict[str, Any]:
    if not isinstance(manifest, _Manifest2):
        return {}
    return {name: getattr(manifest, name) for name in ("asked_by", "decides", "note", "form", "outcome", "shown")}
