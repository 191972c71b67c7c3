"""Pictures are found wherever a convention keeps them, and are only what their first bytes say."""

from __future__ import annotations

import base64
import json

import pytest
from conversations import Builder, says
from pictures import data_url, png
from retrospan.answers.plain.pictures import MOST, pictures_of
from retrospan.model.traces import JsonValue, Step, StepKind
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_trace

RED, BLUE = png(), png(colour=(0, 0, 250))
ENCODED = base64.b64encode(RED).decode()


def step(**attributes: JsonValue) -> Step:
    return Step(index=0, span_id="a", parent=None, kind=StepKind.LLM, name="chat", attributes=attributes)


@pytest.mark.parametrize(
    "value",
    [
        {"type": "image_url", "image_url": {"url": data_url(RED)}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ENCODED}},
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": ENCODED},
        {"inlineData": {"mimeType": "image/png", "data": ENCODED}},
        {"image": {"format": "png", "source": {"bytes": ENCODED}}, "format": "png", "bytes": ENCODED},
        json.dumps([{"role": "user", "parts": [{"mime_type": "image/png", "content": ENCODED}]}]),
    ],
)
def test_a_picture_is_found_as_each_convention_writes_it(value: JsonValue) -> None:
    (found,) = pictures_of(step(messages=value))
    assert (found.mime, found.data) == ("image/png", RED)


@pytest.mark.parametrize(
    "text",
    [
        data_url(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml"),
        data_url(b"<script>alert(1)</script>"),
        data_url(b""),
        "data:image/png;base64,%%%",
        "data:text/html;base64," + ENCODED,
        "https://evil.test/a.png",
    ],
)
def test_what_is_no_picture_is_not_shown_as_one(text: str) -> None:
    assert pictures_of(step(url=text)) == []


def test_the_same_picture_counts_once_and_many_are_bounded() -> None:
    assert len(pictures_of(step(one=data_url(RED), again=data_url(RED), other=data_url(BLUE)))) == 2
    assert len(pictures_of(step(many=[data_url(png(colour=(n, 1, 1))) for n in range(MOST + 9)]))) == MOST


def test_pictures_of_the_messages_format_are_kept_with_their_message(store: Store, traces: Builder) -> None:
    sent = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": data_url(RED)}}]
    traces.add(says("user", sent), says("assistant", "A red square."))  # type: ignore[arg-type]
    steps = get_trace(store, 1).steps
    assert [len(pictures_of(found)) for found in steps] == [1, 0]
