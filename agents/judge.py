"""A judge: one criterion of one rubric version, one run, one structured answer whose citations are looked up.

It has no tools, never sees what the run's own agent thought or what others said of the run, and what it answers stays a
proposal. A refusal, a time-out, a cut answer and an answer without a quotation that holds are no verdict, never a pass.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

import anyio
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..answers.detailing import StepRequest, detail_steps
from ..knowledge.plaintext import plain_line
from ..model.errors import UsageError
from ..model.reviews import Criterion, Label
from ..model.traces import Message, Step, Trace, Usage
from ..services.reviewing.sentences import Claim
from ..store.jobs.agent_runs import Spent
from .evidence import Cited, Dropped, check_citations
from .model import RequestFailedError, explained, usage_of
from .prompts import judge_prompt, judge_question, new_canary
from .spending import Purse, estimate_tokens

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_RENDER_TOKENS = 24_000
"""Of a run; what does not fit is named in the text, and the answer is marked as given on a part."""
_OUTPUT_TOKENS = 4_096
"""Thinking included."""
_SECONDS = 120.0
ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "explanation": {"type": "string"},
        "cited": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"step": {"type": "string"}, "quote": {"type": "string"}},
                "required": ["step", "quote"],
                "additionalProperties": False,
            },
        },
        "answer": {"type": "string", "enum": ["pass", "fail", "cant_tell"]},
    },
    "required": ["explanation", "cited", "answer"],
    "additionalProperties": False,
}


class JudgeReply(BaseModel):
    """What the model answers, evidence before the word."""

    model_config = ConfigDict(extra="ignore")
    explanation: str = Field(min_length=1, max_length=3_000)
    cited: list[Cited] = Field(max_length=20)
    answer: Literal["pass", "fail", "cant_tell"]


class NoVerdict(StrEnum):
    """Why there is none."""

    REFUSED = "refused"
    TRUNCATED = "truncated"
    TIME = "time"
    MALFORMED = "malformed"
    UNSUPPORTED = "unsupported"
    """No quotation stands where it was said to stand."""
    SUSPICIOUS = "suspicious"
    """The prompt's canary came out."""
    REJECTED = "rejected"
    """The endpoint refuses this request for good."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judge's answer on one run."""

    label: Label | None
    """None is no verdict."""
    no_verdict: NoVerdict | None
    claim: Claim | None
    """The explanation with the steps that hold its quotations."""
    dropped: tuple[Dropped, ...]
    spent: Spent
    history: Sequence[dict[str, Any]]
    system: str
    partial: bool = False
    """The run was too long to be shown whole."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class JudgeSetup:
    """What makes two answers comparable: the criterion, the rubric's content, the model."""

    name: str
    criterion: Criterion
    rubric_sha256: str
    rubric: str
    model: str
    guidance: str = ""
    """What it is told beside the criterion."""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise UsageError(f"{self.name[:60]!r} is no name for a judge. Use a-z, 0-9, dot, dash and underscore.")

    @property
    def by(self) -> str:
        return f"judge:{self.name}"


async def judge(
    client: AsyncAnthropic, trace: Trace, setup: JudgeSetup, purse: Purse, *, reasoning: bool = False
) -> Judgement:
    """Judge one run by one criterion, in one request. `reasoning` shows it what the agent thought.

    Raises:
        BudgetSpent: if the request could pass the budget; nothing was sent.
        RequestFailedError: if the endpoint fails for now.
        ModelError: if the endpoint refuses every request.
    """
    canary = new_canary()
    criterion = setup.criterion
    system = judge_prompt(
        canary,
        question=criterion.question,
        pass_when=criterion.pass_when,
        fail_when=criterion.fail_when,
        examples=criterion.examples,
        guidance=setup.guidance,
    )
    rendered, partial = render(trace, reasoning=reasoning)
    history: list[dict[str, Any]] = [{"role": "user", "content": judge_question(rendered)}]
    held = purse.hold(estimate_tokens(system) + estimate_tokens(str(history)), _OUTPUT_TOKENS)
    ended = Judgement(None, NoVerdict.TIME, None, (), Spent(), history, system, partial)
    try:
        with anyio.move_on_after(_SECONDS), explained():
            message = await client.messages.create(**_request(setup.model, system, history))
            spent = purse.settle(held, usage_of(message.usage))
            said = "".join(block.text for block in message.content if block.type == "text")
            history.append({"role": "assistant", "content": said})
            return _read(trace, replace(ended, spent=spent), said, str(message.stop_reason), canary)
    except RequestFailedError as err:
        if err.later:
            raise
        return replace(ended, no_verdict=NoVerdict.REJECTED, problem=str(err))
    finally:
        purse.release(held)
    # Given up while it was on its way: its prompt is billed.
    return replace(ended, spent=purse.settle(held, Usage(held.input_tokens)))


def _request(model: str, system: str, history: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "model": model,
        "max_tokens": _OUTPUT_TOKENS,
        "system": [{"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}],
        "messages": list(history),
        "output_config": {"format": {"type": "json_schema", "schema": ANSWER_SCHEMA}},
    }


def _read(trace: Trace, ended: Judgement, said: str, stop_reason: str, canary: str) -> Judgement:
    if canary in said:
        return replace(ended, no_verdict=NoVerdict.SUSPICIOUS)
    if stop_reason == "refusal":
        return replace(ended, no_verdict=NoVerdict.REFUSED)
    if stop_reason == "max_tokens":
        return replace(ended, no_verdict=NoVerdict.TRUNCATED)
    try:
        reply = JudgeReply.model_validate_json(said[said.find("{") : said.rfind("}") + 1])
    except ValidationError:
        return replace(ended, no_verdict=NoVerdict.MALFORMED)
    explanation = plain_line(reply.explanation)
    supports, dropped = check_citations(trace, explanation, reply.cited)
    if not supports:
        return replace(ended, no_verdict=NoVerdict.UNSUPPORTED, dropped=dropped)
    claim = Claim(explanation, supports)
    return replace(ended, label=Label(reply.answer), no_verdict=None, claim=claim, dropped=dropped)


def render(trace: Trace, *, reasoning: bool = False) -> tuple[str, bool]:
    """The run as a judge reads it, inside a fence: without signals or what others said of it, and without reasoning.

    Returns:
        The text, and whether a part was left out.
    """
    steps = trace.steps if reasoning else tuple(_bare(step) for step in trace.steps)
    bare = replace(trace, steps=steps, annotations=())
    everything = StepRequest(tuple(range(len(bare.steps))))
    text = detail_steps(bare, (), everything, budget=_RENDER_TOKENS)
    after = text.rpartition("⟧")[2]
    shown, _, _ = text.rpartition("⟧")
    partial = "Not shown yet" in after or "Cut in steps" in after or "Characters" in after
    note = "\nSome of the run is left out for length (…+N). Say cant_tell if it could decide." if partial else ""
    return f"{shown}⟧{note}", partial


def _bare(step: Step) -> Step:
    return replace(
        step,
        input_messages=_spoken(step.input_messages),
        new_messages=_spoken(step.new_messages),
        output_messages=_spoken(step.output_messages),
    )


def _spoken(messages: Sequence[Message]) -> tuple[Message, ...]:
    return tuple(replace(message, reasoning=None) for message in messages)
