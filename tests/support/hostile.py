"""Text that tries to act on whoever shows it, and a run that carries it in every field."""

from __future__ import annotations

from retrospan.model.traces import Document, Message, Span, Status, StepError, StepKind, ToolCall

PAYLOADS = (
    "\x1b]52;c;cHduZWQ=\x07clipboard",
    "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[6n\x1b[2J\x1b[1;1Hfake screen",
    "\x9b31mC1 colour\x9d0;title\x9c",
    "\x1bPq#0;2;0;0;0#0~~@@vv@@~~$-\x1b\\sixel",
    "[@click=app.quit]click me[/] [@click=screen.sign]sign[/]",
    "[/x] [bold red]markup[/bold red] [link=https://evil.example]l[/link] [not a tag",
    "\u202egnp.exe\u202c \u2066iso\u2069 \u200bzero\u200d width \U000e0041\U000e0042 tags",
    "line one\rOVERWRITTEN\x08\x08\x00NUL\x7f",
    "👩‍👩‍👧‍👦 family, عربى, 漢字, e\u0301",
    "$error{x} {{7*7}} %s %(x)s \\[bold] \\",
)
ALL = " ".join(PAYLOADS)
LONG = "A" * 50_000


def hostile_run(key: str = "hostile", project: str = "support") -> list[Span]:
    """A run of three steps with every text field filled with payloads."""
    call = Message("assistant", ALL, tool_calls=(ToolCall(ALL, {ALL: ALL}, "c1"),), reasoning=ALL)
    first = Span(key, "h1", ALL, StepKind.LLM, sequence=0, started_at_ns=1_000, ended_at_ns=2_000, project=project)
    first.agent, first.model, first.finish_reason, first.version = ALL, ALL, ALL, ALL
    first.input_messages = (Message("system", ALL), Message("user", ALL, name=ALL))
    first.output_messages = (call,)
    tool = Span(key, "h2", ALL, StepKind.TOOL, sequence=1, started_at_ns=3_000, project=project)
    tool.tool, tool.inputs, tool.outputs = ALL, {ALL: [ALL, {ALL: LONG}]}, ALL
    tool.status, tool.error = Status.ERROR, StepError(ALL, ALL)
    tool.documents = (Document(ALL, ALL, 0.5, {ALL: ALL}),)
    last = Span(key, "h3", ALL, StepKind.LLM, sequence=2, started_at_ns=5_000, ended_at_ns=6_000, project=project)
    last.input_messages = (*first.input_messages, call, Message("tool", ALL, tool_call_id="c1", is_error=True))
    last.output_messages = (Message("assistant", ALL),)
    last.attributes = {ALL: ALL}
    return [first, tool, last]
