"""The index of knowledge folders in the store. It keeps whole files, and believes none: see `lookup`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...knowledge.documents import Document, parse_document, text_sha256
from ...knowledge.folders import FoundFile, KnowledgeKind, find_files, knowledge_root
from ...knowledge.judges import judge_from_content
from ...knowledge.lessons import lesson_of
from ...knowledge.rubrics import parse_rubric
from ...model.cases import parse_case
from ...model.clock import utc_now, utc_text
from ...model.errors import BadInputError
from ...model.reviews import SignatureState
from ...model.text.secrets import without_secrets
from ...model.traces import JsonValue
from ...trust.reviewers import read_reviewer, resolve
from ...trust.root import Trust
from ...trust.signing import SignatureCheck, check_signature
from ...trust.verdicts import parse_verdict_record
from ..contract import Connection, Store
from ..fields import upsert_row
from ..generations import KNOWLEDGE, next_generation
from ..reviews.reviewers import load_trust
from ..reviews.rubrics import insert_rubric
from ..reviews.verdicts import has_verdict, insert_verdict, subject_ids
from .parsed import document_of, kept_form

DRAFTS = ""
"""The folder of drafts that are kept in the store, until a person writes them to a folder."""

SELECT_FOLDER = "SELECT kind, name, sha256 FROM knowledge_file WHERE folder = :folder"
SELECT_KIND = """
SELECT folder, name, text, parsed FROM knowledge_file WHERE kind = :kind ORDER BY folder = '', folder, name
"""
SELECT_NAMED = """
SELECT folder, name, text, parsed FROM knowledge_file
WHERE kind = :kind AND name IN :names ORDER BY folder = '', folder, name
"""
DELETE_FILE = "DELETE FROM knowledge_file WHERE folder = :folder AND kind = :kind AND name = :name"


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What indexing found."""

    files: int
    changed: int
    """New or different since the last time."""
    removed: int
    verdicts: int
    """Verdict records that were taken over, for traces of this store."""
    problems: tuple[str, ...]
    """One line per file that cannot be read, with its place."""


def index_knowledge(store: Store, folders: Sequence[Path]) -> IndexReport:
    """Bring the index up to date with knowledge folders.

    A file that cannot be read is reported and left out; the rest goes in. Rubric versions join the versions of the
    store; a verdict by a trusted reviewer on a trace of this store joins its verdicts.

    Args:
        store: Where.
        folders: Project folders, or their `.retrospan`.

    Raises:
        RefusedError: if a folder is a link.

    Cost: reads every file; parses and writes those that changed.
    """
    files = changed = removed = verdicts = 0
    problems: list[str] = []
    now = utc_text(utc_now())
    for root in dict.fromkeys(knowledge_root(folder) for folder in folders):
        known = _known(store, root)
        found = list(_sound(find_files(root), known, problems))
        files += len(found)
        with store.write() as con:
            for file in found:
                if known.pop((file.kind.value, file.name), None) != text_sha256(file.text):
                    changed += 1
                    _put_file(con, str(root), file.kind, file.name, file.text, now)
                    _take_rubric(con, file, now)
            for kind, name in known:
                removed += 1
                _drop_file(con, str(root), kind, name)
        # After its reviewers are known, so that who is vouched for by a file counts.
        trust = load_trust(store)
        verdicts += sum(_take_verdict(store, file, trust, now) for file in found if file.kind is KnowledgeKind.VERDICT)
    return IndexReport(files, changed, removed, verdicts, tuple(problems))


def put_draft(con: Connection, kind: KnowledgeKind, name: str, text: str, *, now: str) -> None:
    """Keep a draft in the store itself, where serving processes may write; a draft of that name is replaced."""
    _put_file(con, DRAFTS, kind, name, without_secrets(text), now)


def drop_draft(con: Connection, kind: KnowledgeKind, name: str) -> None:
    """Forget a draft of the store, once it is written to a folder."""
    _drop_file(con, DRAFTS, kind.value, name)


def _drop_file(con: Connection, folder: str, kind: str, name: str) -> None:
    con.execute(DELETE_FILE, {"folder": folder, "kind": kind, "name": name})
    next_generation(con, KNOWLEDGE)


def _put_file(con: Connection, folder: str, kind: KnowledgeKind, name: str, text: str, now: str) -> None:
    key = {"folder": folder, "kind": kind.value, "name": name}
    parsed = kept_form(kind, name, text)
    row = key | {"sha256": text_sha256(text), "text": text, "indexed_at": now, "parsed": parsed}
    upsert_row(con, "knowledge_file", row, key=tuple(key))
    next_generation(con, KNOWLEDGE)


def folder_trust(folders: Sequence[Path]) -> Trust:
    """Whom to trust for knowledge folders alone, where no store is at hand: the user's pins and who they lead to."""
    records = []
    for file in (entry for folder in folders for entry in find_files(folder)):
        if file.kind is KnowledgeKind.REVIEWER and file.problem is None:
            try:
                records.append(read_reviewer(file.text))
            except BadInputError:
                continue
    return resolve(records, store_id=None, demo_kind=False).trust


def list_documents(store: Store, kind: KnowledgeKind, names: Collection[str] | None = None) -> list[Document]:
    """The indexed files of a kind, or those of these names; drafts of the store come last."""
    with store.read() as con:
        if names is None:
            rows = con.execute(SELECT_KIND, {"kind": kind.value}).fetchall()
        else:
            rows = con.execute(SELECT_NAMED, {"kind": kind.value, "names": sorted(names)}).fetchall()
    found = []
    for row in rows:
        try:
            found.append(document_of(kind, row))
        except BadInputError:
            continue
    return found


def _known(store: Store, root: Path) -> dict[tuple[str, str], str]:
    """Hashes of the files of a folder as they were taken in last, by kind and name."""
    with store.read() as con:
        rows = con.execute(SELECT_FOLDER, {"folder": str(root)})
        return {(row["kind"], row["name"]): row["sha256"] for row in rows}


def _sound(
    files: Iterable[FoundFile], known: Mapping[tuple[str, str], str], problems: list[str]
) -> Iterable[FoundFile]:
    """The files that can be read: those that are known unchanged could be, and are not parsed again."""
    for file in files:
        same = file.problem is None and known.get((file.kind.value, file.name)) == text_sha256(file.text)
        problem = None if same else file.problem or _problem(file)
        if problem is None:
            yield file
        else:
            problems.append(problem)


def _problem(file: FoundFile) -> str | None:
    try:
        document = parse_document(file.kind, file.name, file.text)
        if file.kind is KnowledgeKind.LESSON:
            lesson_of(document, SignatureCheck(SignatureState.UNSIGNED, ""))
        elif file.kind is KnowledgeKind.CASE:
            parse_case(file.text, source=file.path.name)
        elif file.kind is KnowledgeKind.RUBRIC:
            parse_rubric(file.text, source=file.path.name)
        elif file.kind is KnowledgeKind.VERDICT:
            parse_verdict_record(file.text)
        elif file.kind is KnowledgeKind.REVIEWER:
            read_reviewer(file.text)
        elif file.kind is KnowledgeKind.JUDGE:
            judge_from_content(dict(document.content), source=file.path.name)
    except BadInputError as err:
        return f"{file.path.parent}: {err}"
    return None


def _take_rubric(con: Connection, file: FoundFile, now: str) -> None:
    if file.kind is KnowledgeKind.RUBRIC:
        document = parse_document(file.kind, file.name, file.text)
        content: dict[str, JsonValue] = dict(document.content)
        # Unsigned versions stay files: the table only grows, and anyone may write a draft.
        if document.signature is not None and document.proper_name == file.name:
            insert_rubric(con, content, document.signature, now=now)


def _take_verdict(store: Store, file: FoundFile, trust: Trust, now: str) -> bool:
    verdict = parse_verdict_record(file.text)
    document = parse_document(file.kind, file.name, file.text)
    check = check_signature("verdict", dict(document.content), document.signature, trust)
    if check.state is not SignatureState.VALID:
        return False
    with store.write() as con:
        if has_verdict(con, verdict.uid):
            return False
        trace_ids = subject_ids(store, verdict)
        if not trace_ids:
            return False
        insert_verdict(con, verdict, trace_ids=trace_ids, item_id=None, now=now)
    return True
