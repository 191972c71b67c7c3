"""`retrospan review`, `tui`, `reviewer`, `lesson`."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from commands import run
from retrospan.model.reviews import AppliesTo, Lesson
from retrospan.services.knowledge.confirming import confirm_lesson
from retrospan.services.knowledge.proposing import LessonDraft, propose_lesson
from retrospan.services.reviewing.asking import request_review
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.trust.config import load_trust_file
from reviewdesk import PASSPHRASE, QUESTION, Desk

LESSON = Lesson(
    id="quote-the-policy",
    title="Quote the policy",
    what_happened="It said \x1b[31m45 days.",
    why="Nothing said so.",
    what_to_do="Quote it.",
    applies_to=AppliesTo(tools=("get_policy",)),
)


class Terminal:
    """A command on a pseudo-terminal, typed at by a person."""

    def __init__(self, *args: str) -> None:
        self.parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        command = [sys.executable, "-m", "retrospan.cli", *args]
        environment = {**os.environ, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            command, stdin=child, stdout=child, stderr=child, env=environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(child)
        self.said = ""
        self._heard = 0

    def wait_for(self, words: str, seconds: float = 30.0) -> None:
        """Read on until `words` appear after those that were waited for before."""
        end = time.monotonic() + seconds
        while (at := self.said.find(words, self._heard)) < 0:
            assert time.monotonic() < end, f"{words!r} did not appear in:\n{self.said[-2_000:]}"
            if select.select([self.parent], [], [], 0.1)[0]:
                self.said += os.read(self.parent, 65_536).decode(errors="replace")
        self._heard = at + len(words)

    def type(self, text: str) -> None:
        os.write(self.parent, text.encode())

    def end(self) -> int:
        """The exit code; what is still said is read."""
        while True:
            try:
                chunk = os.read(self.parent, 65_536)
            except OSError:
                break
            if not chunk:
                break
            self.said += chunk.decode(errors="replace")
        os.close(self.parent)
        return self.process.wait(20)


def test_first_reviewer_becomes_the_trust_root_and_opens_the_queue(tmp_path: Path) -> None:
    store = str(tmp_path / "store.db")
    adding = Terminal("reviewer", "add", "Ada", "--store", store)
    adding.wait_for("New passphrase for Ada")
    adding.type(f"{PASSPHRASE}\n")
    adding.wait_for("The same again")
    adding.type(f"{PASSPHRASE}\n")
    adding.wait_for("Trust the key of Ada on this machine?")
    adding.type("y\n")
    assert adding.end() == 0 and "pinned" in adding.said and PASSPHRASE not in adding.said
    assert [pin.name for pin in load_trust_file().pins] == ["Ada"]
    (reviewer,) = run("reviewer", "list", "--store", store, "--json").json
    assert (reviewer["name"], reviewer["status"]) == ("Ada", "pinned")

    reviewing = Terminal("review", "--store", store)
    reviewing.wait_for("Passphrase of ada: ")
    reviewing.type("wrong wrong wrong\n")
    reviewing.wait_for("does not open the key")
    reviewing.wait_for("Passphrase of ada: ")
    reviewing.type(f"{PASSPHRASE}\n")
    reviewing.wait_for("No question has been asked yet")
    reviewing.type("q")
    assert reviewing.end() == 0 and PASSPHRASE not in reviewing.said


def test_passphrase_typed_inside_the_app_is_masked_and_opens_the_item(store: Store) -> None:
    desk = Desk(store)
    desk.reviewer("Ada")
    request_review(store, "T1", QUESTION, by="agent:x")
    app = Terminal("tui", "--store", str(store.location))
    app.wait_for("Waits for an expert: 1")
    app.type("r")
    app.wait_for("wait for an answer")
    app.type("\r")
    app.wait_for("Passphrase of ada")
    app.type(PASSPHRASE)
    app.wait_for("•")
    app.type("\r")
    app.wait_for("You have 45 days to return it.")
    app.type("\x11")
    assert app.end() == 0
    assert "correct" not in app.said


def test_differing_passphrases_make_nothing(tmp_path: Path) -> None:
    adding = Terminal("reviewer", "add", "Ada", "--store", str(tmp_path / "store.db"))
    adding.wait_for("New passphrase")
    adding.type(f"{PASSPHRASE}\n")
    adding.wait_for("The same again")
    adding.type("something else entirely\n")
    assert adding.end() == 1 and "differ" in adding.said
    assert load_trust_file().pins == []


@pytest.mark.parametrize(
    "command", [["reviewer", "add", "Eve"], ["review"], ["tui"], ["reviewer", "countersign", "Eve", "--as", "Ada"]]
)
def test_a_pipe_is_no_person(command: list[str], store: Store) -> None:
    Desk(store).reviewer("Eve", pin=False)
    done = subprocess.run(
        [sys.executable, "-m", "retrospan.cli", *command, "--store", str(store.location)],
        input=f"{PASSPHRASE}\n{PASSPHRASE}\ny\n",
        capture_output=True,
        text=True,
        env={**os.environ, "RETROSPAN_PASSPHRASE": PASSPHRASE},
        start_new_session=True,
    )
    assert done.returncode in (1, 2) and "terminal" in done.stderr
    assert load_trust_file().pins == []


def test_reviewer_list_says_how_far_each_is_trusted(store: Store) -> None:
    desk = Desk(store)
    desk.reviewer("Ada")
    desk.reviewer("Eve", pin=False)
    done = run("reviewer", "list", "--store", str(store.location))
    assert [line.split()[:2] for line in done.out.splitlines()] == [["Ada", "pinned"], ["Eve", "untrusted"]]


def test_nobody_known_says_what_to_do(tmp_path: Path) -> None:
    assert "retrospan reviewer add" in run("reviewer", "list", "--store", str(tmp_path / "s.db")).out


def test_lessons_are_listed_and_shown_with_their_worth(store: Store, tmp_path: Path) -> None:
    ada = Desk(store).reviewer()
    propose_lesson(store, LessonDraft(LESSON), by="agent:x")
    where = ("--store", str(store.location), "--folder", str(tmp_path))

    assert run("lesson", "list", *where, "--json").json == []
    assert "1 drafts wait" in run("lesson", "list", *where).out
    assert [entry["status"] for entry in run("lesson", "list", "--drafts", *where, "--json").json] == ["proposed"]

    confirm_lesson(store, ada, LESSON, tmp_path)
    (listed,) = run("lesson", "list", "policy", *where, "--json").json
    assert (listed["status"], listed["signature"], listed["signed_by"]) == ("confirmed", "valid", "Ada")
    shown = run("lesson", "show", "quote-the-policy", *where)
    assert "confirmed by Ada (signature valid)" in shown.out and "\x1b" not in shown.out
    assert run("lesson", "show", "quote-the-policy", *where, "--json").json["applies_to"]["tools"] == ["get_policy"]


def test_lesson_files_of_the_project_are_read_before_they_are_listed(store: Store, tmp_path: Path) -> None:
    ada = Desk(store).reviewer()
    confirm_lesson(store, ada, LESSON, tmp_path)
    with open_store(tmp_path / "other.db") as other:
        path = str(other.path)
    (listed,) = run("lesson", "list", "--store", path, "--folder", str(tmp_path), "--json").json
    assert listed["id"] == "quote-the-policy"


def test_unknown_lesson_is_a_usage_error(store: Store) -> None:
    done = run("lesson", "show", "nothing", "--store", str(store.location))
    assert done.code == 2 and "No lesson" in done.err


@pytest.mark.parametrize("command", ["review", "tui", "reviewer", "lesson"])
def test_help_has_examples(command: str) -> None:
    done = run(command, "--help")
    assert done.code == 0 and f"retrospan {command}" in done.out and "Examples:" in done.out
