"""What is failing, as text: the commonest failure signals with an example each."""

from __future__ import annotations

from collections.abc import Sequence

from ..findings import Finding
from .budget import clip
from .fence import fenced, inert_line


def failures_text(findings: Sequence[Finding], *, looked_at: int, total: int, query: str) -> str:
    """The findings for a model.

    Args:
        findings: Commonest first.
        looked_at: How many traces they were counted in.
        total: How many the query finds.
        query: The search line, as the caller gave it.
    """
    newest = f" (the newest {looked_at} of {total})" if looked_at < total else ""
    if not findings:
        return (
            f"No failure signal in {looked_at} traces{newest}. Runs can fail without one: "
            'search_traces(query="outcome:fail") or search_traces(query="verdict:none").'
        )
    rows = [
        f"{finding.traces} of {finding.of} !{finding.signal}, for example {finding.example}: "
        f"{inert_line(finding.reason, 140)}" + (f" “{clip(inert_line(finding.quote), 120)}”" if finding.quote else "")
        for finding in findings
    ]
    first = findings[0]
    narrowed = f"{query} signal:{first.signal}".strip()
    return (
        f"{looked_at} traces looked at{newest}; a trace may show several signals, and a signal is no verdict.\n"
        f"{fenced(rows)}\n"
        f"All of the first: search_traces(query={_quoted(narrowed)}). "
        f'One of them: find_suspects(trace="{first.example.partition(".")[0]}")'
    )


def _quoted(text: str) -> str:
    return '"' + inert_line(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
