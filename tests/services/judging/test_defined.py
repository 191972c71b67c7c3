"""Judges as files: drafts do not answer, a signature by a trusted reviewer counts, and a version is never edited."""

from __future__ import annotations

from pathlib import Path

import pytest
from retrospan.knowledge.judges import JudgeDefinition, judge_from_content
from retrospan.model.errors import BadInputError, RefusedError, UnknownIdError, UsageError
from retrospan.model.reviews import SignatureState
from retrospan.services.judging.defined import confirm_judge, draft_judge, find_definition, list_definitions
from retrospan.store.knowledge.index import index_knowledge
from reviewdesk import Desk

WINDOW = JudgeDefinition("window", 1, "outcome", 1, "outcome", signal="ungrounded_value", query="project:support")


def test_a_signed_definition_is_found_and_a_draft_is_refused(desk: Desk, tmp_path: Path) -> None:
    session = desk.reviewer()
    draft_judge(desk.store, WINDOW, tmp_path)
    with pytest.raises(RefusedError, match=r"confirm window\.v1"):
        find_definition(desk.store, "window")

    confirm_judge(desk.store, session, "window.v1", tmp_path)

    found = find_definition(desk.store, "window")
    assert (found.version, found.signal, found.state) == (1, "ungrounded_value", SignatureState.VALID)


def test_the_next_version_stands_beside_the_signed_one(desk: Desk, tmp_path: Path) -> None:
    session = desk.reviewer()
    draft_judge(desk.store, WINDOW, tmp_path)
    confirm_judge(desk.store, session, "window.v1", tmp_path)
    drafted, path = draft_judge(desk.store, JudgeDefinition("window", 1, "outcome", 1, "", probe=True), tmp_path)
    assert (drafted.name, path.name) == ("window.v2", "window.v2.yaml")
    assert find_definition(desk.store, "window").version == 1


def test_a_changed_file_is_no_signed_one(desk: Desk, tmp_path: Path) -> None:
    session = desk.reviewer()
    _, path = draft_judge(desk.store, WINDOW, tmp_path)
    confirm_judge(desk.store, session, "window.v1", tmp_path)
    path.write_text(path.read_text().replace("ungrounded_value", "tool_error"))
    index_knowledge(desk.store, [tmp_path])
    (found,) = list_definitions(desk.store)
    assert found.state is SignatureState.INVALID
    with pytest.raises(RefusedError):
        find_definition(desk.store, "window")


def test_another_text_under_a_signed_name_is_not_signed(desk: Desk, tmp_path: Path) -> None:
    session = desk.reviewer()
    draft_judge(desk.store, WINDOW, tmp_path)
    confirm_judge(desk.store, session, "window.v1", tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises((UsageError, UnknownIdError)):
        confirm_judge(desk.store, session, "window.v9", other)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model": "m"}, "exactly one of"),
        ({"signal": ""}, "exactly one of"),
        ({"guidance": "Be strict."}, "guidance is for a model"),
        ({"id": "../evil"}, "id"),
        ({"more": 1}, "more"),
    ],
)
def test_mistakes_are_named(change: dict[str, object], told: str) -> None:
    content = {"id": "window", "version": 1, "rubric": "outcome", "rubric_version": 1, "criterion": "outcome"}
    with pytest.raises(BadInputError, match=told):
        judge_from_content({**content, "signal": "tool_error", **change})
