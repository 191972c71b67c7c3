"""Options for how much is taken in. Apart from `options`, so that commands without them do not load the limits."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import click

from ...ingest.limits import DEFAULT_LIMITS, GIB, KIB, MIB, Limits
from .options import F


class _Option(NamedTuple):
    """One limit as an option: `unit` is what one of it counts in `Limits`, `most` what the rest of the house bears."""

    name: str
    field: str
    unit: int
    help: str
    most: int | None = None


_OF_A_TRACE = (
    _Option("trace-mib", "trace_bytes", MIB, "Text of one trace."),
    _Option("attribute-kib", "attribute_bytes", KIB, "One text; a longer one is cut, with a note where it was cut."),
    _Option("steps", "steps", 1, "Steps of one trace."),
    _Option("depth", "depth", 1, "Nesting of objects and lists.", 200),
    _Option("ratio", "ratio", 1, "Decompressed to compressed size, beyond which data is taken for a bomb."),
)
_OF_A_REQUEST = (_Option("request-mib", "request_bytes", MIB, "One request, decompressed."),)
_OF_A_FILE = (
    _Option("document-mib", "document_bytes", MIB, "A file that is one JSON document or one request."),
    _Option("file-gib", "file_bytes", GIB, "A file that is read record by record, decompressed."),
)


def import_limit_options(command: F) -> F:
    """The limits on files, traces and texts, handed on under the names that `chosen_limits` takes."""
    return _with(command, (*_OF_A_TRACE, *_OF_A_FILE))


def serve_limit_options(command: F) -> F:
    """The limits on requests, traces and texts, handed on under the names that `chosen_limits` takes."""
    return _with(command, (*_OF_A_REQUEST, *_OF_A_TRACE))


def chosen_limits(**most: int) -> Limits:
    """The limits with what the options say: `max_trace_mib=64` and so on."""
    known = {_parameter(option): option for option in (*_OF_A_REQUEST, *_OF_A_TRACE, *_OF_A_FILE)}
    return replace(DEFAULT_LIMITS, **{known[name].field: value * known[name].unit for name, value in most.items()})


def _parameter(option: _Option) -> str:
    return f"max_{option.name.replace('-', '_')}"


def _with(command: F, options: tuple[_Option, ...]) -> F:
    for option in reversed(options):
        command = click.option(
            f"--max-{option.name}",
            default=getattr(DEFAULT_LIMITS, option.field) // option.unit,
            show_default=True,
            type=click.IntRange(1, option.most),
            help=option.help,
        )(command)
    return command
