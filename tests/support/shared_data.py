"""Where the labelled data and real captures lie, which are kept beside the repository and never in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED_DATA = Path(os.environ.get("RETROSPAN_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def shared(*parts: str) -> Path:
    """The path of a shared data file; skips the calling test where it is absent."""
    path = SHARED_DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs {'/'.join(parts)} from the shared data folder ({SHARED_DATA}); set RETROSPAN_SHARED_DATA")
    return path
