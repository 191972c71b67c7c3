"""An investigator over the store of a test."""

from __future__ import annotations

import pytest
from agents_at_work import Investigate, investigator_on
from retrospan.store.contract import Store


@pytest.fixture
def investigate_with(store: Store) -> Investigate:
    return investigator_on(store)
