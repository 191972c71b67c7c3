"""Where the user's configuration and keys lie; light, as every start of the terminal app asks."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from ..model.errors import RefusedError


def config_folder() -> Path:
    """The user's configuration folder; `RETROSPAN_CONFIG_DIR` names another.

    Raises:
        RefusedError: if the variable names a folder inside a git repository. A cloned project can set variables for
            the servers it configures, and would bring its own trust root.
    """
    named = os.environ.get("RETROSPAN_CONFIG_DIR")
    if not named:
        return Path(platformdirs.user_config_dir("retrospan"))
    folder = Path(named).absolute()
    if any((place / ".git").exists() for place in (folder, *folder.resolve().parents)):
        raise RefusedError(
            f"RETROSPAN_CONFIG_DIR names {folder}, which lies in a git repository; whom you trust is never taken "
            "from one. Name a folder outside, or leave the variable out."
        )
    return folder


def keys_folder() -> Path:
    """Where the encrypted private keys lie."""
    return config_folder() / "keys"
