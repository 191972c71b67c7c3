"""Values that a log wrote as text: JSON, Python literals, and the `repr` of LangChain's tool messages."""

from __future__ import annotations

from ....model.traces import JsonValue
from ...conventions.reprs import quoted_after
from ...conventions.values import read_arguments


def plain_value(value: JsonValue) -> JsonValue:
    """A value out of its text where the text is JSON or a Python literal; anything else as it is.

    >>> plain_value("{'path': 'a.txt'}"), plain_value("content='done' name='ls' tool_call_id='c1'")
    ({'path': 'a.txt'}, 'done')
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("content=") and " tool_call_id=" in text:
        return quoted_after(text, "content=") or value
    return read_arguments(text) if text[:1] in ("{", "[") else value


def failed_in(value: JsonValue) -> bool:
    """Whether a tool message that was written as its `repr` says that the tool failed."""
    return isinstance(value, str) and value.startswith("content=") and value.rstrip().endswith("status='error'")
