"""Contents and messages are noted once, however often a conversation repeats them."""

from __future__ import annotations

import pytest
from retrospan.model.reading.digest import Bag
from retrospan.model.traces import Message, Span, StepKind, ToolCall


def test_a_conversation_costs_one_encoding_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[Message] = []
    encode = Bag._message

    def counting(bag: Bag, message: Message, produced: bool) -> bytes:
        encoded.append(message)
        return encode(bag, message, produced)

    monkeypatch.setattr(Bag, "_message", counting)
    turns = [Message("assistant", f"turn {i}", (ToolCall("look", {"order": i}, f"c{i}"),)) for i in range(40)]
    bag = Bag()
    spans = [Span("t", f"{i}", "chat", StepKind.LLM, input_messages=tuple(turns[:i])) for i in range(40)]
    refs = [bag.refs(span) for span in spans]
    assert len(encoded) == 39
    assert refs[39].input_messages[:39] == [Bag().message(turn, produced=False) for turn in turns[:39]]
