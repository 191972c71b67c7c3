"""Which format a file has: one table of formats, each recognising itself by the beginning of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...model.errors import BadInputError, UsageError, did_you_mean
from . import console, jaeger, messages, otlp
from .agents import (
    aider,
    atif,
    browser_use,
    claude_code,
    claude_stream,
    cline,
    codex,
    codex_exec,
    copilot_chat,
    copilot_cli,
    gemini_cli,
    gemini_stream,
    mini_swe_agent,
    openhands,
    swe_agent,
)
from .chats import assistants, chatgpt, claude_ai, message_list, openai_chat, sharegpt, transcript
from .evaluations import datasets, deepeval, inspect_log, openai_evals, promptfoo, reviews_csv, tau
from .eventlogs import crew_log, event_log
from .fields import shortened
from .head import Head, make_head
from .markdown import markdown_chat
from .platforms import (
    braintrust,
    langfuse,
    langsmith,
    logfire,
    mlflow,
    openai_agents,
    opik,
    phoenix,
    span_tree,
    weave,
)
from .records import ReadItem, Source
from .terminals import kimi_code, opencode


@dataclass(frozen=True, slots=True)
class Format:
    """One file format: how it is called, recognised and read."""

    name: str
    title: str
    sniff: Callable[[Head], bool]
    read: Callable[[Source], Iterator[ReadItem]]


FORMATS: tuple[Format, ...] = (
    Format("otlp-json", "OTLP/JSON request, or the lines of a collector's file", otlp.sniff_json, otlp.read_json),
    Format("span-tree", "nested span tree (Patronus)", span_tree.sniff, span_tree.read),
    Format("inspect", "Inspect AI log (.eval, .json)", inspect_log.sniff, inspect_log.read),
    Format("claude-code", "Claude Code session", claude_code.sniff, claude_code.read),
    Format("claude-stream", "output of claude -p (stream-json, json)", claude_stream.sniff, claude_stream.read),
    Format("codex", "Codex rollout", codex.sniff, codex.read),
    Format("codex-exec", "output of codex exec --json", codex_exec.sniff, codex_exec.read),
    Format("gemini-cli", "Gemini CLI session", gemini_cli.sniff, gemini_cli.read),
    Format("gemini-stream", "Gemini CLI stream-json or telemetry log", gemini_stream.sniff, gemini_stream.read),
    Format("kimi-code", "Kimi Code session (wire.jsonl)", kimi_code.sniff, kimi_code.read),
    Format("opencode", "opencode session, messages or run events", opencode.sniff, opencode.read),
    Format("copilot-chat", "GitHub Copilot chat of VS Code", copilot_chat.sniff, copilot_chat.read),
    Format("copilot-cli", "GitHub Copilot CLI session", copilot_cli.sniff, copilot_cli.read),
    Format("atif", "ATIF trajectory (Harbor)", atif.sniff, atif.read),
    Format("browser-use", "browser-use history", browser_use.sniff, browser_use.read),
    Format("cline", "task of Cline or Roo Code", cline.sniff, cline.read),
    Format("openhands", "OpenHands trajectory, events or evaluation output", openhands.sniff, openhands.read),
    Format("aider", "Aider chat history", aider.sniff, aider.read),
    Format("mini-swe-agent", "mini-swe-agent trajectory", mini_swe_agent.sniff, mini_swe_agent.read),
    Format("swe-agent", "SWE-agent trajectory", swe_agent.sniff, swe_agent.read),
    Format("crewai-log", "CrewAI's log of tasks", crew_log.sniff, crew_log.read),
    Format("console", "spans of OpenTelemetry's console exporter", console.sniff, console.read),
    Format("logfire", "Logfire records", logfire.sniff, logfire.read),
    Format("braintrust", "Braintrust rows", braintrust.sniff, braintrust.read),
    Format("weave", "Weave calls", weave.sniff, weave.read),
    Format("promptfoo", "promptfoo results", promptfoo.sniff, promptfoo.read),
    Format("deepeval", "DeepEval results", deepeval.sniff, deepeval.read),
    Format("openai-evals", "OpenAI evals log or output items", openai_evals.sniff, openai_evals.read),
    Format("openai-assistants", "OpenAI Assistants threads", assistants.sniff, assistants.read),
    Format("tau-bench", "tau-bench or tau2 results", tau.sniff, tau.read),
    Format("chatgpt-export", "ChatGPT data export", chatgpt.sniff, chatgpt.read),
    Format("claude-ai-export", "claude.ai data export", claude_ai.sniff, claude_ai.read),
    Format("sharegpt", "ShareGPT conversations", sharegpt.sniff, sharegpt.read),
    Format("openai-agents", "OpenAI Agents trace export", openai_agents.sniff, openai_agents.read),
    Format("mlflow", "MLflow trace JSON", mlflow.sniff, mlflow.read),
    Format("langsmith", "LangSmith runs", langsmith.sniff, langsmith.read),
    Format("phoenix", "Phoenix spans", phoenix.sniff, phoenix.read),
    Format("jaeger", "Jaeger traces", jaeger.sniff_jaeger, jaeger.read_jaeger),
    Format("opik", "Opik traces and spans", opik.sniff, opik.read),
    Format("messages", "messages format, one conversation an object", messages.sniff, messages.read),
    Format("langfuse", "Langfuse traces, observations, scores", langfuse.sniff, langfuse.read),
    Format("zipkin", "Zipkin spans", jaeger.sniff_zipkin, jaeger.read_zipkin),
    Format("openai-chat", "OpenAI or Anthropic conversations, one a line", openai_chat.sniff, openai_chat.read),
    Format("message-list", "chat messages of one conversation", message_list.sniff, message_list.read),
    Format("otlp", "OTLP protobuf request", otlp.sniff_protobuf, otlp.read_protobuf),
    Format("reviews-csv", "CSV of past reviews", reviews_csv.sniff, reviews_csv.read),
    Format("transcript", "dialogue under names of its own, told by its shape", transcript.sniff, transcript.read),
    Format("markdown-chat", "chat as Markdown (Cline, SpecStory)", markdown_chat.sniff, markdown_chat.read),
    Format("data-set", "items of a data set, which hold no run", datasets.sniff, datasets.read),
    Format("event-log", "an agent's own log of its acts, told by its shape", event_log.sniff, event_log.read),
)
"""Every format, the more specific before the more general."""


def detect_format(name: str, head: bytes, members: tuple[str, ...] = ()) -> str:
    """The name of the format that a file is in.

    Args:
        name: File name; a compression suffix does not matter.
        head: First bytes after decompression; more than `HEAD_BYTES` are not looked at.
        members: Names inside, where the file is a zip archive.

    Raises:
        BadInputError: if no format recognises it.
    """
    seen = make_head(name, head, members)
    found = next((fmt.name for fmt in FORMATS if fmt.sniff(seen)), None)
    if found is None:
        raise BadInputError(
            f"The format is not recognised ({_look(seen)}). Known: {', '.join(fmt.name for fmt in FORMATS)}. "
            "Name it with --format, or convert the file to the messages format.",
            where="file",
        )
    return found


def format_named(name: str) -> Format:
    """The format with this name.

    Raises:
        UsageError: if there is none.
    """
    for fmt in FORMATS:
        if fmt.name == name:
            return fmt
    raise UsageError(f"No format {name!r}: {did_you_mean(name, [fmt.name for fmt in FORMATS] + ['auto'])}.")


_TAR_MARK = slice(257, 262)
_OTHERS = (
    (b"PAR1", "a Parquet file inside an archive; unpack it first"),
    (b"ARROW1", "an Arrow file; write it as JSON lines: df.to_json('runs.jsonl', orient='records', lines=True)"),
    (b"SQLite format 3", "a SQLite database; export its traces as JSON"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a zip archive inside another; unpack it first"),
    (b"<", "HTML or XML, perhaps the page of a sign-in instead of an export"),
)


def _look(head: Head) -> str:
    for start, what in _OTHERS:
        if head.data.startswith(start):
            return what
    if head.data[_TAR_MARK].startswith(b"ustar"):
        return "a tar archive; unpack it, and give the folder"
    if head.members:
        return f"a zip archive of {len(head.members)} files"
    if not head.data:
        return "the file is empty"
    if head.columns:
        return f"a CSV with the columns {', '.join(shortened(name, 40) for name in head.columns[:12])}"
    if head.first:
        return f"JSON with the fields {', '.join(shortened(name, 40) for name in sorted(head.first)[:8])}"
    return "text or binary data that is no JSON" if not head.records else "JSON that is no object"
