"""The target: found where the application declares it, called as it likes to be called."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from retrospan.model.case_checks import Grounded
from retrospan.model.cases import Case, FrozenResult
from retrospan.model.errors import BadInputError, UsageError
from retrospan.regression import FrozenTools, RunResult
from retrospan.regression.target import call_target, find_declaration, load_target

LIVE = Case(id="live", title="Live", input="hello", checks=(Grounded(),))
FROZEN = LIVE.model_copy(update={"tool_results": (FrozenResult(tool="t", arguments={"q": 1}, result="one"),)})


@pytest.fixture
def clean_path() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def test_the_nearest_declaration_counts(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.retrospan]\ntarget = "far:run"\n')
    inner = tmp_path / "service"
    inner.mkdir()
    assert find_declaration(inner).target == "far:run"
    (inner / "retrospan.toml").write_text('target = "near:run"\n')
    found = find_declaration(inner)
    assert (found.target, found.root) == ("near:run", inner)


def test_the_search_ends_at_the_repository(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.retrospan]\ntarget = "outside:run"\n')
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"No target is declared.*target = "):
        find_declaration(tmp_path / "repo")


@pytest.mark.parametrize("text", ["target = 3", "target = ["])
def test_a_broken_declaration_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "retrospan.toml").write_text(text)
    with pytest.raises(BadInputError, match=r"retrospan\.toml"):
        find_declaration(tmp_path)


@pytest.mark.usefixtures("clean_path")
def test_a_target_is_imported_from_the_declaring_folder(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "shop_target_a.py").write_text("class Agent:\n    @staticmethod\n    def run(x): return x\n")
    assert load_target("shop_target_a:Agent.run", tmp_path)("hi") == "hi"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nocolon", "not of the form module:function"),
        ("no_such_module_x:run", "no module 'no_such_module_x'"),
        ("json:no_such", "json has no function 'no_such'"),
    ],
)
def test_an_unusable_target_says_what_to_declare(target: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_target(target)


@pytest.mark.usefixtures("clean_path")
def test_an_import_error_inside_the_application_stays_its_own(tmp_path: Path) -> None:
    (tmp_path / "shop_target_b.py").write_text("import no_such_dependency_x\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_dependency_x"):
        load_target("shop_target_b:run", tmp_path)


@dataclasses.dataclass
class Reply:
    output: str
    tool_calls: list[dict[str, Any]]


@pytest.mark.parametrize(
    "returned",
    [
        RunResult("hi", [{"name": "t", "arguments": {"a": 1}}]),
        {"output": "hi", "tool_calls": [{"name": "t", "arguments": {"a": 1}}]},
        Reply("hi", [{"name": "t", "arguments": {"a": 1}}]),
    ],
)
def test_a_target_may_answer_in_several_forms(returned: object) -> None:
    assert call_target(lambda _: returned, LIVE) == RunResult("hi", [{"name": "t", "arguments": {"a": 1}}])


def test_text_alone_leaves_tool_calls_unknown() -> None:
    assert call_target(lambda text: text.upper(), LIVE) == RunResult("HELLO", None)


def test_another_answer_is_refused() -> None:
    with pytest.raises(TypeError, match="returned int"):
        call_target(lambda _: 3, LIVE)
    with pytest.raises(TypeError, match="needs a name"):
        call_target(lambda _: {"output": "x", "tool_calls": [{"tool": "t"}]}, LIVE)


async def _greet(text: str) -> str:
    await asyncio.sleep(0)
    return f"{text}!"


def test_an_async_target_is_awaited() -> None:
    assert call_target(_greet, LIVE).output == "hello!"


def test_an_async_target_is_awaited_inside_a_running_loop() -> None:
    async def outer() -> RunResult:
        return call_target(_greet, LIVE)

    assert asyncio.run(outer()).output == "hello!"


def test_frozen_results_reach_a_target_that_takes_them() -> None:
    def target(_: str, *, tool_results: FrozenTools) -> str:
        return str(tool_results.answer("t", {"q": 1}).result)

    assert call_target(target, FROZEN).output == "one"


def test_a_frozen_case_never_runs_live_by_accident() -> None:
    def target(_: str) -> str:
        raise AssertionError("ran live")

    with pytest.raises(UsageError, match="no parameter 'tool_results'"):
        call_target(target, FROZEN)


def test_frozen_results_answer_by_arguments_then_in_order() -> None:
    frozen = FrozenTools(
        [
            {"tool": "t", "arguments": None, "result": "any"},
            {"tool": "t", "arguments": {"q": 1}, "result": "first"},
            {"tool": "t", "arguments": {"q": 1}, "result": "second", "is_error": True},
        ]
    )
    answers = [frozen.answer("t", {"q": 1}) for _ in range(3)]
    assert [answer.result for answer in answers] == ["first", "second", "second"]
    assert answers[1].is_error
    assert frozen.answer("t", {"q": 2}).result == "any"
    with pytest.raises(LookupError):
        frozen.answer("other", {})
