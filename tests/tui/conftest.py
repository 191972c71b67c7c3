"""A reviewer at a desk, and the app open before them."""

from __future__ import annotations

import pytest
from retrospan.services.reviewing.asking import propose_verdict, request_review
from retrospan.services.reviewing.citing import Citation
from retrospan.trust.session import ReviewSession
from retrospan.tui.screens import drafts, item, sign, teaching
from reviewdesk import QUESTION, Desk


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let deciding keys act at once, which the guard time otherwise forbids."""
    for module in (item, sign, drafts, teaching):
        monkeypatch.setattr(module, "GUARD_SECONDS", 0.0)


@pytest.fixture
def ada(desk: Desk) -> ReviewSession:
    """A trusted reviewer, unlocked."""
    return desk.reviewer()


@pytest.fixture
def queue(desk: Desk) -> Desk:
    """Two questions wait; on the first an agent has proposed an answer."""
    request_review(desk.store, "T1", QUESTION, by="agent:claude", focus=("a3",), reason="a value without a source")
    request_review(desk.store, "T2", QUESTION, by="agent:claude")
    cited = [Citation("T1.2", "45 days")]
    words = "The reply says 45 days; the policy says 30."
    propose_verdict(desk.store, "R1", label="fail", explanation=words, cited=cited, by="agent:claude")
    return desk
