"""A passphrase comes from a person's terminal and from nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

ASK = "from retrospan.trust.passphrase import read_passphrase; print('got', read_passphrase('Passphrase: '))"


def run(*, stdin: int | None = None, data: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ASK],
        stdin=stdin,
        input=data,
        capture_output=True,
        text=True,
        env=os.environ | env,
        start_new_session=True,
        check=False,
        timeout=60,
    )


def test_pipe_is_refused() -> None:
    done = run(data="correct horse battery\n")

    assert done.returncode != 0
    assert "got" not in done.stdout
    assert "typed on a terminal" in done.stderr


def test_environment_and_empty_input_are_refused() -> None:
    done = run(
        stdin=subprocess.DEVNULL,
        RETROSPAN_PASSPHRASE="correct horse battery",
        PASSPHRASE="correct horse battery",
        SSH_ASKPASS="/bin/echo",
    )

    assert done.returncode != 0
    assert "got" not in done.stdout


def test_terminal_on_stdin_that_does_not_control_the_process_is_refused() -> None:
    leader, follower = pty.openpty()
    try:
        os.write(leader, b"correct horse battery\n")
        done = run(stdin=follower)
    finally:
        os.close(leader)
        os.close(follower)

    assert done.returncode != 0
    assert "got" not in done.stdout


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="pty.fork warns in processes with threads")
def test_typed_passphrase_is_read_and_not_shown() -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", ASK])
    shown = b""
    while b"Passphrase: " not in shown:
        shown += os.read(terminal, 1024)
    os.write(terminal, b"correct horse battery\n")
    while b"battery\r\n" not in shown:
        shown += os.read(terminal, 1024)
    _, status = os.waitpid(child, 0)
    os.close(terminal)

    assert os.waitstatus_to_exitcode(status) == 0
    assert shown.count(b"correct horse") == 1
