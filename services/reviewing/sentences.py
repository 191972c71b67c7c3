"""Sentences of an agent with the steps that support each: kept with its answer, shown beside its proposal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from ...model.traces import JsonValue
from ...store.contract import Store
from ...store.jobs.agent_runs import task_of_proposal


@dataclass(frozen=True, slots=True)
class Support:
    """A step that holds a quotation, checked when it was kept."""

    span_id: str
    quote: str
    step: int
    """Index at that time."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an agent, with the steps that support it."""

    sentence: str
    supports: tuple[Support, ...]

    def cited(self) -> str:
        """The sentence with the numbers of its steps: `The reply promises 45 days [2].`"""
        steps = ", ".join(str(step) for step in sorted({support.step for support in self.supports}))
        text = self.sentence.rstrip()
        ending = text[-1] if text[-1:] in ".!?" else "."
        return f"{text.rstrip('.!?')} [{steps}]{ending}"


def explanation_of(claims: Sequence[Claim]) -> str:
    """Claims as the explanation of a proposal: each sentence names its steps."""
    return " ".join(claim.cited() for claim in claims)


def claims_json(claims: Sequence[Claim]) -> list[JsonValue]:
    """Claims as they are kept and printed."""
    return [
        {
            "sentence": claim.sentence,
            "steps": [{"step": s.step, "span_id": s.span_id, "quote": s.quote} for s in claim.supports],
        }
        for claim in claims
    ]


def claims_of_proposal(store: Store, proposal_id: int) -> tuple[Claim, ...]:
    """The sentences of an agent's proposal with the steps that support each; empty where none were kept."""
    with store.read() as con:
        task = task_of_proposal(con, proposal_id)
    kept = task.answer.get("claims") if task else None
    return tuple(_claim(entry) for entry in kept if isinstance(entry, dict)) if isinstance(kept, list) else ()


def _claim(entry: Mapping[str, JsonValue]) -> Claim:
    steps = cast(list[dict[str, JsonValue]], entry.get("steps") or [])
    supports = tuple(Support(str(s["span_id"]), str(s["quote"]), int(str(s["step"]))) for s in steps)
    return Claim(str(entry.get("sentence", "")), supports)
