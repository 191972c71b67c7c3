"""The investigator: one run → a proposal whose every sentence cites a step that holds its words.

The model reads the store through the MCP tools alone and hands in its report through one tool of its own, which checks
each quotation and tells the model what did not hold, so that it can look again. Nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ..model.findings import CauseClass
from ..model.text.display import safe_line
from ..model.text.fence import fenced, inert
from ..model.traces import Trace
from ..store.contract import Store
from ..store.jobs.agent_runs import Spent
from ..store.reading.summaries import get_trace
from .bridge import own_tool, reading_tools
from .events import Ending, Event, Message, result_text
from .evidence import MAX_CLAIMS, Dropped, Findings, Report, check_report
from .loop import Conversation, Setup
from .prompts import first_question, investigator_prompt, new_canary
from .spending import Limits, Purse

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

    from ..mcp_server.server import RetrospanServer

REPORT_TOOL = "report_findings"
_ATTEMPTS = 3
"""Reports that are checked and sent back before the last one has to do."""
_DESCRIPTION = (
    "Hand in what you found. Each sentence states one thing and cites the steps that show it, with words copied letter "
    "for letter. Says which quotations do not stand where you said; then look again and report again."
)
_CITED = {
    "type": "object",
    "properties": {
        "step": {"type": "string", "description": "7 or T412.7"},
        "quote": {"type": "string", "description": "A few words that stand in that step"},
    },
    "required": ["step", "quote"],
    "additionalProperties": False,
}
REPORT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "enum": ["pass", "fail", "cant_tell"]},
        "claims": {
            "type": "array",
            "maxItems": MAX_CLAIMS,
            "items": {
                "type": "object",
                "properties": {
                    "sentence": {"type": "string", "maxLength": 600},
                    "evidence": {"type": "array", "maxItems": 6, "items": _CITED},
                },
                "required": ["sentence", "evidence"],
                "additionalProperties": False,
            },
        },
        "cause": {"type": "string", "enum": [cause.value for cause in CauseClass]},
        "cause_step": {"type": "string", "description": "Where it first went wrong; one of the cited steps"},
        "confidence": {"type": "string", "enum": ["low", "medium", "high"]},
        "confidence_because": {"type": "string", "description": "What speaks for it and against it"},
        "question": {"type": "string", "description": "One question that a person can answer from the cited steps"},
    },
    "required": ["label", "claims", "confidence", "confidence_because"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Investigation:
    """How the investigation of one run ended."""

    ending: Ending
    findings: Findings | None
    """None where nothing was reported, or the conversation came to a bad end."""
    spent: Spent
    """By this call; a conversation that goes on has former costs of its own."""
    history: Sequence[Message]
    system: str
    problem: str = ""
    refused: tuple[Dropped, ...] = ()
    """Every citation and sentence that did not hold, over all reports."""

    @property
    def holds(self) -> bool:
        """Whether there is something to propose."""
        return self.ending is Ending.ANSWERED and self.findings is not None and self.findings.holds


@dataclass(slots=True)
class Desk:
    """Takes the model's reports and checks them against the trace."""

    trace: Trace
    attempts: int = 0
    findings: Findings | None = None
    refused: list[Dropped] = field(default_factory=list)

    async def take(self, arguments: dict[str, Any]) -> str:
        """Check a report; the answer tells the model what did not hold."""
        self.attempts += 1
        try:
            report = Report.model_validate(arguments)
        except ValidationError as err:
            first = err.errors(include_url=False)[0]
            place = safe_line(".".join(str(part) for part in first["loc"]), 80)
            return f"The report was not taken: {place or 'it'}: {first['msg']}. Correct it and call it again."
        findings = check_report(self.trace, report)
        self.refused += findings.dropped
        self.findings = findings
        if not findings.dropped:
            return "Every quotation holds. Done."
        told = "\n".join(f"- {entry.why}" for entry in findings.dropped[:8])
        more = "Look again and report again, or leave them out." if self.attempts < _ATTEMPTS else "They are left out."
        return f"{len(findings.dropped)} citations or sentences do not hold:\n{told}\n{more}"

    @property
    def satisfied(self) -> bool:
        """Whether the last report will do: all of it holds, or there were attempts enough."""
        return self.findings is not None and (not self.findings.dropped or self.attempts >= _ATTEMPTS)


async def investigate(
    client: AsyncAnthropic,
    store: Store,
    trace_id: int,
    *,
    model: str,
    purse: Purse,
    limits: Limits = Limits(),  # noqa: B008
    asked: str = "",
    folder: Path | None = None,
    server: RetrospanServer | None = None,
    checkpoint: dict[str, Any] | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
    on_turn: Callable[[dict[str, Any], Spent], None] = lambda checkpoint, spent: None,
) -> Investigation:
    """Find out whether and where one run went wrong.

    Args:
        client: The Messages API.
        store: Where the run is; read through the MCP tools.
        trace_id: The run.
        model: Which model to ask.
        purse: Budget of the whole job.
        limits: Of this conversation.
        asked: The question that people were asked about it.
        folder: The project whose lessons may be looked up.
        server: From `bridge.reading_server`, where several investigations share one.
        checkpoint: Goes on where `on_turn` was called with this.
        on_event: What the model says and calls, as it comes.
        on_turn: Called after each paid turn with all that is needed to go on, and what the turn took.

    Raises:
        ModelError: if the endpoint refuses every request.
        UnknownIdError: if there is no such trace.
    """
    trace = get_trace(store, trace_id)
    desk = Desk(trace)
    async with reading_tools(store, folder=folder, server=server) as tools:
        canary = checkpoint["canary"] if checkpoint else new_canary()
        history = list(checkpoint["history"]) if checkpoint else [await _question(tools, trace, asked)]
        await _replay(desk, history)
        report = own_tool(REPORT_TOOL, _DESCRIPTION, REPORT_SCHEMA, desk.take)
        setup = Setup(model, investigator_prompt(canary), [*tools, report], canary, REPORT_TOOL)
        talk = Conversation(
            client,
            setup,
            history,
            purse,
            limits,
            answered=lambda: desk.satisfied,
            on_event=on_event,
            on_turn=lambda took: on_turn({"canary": canary, "history": talk.history}, took),
        )
        ending = Ending.ANSWERED if desk.satisfied else await talk.run()
    if desk.findings is not None and ending in (Ending.LIMIT, Ending.SILENT, Ending.TIME, Ending.TRUNCATED):
        # What was reported before stands on its own: all that is in it was checked.
        ending = Ending.ANSWERED
    findings = desk.findings if ending is Ending.ANSWERED else None
    return Investigation(ending, findings, talk.spent, talk.history, setup.system, talk.problem, tuple(desk.refused))


async def _question(tools: Sequence[Any], trace: Trace, asked: str) -> Message:
    """The first message: the run's outline and suspects, which saves two turns."""
    outline, suspects = await run_seen_by_tools(tools, trace)
    shown = fenced([inert(asked)], "a question put to people") if asked else ""
    return {"role": "user", "content": first_question(trace.summary.short_id, outline, suspects, shown)}


async def run_seen_by_tools(tools: Sequence[Any], trace: Trace) -> tuple[str, str]:
    """A run's outline and suspects as the tools give them, each inside its fence."""
    by_name = {tool.name: tool for tool in tools}
    name = trace.summary.short_id
    outline = await by_name["get_trace"].call({"trace": name})
    suspects = await by_name["open_case"].call({"trace": name})
    return result_text({"content": outline}), result_text({"content": suspects})


async def _replay(desk: Desk, history: Sequence[Message]) -> None:
    """Take the reports of a conversation that goes on; checking them again costs nothing."""
    for message in history:
        if message["role"] == "assistant" and isinstance(message["content"], list):
            for part in message["content"]:
                if part.get("type") == "tool_use" and part.get("name") == REPORT_TOOL:
                    await desk.take(part.get("input") or {})
