"""The one place where a passphrase is read: from a person's terminal, never from a pipe, a flag or the environment."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from ..model.errors import RefusedError
from .keys import check_passphrase

_TERMINAL = Path("/dev/tty")


def require_terminal() -> None:
    """Refuse to go on where no person can type: no terminal on stdin, or none that controls this process.

    The terminal app calls this before it shows its own field for a passphrase.

    Raises:
        RefusedError: if stdin is a pipe or file, or there is no controlling terminal.
    """
    if not sys.stdin.isatty():
        raise RefusedError(
            "A passphrase is typed on a terminal; standard input is a pipe or a file here. "
            "Run the command in a terminal, without input from elsewhere."
        )
    if os.name == "posix":
        try:
            os.close(os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY))
        except OSError as err:
            raise RefusedError(
                f"A passphrase is typed on a terminal; this process has none ({err.strerror}). Run it in a terminal."
            ) from err


def read_passphrase(prompt: str) -> str:
    """Ask for a passphrase on the terminal, unseen.

    Raises:
        RefusedError: if there is no terminal.
    """
    require_terminal()
    return getpass.getpass(prompt)


def read_new_passphrase(name: str) -> str:
    """Ask twice for the passphrase of a new key.

    Raises:
        RefusedError: if there is no terminal, or the two differ.
        UsageError: if it is too short.
    """
    first = read_passphrase(f"New passphrase for {name} (12 characters or more): ")
    check_passphrase(first)
    if read_passphrase("The same again: ") != first:
        raise RefusedError("The two passphrases differ. Nothing was made; try again.")
    return first
