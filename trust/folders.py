"""Where the user's configuration and keys lie; light, as every start of the terminal app asks.

Whom a user trusts is read there, so no project may choose the place. Variables do, and a project's client settings set
variables for the servers they start: a place that they name is taken only where no project lies around it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import platformdirs

from ..model.errors import RefusedError

_MARKS = (
    *(".git", ".hg", ".svn", ".jj"),
    *(".mcp.json", ".retrospan", "retrospan.toml", ".claude", ".cursor", ".vscode", ".codex", ".gemini"),
    *("pyproject.toml", "package.json", "Cargo.toml", "go.mod", "setup.py"),
)
"""A folder that holds one of these is a work tree: somebody else may have filled it."""
_MADE_HERE = "made-here"
"""Names the folder that holds it by device and inode: no archive and no clone can know them."""


def config_folder() -> Path:
    """The user's configuration folder; `RETROSPAN_CONFIG_DIR` names another.

    Raises:
        RefusedError: if a variable (this one, `XDG_CONFIG_HOME` or `HOME`) leads into a project: a folder with the
            marks of one; or, where it holds anything that this program did not begin, into the folder that this program
            runs in or one beside it. A cloned or unpacked project would bring its own trust root.
    """
    named = os.environ.get("RETROSPAN_CONFIG_DIR")
    folder = Path(named) if named else Path(platformdirs.user_config_dir("retrospan"))
    home = _own_home()
    if not named and home is not None and _usual(folder, home):
        return folder
    why = _why_not(folder, home)
    if why:
        variable = "RETROSPAN_CONFIG_DIR" if named else "XDG_CONFIG_HOME" if "XDG_CONFIG_HOME" in os.environ else "HOME"
        raise RefusedError(
            f"{variable} leads to {folder}, {why}; whom you trust is never taken from a project. "
            "Name a folder elsewhere, or leave the variable out."
        )
    return folder


def keys_folder() -> Path:
    """Where the encrypted private keys lie."""
    return config_folder() / "keys"


def _own_home() -> Path | None:
    """The home that the system's accounts name, whatever `HOME` says; None where they name none."""
    try:
        import pwd

        return Path(pwd.getpwuid(os.getuid()).pw_dir).resolve()
    except (ImportError, KeyError, OSError):
        return None


def _usual(folder: Path, home: Path) -> bool:
    """Whether it is where this system keeps an account's configuration, and no variable's choice."""
    usual = (home / ".config" / "retrospan", home / "Library" / "Application Support" / "retrospan")
    return folder.absolute() in usual or folder.resolve() in usual


def _why_not(folder: Path, home: Path | None) -> str:
    """Why a folder that a variable names is none to take; empty where it is."""
    if not folder.is_absolute():
        return "which depends on where the program is started"
    here = Path.cwd().resolve()
    nobodys = _above(home) | {Path(tempfile.gettempdir()).resolve(), Path(here.anchor)}
    for place in {folder, folder.resolve()}:
        for parent in (place, *place.parents):
            if parent in nobodys:
                break
            if mark := next((name for name in _MARKS if (parent / name).exists()), None):
                return f"which lies in a project ({parent / mark})"
        shared = _shared(place, here)
        # What a system keeps side by side (/srv/app, /srv/conf) was not unpacked together.
        top = len(shared.parts) <= 2 and shared != here
        if shared not in nobodys and not top and not _made_here(folder):
            return f"which lies in or beside the folder that this program runs in ({shared})"
    return ""


def _made_here(folder: Path) -> bool:
    """Whether this program began the folder on this machine; an absent or empty one is begun: it brings nothing."""
    mark = folder / _MADE_HERE
    try:
        if not folder.exists() or not any(folder.iterdir()):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            mark.write_text(_identity(folder), encoding="ascii")
        return not mark.is_symlink() and mark.read_text(encoding="ascii") == _identity(folder)
    except (OSError, UnicodeDecodeError):
        return False


def _identity(folder: Path) -> str:
    found = folder.stat()
    return f"{found.st_dev}:{found.st_ino}"


def _above(home: Path | None) -> set[Path]:
    return set() if home is None else {home, *home.parents}


def _shared(left: Path, right: Path) -> Path:
    """The deepest folder that holds both."""
    return next(parent for parent in (left, *left.parents) if right.is_relative_to(parent))
