"""The floor of ingest: decode, one row a span with four indexes, all text into FTS5, nothing else.

`python benchmarks/ingest_floor.py SHAPE SPANS` prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from otlp_spans import LAST_WORD, Shape, requests
from retrospan.store.sqlite.driver import Connection, driver

_SCHEMA = """
CREATE TABLE span(id INTEGER PRIMARY KEY, trace_id TEXT, span_id TEXT, parent TEXT, name TEXT, kind TEXT,
  start INTEGER, end INTEGER, status INTEGER, attributes TEXT, text TEXT);
CREATE UNIQUE INDEX span_key ON span(trace_id, span_id);
CREATE INDEX span_time ON span(start);
CREATE INDEX span_kind ON span(kind, start);
CREATE INDEX span_error ON span(start) WHERE status = 2;
CREATE VIRTUAL TABLE span_text USING fts5(text, content='span', content_rowid='id', tokenize='unicode61');
"""


def measure(shape: Shape, spans: int) -> dict[str, float]:
    """CPU seconds and bytes of the bare work, in a throw-away file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "floor.db"
        con = driver.connect(str(path), isolation_level=None)
        con.execute("PRAGMA journal_mode=WAL")
        con.execute("PRAGMA synchronous=NORMAL")
        con.execute("PRAGMA cache_size=-32768")
        con.executescript(_SCHEMA)
        raw, cpu, next_id = 0, 0.0, 1
        for body in requests(shape, spans):
            raw += len(body)
            began = time.process_time()
            next_id = _store(con, body, next_id)
            cpu += time.process_time() - began
        found = con.execute("SELECT count(*) FROM span_text WHERE span_text MATCH ?", (LAST_WORD,)).fetchone()[0]
        assert found == 1
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        con.close()
        return {"cpu_s": cpu, "spans_per_cpu_s": (next_id - 1) / cpu, "disk_per_byte": path.stat().st_size / raw}


def _store(con: Connection, body: bytes, next_id: int) -> int:
    rows, texts = [], []
    for by_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in by_resource.scope_spans:
            for span in scope.spans:
                attributes = {a.key: _value(a.value) for a in span.attributes}
                text = " ".join(value for value in attributes.values() if isinstance(value, str))
                rows.append(
                    (
                        next_id,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        span.name,
                        attributes.get("gen_ai.operation.name") or attributes.get("openinference.span.kind"),
                        span.start_time_unix_nano,
                        span.end_time_unix_nano,
                        span.status.code,
                        json.dumps(attributes),
                        text,
                    )
                )
                texts.append((next_id, text))
                next_id += 1
    con.execute("BEGIN IMMEDIATE")
    con.executemany("INSERT OR IGNORE INTO span VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)
    con.executemany("INSERT INTO span_text(rowid, text) VALUES (?, ?)", texts)
    con.execute("COMMIT")
    return next_id


def _value(value: AnyValue) -> Any:
    which = value.WhichOneof("value")
    return getattr(value, which) if which else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("shape", choices=["plain", "repeat", "trail"])
    parser.add_argument("spans", type=int)
    options = parser.parse_args()
    print(json.dumps(measure(options.shape, options.spans)))
