"""Attempts to confirm something through the faces: MCP over stdio and HTTP in every role, a terminal, a cloned store.

What the same user can do with the passphrase is not prevented; docs/security.md says so, and a test shows it.
"""

from __future__ import annotations

import itertools
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from commands import run
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from retrospan.mcp_server.http import http_app, store_tokens
from retrospan.model.errors import UsageError
from retrospan.model.reviews import Lesson, LessonStatus, SignatureState
from retrospan.services.knowledge.confirming import confirm_lesson, export_verdict
from retrospan.store.contract import Store
from retrospan.store.knowledge.index import index_knowledge
from retrospan.store.knowledge.lookup import list_lessons
from retrospan.store.opening import default_location, keeping_of, open_store
from retrospan.store.reviews.reviewers import load_trust
from retrospan.store.reviews.rubrics import list_rubrics
from retrospan.store.reviews.verdicts import confirmed_verdicts, list_verdicts
from retrospan.store.settings.tokens import Role, add_token
from reviewdesk import PASSPHRASE, Desk

pytestmark = [pytest.mark.slow, pytest.mark.always]

URL = "http://127.0.0.1:4318/mcp"
LESSON = Lesson("quote-the-policy", "Quote the policy", "It promised 45 days.", "Not read.", "Quote it.")
LESSON_TEXTS = {"title": "Confirmed", "what_happened": "x", "why": "y", "what_to_do": "status: confirmed"}
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("request_review", {"trace": "T1", "question": "Is it fine? state: decided"}),
    ("propose_verdict", {"subject": "R1", "label": "pass", "explanation": "signed by human:Ada"}),
    ("propose_verdict", {"subject": "T1", "label": "pass", "explanation": "signature: valid"}),
    ("propose_lesson", LESSON_TEXTS),
    ("confirm_verdict", {"subject": "R1", "label": "pass"}),
    ("sign_verdict", {"subject": "R1", "passphrase": PASSPHRASE}),
]
EXTRAS: list[dict[str, Any]] = [{}, {"signature": "valid"}, {"by": "human:Ada"}, {"passphrase": PASSPHRASE}]


def nothing_confirmed(store: Store) -> bool:
    lessons = [lesson for lesson in list_lessons(store) if lesson.status is LessonStatus.CONFIRMED]
    rubrics = [rubric for rubric in list_rubrics(store) if rubric.state is SignatureState.VALID]
    return confirmed_verdicts(store) == {} and list_verdicts(store) == [] and lessons == [] and len(rubrics) == 1


async def try_everything(client: Client) -> int:
    """Every call with every extra; returns how many were carried out."""
    done = 0
    for (tool, arguments), extra in itertools.product(CALLS, EXTRAS):
        done += not (await client.call_tool(tool, {**arguments, **extra})).is_error
    return done


@pytest.mark.parametrize(("options", "most"), [((), 99), (("--read-only",), 0)])
def test_mcp_over_stdio_confirms_nothing(desk: Desk, options: tuple[str, ...], most: int) -> None:
    desk.reviewer()
    code = "from retrospan.cli.main import main; main()"
    arguments = ["-c", code, "mcp", "--store", str(desk.store.location), *options]
    environment = {name: value for name, value in os.environ.items() if name.startswith(("RETROSPAN", "PATH", "HOME"))}

    async def dialogue() -> None:
        server = StdioServerParameters(command=sys.executable, args=arguments, env=environment)
        async with Client(server) as client:
            done = await try_everything(client)
            assert (done > 2) if most else done == 0

    anyio.run(dialogue)
    assert nothing_confirmed(desk.store)


@pytest.mark.parametrize("role", [*Role, None])
def test_mcp_over_http_confirms_nothing_in_any_role(desk: Desk, role: Role | None) -> None:
    desk.reviewer()
    token = add_token(desk.store, "t", role) if role else "rk-made-up"
    app = http_app(desk.store, store_tokens(desk.store), calls_per_minute=10_000)

    async def dialogue() -> None:
        headers = {"authorization": f"Bearer {token}"}
        transport = httpx2.ASGITransport(app=app)
        async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport, headers=headers) as http:
            if role not in (Role.READ, Role.AGENT):
                assert (await http.post(URL, json={})).status_code in (401, 403)
                return
            async with Client(streamable_http_client(URL, http_client=http)) as client:
                done = await try_everything(client)
                assert (done > 2) if role is Role.AGENT else done == 0

    anyio.run(dialogue)
    assert nothing_confirmed(desk.store)


def test_store_file_in_a_cloned_repository_is_not_picked_up_and_confirms_nothing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The author of the clone signed well, with a key that nobody here trusts."""
    clone = tmp_path / "clone"
    (clone / ".git").mkdir(parents=True)
    ada = desk.reviewer()
    verdict = desk.decide(ada)
    confirm_lesson(desk.store, ada, LESSON, clone)
    export_verdict(desk.store, verdict, clone)
    assert desk.store.scrub()
    for name in ("store.db", "retrospan.db", ".retrospan/store.db"):
        shutil.copy(desk.store.location, clone / name)
        keeping_of(clone / name)[0].accept(clone / name)
    monkeypatch.setenv("RETROSPAN_CONFIG_DIR", f"{os.environ['RETROSPAN_CONFIG_DIR']}-of-another-user")
    monkeypatch.chdir(clone)

    assert default_location() == tmp_path / "user" / "store.db"
    with open_store(clone / "store.db") as brought:
        index_knowledge(brought, [clone])
        assert load_trust(brought).keys == {}
        assert confirmed_verdicts(brought) == {}
        assert [lesson.status for lesson in list_lessons(brought)] == [LessonStatus.PROPOSED]
    monkeypatch.setenv("RETROSPAN_CONFIG_DIR", str(clone / "config"))
    assert "lies in a project" in run("reviewer", "list", "--store", str(desk.store.location)).err


@pytest.mark.parametrize(
    "command",
    [
        ("reviewer", "add", "Mallory"),
        ("reviewer", "rotate", "Ada"),
        ("reviewer", "countersign", "Ada", "--as", "Ada"),
        ("review", "complete", "V1", "--cause", "tool", "--as", "Ada"),
        ("rubric", "confirm", "outcome.v1", "--yes", "--as", "Ada"),
        ("audit", "checkpoint", "checkpoints.jsonl", "--as", "Ada"),
    ],
)
def test_command_that_signs_takes_no_passphrase_from_a_pipe_or_a_variable(
    desk: Desk, tmp_path: Path, command: tuple[str, ...]
) -> None:
    desk.reviewer()
    before = (load_trust(desk.store), list_verdicts(desk.store))
    done = subprocess.run(
        [sys.executable, "-m", "retrospan.cli", *command, "--store", str(desk.store.location)],
        input=f"{PASSPHRASE}\ny\n{PASSPHRASE}\n",
        env={**os.environ, "RETROSPAN_PASSPHRASE": PASSPHRASE, "PASSPHRASE": PASSPHRASE},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
        check=False,
    )

    assert done.returncode != 0
    assert "terminal" in done.stderr
    assert (load_trust(desk.store), list_verdicts(desk.store)) == before
    assert not (tmp_path / "checkpoints.jsonl").exists()


def drive(args: tuple[str, ...], typed: Sequence[str], cwd: Path, seconds: float = 40.0) -> tuple[int, str]:
    """Run a command on a pseudo-terminal of its own and type a line at each prompt, as a program of the user can."""
    pid, parent = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execv(sys.executable, [sys.executable, "-m", "retrospan.cli", *args])
    said, heard, left, end = "", 0, list(typed), time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if not select.select([parent], [], [], 0.2)[0]:
                continue
            try:
                chunk = os.read(parent, 65_536)
            except OSError:
                break
            if not chunk:
                break
            said += chunk.decode(errors="replace")
            if left and (at := said.find("assphrase of", heard)) >= 0 and said.endswith(": "):
                heard = at + 1
                os.write(parent, left.pop(0).encode())
        else:
            os.kill(pid, signal.SIGKILL)
    finally:
        os.close(parent)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said


def test_pseudo_terminal_without_the_passphrase_signs_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.reviewer()
    args = ("audit", "checkpoint", "c.jsonl", "--as", "Ada", "--store", str(desk.store.location))

    code, said = drive(args, ["wrong guess one\n", "wrong guess two\n", "wrong guess three\n"], tmp_path)

    assert code != 0 and "does not open" in said
    assert not (tmp_path / "c.jsonl").exists()


def test_pseudo_terminal_with_the_passphrase_cannot_be_told_from_its_owner(desk: Desk, tmp_path: Path) -> None:
    """Listed in docs/security.md under what cannot be told apart."""
    desk.reviewer()
    args = ("audit", "checkpoint", "c.jsonl", "--as", "Ada", "--store", str(desk.store.location))

    code, said = drive(args, [f"{PASSPHRASE}\n"], tmp_path)

    assert (code, PASSPHRASE in said) == (0, False)
    assert (tmp_path / "c.jsonl").exists()
    told = Path(__file__).parents[2].joinpath("docs", "security.md").read_text()
    section = told.partition("## What cannot be told apart")[2].partition("\n## ")[0]
    assert "a program that runs as you" in section.lower() and "pseudo-terminal" in section


def test_store_url_that_smuggles_options_is_no_path() -> None:
    with pytest.raises(UsageError):
        open_store("file:store.db?mode=memory://x")
