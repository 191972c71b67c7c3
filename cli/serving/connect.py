"""`retrospan connect app`: what to add to an application, and whether its traces arrive."""

from __future__ import annotations

from typing import Any

import click

from ...answers.json.values import trace_json
from ...model.text.display import safe_line
from ...model.traces import StepKind, Trace
from ...services.connecting.client_configs import CLIENTS
from ...services.connecting.frameworks import FRAMEWORKS, Instructions, instructions
from ...services.serving.first_trace import Check, check_trace, receiver_at, wait_for_trace
from ...store.reading.trace_ids import newest_trace_id
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json
from .connect_clients import client_command

_STEPS_SHOWN = 30
_NOTHING_CAME = 1


@click.group("connect")
def connect_group() -> None:
    """Connect an application, so that its traces come here, or an assistant, so that it reads them."""


for _client in CLIENTS:
    connect_group.add_command(client_command(_client))


@connect_group.command(
    "app",
    epilog="""\b
Examples:
  retrospan connect app
  retrospan connect app langgraph
  retrospan connect app anthropic --no-wait""",
)
@click.argument("framework", required=False)
@click.option("--endpoint", default="http://127.0.0.1:4318", show_default=True, help="Where `retrospan serve` listens.")
@click.option("--no-wait", is_flag=True, help="Only print what to add.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Give up waiting after so long.")
@store_option
@json_option
def app_command(
    framework: str | None,
    endpoint: str,
    no_wait: bool,
    timeout: float | None,
    store_location: str | None,
    as_json: bool,
) -> int:
    """Print what to install and add for FRAMEWORK, then wait until its first trace has arrived, and show it.

    Where no server answers at the endpoint, this command receives while it waits. Without FRAMEWORK, lists them.
    """
    if framework is None:
        _print_frameworks(as_json=as_json)
        return 0
    page = instructions(framework, endpoint.rstrip("/"))
    if not as_json:
        echo(page.page)
    if no_wait:
        if as_json:
            print_json(_json(page, endpoint, None, []))
        return 0
    with opened(store_location, create=True) as store:
        after = newest_trace_id(store)
        with receiver_at(store, endpoint) as here:
            _announce(endpoint, here)
            trace = wait_for_trace(store, after, timeout, lambda: echo("It is arriving …", err=True))
        checks = [] if trace is None else check_trace(trace)
    if as_json:
        print_json(_json(page, endpoint, trace, checks))
    elif trace is None:
        echo(f"No trace came within {timeout:g} s. Is the endpoint in the application {endpoint}/v1/traces?", err=True)
    else:
        _print_trace(trace, checks)
    return _NOTHING_CAME if trace is None else 0


def _print_frameworks(*, as_json: bool) -> None:
    if as_json:
        print_json(list(FRAMEWORKS))
        return
    echo("Which framework? `retrospan connect app NAME`, one of:")
    for name in FRAMEWORKS:
        echo(f"  {name}")
    echo("Anything else that exports OTLP over HTTP works too: set OTEL_EXPORTER_OTLP_ENDPOINT.")


def _announce(endpoint: str, here: bool) -> None:
    by = "receiving here; later run `retrospan serve`" if here else "a server answers there"
    echo(f"Waiting for the first trace at {endpoint} ({by}). Ctrl-C stops.", err=True)


def _print_trace(trace: Trace, checks: list[Check]) -> None:
    summary = trace.summary
    echo(f"{summary.short_id} arrived: {summary.step_count} steps, {summary.usage.input_tokens} tokens in.")
    for step in trace.steps[:_STEPS_SHOWN]:
        what = safe_line(step.tool or (step.model if step.kind is StepKind.LLM else step.agent) or step.name, 60)
        echo(f"  {step.index:>3}  {step.kind.value:<10} {what}{'  error' if step.error else ''}")
    if len(trace.steps) > _STEPS_SHOWN:
        echo(f"  … and {len(trace.steps) - _STEPS_SHOWN} more steps")
    echo("")
    for check in checks:
        echo(f"  {'yes' if check.ok else 'NO ':<4} {check.what}{'' if check.ok else f': {check.hint}'}")
    echo(f"\nNext: retrospan trace show {summary.short_id}")


def _json(page: Instructions, endpoint: str, trace: Trace | None, checks: list[Check]) -> dict[str, Any]:
    return {
        "framework": page.framework,
        "endpoint": endpoint,
        "install": page.install,
        "code": page.code,
        "notes": page.notes,
        "trace": None if trace is None else trace_json(trace.summary),
        "checks": [{"what": check.what, "ok": check.ok, "hint": check.hint} for check in checks],
    }
