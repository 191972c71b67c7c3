"""A conversation about one run: a person asks in words, the model reads the steps and answers with citations.

The answer is free text in which each citation, `[7: "words"]`, is looked up by code; one that does not hold is shown as
such and counted. The history is kept with the run, and a stopped answer leaves it as it was before the question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..knowledge.plaintext import plain_text
from ..model.text.jsontext import as_text
from ..model.traces import Trace
from ..services.agent_work.jobs import keep_transcript, keep_turn, task_for
from ..services.reviewing.sentences import Claim, Support
from ..store.contract import Store
from ..store.jobs.agent_runs import Spent, Task
from ..store.reading.summaries import get_trace
from .bridge import reading_tools
from .events import Ending, Event, Message, result_text
from .evidence import Cited, check_citations
from .investigator import run_seen_by_tools
from .loop import Conversation, Setup
from .prompts import chat_prompt, first_question, new_canary
from .spending import Limits, Purse
from .transcripts import transcript_of

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

KIND = "chat"
CHAT_LIMITS = Limits(turns=1_000, output_tokens=8_192, input_tokens=120_000, seconds=300.0)
"""Turns are those of the whole history; what one question may take is bounded by the purse and by time."""
_CITATION = re.compile(r"\[((?:T\d{1,15}\.)?\d{1,9}): ?[\"“]([^\"”\]\n]{1,400})[\"”]\]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)|\n+")
_QUESTION = "\n\nThe question:\n"


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of an answer as it may be shown: without its citations, which stand apart."""

    text: str
    supports: tuple[Support, ...] = ()
    refused: tuple[str, ...] = ()
    """Citations whose words do not stand in their step."""


def claims_of(said: Sequence[Said]) -> tuple[Claim, ...]:
    """The sentences that at least one step supports."""
    return tuple(Claim(entry.text, entry.supports) for entry in said if entry.supports)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question."""

    ending: Ending
    said: tuple[Said, ...]
    spent: Spent
    problem: str = ""

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The sentences that at least one step supports."""
        return claims_of(self.said)

    @property
    def refused(self) -> int:
        return sum(len(said.refused) for said in self.said)


@dataclass(frozen=True, slots=True)
class Lookup:
    """A tool that was called for an answer."""

    name: str
    arguments: str
    """As JSON."""
    answer: str = ""
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question with its answer, as the history has them."""

    question: str
    said: tuple[Said, ...]
    lookups: tuple[Lookup, ...]

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The sentences that at least one step supports."""
        return claims_of(self.said)


class Chat:
    """The conversation about one run; goes on where it was left, in this process or another.

    Args:
        store: Where the run is.
        trace_id: The run.
        model: Which model to ask.
        folder: The project whose lessons may be looked up.
    """

    def __init__(self, store: Store, trace_id: int, model: str, *, folder: Path | None = None) -> None:
        self.model = model
        self._store = store
        self._folder = folder
        self._trace: Trace = get_trace(store, trace_id)
        self._task: Task = task_for(store, KIND, trace_id)
        kept = self._task.checkpoint if isinstance(self._task.checkpoint, dict) else {}
        self._canary = str(kept.get("canary") or new_canary())
        self._history: list[Message] = answered(kept.get("history") or [])  # type: ignore[arg-type]

    @property
    def exchanges(self) -> list[Exchange]:
        """What was asked and answered so far."""
        found: list[Exchange] = []
        for start, end in _spans(self._history):
            part = self._history[start:end]
            question = str(part[0]["content"]).rpartition(_QUESTION)[2]
            found.append(Exchange(question, self._read(_text_of(part[-1])), tuple(_lookups(part))))
        return found

    async def ask(
        self, client: AsyncAnthropic, words: str, purse: Purse, *, on_event: Callable[[Event], None]
    ) -> Answer:
        """Put a question; the answer is kept with the run.

        A cancelled or failed question leaves the history as it was; what it took is counted all the same.

        Raises:
            ModelError: if the endpoint refuses every request.
        """
        before = list(self._history)
        done = False
        try:
            async with reading_tools(self._store, folder=self._folder) as tools:
                text = words if before else f"{await self._introduction(tools)}{_QUESTION}{words}"
                setup = Setup(self.model, chat_prompt(self._canary), tools, self._canary)
                talk = Conversation(
                    client,
                    setup,
                    [*before, {"role": "user", "content": text}],
                    purse,
                    CHAT_LIMITS,
                    on_event=on_event,
                    on_turn=lambda took: self._keep(before, took),
                )
                ending = await talk.run()
            done = ending is Ending.ANSWERED
            said = self._read(_text_of(talk.history[-1])) if done else ()
            if done:
                self._history = talk.history
                self._transcribe(setup.system, talk.history[len(before) :], talk.spent)
            return Answer(ending, said, talk.spent, talk.problem)
        finally:
            self._keep(self._history if done else before, Spent())

    def forget(self) -> None:
        """Begin anew; transcripts and costs of what was said stay."""
        self._history = []
        self._keep([], Spent())

    def _transcribe(self, system: str, part: Sequence[Message], spent: Spent) -> None:
        name = self._trace.summary.short_id
        task = f"answer a question about {name}"
        record = transcript_of("chat", self.model, system, part, task=task, ending="answered", spent=spent)
        keep_transcript(self._store, record, trace_id=self._trace.summary.id)

    def _keep(self, history: Sequence[Message], took: Spent) -> None:
        keep_turn(self._store, self._task, {"canary": self._canary, "history": list(history)}, took)

    async def _introduction(self, tools: Sequence[Any]) -> str:
        return first_question(self._trace.summary.short_id, *await run_seen_by_tools(tools, self._trace))

    def _read(self, text: str) -> tuple[Said, ...]:
        return tuple(self._sentence(part) for part in _SENTENCE.split(_joined(text)) if part.strip())

    def _sentence(self, text: str) -> Said:
        cited = [Cited(step=step, quote=quote) for step, quote in _CITATION.findall(text)]
        shown = plain_text(re.sub(r"\s+([.!?,;])", r"\1", _CITATION.sub("", text))).strip()
        supports, dropped = check_citations(self._trace, shown, cited)
        return Said(shown, supports, tuple(entry.why for entry in dropped))


def _joined(text: str) -> str:
    """A citation after the full stop belongs to the sentence before it."""
    return re.sub(r"([.!?])(\s*)((?:\[[^\[\]\n]{1,420}\]\s*)+)", lambda m: f" {m[3].strip()}{m[1]}{m[2] or ' '}", text)


def answered(history: Sequence[Message]) -> list[Message]:
    """The history up to its last whole answer."""
    found = list(history)
    while found and not (found[-1]["role"] == "assistant" and not list(_uses(found[-1]))):
        found.pop()
    return found


def _spans(history: Sequence[Message]) -> Iterator[tuple[int, int]]:
    start = 0
    for place, message in enumerate(history):
        if message["role"] == "assistant" and not list(_uses(message)):
            yield start, place + 1
            start = place + 1


def _uses(message: Message) -> Iterator[dict[str, Any]]:
    if isinstance(message["content"], list):
        yield from (part for part in message["content"] if part.get("type") == "tool_use")


def _lookups(part: Sequence[Message]) -> Iterator[Lookup]:
    results = {
        result["tool_use_id"]: result
        for message in part
        if message["role"] == "user" and isinstance(message["content"], list)
        for result in message["content"]
        if result.get("type") == "tool_result"
    }
    for message in part:
        for use in _uses(message) if message["role"] == "assistant" else ():
            result = results.get(use["id"], {})
            yield Lookup(
                str(use.get("name")), as_text(use.get("input")), result_text(result), bool(result.get("is_error"))
            )


def _text_of(message: Message) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part.get("type") == "text")
