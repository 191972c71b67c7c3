"""No widget of the app is handed a string that could hold markup."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TUI = Path(__file__).resolve().parents[2] / "tui"
SOURCES = sorted(path for path in TUI.rglob("*.py") if path.name != "gate.py")
_PARSES_STRINGS = {"Label", "Button", "Markdown", "DataTable", "Tree", "OptionList", "SelectionList", "RichLog", "Log"}
_TAKES_TEXT = {"Static", "update"}
_MAKES_CONTENT = {"Content", "Text"}


def findings(source: str) -> list[str]:
    """Places where a string could reach a widget past the render gate."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "textual.widgets":
            found += [f"{node.lineno}: imports {a.name}" for a in node.names if a.name in _PARSES_STRINGS]
        elif isinstance(node, ast.Assign) and any(_is_title(target) for target in node.targets):
            found += _unless_made(node.value, node.lineno, "border title")
        elif isinstance(node, ast.Call):
            found += _call(node)
    return found


def _call(node: ast.Call) -> list[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "from_markup":
        return [f"{node.lineno}: reads markup"]
    if name in _MAKES_CONTENT and node.args and not isinstance(node.args[0], ast.Constant):
        return [f"{node.lineno}: {name}() of something that has not passed the gate"]
    if name == "notify" and not any(k.arg == "markup" and _is_false(k.value) for k in node.keywords):
        return [f"{node.lineno}: notify() reads markup"]
    if name in _TAKES_TEXT and node.args:
        return _unless_made(node.args[0], node.lineno, name)
    return []


def _unless_made(value: ast.expr, line: int, what: str) -> list[str]:
    return [f"{line}: {what} takes a string"] if isinstance(value, ast.Constant | ast.JoinedStr | ast.BinOp) else []


def _is_title(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and target.attr in ("border_title", "border_subtitle")


def _is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(TUI)))
def test_widgets_take_their_text_from_the_gate(path: Path) -> None:
    assert findings(path.read_text()) == []


@pytest.mark.parametrize(
    "bad",
    [
        'Static(f"{trace.input}")',
        "self.query_one('#x').update('a' + b)",
        "self.notify(trace.input)",
        "Content.from_markup(text)",
        "Content(trace.input)",
        "widget.border_title = f'{name}'",
        "from textual.widgets import Label",
    ],
)
def test_the_scan_finds_what_it_looks_for(bad: str) -> None:
    assert findings(bad)
