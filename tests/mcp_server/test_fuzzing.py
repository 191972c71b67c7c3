"""Any arguments at all: an answer or an error that says what to do, never a fault, never another question's answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conversations import Builder, answers, calls, says
from hypothesis import given, settings
from hypothesis import strategies as st
from retrospan.mcp_server.registry import Caller, InternalError, Tool, load_tools, run_tool
from retrospan.model.errors import RetrospanError
from retrospan.store.contract import Store
from retrospan.store.opening import open_store

TOOLS = load_tools()
IDS = st.sampled_from(
    [
        "T1",
        "t1",
        "1",
        "T1.0",
        "T1.99",
        "T99",
        "R1",
        "P1",
        "V1",
        "E1",
        "../T1",
        "T1; DROP TABLE trace",
        "T1'",
        "run-1",
        "",
        " ",
    ]
)
TEXTS = st.one_of(
    IDS,
    st.text(max_size=60),
    st.sampled_from(
        ["x" * 100_000, "tool:", 'a"b', '"', "-", "NEAR(", "a*", "since:never", "(((", "%", "⟦", "\x00", "\ud800"]
    ),
    st.sampled_from(
        ["outcome:fail", "steps:>1", "-signal:loop", "verdict:none", "kind:tool", "0-", "0-2", "1,0", "9-1"]
    ),
)
VALUES = st.one_of(
    TEXTS,
    st.integers(),
    st.integers(0, 60),
    st.booleans(),
    st.none(),
    st.floats(),
    st.lists(TEXTS, max_size=3),
    st.lists(st.fixed_dictionaries({"step": TEXTS, "quote": TEXTS}), max_size=3),
    st.dictionaries(st.text(max_size=5), TEXTS, max_size=3),
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with open_store(folder / "store.db") as store:
        builder = Builder(store)
        for outcome in ("fail", "pass"):
            builder.add(
                says("user", "Refund order R-1"),
                calls("issue_refund", order="R-1"),
                answers('{"error": "no"}'),
                says("assistant", "Refunded."),
                outcome=outcome,
            )
        yield store


def arguments(tool: Tool) -> st.SearchStrategy[dict[str, Any]]:
    """Mostly arguments that the tool knows, of any type; sometimes one that it does not."""
    known = st.fixed_dictionaries(
        {}, optional={name: _likely(part) for name, part in tool.schema["properties"].items()}
    )
    strange = st.dictionaries(st.text(max_size=12), VALUES, max_size=1)
    return st.one_of(known, known, st.builds(lambda one, other: {**one, **other}, known, strange))


def _likely(part: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in part:
        return st.one_of(st.sampled_from(part["enum"]), VALUES)
    return st.one_of(TEXTS if part.get("type") == "string" else VALUES, VALUES)


@pytest.mark.parametrize("name", list(TOOLS))
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_no_argument_makes_a_tool_fail(opened: Store, name: str, data: st.DataObject) -> None:
    given_arguments = data.draw(arguments(TOOLS[name]))
    try:
        text = run_tool(Caller(opened), TOOLS, name, given_arguments)
    except InternalError as err:
        raise AssertionError(f"{name} {given_arguments!r}") from err.__cause__
    except RetrospanError as err:
        assert 0 < len(str(err)) <= 1_200
        assert "Traceback" not in str(err)
        str(err).encode()
    else:
        assert set(given_arguments) <= set(TOOLS[name].schema["properties"])
        text.encode()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=40))
def test_a_search_of_words_never_answers_without_them(opened: Store, words: str) -> None:
    """Text that FTS, SQL or the search line could take for syntax finds what holds it, or nothing."""
    try:
        text = run_tool(
            Caller(opened), TOOLS, "search_traces", {"query": json.dumps("zqx" + words, ensure_ascii=False)}
        )
    except InternalError:
        raise
    except RetrospanError:
        return
    assert text.startswith("No trace matches")
