"""Regression cases as files: what a case may say, and how a mistake is pointed at."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from retrospan.model.case_checks import Grounded, Judged, OutputContains, ToolArgument, ToolCalled
from retrospan.model.cases import Case, CaseStatus, FrozenResult, Provenance, dump_case, load_case, parse_case
from retrospan.model.errors import BadInputError

REFUND = """\
id: refund-window
title: Names the window of the current policy
status: active
input: |
  How long can I return the tent?
  Order A-1002
tool_results:
- tool: search_policy
  result:
    docs:
    - id: returns-2026
      text: 30 days
checks:
- check: tool_called
  tool: search_policy
- check: tool_argument
  tool: issue_refund
  path: order_id
  equals: null
- check: output_schema
  schema:
    type: object
- check: output_matches
  pattern: 30 days?
provenance:
  trace: 4bf92f3577b34da6
  spans:
  - 00f067aa0ba902b7
"""


def test_a_case_file_reads_and_writes_back_letter_for_letter() -> None:
    assert dump_case(parse_case(REFUND)) == REFUND


def test_a_case_is_a_draft_with_live_tools_unless_it_says_otherwise() -> None:
    case = parse_case("{id: a, title: A, input: hi, checks: [{check: grounded}]}")
    assert case == Case(id="a", title="A", input="hi", checks=(Grounded(),))
    assert (case.status, case.live) == (CaseStatus.DRAFT, True)


def test_the_signature_block_is_left_to_others() -> None:
    assert parse_case(REFUND + "signature:\n  key: ed25519:abc\n  value: [1, 2]\n") == parse_case(REFUND)


MISTAKES = [
    ("tool_called", "tool_caled", 14, "checks.0: unknown check 'tool_caled'; did you mean 'tool_called'?"),
    ("30 days?", "(?=30)", 24, "checks.3.pattern: not an RE2 pattern"),
    ("path: order_id", "pth: order_id", 16, "checks.1.path: is missing"),
    ("path: order_id", "pth: order_id", 16, "checks.1.pth: unknown key; did you mean 'path'?"),
    ("type: object", "type: objct", 21, "checks.2.schema: not a JSON Schema"),
    ("id: refund-window", "id: ../../etc", 1, "id: '../../etc' is no id"),
    ("status: active", "status: confirmed", 3, "'draft', 'active', 'flaky' or 'retired'"),
    ("tool_results:", "tool_resuts:", 7, "tool_resuts: unknown key; did you mean 'tool_results'?"),
    ("  trace: 4b", "  run: 4b", 26, "provenance.run: unknown key"),
    ("  equals: null\n", "", 16, "says nothing to expect"),
    ("- check: tool_called", "- check: judge\n  question: Is it right?\n- check: tool_called", 13, "put judges last"),
    ("title: Names", "title: ''  # Names", 2, "title: "),
]


@pytest.mark.parametrize(("right", "wrong", "line", "said"), MISTAKES)
def test_a_mistake_is_named_with_line_and_key(right: str, wrong: str, line: int, said: str) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_case(REFUND.replace(right, wrong, 1), source="x.yaml")
    assert said in str(caught.value)
    assert caught.value.where == f"x.yaml:{line}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- 1",
        "a: [",
        "a: &x 1\nb: *x",
        "id: a\nid: b",
        "id: !!python/object/apply:os.system [true]",
        "a: 1e999",
        "a: !!float nan",
        "a: !!binary aGk=",
        "a: !!timestamp 2026-11-22",
        "a: !!int twelve",
        "a: 1\n---\nb: 2",
        "[" * 5000,
        "1: numbers are no keys",
        b"\xff\xfe\x00",
        b"\x80",
        "a: \x1b[31m",
        "x: " + "y" * (1 << 20),
    ],
)
def test_broken_yaml_is_refused_with_its_place(text: str | bytes) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_case(text, source="x.yaml")
    assert str(caught.value.where).startswith("x.yaml")


PLAIN = [
    ("2026-11-22", "2026-11-22"),
    ("yes", "yes"),
    ("True", "True"),
    ("true", True),
    ("12:30", "12:30"),
    ("0042", "0042"),
    ("1_000", "1_000"),
    ("0x1F", "0x1F"),
    (".inf", ".inf"),
    ("=", "="),
    ("-7", -7),
    ("64.50", 64.5),
    ("1e5", 1e5),
    ("'1e5'", "1e5"),
    ("~", None),
]


@pytest.mark.parametrize(("written", "read"), PLAIN)
def test_plain_text_is_read_as_json_would(written: str, read: object) -> None:
    case = parse_case(f"id: a\ntitle: A\ninput:\n  x: {written}\nchecks:\n- check: grounded\n")
    assert case.input == {"x": read}
    assert parse_case(dump_case(case)) == case


def test_hidden_characters_are_visible_in_the_written_file() -> None:
    case = Case(id="a", title="pay\u202eexe", input="x", checks=(Grounded(),))
    assert "\u202e" not in dump_case(case)
    assert parse_case(dump_case(case)) == case


def test_a_key_with_escape_bytes_is_shown_safely() -> None:
    with pytest.raises(BadInputError) as caught:
        parse_case('{"\\e[31mred": 1, id: a, title: A, input: x, checks: [{check: grounded}]}')
    assert "\x1b" not in str(caught.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="No such file"):
        load_case(tmp_path / "none.yaml")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_text = st.text(min_size=1)


@settings(max_examples=80, deadline=None)
@given(
    input_=_json.filter(lambda value: value not in (None, "", [], {})),
    title=_text,
    result=_json,
    expected=_json,
    spans=st.lists(st.text(), max_size=2),
)
def test_any_case_survives_its_file(
    input_: object, title: str, result: object, expected: object, spans: list[str]
) -> None:
    case = Case.model_validate(
        {
            "id": "any",
            "title": title,
            "input": input_,
            "tool_results": [FrozenResult(tool="t", arguments={"q": title}, result=result)],  # type: ignore[arg-type]
            "checks": (
                ToolCalled(tool=title, times=2),
                ToolArgument(tool="t", path="q", equals=expected),  # type: ignore[arg-type]
                OutputContains(text=title),
                Judged(question=title),
            ),
            "provenance": Provenance(trace=title, spans=tuple(spans)),
        }
    )
    assert parse_case(dump_case(case)) == case
