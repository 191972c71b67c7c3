"""Arize Phoenix, through its own client (the extra `retrospan[phoenix]`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, cast
from urllib.parse import quote

from ...model.errors import RemoteError
from ...model.extras import require_extra
from ...model.text.jsontext import as_text
from ...model.traces import JsonValue
from ..formats.fields import mapping, optional_text, sequence
from ..formats.platforms.phoenix import rows_batch
from .base import Judgement, Window, windows

T = TypeVar("T")
OWN = "retrospan:"
"""Begins the identifier of every annotation that we write, so that a pull does not take them for somebody's word."""
_TIMEOUT_SECONDS = 60
_TOGETHER = 100
_PAGE = 1_000
_NOT_OFFERED = (404, 405)


class PhoenixConnector:
    """A Phoenix server.

    Args:
        url: Its base URL, `http://127.0.0.1:6006`.
        api_key: Where it wants one.

    Raises:
        UsageError: if the client is not installed.
    """

    source = "phoenix"

    def __init__(self, url: str, api_key: str | None = None) -> None:
        require_extra("phoenix")
        from phoenix.client import Client

        self.url = url.rstrip("/")
        self._client: Any = Client(base_url=self.url, api_key=api_key)

    def fetch(self, project: str, since: datetime, until: datetime) -> Iterator[Window]:
        """See `Connector`. A span is fetched by its start; annotations are those it has now."""

        def spans(start: datetime, end: datetime, most: int) -> Sequence[dict[str, JsonValue]]:
            found = self._ask(
                project,
                lambda: self._client.spans.get_spans(
                    project_identifier=project, start_time=start, end_time=end, limit=most, timeout=_TIMEOUT_SECONDS
                ),
            )
            return cast(Sequence[dict[str, JsonValue]], found)

        for end, rows in windows(since, until, spans):
            # Phoenix answers newest first; the order of arrival breaks ties of time.
            notes = [*self._annotations(project, rows), *self._notes_on_runs(project, rows)]
            batch, errors = rows_batch([*rows[::-1], *notes], f"{self.url} {project}")
            yield Window(end, batch, errors)

    def write_back(self, project: str, judgements: Sequence[Judgement]) -> int:
        """See `Connector`. Annotations stand on spans; an equal name and identifier replaces the earlier one."""
        taken = 0
        for start in range(0, len(judgements), _TOGETHER):
            chunk = judgements[start : start + _TOGETHER]
            if self._write(project, chunk):
                taken += len(chunk)
            else:
                # One unknown span refuses the whole request.
                taken += sum(self._write(project, [judgement]) for judgement in chunk)
        return taken

    def _annotations(self, project: str, rows: Sequence[dict[str, JsonValue]]) -> list[dict[str, JsonValue]]:
        """The annotations of these spans as rows of an export, without our own."""
        traces = {}
        for row in rows:
            context = row.get("context")
            if isinstance(context, dict):
                traces[context.get("span_id")] = context.get("trace_id")
        if not traces:
            return []
        found = self._ask(
            project,
            lambda: self._client.spans.get_span_annotations(
                span_ids=list(traces), project_identifier=project, timeout=_TIMEOUT_SECONDS
            ),
        )
        return [
            {**note, "context": {"span_id": note.get("span_id"), "trace_id": traces.get(note.get("span_id"))}}
            for note in found
            if not _is_own(note)
        ]

    def _notes_on_runs(self, project: str, rows: Sequence[dict[str, JsonValue]]) -> list[dict[str, JsonValue]]:
        """Annotations of the traces of these spans, and of their sessions on each of the session's traces here."""
        traces: dict[str, None] = {}
        sessions: dict[str, dict[str, None]] = {}
        for row in rows:
            context, attributes = mapping(row.get("context")), mapping(row.get("attributes"))
            trace_id, session = optional_text(context.get("trace_id")), optional_text(attributes.get("session.id"))
            if trace_id:
                traces[trace_id] = None
                if session:
                    sessions.setdefault(session, {})[trace_id] = None
        return [
            *self._listed(project, "trace", list(traces)),
            *(
                {**note, "trace_id": trace_id}
                for note in self._listed(project, "session", list(sessions))
                for trace_id in sessions.get(as_text(note.get("session_id")), ())
            ),
        ]

    def _listed(self, project: str, subject: str, ids: list[str]) -> list[dict[str, JsonValue]]:
        """Others' annotations of traces or sessions, which the client does not list but the REST API does."""
        found: list[dict[str, JsonValue]] = []
        for start in range(0, len(ids), _TOGETHER):
            params: dict[str, Any] = {f"{subject}_ids": ids[start : start + _TOGETHER], "limit": _PAGE}
            while True:
                page = self._ask(project, partial(self._page, project, subject, params))
                found += [note for note in map(mapping, sequence(page.get("data"))) if not _is_own(note)]
                if not page.get("next_cursor"):
                    break
                params = {**params, "cursor": page["next_cursor"]}
        return found

    def _page(self, project: str, subject: str, params: dict[str, Any]) -> dict[str, JsonValue]:
        path = f"v1/projects/{quote(project, safe='')}/{subject}_annotations"
        response = self._client._client.get(path, params=params, timeout=_TIMEOUT_SECONDS)
        if response.status_code in _NOT_OFFERED:
            # A server before these lists; that the project is there was seen when its spans came.
            return {}
        response.raise_for_status()
        return mapping(response.json())

    def _write(self, project: str, judgements: Sequence[Judgement]) -> bool:
        annotations = [
            {
                "span_id": judgement.span_id,
                "name": judgement.name,
                "annotator_kind": "HUMAN",
                "identifier": f"{OWN}{judgement.identifier}",
                "result": {"label": judgement.label, "score": judgement.score, "explanation": judgement.explanation},
                "metadata": {"source": "retrospan"},
            }
            for judgement in judgements
        ]
        try:
            self._ask(project, lambda: self._client.spans.log_span_annotations(span_annotations=annotations, sync=True))
        except UnknownThereError:
            return False
        return True

    def _ask(self, project: str, call: Callable[[], T]) -> T:
        import httpx

        try:
            return call()
        except httpx.HTTPStatusError as err:
            raise _refused(self.url, project, err.response.status_code) from err
        except httpx.HTTPError as err:
            raise RemoteError(
                f"No answer from Phoenix at {self.url} ({type(err).__name__}). Check the URL and that it is running."
            ) from err
        except (ValueError, KeyError) as err:
            raise RemoteError(f"{self.url} does not answer like Phoenix. Check the URL.") from err


def _is_own(note: Mapping[str, JsonValue]) -> bool:
    return str(note.get("identifier") or "").startswith(OWN)


class UnknownThereError(RemoteError):
    """The product knows no such project or span."""


def _refused(url: str, project: str, status: int) -> RemoteError:
    if status in (401, 403):
        return RemoteError(
            f"Phoenix at {url} refuses the key ({status}). Put an API key into PHOENIX_API_KEY, "
            "or name another variable with --api-key-env."
        )
    if status == 404:
        return UnknownThereError(f"Phoenix at {url} has no project {project!r}, or not these spans. Check --project.")
    return RemoteError(f"Phoenix at {url} answered {status}. Its log says more; try again later.")
