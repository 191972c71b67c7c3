"""What a reviewer's process does in a test of many: take open items until none is left."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from retrospan.store.connection import open_store
from retrospan.store.errors import RefusedError
from retrospan.store.review_models import Label
from retrospan.store.reviews import list_items, set_item_state, state_after
from retrospan.store.reviews_claims import answer_slot, claim_slot
from retrospan.store.trust.clock import utc_text


def answer_all(path: str, reviewer: str) -> list[int]:
    """Claim and answer until nothing is open to this reviewer; the ids answered."""
    answered: list[int] = []
    with open_store(path) as store:
        while True:
            now = datetime.now(UTC)
            with store.read() as con:
                items = list_items(con, now=utc_text(now), open_to=reviewer, limit=20)
            if not items:
                return answered
            item = random.choice(items)
            try:
                with store.write() as con:
                    claim = claim_slot(con, item.id, reviewer, now)
                with store.write() as con:
                    answer_slot(con, claim)
                    count = len(list(con.execute(_ANSWERED, (item.id,))))
                    set_item_state(con, item.id, state_after([Label.PASS] * count, item.overlap))
                answered.append(item.id)
            except RefusedError:
                continue


_ANSWERED = "SELECT slot FROM review_slot WHERE item_id = ? AND state = 'answered'"
