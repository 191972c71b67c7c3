"""`python -m retrospan.examples.support_agent`: run the agent over a seeded set of requests."""

from __future__ import annotations

import argparse
import os
import sys

from .app import DEFAULT_SEED, run_workload
from .messages import ModelError
from .versions import VERSIONS
from .workload import sessions


def main(arguments: list[str] | None = None) -> int:
    """Run, or list, the requests. Answers go to stdout, progress to stderr."""
    options = _parser().parse_args(arguments)
    if options.list:
        for session in sessions(options.requests, options.seed):
            for request in session.requests:
                sys.stdout.write(f"{session.id}\t{request.task}\t{request.text}\n")
        return 0
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    where = f"sending spans to {endpoint}" if endpoint else "OTEL_EXPORTER_OTLP_ENDPOINT is not set: spans go nowhere"
    sys.stderr.write(f"support agent {options.version}, {options.requests} requests, seed {options.seed}; {where}\n")
    handled = run_workload(
        options.version, requests=options.requests, seed=options.seed, model=options.model, hours=options.hours
    )
    try:
        for number, done in enumerate(handled, 1):
            sys.stderr.write(f"[{number}/{options.requests}] {done.session.id} {done.request.task}\n")
            sys.stdout.write(f"> {done.request.text}\n{done.answer.text}\n\n")
    except ModelError as err:
        sys.stderr.write(f"{err}\nSet ANTHROPIC_API_KEY, or leave out --model: the scripted model needs no key.\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m retrospan.examples.support_agent",
        description="A support agent for an outdoor shop, run over a seeded set of customer requests.",
    )
    parser.add_argument("--version", choices=sorted(VERSIONS), default="v1", help="which release of the agent")
    parser.add_argument("--requests", type=int, default=40, metavar="N", help="how many requests (default 40)")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, metavar="S", help="which customers and slips")
    parser.add_argument("--model", choices=["scripted", "anthropic"], default="scripted", help="who thinks")
    parser.add_argument(
        "--hours", type=float, default=3.0, metavar="H", help="spread scripted traces over the last H hours"
    )
    parser.add_argument("--list", action="store_true", help="only list the requests")
    return parser


if __name__ == "__main__":
    sys.exit(main())
