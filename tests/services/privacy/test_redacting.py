"""Redaction as a running server does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from captures import NAMES, batches
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from retrospan.model.traces import StepKind
from retrospan.services.privacy.redacting import Redactor
from retrospan.services.serving.application import ServeOptions, serving
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.traces.commit import commit_batch

WORD = "mongoose"


def test_a_structure_only_server_stores_no_text(store: Store) -> None:
    with serving(store, ServeOptions(redact=Redactor(outline_key=b"key"), background=False)) as url:
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=f"{url}/v1/traces")))
        with provider.get_tracer("app").start_as_current_span("execute_tool find") as span:
            span.set_attribute("gen_ai.operation.name", "execute_tool")
            span.set_attribute("gen_ai.tool.name", "find")
            span.set_attribute("gen_ai.tool.call.arguments", f'{{"q": "{WORD}"}}')
            span.set_attribute("gen_ai.tool.call.result", f"{WORD} " * 300)
            span.set_attribute("secret.note", WORD)
            span.record_exception(ValueError(WORD))
        provider.shutdown()
    (step,) = get_trace(store, 1).steps
    assert (step.kind, step.tool) == (StepKind.TOOL, "find")
    assert str(step.outputs).startswith("⟨") and "characters" in str(step.outputs)
    assert WORD not in repr(step)
    files = Path(store.location).parent.glob(f"{store.name}*")
    assert not any(WORD.encode() in path.read_bytes() for path in files if not path.name.endswith("-shm"))


@pytest.mark.parametrize("name", NAMES)
def test_the_shape_of_real_traces_survives_without_their_content(name: str, store: Store) -> None:
    if name == "none":
        pytest.skip("needs the captures")
    outline = Redactor(outline_key=b"key")
    full: list[int] = []
    bare: list[int] = []
    for encoding, kept in (("pb", full), ("pb", bare)):
        for batch in batches(name, encoding):
            for span in batch.spans:
                span.trace_key = f"{'bare' if kept is bare else 'full'}-{span.trace_key}"
            batch.facts = []
            if kept is bare:
                outline(batch)
            kept += commit_batch(store, batch).trace_ids
    whole, shape = get_trace(store, full[0]), get_trace(store, bare[0])
    assert [(step.kind, step.tool, step.agent, step.status, step.usage) for step in shape.steps] == [
        (step.kind, step.tool, step.agent, step.status, step.usage) for step in whole.steps
    ]
