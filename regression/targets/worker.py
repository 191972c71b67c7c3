"""Runs a Python target once, in the application's own interpreter: a script of the standard library alone.

It is started by path, so that Retrospan need not be installed beside the application. The request comes on stdin as
JSON (`target`, `root`, `input`, `tool_results`); the answer leaves on the stdout it was started with. Whatever the
application prints goes to stderr.
"""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import importlib.util
import inspect
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any


def main() -> None:
    """Read one request, run the target, write one answer."""
    answer_to = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    request = json.load(sys.stdin)
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
    try:
        answer = _run(request)
    except BaseException as err:
        told = traceback.format_exception(err)
        answer = {"error": "".join(told)[-6000:], "kind": type(err).__name__}
    with answer_to:
        json.dump(answer, answer_to, default=str)


def _run(request: dict[str, Any]) -> dict[str, Any]:
    protocol = _protocol()
    root = Path(request["root"])
    for folder in (root, root / "src"):
        if folder.is_dir():
            sys.path.insert(0, str(folder))
    target = _load(request["target"])
    arguments: dict[str, Any] = {}
    if request["tool_results"] is not None:
        parameters = inspect.signature(target).parameters.values()
        if not any(p.name == "tool_results" or p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
            raise TypeError(
                "the case has frozen tool results, and the target has no parameter 'tool_results'; "
                "give it one, or set `tool_results: live` in the case"
            )
        arguments["tool_results"] = protocol.FrozenTools(request["tool_results"])
    returned = target(request["input"], **arguments)
    if inspect.isawaitable(returned):
        returned = asyncio.run(_awaited(returned))
    run = protocol.as_run_result(returned)
    _flush_spans()
    calls = None if run.tool_calls is None else [dataclasses.asdict(call) for call in run.tool_calls]
    return {"output": run.output, "tool_calls": calls, "steps": run.steps}


def _protocol() -> Any:
    """The module beside this folder, loaded by path: it needs nothing but the standard library."""
    spec = importlib.util.spec_from_file_location("_retrospan_protocol", Path(__file__).parents[1] / "protocol.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _load(target: str) -> Any:
    module, _, attribute = target.partition(":")
    found: Any = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    return found


async def _awaited(value: Any) -> Any:
    return await value


def _flush_spans() -> None:
    """Let the application's global tracer provider send what it holds, before this process ends."""
    if "opentelemetry.sdk.trace" in sys.modules:
        from opentelemetry import trace

        flush = getattr(trace.get_tracer_provider(), "force_flush", None)
        if flush is not None:
            flush(5_000)


if __name__ == "__main__":
    main()
