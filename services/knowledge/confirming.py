"""Confirming knowledge: a reviewer's signature turns a draft into a lesson, a case or a rubric version that counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import cast

from ...knowledge.documents import Document, check_document, parse_document, sign_document
from ...knowledge.folders import KnowledgeKind, knowledge_root, write_knowledge
from ...knowledge.lessons import clean_lesson, dump_lesson
from ...knowledge.rubrics import clean_rubric, rubric_content, rubric_from_content
from ...model.cases import Case, CaseStatus, dump_case, parse_case
from ...model.clock import utc_now, utc_text
from ...model.errors import UnknownIdError, UsageError
from ...model.reviews import Lesson, LessonStatus, Rubric, SignatureState, TrueFor, Verdict
from ...model.text import yamltext
from ...model.traces import JsonValue
from ...store.audit.chain import append_link
from ...store.contract import Store
from ...store.knowledge.index import drop_draft, index_knowledge, list_documents
from ...store.knowledge.lookup import get_lesson
from ...store.knowledge.set_ups import set_up_of
from ...store.reviews.reviewers import find_record, load_trust
from ...store.reviews.rubrics import list_rubrics
from ...trust.files import slug
from ...trust.root import Trust
from ...trust.session import ReviewSession
from ...trust.signing import content_sha256
from ..reviewing.deciding import require_trusted
from ..reviewing.people import announce
from .proposing import checked_lesson


def confirm_lesson(
    store: Store,
    session: ReviewSession,
    lesson: str | Lesson,
    folder: Path,
    *,
    now: datetime | None = None,
) -> Lesson:
    """Sign a lesson and write it to a project folder: from then on it is confirmed wherever the reviewer is trusted.

    A regression case is named as its guard only where that case is confirmed already; confirm the case first.

    Args:
        store: Where.
        session: The unlocked reviewer.
        lesson: Id of a draft, or the lesson as a person has edited it.
        folder: The project's folder.
        now: For tests.

    Raises:
        UnknownIdError: if there is no such lesson.
        UsageError: if a text is empty or too long, or several drafts have this id.
        RefusedError: if the reviewer is not trusted here.
    """
    if isinstance(lesson, str):
        _find(store, KnowledgeKind.LESSON, lesson)
    chosen = lesson if isinstance(lesson, Lesson) else get_lesson(store, lesson)
    guard = chosen.case if chosen.case and _is_confirmed(store, KnowledgeKind.CASE, chosen.case) else None
    chosen = replace(with_set_up(store, checked_lesson(chosen)), status=LessonStatus.CONFIRMED, case=guard)
    sign_lesson(store, session, chosen, folder, now=now)
    return get_lesson(store, chosen.id)


def sign_lesson(
    store: Store, session: ReviewSession, lesson: Lesson, folder: Path, *, now: datetime | None = None
) -> None:
    """Sign a lesson as it stands, whatever its status says, and write it to a project folder; see `confirm_lesson`."""
    draft = parse_document(KnowledgeKind.LESSON, lesson.id, dump_lesson(lesson))
    _sign_into(store, session, draft, folder, lambda block: dump_lesson(lesson, block), now)


def with_set_up(store: Store, lesson: Lesson) -> Lesson:
    """The lesson with the prompts, tools and models of its run, where it says none and the run is here."""
    origin = lesson.origin
    if lesson.true_for != TrueFor() or origin.trace_key is None or origin.project is None:
        return lesson
    with store.read() as con:
        found = set_up_of(con, origin.project, origin.trace_key)
    return clean_lesson(replace(lesson, true_for=found))


def find_case(store: Store, name: str) -> Case:
    """The one case of a name that the store knows, draft or signed.

    Raises:
        UnknownIdError: if there is no such case.
        UsageError: if several drafts have this id.
    """
    fields = dict(_find(store, KnowledgeKind.CASE, name).content)
    return parse_case(yamltext.dump(fields), source=name)


CaseTrial = Callable[[Store, Case], str]
"""Tries a case on recorded runs: why it may not be signed, empty where it may."""


def confirm_case(
    store: Store,
    session: ReviewSession,
    case: Case | str,
    folder: Path,
    why_not: CaseTrial,
    *,
    now: datetime | None = None,
) -> Case:
    """Sign a regression case and make it active, once it was tried. One that is retired needs no trial.

    Args:
        store: Where.
        session: The unlocked reviewer.
        case: Id of a draft, or the case as a person has edited it.
        folder: The project's folder.
        why_not: Tries it: it must fail where the failure happened, and pass where it did not.
        now: For tests.

    Raises:
        UnknownIdError: if there is no such case.
        UsageError: if several drafts have this id, or the trial says that it may not be signed.
        RefusedError: if the reviewer is not trusted here.
    """
    if isinstance(case, str):
        case = find_case(store, case)
    if case.status is not CaseStatus.RETIRED and (reason := why_not(store, case)):
        raise UsageError(
            f"The case {case.id!r} is not signed: {reason}. `retrospan case try {case.id}` shows each check; "
            "change them, or leave the case out."
        )
    if case.status is CaseStatus.DRAFT:
        case = case.model_copy(update={"status": CaseStatus.ACTIVE})
    text = dump_case(case)
    draft = parse_document(KnowledgeKind.CASE, case.id, text)
    _sign_into(store, session, draft, folder, lambda block: text + yamltext.dump({"signature": block}), now)
    return case


def confirm_rubric(
    store: Store,
    session: ReviewSession,
    rubric: Rubric | str,
    folder: Path,
    *,
    now: datetime | None = None,
) -> Rubric:
    """Sign a new rubric version. A version that is confirmed already is never replaced.

    Args:
        store: Where.
        session: The unlocked reviewer.
        rubric: The version, or the name of its draft: `refunds.v2`.
        folder: The project's folder.
        now: For tests.

    Raises:
        UnknownIdError: if there is no such draft.
        UsageError: if another content is confirmed under this version.
        RefusedError: if the reviewer is not trusted here.
    """
    if isinstance(rubric, str):
        rubric = rubric_from_content(dict(_find(store, KnowledgeKind.RUBRIC, rubric).content), source=rubric)
    chosen = clean_rubric(rubric)
    name = f"{chosen.id}.v{chosen.version}"
    sign_yaml(store, session, KnowledgeKind.RUBRIC, name, rubric_content(chosen), folder, now=now)
    return next(entry for entry in list_rubrics(store) if entry.ref == chosen.ref)


def sign_yaml(
    store: Store,
    session: ReviewSession,
    kind: KnowledgeKind,
    name: str,
    content: Mapping[str, JsonValue],
    folder: Path,
    *,
    now: datetime | None = None,
) -> None:
    """Sign a knowledge file of YAML and write it to a project folder.

    Raises:
        UsageError: if another content is confirmed under this name.
        RefusedError: if the reviewer is not trusted here.
    """
    text = yamltext.dump(dict(content))
    draft = parse_document(kind, name, text)
    _sign_into(store, session, draft, folder, lambda block: text + yamltext.dump({"signature": block}), now)


def export_verdict(store: Store, verdict: Verdict, folder: Path) -> Path:
    """Write a signed verdict record to `verdicts/<uid>.json`, with its reviewer's record beside it."""
    text = json.dumps(dict(verdict.record), indent=2, ensure_ascii=True) + "\n"
    _write_reviewer(store, verdict.reviewer, folder)
    return write_knowledge(folder, KnowledgeKind.VERDICT, verdict.uid, text)


def _find(store: Store, kind: KnowledgeKind, name: str) -> Document:
    """The one draft of a name. Where several differ, a name does not say which of them the person has seen."""
    documents = list_documents(store, kind)
    found = [document for document in documents if document.name == name]
    if not found:
        known = ", ".join(sorted({document.name for document in documents})) or "none"
        raise UnknownIdError(kind.value, name, known=f"known: {known}", next_step=f"List the {kind.value}s first.")
    if any(document.content != found[0].content for document in found):
        places = ", ".join(document.folder or "the store" for document in found)
        raise UsageError(
            f"There are several {kind.value}s {name!r} that differ ({places}). Remove or rename all but one."
        )
    return found[0]


def _is_confirmed(store: Store, kind: KnowledgeKind, name: str) -> bool:
    trust = load_trust(store)
    return any(
        check_document(document, trust).state is SignatureState.VALID
        for document in list_documents(store, kind)
        if document.name == name
    )


def _sign_into(
    store: Store,
    session: ReviewSession,
    draft: Document,
    folder: Path,
    render: Callable[[dict[str, JsonValue]], str],
    now: datetime | None,
) -> None:
    """Sign a document, write its file, index it, and link it into the chain."""
    trust = load_trust(store)
    require_trusted(session, trust)
    _require_new(store, draft, folder, trust)
    moment = utc_text(now or utc_now())
    announce(store, session, now=moment)
    text = render(sign_document(session, draft, now=moment))
    signed = parse_document(draft.kind, draft.name, text)
    assert signed.content == draft.content, "the file reads otherwise than it was signed"
    _write_reviewer(store, session.fingerprint, folder)
    write_knowledge(folder, draft.kind, draft.name, text)
    index_knowledge(store, [folder])
    with store.write() as con:
        drop_draft(con, draft.kind, draft.name)
        if draft.kind is not KnowledgeKind.RUBRIC:
            digest = content_sha256(cast(JsonValue, dict(draft.content)))
            append_link(con, kind=draft.kind.value, subject=draft.name, sha256=digest, at=moment)


def _require_new(store: Store, draft: Document, folder: Path, trust: Trust) -> None:
    """What is confirmed is superseded, never edited; of a case the status moves, so it may be signed again."""
    if draft.kind is KnowledgeKind.CASE:
        return
    root = str(knowledge_root(folder))
    for known in list_documents(store, draft.kind):
        same = (known.folder, known.name) == (root, draft.name)
        if same and known.content != draft.content and check_document(known, trust).state is SignatureState.VALID:
            instead = "a new lesson that supersedes it" if draft.kind is KnowledgeKind.LESSON else "the next version"
            raise UsageError(
                f"The {draft.kind.value} {draft.name!r} is confirmed with another text. Propose {instead}."
            )


def _write_reviewer(store: Store, key_fingerprint: str, folder: Path) -> None:
    """The public record of who signed, so that others can see and pin the key."""
    record = find_record(store, key_fingerprint)
    name = f"{slug(record.name)[:40]}-{content_sha256(record.public_key)[:8]}"
    write_knowledge(folder, KnowledgeKind.REVIEWER, name, record.model_dump_json(indent=2) + "\n")
