"""A client of a scripted model over real HTTP, and what an investigation needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import anyio
from retrospan.agents.investigator import Investigation, investigate
from retrospan.agents.model import make_client
from retrospan.agents.prices import find_price
from retrospan.agents.spending import Budget, Limits, Purse
from retrospan.store.contract import Store
from scripted_model import Script, ScriptedModel, serving

MODEL = "claude-sonnet-5-5"
Investigate: TypeAlias = Callable[..., tuple[Investigation, ScriptedModel]]


def investigator_on(store: Store) -> Investigate:
    """Investigate T1 (or another run) with a script; returns the result and what the model was asked."""

    def run(
        script: Script, trace_id: int = 1, *, budget: Budget | None = None, limits: Limits | None = None, **options: Any
    ) -> tuple[Investigation, ScriptedModel]:
        with serving(script) as model:

            async def main() -> Investigation:
                async with make_client(api_key="test", base_url=model.url) as client:
                    purse = Purse(budget or Budget(), find_price(MODEL))
                    return await investigate(
                        client, store, trace_id, model=MODEL, purse=purse, limits=limits or Limits(), **options
                    )

            return anyio.run(main), model

    return run
