"""How much assistants may put before people: a script that never tires must not bury what matters."""

from __future__ import annotations

from datetime import timedelta

from ..model.clock import utc_now, utc_text
from ..model.errors import RefusedError
from ..store.contract import Store
from ..store.reviews.waiting import Waiting, waiting_of_agents

MOST_OF_ONE = Waiting(items=100, proposals=1_000, observations=1_000, drafts=200)
"""Of one assistant: questions that wait, proposals and observations in a day. Drafts are counted together."""
MOST_OF_ALL = Waiting(items=500, proposals=5_000, observations=5_000, drafts=200)
"""Of all assistants: a client may call itself by another name each time."""
_NEXT = {
    "items": ("request_review", "questions of assistants wait for people", "Wait until some are answered"),
    "proposals": ("propose_verdict", "proposals came from assistants within a day", "Go on tomorrow"),
    "observations": ("record_observation", "observations came from assistants within a day", "Go on tomorrow"),
    "drafts": ("propose_lesson", "drafts of lessons wait for people", "Wait until some are confirmed or dropped"),
}
_KIND = {tool: kind for kind, (tool, _, _) in _NEXT.items()}


def check_quota(store: Store, tool: str, actor: str) -> None:
    """Refuse one more of what `tool` writes where too much of it waits.

    Raises:
        RefusedError: says how much waits and what to do.
    """
    kind = _KIND.get(tool)
    if kind is None:
        return
    since = utc_text(utc_now() - timedelta(days=1))
    for name, most in ((actor, MOST_OF_ONE), (None, MOST_OF_ALL)):
        held, limit = getattr(waiting_of_agents(store, name, since=since), kind), getattr(most, kind)
        if held >= limit:
            _, what, then = _NEXT[kind]
            raise RefusedError(
                f"{held:,} {what} (limit: {limit:,}). {then}; a person sees them with `retrospan review`."
            )
