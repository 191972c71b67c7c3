"""Tests of other runners come in as drafts; what has no counterpart is named, and nothing is replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import run
from retrospan.model.case_checks import Judged, OutputContains, OutputMatches, OutputNotContains, OutputSchema
from retrospan.model.cases import CaseStatus, parse_case
from retrospan.model.errors import BadInputError
from retrospan.regression.exports.forms import DATA, export_cases
from retrospan.regression.imports.json_rows import read_rows
from retrospan.regression.imports.promptfoo_tests import read_promptfoo

CONFIG = """
prompts: ['{{input}}']
defaultTest:
  assert:
  - {type: not-icontains, value: sorry}
tests:
- description: Names the window
  vars: {input: "Until when?"}
  assert:
  - {type: contains, value: 30 days}
  - {type: icontains-all, value: [from, delivery]}
  - {type: equals, value: 'a.b'}
  - {type: regex, value: '^\\d+'}
  - {type: is-json}
  - {type: javascript, value: output.length < 9}
  - {type: llm-rubric, value: "Is it polite?"}
  - {type: cost, threshold: 0.1}
- description: Names the window
  vars: {input: "And for lamps?"}
- file://more.yaml
- vars: {input: 'file://question.txt'}
"""


def test_promptfoo_assertions_become_checks_and_the_rest_is_named() -> None:
    found = read_promptfoo(CONFIG, source="promptfooconfig.yaml")
    first, second = found.cases
    assert (first.id, first.title, first.input, first.status) == (
        "names-the-window", "Names the window", "Until when?", CaseStatus.DRAFT,
    )  # fmt: skip
    assert first.checks == (
        OutputNotContains(text="sorry"),
        OutputContains(text="30 days", ignore_case=False),
        OutputContains(text="from"),
        OutputContains(text="delivery"),
        OutputMatches(pattern=r"^a\.b$"),
        OutputMatches(pattern=r"^\d+"),
        OutputSchema(json_schema={}),
        Judged(question="Is it polite?"),
    )
    assert (second.id, second.checks) == ("names-the-window-2", (OutputNotContains(text="sorry"),))
    assert found.left_out == [
        "test 1: assertion javascript",
        "test 1: assertion cost",
        "test 3: file://more.yaml, which is not a test in this file",
        "test 4: a variable that is a template or a file, so the whole case",
    ]


@pytest.mark.parametrize(
    ("prompts", "given"),
    [
        ("['Answer: {{ input }} in {{lang}}']", "Answer: hi in de"),
        ("[one, two]", {"input": "hi", "lang": "de"}),
        ("['{{input}}']", "hi"),
    ],
)
def test_the_input_is_what_the_prompt_makes_of_its_variables(prompts: str, given: Any) -> None:
    text = f"prompts: {prompts}\ntests:\n- vars: {{input: hi, lang: de}}\n  assert: [{{type: contains, value: x}}]\n"
    (case,) = read_promptfoo(text, source="p.yaml").cases
    assert case.input == given


@pytest.mark.parametrize(
    ("row", "given", "checks"),
    [
        ({"question": "2+2?", "answer": "4"}, "2+2?", (OutputContains(text="4"),)),
        ({"inputs": {"q": "hi"}, "outputs": {"answer": "hello"}}, "hi", (OutputContains(text="hello"),)),
        ({"inputs": {"a": 1, "b": 2}, "expected": 3}, {"a": 1, "b": 2}, (OutputContains(text="3"),)),
        ({"item": {"input": "hi", "ideal": "x"}}, "hi", (OutputContains(text="x"),)),
        ({"input": "hi", "expectations": {"expected_facts": ["a", "b"]}}, "hi",
         (OutputContains(text="a"), OutputContains(text="b"))),
        ({"input": "hi", "reference": "long " * 20}, "hi",
         (Judged(question="Does the answer agree with this reference? " + ("long " * 20).strip()),)),
    ],
)  # fmt: skip
def test_rows_of_a_data_set_become_drafts(row: dict[str, Any], given: Any, checks: tuple[Any, ...]) -> None:
    (case,) = read_rows(json.dumps(row), source="set.jsonl").cases
    assert (case.input, case.checks, case.id) == (given, checks, "line-1")


def test_our_own_rows_come_back_as_the_same_cases_but_as_drafts() -> None:
    text = "id: a\ntitle: A\nstatus: active\ninput: x\nchecks: [{check: output_contains, text: y}, {check: grounded}]\n"
    case = parse_case(text)
    found = read_rows(export_cases([case], "jsonl", str).text, source="cases.jsonl")
    assert found.cases == [case.model_copy(update={"status": CaseStatus.DRAFT})]


@pytest.mark.parametrize("form", sorted(DATA))
def test_what_was_exported_as_a_data_set_can_be_read(form: str) -> None:
    case = parse_case("id: a\ntitle: A\ninput: x\nchecks: [{check: output_contains, text: y}]\n")
    (back,) = read_rows(export_cases([case], form, str).text, source="cases.jsonl").cases
    assert (back.input, back.checks) == ("x", case.checks)


@pytest.mark.parametrize(
    "line", ["nonsense", "[1]", '{"output": "x"}', '{"input": "x"}', '{"id": "A B", "input": "x", "checks": []}']
)
def test_a_row_that_is_no_case_is_named_and_the_rest_goes_in(line: str) -> None:
    found = read_rows(f'{line}\n{{"input": "hi", "answer": "x"}}', source="set.jsonl")
    assert len(found.cases) == 1
    assert found.left_out[0].startswith("line 1: ")


def test_a_file_of_another_kind_is_refused() -> None:
    with pytest.raises(BadInputError, match="no line that is a JSON object"):
        read_rows("hello\n", source="a.jsonl")
    with pytest.raises(BadInputError, match="has no list of `tests`"):
        read_promptfoo("a: 1", source="a.yaml")


def test_the_command_writes_drafts_and_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "promptfooconfig.yaml").write_text(CONFIG)
    command = ("case", "import", str(tmp_path / "promptfooconfig.yaml"), "--folder", str(tmp_path))
    done = run(*command)
    assert done.code == 0, done.err
    assert "2 drafts" in done.out
    assert "not carried: test 1: assertion javascript" in done.err
    assert parse_case((tmp_path / ".retrospan/cases/names-the-window.yaml").read_text()).status is CaseStatus.DRAFT
    again = run(*command, "--json")
    assert (again.code, again.json["drafts"]) == (1, [])
    assert "names-the-window: there is such a case" in again.json["left_out"]
