"""A desk with two runs to judge."""

from __future__ import annotations

import pytest
from retrospan.store.contract import Store
from reviewdesk import Desk


@pytest.fixture
def desk(store: Store) -> Desk:
    """A store with two runs, and people who judge them."""
    return Desk(store)
