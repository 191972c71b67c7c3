"""Run a case against the application right away, in a process of its own: what it prints or breaks stays there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ...model.errors import UsageError
from ..target import Declaration, find_declaration

_LONGEST_S = 600.0


def declared_target(folder: Path) -> Declaration | None:
    """Where the application of a project folder is declared; None where it is not."""
    try:
        return find_declaration(folder)
    except UsageError:
        return None


def run_now(folder: Path, case_id: str, store_location: str | None = None) -> tuple[bool | None, str]:
    """Run one case of a folder as `retrospan case run` does, with this interpreter.

    Args:
        folder: The project's folder.
        case_id: The case.
        store_location: The store whose trusted reviewers count.

    Returns:
        Whether it passed, None where it could not be told, and what there is to read.

    Cost: one run of the application, at most ten minutes.
    """
    command = [sys.executable, "-m", "retrospan.cli", "case", "run", case_id, "--folder", str(folder)]
    if store_location is not None:
        command += ["--store", store_location]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=_LONGEST_S, check=False)
    except subprocess.TimeoutExpired:
        return None, f"It ran for {_LONGEST_S / 60:.0f} minutes and was stopped."
    text = (done.stdout + done.stderr).strip()
    return {0: True, 1: False}.get(done.returncode), text
