"""A lesson comes back from its file as it was written, whatever people and agents put into it."""

from __future__ import annotations

import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from retrospan.knowledge.documents import check_document, parse_document, sign_document
from retrospan.knowledge.folders import KnowledgeKind
from retrospan.knowledge.lessons import clean_lesson, dump_lesson, lesson_of
from retrospan.knowledge.plaintext import plain_line, plain_text
from retrospan.model.errors import BadInputError
from retrospan.model.reviews import AppliesTo, Lesson, LessonOrigin, ReviewerStatus, SignatureState
from retrospan.model.text.display import safe_text
from retrospan.trust.root import Trust, TrustedKey
from retrospan.trust.session import ReviewSession
from retrospan.trust.signing import SignatureCheck

ADA = ReviewSession("Ada", Ed25519PrivateKey.generate())
TRUST = Trust({ADA.fingerprint: TrustedKey(ADA.public_key, "Ada", ReviewerStatus.PINNED)})
UNSIGNED = SignatureCheck(SignatureState.UNSIGNED, "")
words = st.text(min_size=1, max_size=60).filter(lambda text: plain_line(text) != "")
lessons = st.builds(
    Lesson,
    id=st.just("a-lesson"),
    title=words,
    what_happened=words,
    why=words,
    what_to_do=words,
    applies_to=st.builds(
        AppliesTo, tools=st.lists(words, max_size=2).map(tuple), files=st.lists(words, max_size=2).map(tuple)
    ),
    origin=st.builds(LessonOrigin, trace_key=st.none() | words, spans=st.lists(words, max_size=2).map(tuple)),
)


@given(lessons)
def test_any_lesson_survives_its_file_and_its_signature(lesson: Lesson) -> None:
    clean = clean_lesson(lesson)
    draft = parse_document(KnowledgeKind.LESSON, "a-lesson", dump_lesson(clean))
    block = sign_document(ADA, draft, now="2026-11-22T11:00:00Z")

    signed = parse_document(KnowledgeKind.LESSON, "a-lesson", dump_lesson(clean, block))

    assert signed.content == draft.content
    assert check_document(signed, TRUST).state is SignatureState.VALID
    read = lesson_of(signed, UNSIGNED)
    assert read.title == clean.title
    assert read.origin == clean.origin
    assert read.applies_to == clean.applies_to
    for part in ("what_happened", "why", "what_to_do"):
        assert _lines(getattr(read, part)) == _lines(getattr(clean, part))


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().split("\n")]


@given(st.text(max_size=200))
def test_text_is_inert_after_one_pass_and_stays_so(text: str) -> None:
    plain = plain_text(text)

    assert plain == safe_text(plain)
    assert plain_text(plain) == plain
    assert "](" not in plain and not re.search(r"(?i)https?:/|<[a-z/!]", plain)
    assert not re.search(r"(?m)^\s*(#|---)", plain)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "front matter"),
        ("# no front matter", "front matter"),
        ("---\nid: x\n", "front matter"),
        ("---\n- a\n---\n", "keys with values"),
        ("---\nid: a-lesson\ntitle: t\n---\n\n## Why\n\nx\n", "What happened"),
        ("---\nid: A Lesson\ntitle: t\n---\n\n## Why\n", "id"),
        ("---\nid: a-lesson\ntitle: t\nstatus: sure\n---\n", "status"),
        ("---\nid: a-lesson\ntitle: t\nconfirmed: true\n---\n", "confirmed"),
        ("---\nid: &a x\ntitle: *a\n---\n", "aliases"),
    ],
)
def test_file_that_is_no_lesson_says_what_is_wrong(text: str, told: str) -> None:
    with pytest.raises(BadInputError, match=told):
        lesson_of(parse_document(KnowledgeKind.LESSON, "a-lesson", text), UNSIGNED)


def test_lesson_reads_well() -> None:
    lesson = Lesson(
        id="window",
        title="Quote the window",
        what_happened="45 days were promised.",
        why="The policy was not used.",
        what_to_do="Quote it.",
        applies_to=AppliesTo(tools=("get_policy",)),
        case="refund-window",
    )

    assert dump_lesson(lesson) == (
        "---\nid: window\ntitle: Quote the window\nstatus: proposed\napplies_to:\n  tools:\n  - get_policy\n"
        "case: refund-window\n---\n\n## What happened\n\n45 days were promised.\n\n## Why\n\n"
        "The policy was not used.\n\n## What to do\n\nQuote it.\n"
    )
    assert lesson_of(parse_document(KnowledgeKind.LESSON, "window", dump_lesson(lesson)), UNSIGNED) == lesson
