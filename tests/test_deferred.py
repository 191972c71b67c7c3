"""Imports inside functions are exceptions, each for a reason that is written here."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

import pytest
from rooms import ROOMS, ROOT


class Reason(NamedTuple):
    """Why what matches `imported` may be imported late in what matches `importer`."""

    importer: str
    imported: str
    why: str


REASONS = (
    Reason("cli.*", "*", "a command loads what it does when it is called; no other command waits for it"),
    Reason("mcp_server.*", "*", "the server answers `initialize` before the analysis behind its tools is loaded"),
    Reason("examples.*", "*", "the example agent runs without what only its traced form needs"),
    Reason("regression.pytest_plugin", "*", "a project without cases loads nothing of the product"),
    Reason("regression.capture", "*", "only an application that sends spans needs what reads them"),
    Reason("regression.checks", "regression.schema", "JSON Schema is loaded for the one check that asks for it"),
    Reason("ingest.connectors.*", "ingest.connectors.*", "a connector loads with its client"),
    Reason("ingest.formats.*", "ingest.*", "a file of one format does not load the conventions of all others"),
    Reason("tui.*", "tui.*", "the first screen is painted before the others are loaded"),
    Reason("tui.*", "services.*", "the analysis is loaded in a thread, after the first paint"),
    Reason("tui.*", "agents.*", "what asks a model is loaded when somebody asks one"),
    Reason("services.*", "services.*", "analysis is loaded by those calls alone that analyse"),
    Reason("services.*", "analysis.*", "learning is rare, and its arithmetic large"),
    Reason("services.*", "store.*", "most search lines ask for no signal and no vector"),
    Reason("services.*", "trust.*", "keys are loaded where they are looked at"),
    Reason("services.understanding.invariants", "knowledge.*", "a store without declared rules needs no pydantic"),
    Reason("answers.*", "services.*", "an outline that shows every step needs no suspects"),
    Reason("store.reviews.outcomes", "store.reviews.verdicts", "a store without verdicts needs no keys"),
    Reason("store.opening", "store.sqlite.keeping", "checking and salvaging are rare"),
    Reason("store.sqlite.*", "store.sqlite.*", "migrations and questions in SQL are rare, and alembic is large"),
    Reason("agents.bridge", "mcp_server.*", "the tools are loaded when an agent is to call them"),
    *(
        Reason("*", name, "comes with an extra")
        for name in (
            *("anthropic*", "httpx*", "mcp", "onnxruntime", "opentelemetry*", "phoenix*", "pyarrow*", "webauthn*"),
        )
    ),
    *(
        Reason("*", name, "takes tens of milliseconds to import, and most calls need none of it")
        for name in ("jsonschema", "json", "numpy", "rapidfuzz", "re2", "rich*", "yaml", "zxcvbn")
    ),
    *(Reason("*", name, "is not there on every system") for name in ("pwd", "resource")),
)


@pytest.fixture(scope="module")
def deferred() -> set[tuple[str, str]]:
    """Importer and imported, by dotted names below the package, of every import inside a function."""
    found: set[tuple[str, str]] = set()
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "versions" not in path.parts:
                parts = path.relative_to(ROOT).with_suffix("").parts
                functions = ast.parse(path.read_text()).body
                found.update((".".join(parts), name) for name in _late(functions, parts))
    return found


def _late(body: Sequence[ast.AST], parts: tuple[str, ...]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _imported(node, parts)
        elif isinstance(node, ast.ClassDef):
            yield from _late(node.body, parts)


def _imported(function: ast.AST, parts: tuple[str, ...]) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parts[: -node.level] if node.level else ()
            yield ".".join([*base, *filter(None, [node.module])]) or node.names[0].name


def _allows(reason: Reason, importer: str, name: str) -> bool:
    return fnmatchcase(importer, reason.importer) and fnmatchcase(name, reason.imported)


def test_every_import_inside_a_function_has_a_reason(deferred: set[tuple[str, str]]) -> None:
    without = [f"{a} imports {b}" for a, b in deferred if not any(_allows(reason, a, b) for reason in REASONS)]
    assert not without, "\n".join(sorted(without))


def test_no_reason_outlives_its_import(deferred: set[tuple[str, str]]) -> None:
    stale = [reason for reason in REASONS if not any(_allows(reason, a, b) for a, b in deferred)]
    assert not stale
