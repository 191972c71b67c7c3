"""Readings of single Claude Code records: what an attachment holds, how a record that is no turn is called."""

from __future__ import annotations

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue
from ..chat import content_text
from ..fields import mapping

_SYNTHETIC_MODEL = "<synthetic>"
_TEXT_FIELDS = ("content", "prompt", "text", "message", "snippet", "stdout", "stderr", "blockingError")


def event_name(value: dict[str, JsonValue]) -> str:
    """The kind of a record, as an import names what it left out: `system/turn_duration`."""
    data = mapping(value.get("data"))
    inner = value.get("subtype") or (data.get("type") if data else None) or value.get("operation")
    return "/".join(as_text(part) for part in (value.get("type") or "record without a type", inner) if part)


def is_synthetic(value: dict[str, JsonValue], raw: dict[str, JsonValue]) -> bool:
    """Whether an answer was put in by Claude Code where no model answered (`No response requested.`)."""
    return raw.get("model") == _SYNTHETIC_MODEL and not value.get("isApiErrorMessage")


def attachment_prompt(attachment: dict[str, JsonValue]) -> str | None:
    """The text that was typed while the agent worked; None where the attachment is something else."""
    if attachment.get("type") != "queued_command":
        return None
    return content_text(attachment.get("prompt"))


def attachment_text(attachment: dict[str, JsonValue]) -> str:
    """What the model gets to read of an attachment."""
    for name in _TEXT_FIELDS:
        found = attachment.get(name)
        if isinstance(found, dict):
            return as_text(mapping(found.get("file")).get("content")) or as_text(found)
        if found not in (None, "", []):
            return content_text(found)
    return as_text({name: found for name, found in attachment.items() if name != "type"} or "")
