"""What the disk shows, as docs/security.md says it: nothing to other accounts, and everything to whoever reads it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from conversations import Builder, says
from retrospan.store.contract import Store


@pytest.mark.skipif(os.name != "posix", reason="rights of files")
def test_the_store_is_readable_by_its_owner_only_and_not_encrypted(store: Store, traces: Builder) -> None:
    traces.add(says("user", "zqvxunique order"), says("assistant", "It ships on Monday."))
    store.scrub()
    path = Path(store.location)
    files = [found for found in path.parent.glob(f"{path.name}*") if found.is_file()]
    assert {stat.S_IMODE(found.stat().st_mode) for found in files} == {0o600}
    assert path.read_bytes().startswith(b"SQLite format 3")
    assert any(b"zqvxunique" in found.read_bytes() for found in files)
