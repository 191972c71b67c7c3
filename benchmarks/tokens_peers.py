"""Tokens of the same questions to Retrospan, Phoenix and MLflow over MCP, on the same real traces (TRAIL).

Start the peers from environments of their own first, on empty stores, then name them; either may be left out:

    PHOENIX_WORKING_DIR=… PHOENIX_PORT=16106 phoenix serve
    mlflow server --backend-store-uri sqlite:///… --port 15100 --workers 1
    python benchmarks/tokens_peers.py --phoenix http://127.0.0.1:16106 --mlflow http://127.0.0.1:15100 \\
        --mlflow-program …/bin/mlflow

A token is four characters of text content; what is sent a second time as structured content is not counted.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import anyio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPError
from mcp.types import TextContent
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from retrospan.mcp_server.server import build_server
from retrospan.services.serving.application import ServeOptions, serving
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from sending import send
from trail_spans import trail_requests

Row = tuple[str, Sequence[int]]
CLIP = 200
_SETTLE_S = 5
_TOO_LARGE = 1_048_576 // 8
"""Counted for an answer that the SDK's client refused, over 1 MiB with its structured duplicate: a lower bound."""
_BRIEF = f"""\
spans = (await call_tool("getSpans", {{"project_identifier": "default", "trace_id": ["TRACE"], "limit": 1000}}))["data"]
return [{{"name": s["name"], "kind": s["span_kind"], "status": s["status_code"],
  "in": str(s["attributes"].get("input.value", ""))[:{CLIP}],
  "out": str(s["attributes"].get("output.value", ""))[:{CLIP}]}} for s in spans]"""


def main() -> None:
    """Send the traces to each product and print one table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=25)
    options.add_argument("--phoenix", metavar="URL")
    options.add_argument("--mlflow", metavar="URL")
    options.add_argument("--mlflow-program", default="mlflow")
    chosen = options.parse_args()
    bodies = list(islice(trail_requests(), chosen.runs))
    ids = [_trace_id(body) for body in bodies]
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "store.db") as store:
        with serving(store, ServeOptions()) as url:
            send(url, bodies)
        _print("Retrospan", anyio.run(_retrospan, store, ids))
    if chosen.phoenix:
        send(chosen.phoenix, bodies)
        _print("Phoenix", anyio.run(_phoenix, f"{chosen.phoenix}/mcp", ids))
    if chosen.mlflow:
        send(chosen.mlflow, bodies)
        _print("MLflow", anyio.run(_mlflow, chosen.mlflow, chosen.mlflow_program, ids))


def _trace_id(body: bytes) -> str:
    request = ExportTraceServiceRequest.FromString(body)
    return request.resource_spans[0].scope_spans[0].spans[0].trace_id.hex()


Call = Callable[..., Awaitable[int]]


def _caller(client: Client) -> Call:
    async def call(tool: str, **arguments: Any) -> int:
        try:
            result = await client.call_tool(tool, arguments)
        except MCPError as err:
            if "byte limit" not in str(err):
                raise
            return _TOO_LARGE
        text = "".join(block.text for block in result.content if isinstance(block, TextContent))
        if result.is_error:
            raise SystemExit(f"{tool}{arguments}: {text[:300]}")
        return len(text) // 4

    return call


async def _told(client: Client) -> list[Row]:
    tools = (await client.list_tools()).tools
    characters = sum(len(tool.model_dump_json(by_alias=True, exclude_none=True)) for tool in tools)
    told = len(client.instructions or "")
    return [(f"definitions ({len(tools)} tools)", [characters // 4]), ("instructions", [told // 4])]


async def _retrospan(store: Store, ids: Sequence[str]) -> list[Row]:
    async with Client(build_server(store)) as client:
        call = _caller(client)
        return [
            *await _told(client),
            ("find out how to ask", [0]),
            ("ten newest runs", [await call("search_traces")]),
            ("what is failing", [await call("summarize_failures")]),
            ("one run", [await call("get_trace", trace=trace) for trace in ids]),
            ("where it went wrong", [await call("open_case", trace=trace) for trace in ids]),
        ]


async def _phoenix(url: str, ids: Sequence[str]) -> list[Row]:
    await anyio.sleep(_SETTLE_S)
    async with Client(url, mode="legacy") as client:
        call = _caller(client)

        async def ask(operation: str, **arguments: Any) -> int:
            given = {"project_identifier": "default", **arguments}
            return await call("execute", code=f"return await call_tool({operation!r}, {given!r})")

        found = await call("search", query="read spans of a trace")
        schemas = await call("get_schema", tools=["listProjectTraces", "getSpans"])
        return [
            *await _told(client),
            ("find out how to ask", [found + schemas]),
            ("ten newest runs", [await ask("listProjectTraces", limit=10)]),
            ("one run", [await ask("getSpans", trace_id=[trace], limit=1000) for trace in ids]),
            ("one run, cut by own code", [await call("execute", code=_BRIEF.replace("TRACE", id_)) for id_ in ids]),
        ]


async def _mlflow(url: str, program: str, ids: Sequence[str]) -> list[Row]:
    environment = {"MLFLOW_TRACKING_URI": url, "MLFLOW_DISABLE_TELEMETRY": "true"}
    server = StdioServerParameters(command=program, args=["mcp", "run"], env=environment)
    brief = "data.spans.*.name,data.spans.*.status.code"
    async with Client(server, mode="legacy") as client:
        call = _caller(client)
        newest = {"experiment_id": "0", "max_results": 10}
        return [
            *await _told(client),
            ("find out how to ask", [0]),
            ("ten newest runs", [await call("search_traces", **newest)]),
            ("ten newest runs, JSON", [await call("search_traces", **newest, output="json")]),
            ("one run", [await call("get_trace", trace_id=f"tr-{trace}") for trace in ids]),
            (
                "one run, names alone",
                [await call("get_trace", trace_id=f"tr-{id_}", extract_fields=brief) for id_ in ids],
            ),
        ]


def _print(product: str, rows: Sequence[Row]) -> None:
    print(f"\n{product}: median and largest", flush=True)
    for label, counts in rows:
        refused = counts.count(_TOO_LARGE)
        note = f", {refused} refused as too large" if refused else ""
        print(f"  {label:<28} {median(counts):>9.0f} {max(counts):>9}  n = {len(counts)}{note}", flush=True)


if __name__ == "__main__":
    main()
