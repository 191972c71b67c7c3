"""A child process keeps to its bounds, and nothing of it is left running."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from retrospan.regression.targets.process import run_process
from retrospan.regression.targets.trouble import TargetTroubleError, TroubleKind

PYTHON = sys.executable


def script(code: str, **given: object) -> bytes:
    return run_process([PYTHON, "-c", code], b"in", timeout_s=20, **given).stdout  # type: ignore[arg-type]


def gone(pid: int) -> bool:
    for _ in range(100):
        try:
            if "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text():
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_what_goes_in_and_what_comes_out() -> None:
    assert script("import sys; print(sys.stdin.read() * 2)") == b"inin\n"


def test_a_program_that_never_reads_stdin_does_not_stall() -> None:
    done = run_process([PYTHON, "-c", "print(1)"], b"x" * 5_000_000, timeout_s=20)
    assert done.stdout == b"1\n"


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        (
            "import time; print('busy', file=__import__('sys').stderr, flush=True); time.sleep(60)",
            TroubleKind.TIMEOUT,
            "within 2 s",
        ),
        ("import sys; sys.stderr.write('no key'); sys.exit(3)", TroubleKind.DIED, "status 3. It said last:\nno key"),
        ("import os; os.kill(os.getpid(), 9)", TroubleKind.DIED, "SIGKILL"),
        ("print('x' * 10_000_000)", TroubleKind.TOO_LARGE, "more than 4 MiB"),
    ],
)
def test_each_way_to_fail_is_told(code: str, kind: TroubleKind, says: str) -> None:
    with pytest.raises(TargetTroubleError) as caught:
        run_process([PYTHON, "-c", code], b"", timeout_s=2)
    assert caught.value.kind is kind
    assert says in str(caught.value)
    assert not caught.value.may_pass


def test_a_program_that_is_not_there_may_be_tried_again() -> None:
    with pytest.raises(TargetTroubleError, match="cannot be started") as caught:
        run_process(["/no/such/program"], b"", timeout_s=2)
    assert caught.value.may_pass


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
@pytest.mark.parametrize("own_session", [False, True])
def test_processes_left_behind_are_ended(tmp_path: Path, own_session: bool) -> None:
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys, pathlib\n"
        "sleeper = [sys.executable, '-c', 'import time; time.sleep(90)']\n"
        f"p = subprocess.Popen(sleeper, start_new_session={own_session})\n"
        f"pathlib.Path({str(note)!r}).write_text(str(p.pid))\nprint('done')"
    )
    started = time.monotonic()
    assert script(code) == b"done\n"
    assert time.monotonic() - started < 15
    assert gone(int(note.read_text()))
    assert os.getpid() != int(note.read_text())
