"""What is too large for one attribute leaves the words beside it whole, and is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.limits import Limits
from retrospan.ingest.otlp.decode import decode_traces
from retrospan.ingest.otlp.raw import LEFT_OUT, Bounds
from retrospan.ingest.oversize import fit

LIMIT = 20_000
DATA = "iVBORw0KGgo" + "A1b2" * 10_000


def decoded(attributes: dict[str, str]) -> Any:
    pairs = [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]
    span = {"traceId": "1" * 32, "spanId": "2" * 16, "name": "chat", "attributes": pairs}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    (raw,) = decode_traces(body, "application/json", bounds=Bounds(Limits(attribute_bytes=LIMIT)))
    (found,) = to_batch([raw]).spans
    return found


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ({"type": "blob", "modality": "image", "mime_type": "image/png", "content": DATA}, "[image image/png]"),
        ({"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{DATA}"}}, "[image image/jpeg]"),
        ({"inlineData": {"mimeType": "application/pdf", "data": DATA}}, "[application application/pdf]"),
        ({"type": "image", "source": {"type": "base64", "media_type": "image/gif", "data": DATA}}, "[image image/gif]"),
        ({"type": "input_audio", "input_audio": {"format": "wav", "data": DATA}}, "[audio wav]"),
    ],
)  # fmt: skip
def test_words_beside_a_large_attachment_survive(part: dict[str, Any], shown: str) -> None:
    given = [{"role": "user", "parts": [{"type": "text", "content": "What is on it?"}, part]}]

    found = decoded({"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(given)})

    assert [message.content for message in found.input_messages] == [f"What is on it?\n{shown}"]
    (note,) = found.attributes[LEFT_OUT]
    assert note.startswith("gen_ai.input.messages: 40 kB")


def test_a_long_text_is_cut_and_the_turns_after_it_stay() -> None:
    given = [{"role": "user", "content": "word " * 8_000}, {"role": "user", "content": "And this?"}]

    found = decoded({"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(given)})

    long, short = (message.content for message in found.input_messages)
    assert "cut here" in long and short == "And this?"


def test_a_buffer_of_numbers_is_encoded_data_too() -> None:
    value = {"type": "Buffer", "data": [137, 80, 78, 71] * 3_000}

    fitted = fit(json.dumps({"note": "hi", "file": value}), LIMIT, lambda text: text[:LIMIT])

    assert json.loads(fitted.text)["note"] == "hi"
    assert len(fitted.left_out) == 1


@pytest.mark.parametrize("text", ["x" * 30_000, '{"broken": "' + "word " * 6_000])
def test_what_has_no_shape_is_cut(text: str) -> None:
    assert fit(text, LIMIT, lambda whole: whole[:7]).text == text[:7]


def test_a_list_of_requests_is_read_as_the_requests() -> None:
    def request(span_id: str) -> dict[str, Any]:
        span = {"traceId": "1" * 32, "spanId": span_id * 16, "name": span_id}
        return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}

    found = decode_traces(json.dumps([request("2"), request("3")]).encode(), "application/json")

    assert [(span.name, span.sequence) for span in found] == [("2", 0), ("3", 1)]
