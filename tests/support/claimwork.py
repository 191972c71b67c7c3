"""What a reviewer's process does in a test of many: take open items until none is left."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from retrospan.model.clock import utc_text
from retrospan.model.errors import RefusedError
from retrospan.model.reviews import Label
from retrospan.store.opening import open_store
from retrospan.store.reviews.claims import answer_slot, claim_slot
from retrospan.store.reviews.items import list_items, set_item_state, state_after


@dataclass
class Shift:
    """What one reviewer did: the items answered, and how long each claim and each submission took."""

    answered: list[int] = field(default_factory=list)
    claim_ms: list[float] = field(default_factory=list)
    submit_ms: list[float] = field(default_factory=list)


def answer_all(path: str, reviewer: str) -> Shift:
    """Claim and answer until nothing is open to this reviewer."""
    shift = Shift()
    with open_store(path) as store:
        while True:
            now = datetime.now(UTC)
            with store.read() as con:
                items = list_items(con, now=utc_text(now), open_to=reviewer, limit=20)
            if not items:
                return shift
            item = random.choice(items)
            started = time.perf_counter()
            try:
                with store.write() as con:
                    claim = claim_slot(con, item.id, reviewer, now)
                claimed = time.perf_counter()
                with store.write() as con:
                    answer_slot(con, claim)
                    count = len(list(con.execute(_ANSWERED, (item.id,))))
                    set_item_state(con, item.id, state_after([Label.PASS] * count, item.overlap))
                shift.answered.append(item.id)
                shift.claim_ms.append((claimed - started) * 1_000)
                shift.submit_ms.append((time.perf_counter() - claimed) * 1_000)
            except RefusedError:
                continue


_ANSWERED = "SELECT slot FROM review_slot WHERE item_id = ? AND state = 'answered'"
