"""Statements stand in the store alone, in the form that every engine speaks; SQLite's own in `store/sqlite/`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_STATEMENT = re.compile(
    r"\s*(SELECT|INSERT INTO|INSERT OR|UPDATE \S+ SET|DELETE FROM|PRAGMA|CREATE (TABLE|INDEX|VIRTUAL|TRIGGER)|"
    r"WITH (RECURSIVE )?\w+ AS|BEGIN IMMEDIATE|DROP (TABLE|TRIGGER|INDEX)|ALTER TABLE|VACUUM)\b"
)
_EXECUTES = frozenset({"execute", "executemany", "executescript"})
_ENGINES = ("store/sqlite/", "store/migrations/")
_NOT_SHARED = re.compile(
    r"\browid\b|\bPRAGMA\b|sqlite_|json_each|\bINDEXED BY\b|\bINSERT OR\b|\bGLOB\b|\binstr\(|char\(10\)|\bIS \?|"
    r"body_text|(?<![\w'%])\?(?![\w'%])"
)
"""SQLite's own words, and values marked by position."""


def product_files() -> list[str]:
    rooms = [path for path in ROOT.iterdir() if (path / "__init__.py").exists()]
    return sorted(str(file.relative_to(ROOT)) for room in rooms for file in room.rglob("*.py"))


def texts_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text of a module that is no docstring, with its line; of a formatted text the parts that stand there."""
    lone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(p.value) if isinstance(p, ast.Constant) else "x" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in lone:
            yield node.lineno, node.value


def parsed(file: str) -> ast.AST:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('A = "SELECT id FROM trace"', True),
        ('A = f"""\n  UPDATE {x} SET a = 1"""', True),
        ('"""SELECT in a docstring."""', False),
        ('A = "Select a trace"', False),
        ('A = "UPDATE the store"', False),
    ],
)
def test_a_statement_is_told_from_words(source: str, found: bool) -> None:
    assert any(_STATEMENT.match(text) for _, text in texts_of(ast.parse(source))) is found


def test_the_product_is_looked_at() -> None:
    rooms = {file.split("/")[0] for file in product_files()}
    assert {"store", "services", "mcp_server", "tui", "cli", "answers", "regression", "agents"} <= rooms


@pytest.mark.parametrize("file", [file for file in product_files() if not file.startswith("store/")])
def test_no_statement_stands_outside_the_store(file: str) -> None:
    tree = parsed(file)
    statements = [line for line, text in texts_of(tree) if _STATEMENT.match(text)]
    executed = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _EXECUTES
    ]
    assert (statements, executed) == ([], [])


def test_what_is_only_sqlites_is_told() -> None:
    own = ["ORDER BY rowid", "id IN (?, ?)", "a IS ?", "VALUES (?)", "INDEXED BY x", "FROM body_text"]
    shared = ["id IN :ids", "LIKE '%:_%'", "What is it?", "a IS NOT DISTINCT FROM :b"]
    assert all(_NOT_SHARED.search(text) for text in own)
    assert [text for text in shared if _STATEMENT.match(text) and _NOT_SHARED.search(text)] == []


@pytest.mark.parametrize(
    "file", [file for file in product_files() if file.startswith("store/") and not file.startswith(_ENGINES)]
)
def test_statements_of_the_store_are_in_the_shared_form(file: str) -> None:
    statements = [(line, text) for line, text in texts_of(parsed(file)) if _STATEMENT.match(text)]
    assert [(line, found[0]) for line, text in statements if (found := _NOT_SHARED.search(text))] == []


def test_only_opening_a_store_knows_which_engine_there_is() -> None:
    knowing = {
        file
        for file in product_files()
        if file.startswith("store/") and not file.startswith(_ENGINES)
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "sqlite"
    }
    assert knowing == {"store/opening.py"}
