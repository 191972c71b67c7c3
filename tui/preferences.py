"""What the terminal app remembers between starts: `tui.json` in the user's configuration folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import orjson

from ..model.errors import RetrospanError
from ..trust.files import read_bounded, write_atomic
from ..trust.folders import config_folder

_FILE = "tui.json"
_LIMIT = 65_536
MOST_SEARCHES = 50


@dataclass(frozen=True)
class Preferences:
    """The file. What a newer version wrote into it is left out rather than refused."""

    # Not pydantic, which takes a tenth of the time to the first picture to load.
    theme: str = "retrospan"
    searches: tuple[str, ...] = ()
    """Search lines that were kept, newest first."""


def load_preferences() -> Preferences:
    """What was remembered; the defaults where there is nothing, or nothing that can be read."""
    try:
        path = config_folder() / _FILE
        said = orjson.loads(read_bounded(path, _LIMIT)) if path.exists() else {}
    except (RetrospanError, orjson.JSONDecodeError):
        # A broken file of colours must not keep anybody out.
        said = {}
    known = said if isinstance(said, dict) else {}
    theme, searches = known.get("theme"), known.get("searches")
    kept = [line for line in searches if isinstance(line, str)] if isinstance(searches, list) else []
    return Preferences(theme if isinstance(theme, str) else Preferences().theme, tuple(kept[:MOST_SEARCHES]))


def save_preferences(preferences: Preferences) -> None:
    """Remember these.

    Raises:
        StoreError: if the folder cannot be written.
        RefusedError: if it lies in a repository.
    """
    write_atomic(config_folder(), _FILE, orjson.dumps(asdict(preferences), option=orjson.OPT_INDENT_2) + b"\n")
