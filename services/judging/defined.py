"""Judges as files in git: drafted, signed by a reviewer, and found by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ...knowledge.documents import check_document
from ...knowledge.folders import KnowledgeKind, write_knowledge
from ...knowledge.judges import JudgeDefinition, clean_judge, judge_content, judge_from_content
from ...model.errors import BadInputError, RefusedError, UnknownIdError, did_you_mean
from ...model.reviews import SignatureState
from ...model.text import yamltext
from ...store.contract import Store
from ...store.knowledge.index import index_knowledge, list_documents
from ...store.reviews.reviewers import load_trust
from ...store.reviews.rubrics import find_rubric
from ...trust.session import ReviewSession
from ..knowledge.confirming import sign_yaml
from .criteria import find_criterion


def list_definitions(store: Store) -> list[JudgeDefinition]:
    """Every version that is indexed here, each with the state of its signature; of one name the valid one."""
    trust = load_trust(store)
    found: dict[str, JudgeDefinition] = {}
    for document in list_documents(store, KnowledgeKind.JUDGE):
        try:
            judge = judge_from_content(dict(document.content), source=document.name)
        except BadInputError:
            continue
        state = check_document(document, trust).state
        if judge.name not in found or state is SignatureState.VALID:
            found[judge.name] = replace(judge, state=state)
    return sorted(found.values(), key=lambda judge: (judge.id, judge.version))


def find_definition(store: Store, judge_id: str) -> JudgeDefinition:
    """The newest confirmed version of a judge.

    Raises:
        UnknownIdError: if there is none, naming the nearest.
        RefusedError: if there are only drafts: nobody trusted here has signed them.
    """
    known = list_definitions(store)
    named = [judge for judge in known if judge.id == judge_id]
    confirmed = [judge for judge in named if judge.state is SignatureState.VALID]
    if confirmed:
        return confirmed[-1]
    if named:
        raise RefusedError(
            f"No version of the judge {judge_id!r} is signed by anybody trusted here (drafts: "
            f"{', '.join(judge.name for judge in named)}). Read and sign one: retrospan judge confirm {named[-1].name}"
        )
    ids = dict.fromkeys(judge.id for judge in known)
    nearest = did_you_mean(judge_id, ids) if ids else "no judge is defined here"
    raise UnknownIdError("judge definition", judge_id, known=nearest, next_step="retrospan judge define writes one.")


def draft_judge(store: Store, judge: JudgeDefinition, folder: Path) -> tuple[JudgeDefinition, Path]:
    """Write the next version of a judge as an unsigned file of the project.

    Args:
        store: Where its rubric is known.
        judge: Its version and that of its rubric are filled in: the next, and the newest confirmed.
        folder: The project's.

    Raises:
        UnknownIdError: if its rubric or criterion is not known.
        BadInputError: if a part is wrong.
    """
    index_knowledge(store, [folder])
    rubric = find_rubric(store, judge.rubric)
    criterion = find_criterion(rubric, judge.criterion or None)
    former = [known.version for known in list_definitions(store) if known.id == judge.id]
    drafted = clean_judge(
        replace(judge, version=max(former, default=0) + 1, rubric_version=rubric.version, criterion=criterion.id)
    )
    text = yamltext.dump(judge_content(drafted))
    path = write_knowledge(folder, KnowledgeKind.JUDGE, drafted.name, text)
    index_knowledge(store, [folder])
    return drafted, path


def confirm_judge(
    store: Store, session: ReviewSession, name: str, folder: Path, *, now: datetime | None = None
) -> JudgeDefinition:
    """Sign a drafted version, `refund-window.v2`, and write it to the project's folder.

    Raises:
        UnknownIdError: if there is no such draft.
        UsageError: if another content is confirmed under this version.
        RefusedError: if the reviewer is not trusted here.
    """
    by_name = {judge.name: judge for judge in list_definitions(store)}
    if name not in by_name:
        known = did_you_mean(name, by_name) if by_name else "no judge is defined here"
        raise UnknownIdError("judge definition", name, known=known, next_step="retrospan judge define writes one.")
    chosen = clean_judge(by_name[name])
    sign_yaml(store, session, KnowledgeKind.JUDGE, chosen.name, judge_content(chosen), folder, now=now)
    return next(judge for judge in list_definitions(store) if judge.name == name)
