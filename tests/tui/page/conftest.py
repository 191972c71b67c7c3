"""What the tests of the review page share."""

from __future__ import annotations

import pytest
from clocks import Clock


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()
