"""Which addresses a command tried to reach: told by system calls where strace may be used, else in Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

_AUDIT = """
import os, sys
def _note(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        with open(os.environ["NETWORK_LOG"], "a") as log:
            log.write(f"{event} {args[1:] if event.startswith('socket.c') or event.endswith('sendto') else args}\\n")
sys.addaudithook(_note)
"""
_ADDRESS = re.compile(r"(?:connect|sendto|sendmsg)\(.*sa_family=AF_INET6?.*", re.ASCII)
_LOCAL = re.compile(r'inet_addr\("127\.|"::1"|127\.0\.0\.1|localhost|\(\'::1\'')


@cache
def can_trace() -> bool:
    """Whether strace is here and may attach to a process."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-f", "-o", os.devnull, "true"], capture_output=True).returncode == 0


def observed(command: Sequence[str], folder: Path, **variables: str) -> tuple[list[str], Mapping[str, str]]:
    """The command with whatever watches it, and its environment; `reached` reads what was seen afterwards."""
    hook = folder / "hook"
    hook.mkdir(exist_ok=True)
    (hook / "sitecustomize.py").write_text(_AUDIT)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL", "TMPDIR")}
    environment = kept | {
        "HOME": str(folder),
        "PYTHONPATH": str(hook),
        "NETWORK_LOG": str(folder / "audit.log"),
        "RETROSPAN_CONFIG_DIR": str(folder / "config"),
        "RETROSPAN_STORE": str(folder / "store.db"),
        **variables,
    }
    watched = ["strace", "-f", "-qq", "-e", "trace=network", "-o", str(folder / "calls.log")] if can_trace() else []
    return [*watched, sys.executable, "-m", "retrospan.cli", *command], environment


def reached(folder: Path) -> list[str]:
    """Every look-up, and every attempt to reach something other than this machine."""
    found = []
    if (calls := folder / "calls.log").exists():
        found += [line for line in calls.read_text(errors="replace").splitlines() if _ADDRESS.search(line)]
    if (audit := folder / "audit.log").exists():
        found += audit.read_text(errors="replace").splitlines()
    return [line for line in found if not _LOCAL.search(line)]
