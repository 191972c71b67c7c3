"""What the terminal app remembers between starts: `tui.json` in the user's configuration folder."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from ..store.errors import RetrospanError
from ..store.trust.config import config_folder
from ..store.trust.files import read_bounded, write_atomic

_FILE = "tui.json"
_LIMIT = 65_536


class Preferences(BaseModel):
    """The file. What a newer version wrote into it is left out rather than refused."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    theme: str = "retrospan"


def load_preferences() -> Preferences:
    """What was remembered; the defaults where there is nothing, or nothing that can be read."""
    try:
        path = config_folder() / _FILE
        return Preferences.model_validate_json(read_bounded(path, _LIMIT)) if path.exists() else Preferences()
    except (RetrospanError, ValidationError):
        # A broken file of colours must not keep anybody out.
        return Preferences()


def save_preferences(preferences: Preferences) -> None:
    """Remember these.

    Raises:
        StoreError: if the folder cannot be written.
        RefusedError: if it lies in a repository.
    """
    write_atomic(config_folder(), _FILE, preferences.model_dump_json(indent=2).encode() + b"\n")
