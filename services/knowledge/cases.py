"""The regression cases of an application: which there are, what their signatures are worth, and what a run says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...knowledge.documents import check_document, parse_document
from ...knowledge.folders import FOLDER, FoundFile, KnowledgeKind, find_files
from ...model.cases import Case, CaseStatus, parse_case
from ...model.errors import BadInputError, UsageError
from ...model.reviews import SignatureState
from ...store.knowledge.index import folder_trust
from ...trust.files import read_bounded
from ...trust.root import Trust

_LIVE = (CaseStatus.ACTIVE, CaseStatus.FLAKY)


@dataclass(frozen=True, slots=True)
class ListedCase:
    """A case file. `case` is None where it cannot be read; `problem` says why."""

    path: Path
    case: Case | None
    signature: SignatureState
    problem: str | None = None
    why: str = ""
    """What the signature is worth, in words."""

    def standing(self, *, unsigned_count: bool) -> CaseStatus | None:
        """The status that counts: `active` and `flaky` without a valid signature are drafts.

        Args:
            unsigned_count: The project has said that it signs no cases.
        """
        if self.case is None:
            return None
        live = self.case.status in _LIVE
        counts = unsigned_count or self.signature is SignatureState.VALID
        return CaseStatus.DRAFT if live and not counts else self.case.status


def nearest_knowledge(start: Path) -> Path:
    """The folder at or above `start` that holds `.retrospan`.

    Raises:
        UsageError: if there is none up to the root of the git repository.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / FOLDER).is_dir():
            return folder
        if (folder / ".git").exists():
            break
    raise UsageError(
        f"No {FOLDER} folder in {start} or above it. Confirm a lesson in `retrospan review` to make its first case, "
        "or name a folder."
    )


def list_cases(folder: Path, trust: Trust | None = None) -> list[ListedCase]:
    """The case files of a knowledge folder, by name. A bad file is listed with its problem.

    Args:
        folder: The project's folder.
        trust: Whose signatures count; by default whom the user trusts, without a store.
    """
    trust = trust or folder_trust([folder])
    return [_listed(file, trust) for file in find_files(folder) if file.kind is KnowledgeKind.CASE]


def _listed(file: FoundFile, trust: Trust) -> ListedCase:
    if file.problem is not None:
        return ListedCase(file.path, None, SignatureState.INVALID, file.problem)
    try:
        case = parse_case(file.text, source=file.path.name)
        document = parse_document(KnowledgeKind.CASE, file.name, file.text)
    except BadInputError as err:
        return ListedCase(file.path, None, SignatureState.INVALID, str(err))
    check = check_document(document, trust)
    return ListedCase(file.path, case, check.state, why=check.reason)


def list_case(path: Path, trust: Trust) -> ListedCase:
    """One case file, with what its signature is worth under `folder_trust`."""
    try:
        text = read_bounded(path, KnowledgeKind.CASE.limit).decode()
    except (BadInputError, UnicodeDecodeError) as err:
        return ListedCase(path, None, SignatureState.INVALID, str(err))
    return _listed(FoundFile(KnowledgeKind.CASE, path.stem, path, text), trust)


def choose_cases(
    listed: Sequence[ListedCase], names: Sequence[str], *, drafts: bool = True, unsigned_count: bool = True
) -> list[Case]:
    """The cases with these ids, or all that can be read.

    Args:
        listed: From `list_cases`.
        names: Ids; a named case is taken whatever it counts for.
        drafts: Where nothing is named, also take drafts, and what counts as one.
        unsigned_count: See `ListedCase.standing`.

    Raises:
        UsageError: if an id is unknown or its file cannot be read.
    """
    by_id = {entry.path.stem: entry for entry in listed}
    for name in names:
        if name not in by_id:
            known = ", ".join(sorted(by_id)) or "none"
            raise UsageError(f"No case {name!r} (known: {known}). `retrospan case list` shows them.")
        if by_id[name].case is None:
            raise UsageError(f"Case {name!r} cannot be read: {by_id[name].problem}")
    chosen = [by_id[name] for name in names] if names else list(listed)
    if not names and not drafts:
        chosen = [entry for entry in chosen if entry.standing(unsigned_count=unsigned_count) in _LIVE]
    return [entry.case for entry in chosen if entry.case is not None]
