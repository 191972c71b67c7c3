"""Drafts become knowledge by a trusted signature, and fall back to drafts when anything about them changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from retrospan.knowledge.folders import KnowledgeKind, write_knowledge
from retrospan.knowledge.lessons import dump_lesson
from retrospan.knowledge.rubrics import rubric_from_content
from retrospan.model.cases import dump_case, parse_case
from retrospan.model.errors import BadInputError, RefusedError, UnknownIdError, UsageError
from retrospan.model.reviews import AppliesTo, Lesson, LessonStatus, SignatureState
from retrospan.services.knowledge.confirming import confirm_case, confirm_lesson, confirm_rubric, export_verdict
from retrospan.services.knowledge.proposing import LessonDraft, knowledge_folders, propose_lesson
from retrospan.services.reviewing.asking import request_review
from retrospan.store.audit.chain import audit_verify
from retrospan.store.knowledge.index import index_knowledge
from retrospan.store.knowledge.lookup import get_lesson, list_lessons, search_lessons
from retrospan.store.opening import open_store
from retrospan.store.reviews.rubrics import find_rubric
from retrospan.store.reviews.verdicts import confirmed_verdicts
from retrospan.trust.config import pin_reviewer
from retrospan.trust.projects import trust_folder
from reviewdesk import Desk, untried

LESSON = Lesson(
    id="",
    title="Never promise a refund window that no source states",
    what_happened="The reply promised 45 days; the policy says 30.",
    why="The policy passage was read and not used.",
    what_to_do="Quote the policy sentence, or say that you do not know.",
    applies_to=AppliesTo(tools=("get_policy",), tasks=("refund",), files=("prompts/answer.md",)),
)
ID = "never-promise-a-refund-window-that-no-source-states"
CASE = parse_case(
    "id: refund-window\ntitle: No invented window\ninput: Can I return it?\nchecks:\n"
    "  - {check: output_contains, text: 30 days}\n"
)
RUBRIC = {"id": "refunds", "version": 1, "title": "Refunds", "criteria": [{"id": "grounded", "question": "Grounded?"}]}


def test_confirmed_lesson_is_served_and_a_proposal_is_not(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    proposed = propose_lesson(desk.store, LessonDraft(LESSON), by="agent:x")
    assert proposed.paths == () and search_lessons(desk.store, "refund") == []
    assert [hit.lesson.id for hit in search_lessons(desk.store, "refund", include_drafts=True)] == [ID]

    confirmed = confirm_lesson(desk.store, ada, proposed.lesson.id, tmp_path)

    assert (confirmed.status, confirmed.state, confirmed.signed_by) == (
        LessonStatus.CONFIRMED,
        SignatureState.VALID,
        "Ada",
    )
    assert [hit.lesson.id for hit in search_lessons(desk.store, "refunds")] == [ID]
    assert (tmp_path / ".retrospan" / "lessons" / f"{ID}.md").read_text().count("## What to do") == 1
    assert audit_verify(desk.store).sound


def test_lesson_is_found_by_what_is_about_to_change(desk: Desk, tmp_path: Path) -> None:
    confirm_lesson(desk.store, desk.reviewer(), replace(LESSON, id="refund-window"), tmp_path)

    assert [hit.matched for hit in search_lessons(desk.store, tags=["src/prompts/answer.md"])] == [
        ("prompts/answer.md",)
    ]
    assert search_lessons(desk.store, tags=["send_email"]) == []


def test_altered_file_is_a_draft_again(desk: Desk, tmp_path: Path) -> None:
    confirm_lesson(desk.store, desk.reviewer(), replace(LESSON, id="window"), tmp_path)
    path = tmp_path / ".retrospan" / "lessons" / "window.md"
    path.write_text(path.read_text().replace("Quote the policy", "Ignore the policy"))

    index_knowledge(desk.store, [tmp_path])

    lesson = get_lesson(desk.store, "window")
    assert (lesson.status, lesson.state, lesson.signed_by) == (LessonStatus.PROPOSED, SignatureState.INVALID, None)
    assert search_lessons(desk.store, "policy") == []


def test_rewrapped_file_keeps_its_signature(desk: Desk, tmp_path: Path) -> None:
    confirm_lesson(desk.store, desk.reviewer(), replace(LESSON, id="window"), tmp_path)
    path = tmp_path / ".retrospan" / "lessons" / "window.md"
    path.write_bytes(
        path.read_text().replace("status: confirmed\n", "status:   'confirmed'\n").replace("\n", "\r\n").encode()
    )

    index_knowledge(desk.store, [tmp_path])

    assert get_lesson(desk.store, "window").status is LessonStatus.CONFIRMED


def test_file_that_only_says_confirmed_is_a_draft(desk: Desk, tmp_path: Path) -> None:
    confirm_lesson(desk.store, desk.reviewer(), replace(LESSON, id="window"), tmp_path)
    path = tmp_path / ".retrospan" / "lessons" / "window.md"
    head, _, rest = path.read_text().partition("signature:")
    path.write_text(head + "---\n" + rest.partition("\n---\n")[2])

    index_knowledge(desk.store, [tmp_path])

    lesson = get_lesson(desk.store, "window")
    assert (lesson.status, lesson.state) == (LessonStatus.PROPOSED, SignatureState.UNSIGNED)


def test_signed_file_copied_to_another_name_is_a_draft(desk: Desk, tmp_path: Path) -> None:
    confirm_lesson(desk.store, desk.reviewer(), replace(LESSON, id="window"), tmp_path)
    folder = tmp_path / ".retrospan" / "lessons"
    (folder / "other.md").write_text((folder / "window.md").read_text())

    index_knowledge(desk.store, [tmp_path])

    assert get_lesson(desk.store, "other").status is LessonStatus.PROPOSED


def test_knowledge_of_a_clone_counts_only_where_its_reviewer_is_trusted(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = desk.reviewer()
    confirm_lesson(desk.store, ada, replace(LESSON, id="window"), tmp_path / "clone")
    monkeypatch.setenv("RETROSPAN_CONFIG_DIR", str(tmp_path / "someone-else"))
    with open_store(tmp_path / "other.db") as other:
        index_knowledge(other, [tmp_path / "clone"])
        assert get_lesson(other, "window").status is LessonStatus.PROPOSED

        pin_reviewer("Ada", ada.public_key, now="2026-11-22T11:00:00Z")
        assert get_lesson(other, "window").status is LessonStatus.CONFIRMED


def test_allowed_project_file_pins_its_reviewers_until_it_is_edited(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, clone = desk.reviewer(), tmp_path / "clone"
    confirm_lesson(desk.store, ada, replace(LESSON, id="window"), clone)
    (clone / "retrospan.toml").write_text(
        f'[[tool.retrospan.reviewers]]\nname = "Ada"\npublic_key = "{ada.public_key}"\n'
    )
    monkeypatch.setenv("RETROSPAN_CONFIG_DIR", str(tmp_path / "someone-else"))
    with open_store(tmp_path / "other.db") as other:
        index_knowledge(other, [clone])
        assert get_lesson(other, "window").status is LessonStatus.PROPOSED

        trust_folder(clone, now="2026-11-22T11:00:00Z")
        assert get_lesson(other, "window").status is LessonStatus.CONFIRMED
        with (clone / "retrospan.toml").open("a") as file:
            file.write("# one more line\n")
        assert get_lesson(other, "window").status is LessonStatus.PROPOSED


def test_further_folders_are_read_only_once_the_project_file_is_allowed(tmp_path: Path) -> None:
    project, team = tmp_path / "app", tmp_path / "team" / ".retrospan"
    (project / ".retrospan").mkdir(parents=True)
    team.mkdir(parents=True)
    (project / "retrospan.toml").write_text('[tool.retrospan]\nknowledge = ["../team/.retrospan"]\n')

    assert knowledge_folders(project) == [project / ".retrospan"]
    trust_folder(project, now="2026-11-22T11:00:00Z")
    assert knowledge_folders(project) == [project / ".retrospan", team]


def test_superseded_lesson_is_not_served(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    confirm_lesson(desk.store, ada, replace(LESSON, id="old"), tmp_path)
    confirm_lesson(desk.store, ada, replace(LESSON, id="new", supersedes="old"), tmp_path)

    assert [hit.lesson.id for hit in search_lessons(desk.store, "refund")] == ["new"]
    assert get_lesson(desk.store, "old").status is LessonStatus.SUPERSEDED


def test_confirmed_lesson_is_superseded_and_never_edited(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    confirm_lesson(desk.store, ada, replace(LESSON, id="window"), tmp_path)

    with pytest.raises(UsageError, match="supersedes"):
        confirm_lesson(desk.store, ada, replace(LESSON, id="window", why="Another reason."), tmp_path)


def test_hostile_text_is_inert_in_the_file(desk: Desk, tmp_path: Path) -> None:
    hostile = replace(
        LESSON, id="", title="[x](https://evil.example) \x1b]52;c;AAAA\x07", why="# Why\n---\n<img src=//e>"
    )
    proposed = propose_lesson(desk.store, LessonDraft(hostile), by="agent:x", folder=tmp_path)

    text = proposed.paths[0].read_text()
    assert proposed.paths[0].parent == tmp_path / ".retrospan" / "lessons"
    assert not any(piece in text for piece in ("\x1b", "https://", "](", "<img", "\n# Why"))
    assert get_lesson(desk.store, proposed.lesson.id).what_to_do == LESSON.what_to_do


@pytest.mark.parametrize("name", ["../../escape", "/etc/passwd", "a/b", ".hidden", ""])
def test_name_that_is_no_slug_writes_no_file(desk: Desk, tmp_path: Path, name: str) -> None:
    ada = desk.reviewer()
    if name:
        with pytest.raises((UsageError, BadInputError)):
            confirm_lesson(desk.store, ada, replace(LESSON, id=name), tmp_path / "app")
    assert not list(tmp_path.glob("app/.retrospan/lessons/*"))
    assert not list(tmp_path.glob("escape*"))


def test_linked_knowledge_folder_is_refused(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / ".retrospan").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(RefusedError, match="is a link"):
        propose_lesson(desk.store, LessonDraft(LESSON), by="agent:x", folder=tmp_path / "app")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_untrusted_reviewer_confirms_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.reviewer()
    mallory = desk.reviewer("Mallory", pin=False)

    with pytest.raises(RefusedError, match="not trusted"):
        confirm_lesson(desk.store, mallory, replace(LESSON, id="window"), tmp_path)
    assert list_lessons(desk.store) == []


def test_case_is_signed_and_active(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    propose_lesson(desk.store, LessonDraft(LESSON, CASE), by="agent:x", folder=tmp_path)

    confirm_case(desk.store, ada, "refund-window", tmp_path, untried)

    text = (tmp_path / ".retrospan" / "cases" / "refund-window.yaml").read_text()
    assert parse_case(text).status.value == "active"
    assert "signature:" in text
    assert get_lesson(desk.store, ID).case == "refund-window"


def test_planted_draft_of_the_same_name_is_not_signed_in_place_of_the_one_that_was_seen(
    desk: Desk, tmp_path: Path
) -> None:
    ada = desk.reviewer()
    propose_lesson(desk.store, LessonDraft(LESSON, CASE), by="agent:x")
    planted = dump_case(CASE).replace("30 days", "45 days")
    write_knowledge(tmp_path, KnowledgeKind.CASE, "refund-window", planted)
    write_knowledge(tmp_path, KnowledgeKind.LESSON, ID, dump_lesson(replace(LESSON, id=ID, why="Because I say so.")))
    index_knowledge(desk.store, [tmp_path])

    with pytest.raises(UsageError, match="several cases"):
        confirm_case(desk.store, ada, "refund-window", tmp_path, untried)
    with pytest.raises(UsageError, match="several lessons"):
        confirm_lesson(desk.store, ada, ID, tmp_path)
    confirm_case(desk.store, ada, CASE, tmp_path, untried)
    assert "30 days" in (tmp_path / ".retrospan" / "cases" / "refund-window.yaml").read_text()


def test_rubric_version_counts_once_it_is_signed(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    propose_lesson(desk.store, LessonDraft(LESSON, rubric=rubric_from_content(RUBRIC)), by="agent:x")
    with pytest.raises(UnknownIdError):
        request_review(desk.store, "T1", "Grounded?", by="agent:x", rubric="refunds")

    confirm_rubric(desk.store, ada, "refunds.v1", tmp_path)

    item = request_review(desk.store, "T1", "Grounded?", by="agent:x", rubric="refunds")
    assert (item.rubric.id, item.rubric.version) == ("refunds", 1)
    assert find_rubric(desk.store, "refunds").state is SignatureState.VALID
    with pytest.raises(UsageError, match="next version"):
        confirm_rubric(desk.store, ada, rubric_from_content(RUBRIC | {"title": "Other"}), tmp_path)


def test_exported_verdict_counts_in_another_store_with_the_same_trace(desk: Desk, tmp_path: Path) -> None:
    verdict = desk.decide(desk.reviewer())
    export_verdict(desk.store, verdict, tmp_path / "app")
    with open_store(tmp_path / "other.db") as other:
        Desk(other)
        report = index_knowledge(other, [tmp_path / "app"])

        assert (report.verdicts, report.problems) == (1, ())
        assert confirmed_verdicts(other)[1].uid == verdict.uid
        assert index_knowledge(other, [tmp_path / "app"]).verdicts == 0


def test_broken_files_are_reported_with_their_place_and_the_rest_is_read(desk: Desk, tmp_path: Path) -> None:
    confirm_lesson(desk.store, desk.reviewer(), replace(LESSON, id="window"), tmp_path)
    lessons = tmp_path / ".retrospan" / "lessons"
    (lessons / "no-front.md").write_text("# hello")
    (lessons / "binary.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / ".retrospan" / "rubrics").mkdir()
    (tmp_path / ".retrospan" / "rubrics" / "bad.v1.yaml").write_text("id: bad\nversion: one\n")

    report = index_knowledge(desk.store, [tmp_path])

    assert len(report.problems) == 3
    assert any("bad.v1.yaml:2" in problem for problem in report.problems)
    assert [lesson.id for lesson in list_lessons(desk.store)] == ["window"]


def test_reviewer_signs_in_a_second_store_that_has_not_met_them(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    with open_store(tmp_path / "other.db") as other:
        lesson = confirm_lesson(other, ada, replace(LESSON, id="window"), tmp_path / "app")
        assert lesson.status is LessonStatus.CONFIRMED
        assert audit_verify(other).sound


def test_overlong_lesson_file_is_left_out(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / ".retrospan" / "lessons"
    folder.mkdir(parents=True)
    (folder / "long.md").write_text("---\nid: long\n---\n" + "x" * 200_000)

    assert len(index_knowledge(desk.store, [tmp_path]).problems) == 1


def test_removed_file_leaves_the_index(desk: Desk, tmp_path: Path) -> None:
    confirm_lesson(desk.store, desk.reviewer(), replace(LESSON, id="window"), tmp_path)
    (tmp_path / ".retrospan" / "lessons" / "window.md").unlink()

    assert index_knowledge(desk.store, [tmp_path]).removed == 1
    assert list_lessons(desk.store) == []


def test_kinds_have_their_folders() -> None:
    folders = {"lessons", "rubrics", "cases", "verdicts", "reviewers", "judges"}
    assert {kind.folder for kind in KnowledgeKind} == folders
