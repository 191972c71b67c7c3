"""A Messages API over real HTTP that answers by a script: the one fake of the tests of agents.

A script is a function from the request's body to a `Reply`; since it sees the whole conversation it needs no state, so
it serves parallel and resumed conversations alike. Run as a program it serves `investigates` for tests of commands.
"""

from __future__ import annotations

import itertools
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

_ids = itertools.count(1)


@dataclass(frozen=True)
class Reply:
    """What the model says to one request."""

    content: Sequence[dict[str, Any]] = ()
    stop_reason: str = "end_turn"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    error: str = "overloaded_error"
    cut_after: int | None = None
    """Events after which the stream breaks off."""
    pause_s: float = 0.0
    """Between events."""
    usage: dict[str, int] = field(default_factory=dict)


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def tool_use(name: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{next(_ids)}", "name": name, "input": arguments}


def says(words: str, **fields: Any) -> Reply:
    return Reply([text(words)], **fields)


def asks(*blocks: dict[str, Any], **fields: Any) -> Reply:
    return Reply(blocks, "tool_use", **fields)


def refuses_load(status: int, *, retry_after_ms: int = 5) -> Reply:
    """429 or 529, with when to come again."""
    kind = "rate_limit_error" if status == 429 else "overloaded_error"
    return Reply(status=status, headers={"retry-after-ms": str(retry_after_ms)}, error=kind)


def turn_of(body: dict[str, Any]) -> int:
    """How many replies the conversation holds already."""
    return sum(message["role"] == "assistant" for message in body["messages"])


def trace_of(body: dict[str, Any]) -> str:
    """The run that the first message asks about."""
    first = body["messages"][0]["content"]
    words = first if isinstance(first, str) else first[0]["text"]
    return str(words).split("run ", 1)[1].split(".", 1)[0]


def claim(sentence: str, step: int | str, quote: str) -> dict[str, Any]:
    return {"sentence": sentence, "evidence": [{"step": str(step), "quote": quote}]}


def reports(*claims: dict[str, Any], label: str = "fail", **fields: Any) -> Reply:
    """A reply that hands in findings."""
    told = {"confidence": "medium", "confidence_because": "The steps say so.", **fields}
    return asks(tool_use("report_findings", label=label, claims=list(claims), **told))


Script = Callable[[dict[str, Any]], Reply]


class ScriptedModel:
    """The server's application, and what it was asked."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.url = ""
        routes = [
            Route("/v1/messages", self._messages, methods=["POST"]),
            Route("/v1/messages/count_tokens", self._count, methods=["POST"]),
            Route("/asked", self._asked),
        ]
        self.app = Starlette(routes=routes)

    async def _messages(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        reply = self.script(body)
        if reply.status != 200:
            error = {"type": "error", "error": {"type": reply.error, "message": "scripted refusal"}}
            return JSONResponse(error, reply.status, headers=reply.headers)
        message = _message(body, reply)
        if not body.get("stream"):
            await anyio.sleep(reply.pause_s)
            return JSONResponse(message)
        return StreamingResponse(_events(message, reply), media_type="text/event-stream")

    async def _count(self, request: Request) -> Response:
        return JSONResponse({"input_tokens": _tokens(await request.json())})

    async def _asked(self, request: Request) -> Response:
        return JSONResponse({"requests": len(self.requests)})


def _tokens(value: Any) -> int:
    return len(json.dumps(value)) // 4


def _message(body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    usage = {"input_tokens": _tokens(body), "output_tokens": max(_tokens(list(reply.content)), 1), **reply.usage}
    return {
        "id": f"msg_{next(_ids)}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": list(reply.content),
        "stop_reason": reply.stop_reason,
        "stop_sequence": None,
        "usage": usage,
    }


async def _events(message: dict[str, Any], reply: Reply) -> AsyncIterator[bytes]:
    for number, event in enumerate(_event_list(message)):
        if reply.cut_after is not None and number >= reply.cut_after:
            raise ConnectionResetError("scripted cut")
        if reply.pause_s:
            await anyio.sleep(reply.pause_s)
        yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _event_list(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    empty = {**message, "content": [], "stop_reason": None, "usage": {**message["usage"], "output_tokens": 1}}
    yield {"type": "message_start", "message": empty}
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            yield {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}
            for word in _pieces(block["text"]):
                yield _delta(index, {"type": "text_delta", "text": word})
        else:
            yield {"type": "content_block_start", "index": index, "content_block": {**block, "input": {}}}
            for piece in _pieces(json.dumps(block["input"])):
                yield _delta(index, {"type": "input_json_delta", "partial_json": piece})
        yield {"type": "content_block_stop", "index": index}
    ending = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": ending, "usage": {"output_tokens": message["usage"]["output_tokens"]}}
    yield {"type": "message_stop"}


def _pieces(words: str) -> list[str]:
    return [words[start : start + 40] for start in range(0, len(words), 40)]


def _delta(index: int, delta: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


@contextmanager
def serving(script: Script) -> Iterator[ScriptedModel]:
    """The scripted model on a port of its own while the block lasts."""
    model = ScriptedModel(script)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    model.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(model.app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
