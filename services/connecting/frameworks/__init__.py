"""What an application has to install and add to send its traces here, one page a framework."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ....model.errors import UsageError, did_you_mean

FRAMEWORKS = ("pydantic-ai", "openai-agents", "langgraph", "anthropic", "openai", "vercel-ai")
_ALIASES = {"langchain": "langgraph", "pydantic_ai": "pydantic-ai", "agents": "openai-agents", "ai": "vercel-ai"}
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOTE = re.compile(r"^- (.*(?:\n  .*)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Instructions:
    """How to connect one framework."""

    framework: str
    title: str
    install: str
    """The shell line."""
    code: str
    notes: tuple[str, ...]
    page: str
    """All of it, as Markdown."""


def instructions(framework: str, endpoint: str) -> Instructions:
    """The page of a framework with the address of a receiver put in.

    Raises:
        UsageError: if there is none for it.
    """
    name = _ALIASES.get(framework.lower(), framework.lower())
    if name not in FRAMEWORKS:
        raise UsageError(
            f"No instructions for {framework!r}: {did_you_mean(framework, FRAMEWORKS)}. "
            f"Anything that exports OTLP over HTTP works: point OTEL_EXPORTER_OTLP_ENDPOINT at {endpoint}."
        )
    page = (Path(__file__).parent / f"{name}.md").read_text(encoding="utf-8").replace("ENDPOINT", endpoint)
    blocks = {language: text.strip() for language, text in _BLOCK.findall(page)}
    code = next(text for language, text in blocks.items() if language != "sh")
    notes = tuple(" ".join(note.split()) for note in _NOTE.findall(page))
    return Instructions(name, page.split("\n", 1)[0].removeprefix("# "), blocks["sh"], code, notes, page)
