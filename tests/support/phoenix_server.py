"""A server that speaks the part of Phoenix's REST API that a pull and a write-back use, on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson


class PhoenixServer(ThreadingHTTPServer):
    """Holds spans and annotations; keeps what was asked and written."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[dict[str, Any]] = []
        self.annotations: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.notes_on_runs: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.api_key: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add(self, trace_id: str, span_id: str, start: datetime, parent: str | None = None, **attributes: Any) -> None:
        """A span as the API gives it, with flat attributes."""
        self.spans.append(
            {
                "id": f"span-{len(self.spans)}",
                "name": attributes.pop("name", "step"),
                "context": {"trace_id": trace_id, "span_id": span_id},
                "span_kind": attributes.pop("kind", "CHAIN"),
                "parent_id": parent,
                "start_time": start.isoformat(),
                "end_time": start.isoformat(),
                "status_code": "OK",
                "status_message": "",
                "attributes": attributes,
                "events": [],
            }
        )

    def annotate(self, span_id: str, name: str, identifier: str = "", **result: Any) -> None:
        """Somebody's annotation."""
        self.annotations[span_id, name, identifier] = {
            "span_id": span_id,
            "name": name,
            "identifier": identifier,
            "annotator_kind": "HUMAN",
            "result": result,
        }

    def annotate_run(self, name: str, identifier: str = "", **where_and_result: Any) -> None:
        """Somebody's annotation of a trace (`trace_id=`) or a session (`session_id=`)."""
        ids = ("trace_id", "session_id")
        where: dict[str, Any] = {key: where_and_result.pop(key) for key in ids if key in where_and_result}
        self.notes_on_runs.append(
            {**where, "name": name, "identifier": identifier, "annotator_kind": "HUMAN", "result": where_and_result}
        )


class _Handler(BaseHTTPRequestHandler):
    server: PhoenixServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        self.server.requests.append(parts.path)
        if self.server.api_key and self.headers.get("authorization") != f"Bearer {self.server.api_key}":
            self._answer({"detail": "no"}, 401)
        elif parts.path == "/v1/projects/support/spans":
            self._answer(self._page(query))
        elif parts.path == "/v1/projects/support/span_annotations":
            wanted = set(query["span_ids"])
            found = [note for (span_id, _, _), note in self.server.annotations.items() if span_id in wanted]
            self._answer({"data": found, "next_cursor": None})
        elif self.server.notes_on_runs and parts.path.startswith("/v1/projects/support/"):
            self._answer(self._notes(parts.path.rpartition("/")[2].removesuffix("_annotations"), query))
        else:
            self._answer({"detail": "no such project"}, 404)

    def _notes(self, subject: str, query: dict[str, list[str]]) -> dict[str, Any]:
        """One annotation a page, so that a client must ask for more."""
        wanted = set(query[f"{subject}_ids"])
        found = [note for note in self.server.notes_on_runs if note.get(f"{subject}_id") in wanted]
        first = int(query.get("cursor", ["0"])[0])
        return {"data": found[first : first + 1], "next_cursor": str(first + 1) if first + 1 < len(found) else None}

    def do_POST(self) -> None:
        body = orjson.loads(self.rfile.read(int(self.headers["content-length"])))
        known = {span["context"]["span_id"] for span in self.server.spans}
        if not all(note["span_id"] in known for note in body["data"]):
            self._answer({"detail": "unknown spans"}, 404)
            return
        for note in body["data"]:
            self.server.annotations[note["span_id"], note["name"], note["identifier"]] = note
        self._answer({"data": [{"id": str(index)} for index, _ in enumerate(body["data"])]})

    def _page(self, query: dict[str, list[str]]) -> dict[str, Any]:
        start, end = (datetime.fromisoformat(query[name][0]) for name in ("start_time", "end_time"))
        spans = [span for span in self.server.spans if start <= datetime.fromisoformat(span["start_time"]) < end][::-1]
        first, size = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
        more = str(first + size) if first + size < len(spans) else None
        return {"data": spans[first : first + size], "next_cursor": more}

    def _answer(self, value: Any, status: int = 200) -> None:
        data = orjson.dumps(value)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def phoenix_server() -> Iterator[PhoenixServer]:
    """A running server for the length of the block."""
    server = PhoenixServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
