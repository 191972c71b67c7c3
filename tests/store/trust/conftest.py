"""A user with an empty configuration."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def config_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's configuration folder, away from the real one."""
    folder = tmp_path / "config"
    monkeypatch.setenv("RETROSPAN_CONFIG_DIR", str(folder))
    return folder
