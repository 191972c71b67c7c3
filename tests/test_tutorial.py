"""The tutorial as it stands: its commands are run in order, each ends as the page says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from commands import run
from retrospan.model.reviews import Answer, Label
from retrospan.services.reviewing.asking import list_reviews
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.services.reviewing.people import demo_reviewer
from retrospan.store.opening import open_store

PAGE = Path(__file__).resolve().parents[1] / "docs" / "tutorial.md"
PLACE = "/tmp/ridgeline"
FOUND_PROBLEMS = ("case run",)
"""Commands that end with 1 where a case fails, as it does on version 1."""


def commands(place: Path) -> Iterator[list[str]]:
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL):
        for line in block.strip().splitlines():
            yield shlex.split(line.replace(PLACE, str(place)))


def answer_two_questions(place: Path) -> None:
    """What a person does in the app at this point: fail the first two questions and sign."""
    with open_store(place / "store.db") as store:
        session = demo_reviewer(store)
        for item in sorted(list_reviews(store), key=lambda entry: entry.id)[:2]:
            review = open_review(store, item.short_id, session.fingerprint)
            give_answer(store, review.claim, Answer(Label.FAIL, reason="No source says so."))
            sign_verdict(store, session, review)


def test_every_command_of_the_tutorial_runs_in_order(tmp_path: Path) -> None:
    place = tmp_path / "ridgeline"
    ran = []
    for words in commands(place):
        if words[0] != "retrospan":
            continue
        if words[1:3] == ["review", "--store"]:
            answer_two_questions(place)
            continue
        done = run(*words[1:])
        line = " ".join(words[1:])
        expected = 1 if line.startswith(FOUND_PROBLEMS) and "run_v2" not in line else 0
        assert done.code == expected, f"{line}\n{done.out}\n{done.err}"
        ran.append(line)
    assert len(ran) >= 12
    names = sorted(path.name for path in (place / ".retrospan" / "rubrics").iterdir())
    assert names == ["outcome.v2.yaml", "outcome.v3.yaml"], "the second question has its own next version"
