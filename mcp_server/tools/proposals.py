"""The tool by which an agent answers a review question. Its answer stays a proposal."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from ...model.findings import CauseClass
from ...model.text.bounds import TEXT_LIMIT
from ..arguments import unlisted
from ..registry import Caller, tool

_Cause = Annotated[CauseClass, WithJsonSchema({"enum": [cause.value for cause in CauseClass], "type": "string"})]
_CUT = re.compile(r"…\+\d+$")


class Cited(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    step: Annotated[str, Field(max_length=200)]
    quote: Annotated[str, Field(max_length=1_000)]
    sufficient: Annotated[str | None, Field(max_length=600)] = None


@tool("Propose a verdict", writes=True)
def propose_verdict(
    caller: Caller,
    subject: Annotated[str, Field(max_length=200, description="T412 or R31")],
    label: Literal["pass", "fail", "cant_tell"],
    explanation: Annotated[str, Field(max_length=TEXT_LIMIT)],
    cited: Annotated[list[Cited], Field(max_length=20, description="Best first, literal quotes")] = [],  # noqa: B006
    cause: _Cause | None = None,
    refused: Annotated[list[str], unlisted(max_length=5)] = [],  # noqa: B006
) -> str:
    """Your answer on a run or review; people decide. A fail cites one to three candidates."""
    from ...services.reviewing.asking import propose_verdict as propose
    from ...services.reviewing.candidates import Candidate
    from ...services.reviewing.citing import Citation

    proposal = propose(
        caller.store,
        subject,
        label=label,
        explanation=explanation,
        cited=[Citation(entry.step, as_read(entry.quote)) for entry in cited if not entry.sufficient],
        cause=cause,
        candidates=[
            Candidate(entry.step, as_read(entry.quote), entry.sufficient) for entry in cited if entry.sufficient
        ],
        refused=refused,
        by=caller.actor,
    )
    if proposal.item_id is not None:
        return f"{proposal.short_id} proposed on R{proposal.item_id}: {label}. A person decides: `retrospan review`."
    return (
        f"{proposal.short_id} proposed on T{proposal.trace_id}: {label}. Nobody was asked to look yet: "
        f'request_review(trace="T{proposal.trace_id}", question=…).'
    )


def as_read(quote: str) -> str:
    """The quote without the marks that our own rendering adds: `⏎` for a line break, `…+N` for a cut."""
    return _CUT.sub("", quote.strip().strip("“”")).replace("⏎", "\n")
