"""What a failed call says, without what its harness wraps around every output."""

from __future__ import annotations

import re

_WRAPPING = re.compile(
    r"^\s*(?:(?:Chunk ID|Wall time|Total output lines|Original token count)\b.*|Output:|"
    r"(?:Process exited with code|Exit code:?|\(?Command (?:failed|exited) with exit code:?) -?\d{1,6}\)?[.:]?|"
    r"</?(?:tool_use_error|output|stdout|stderr|error)>|<(?:returncode|exit_code)>.*</(?:returncode|exit_code)>)\s*$",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"^\s*(?:Process exited with code|Exit code:?|Command (?:failed|exited) with exit code:?|"
    r"<(?:returncode|exit_code)>|failed in sandbox [^\n]{0,200}?\bexit code:)\s*(-?\d{1,6})",
    re.IGNORECASE | re.MULTILINE,
)
_SANDBOX = re.compile(r"^failed in sandbox [^\n]{0,200}?\bexit code: -?\d{1,6}, stdout: (.*?), stderr: ", re.DOTALL)
"""How Codex tells of a command that failed within its bounds."""
_AROUND = re.compile(r"^\s*<tool_use_error>(.*?)(?:</tool_use_error>)?\s*$", re.DOTALL)
_LINES = 12
"""Lines at the top of an output that may be the harness's."""
_LOOKED_AT = 4_000


def exit_code(text: str) -> int | None:
    """The exit code that a harness writes into the head of a command's output; None where it writes none."""
    found = _CODE.search(text[:_LOOKED_AT])
    return int(found[1]) if found else None


def headline(text: str, most: int) -> str:
    """The error text of a failed call: its own words first, the exit code where it has none.

    >>> headline("Chunk ID: 1\\nProcess exited with code 2\\nOutput:\\nwc: no such file\\n", 100)
    'wc: no such file'
    >>> headline("Exit code 2", 100)
    'exit code 2'
    """
    if around := _AROUND.match(text[: most + _LOOKED_AT]):
        return around[1][:most]
    if sandboxed := _SANDBOX.match(text[: most + _LOOKED_AT]):
        text = text[sandboxed.end() :] or sandboxed[1]
    lines = text[: most + _LOOKED_AT].splitlines()
    kept = [line for line in lines[:_LINES] if not _WRAPPING.match(line)] + lines[_LINES:]
    said = "\n".join(kept).strip() if len(kept) < len(lines) else text
    if said:
        return said[:most]
    code = exit_code(text)
    return text[:most] if code is None else f"exit code {code}"
