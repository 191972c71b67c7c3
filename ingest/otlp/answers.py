"""Answers in the encoding of the request, as the OTLP specification asks."""

from __future__ import annotations

from typing import Literal

import orjson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsPartialSuccess, ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)
from starlette.responses import Response

Signal = Literal["traces", "logs", "metrics"]

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
_REJECTED = {"traces": "rejectedSpans", "logs": "rejectedLogRecords", "metrics": "rejectedDataPoints"}
# google.rpc.Code, which the Status message of an error carries.
_RPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 408: 4, 413: 3, 415: 3, 421: 3, 429: 8, 503: 14}
_RPC_UNKNOWN = 2


def accepted(signal: Signal, media_type: str, rejected: int = 0, why: str = "") -> Response:
    """200: what was sent is stored, but for `rejected` records; `why` may also warn where none was rejected."""
    if media_type == JSON:
        # "The server MUST leave the partial_success field unset in case of a successful response."
        partial = {"partialSuccess": {_REJECTED[signal]: str(rejected), "errorMessage": why}} if rejected or why else {}
        return Response(orjson.dumps(partial), media_type=JSON)
    if not (rejected or why) or signal == "metrics":
        return Response(b"", media_type=PROTOBUF)
    message: ExportTraceServiceResponse | ExportLogsServiceResponse
    if signal == "traces":
        message = ExportTraceServiceResponse(
            partial_success=ExportTracePartialSuccess(rejected_spans=rejected, error_message=why)
        )
    else:
        message = ExportLogsServiceResponse(
            partial_success=ExportLogsPartialSuccess(rejected_log_records=rejected, error_message=why)
        )
    return Response(message.SerializeToString(), media_type=PROTOBUF)


def refused(status: int, media_type: str, message: str, *, retry_after_s: int | None = None) -> Response:
    """An error as a `google.rpc.Status` body. With `retry_after_s` the sender is told to try again."""
    code = _RPC_CODES.get(status, _RPC_UNKNOWN)
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="retrospan"'
    if media_type == PROTOBUF:
        text = message.encode("utf-8", "replace")
        body = b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text
    else:
        media_type = JSON
        body = orjson.dumps({"code": code, "message": message.encode("utf-8", "replace").decode()})
    return Response(body, status, headers, media_type)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
