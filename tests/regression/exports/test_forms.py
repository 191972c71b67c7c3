"""Exported cases run elsewhere, and what cannot be carried is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from retrospan.model.cases import Case, parse_case
from retrospan.model.text import yamltext
from retrospan.regression.exports.data_sets import to_jsonl
from retrospan.regression.exports.modules import to_pytest
from retrospan.regression.exports.promptfoo import to_promptfoo

HEAD = 'id: {name}\ntitle: T\ninput: \'say """hi""" {{{{x}}}}\'\nchecks:\n'
GOOD = (
    "- check: output_contains\n  text: HELLO\n- check: tool_order\n  tools: [look, send]\n"
    "- check: tool_not_called\n  tool: refund\n- check: output_matches\n  pattern: '^h\\w+'\n"
)
BAD = "- check: tool_called\n  tool: look\n  times: 2\n- check: grounded\n"
AGENT = (
    "def run(input):\n    calls = [{'name': 'look'}, {'name': 'send'}]\n"
    "    return {'output': 'hello', 'tool_calls': calls}\n"
)


def cases() -> list[Case]:
    made = [parse_case(HEAD.format(name=name) + checks) for name, checks in (("good", GOOD), ("bad", BAD))]
    frozen = made[0].model_copy(update={"id": "frozen", "tool_results": ()})
    return [*made, frozen, parse_case(HEAD.format(name="bare") + "- check: grounded\n")]


def test_json_lines_are_read_back_as_the_same_cases() -> None:
    rows = [json.loads(line) for line in to_jsonl(cases()).text.splitlines()]
    assert all(row.pop("inputs") == {"input": row["input"]} for row in rows)
    assert [Case.model_validate(row) for row in rows] == cases()


def test_a_plain_pytest_module_passes_and_fails_as_the_cases_do(tmp_path: Path) -> None:
    exported = to_pytest(cases(), "bot:run")
    (tmp_path / "bot.py").write_text(AGENT)
    (tmp_path / "test_cases.py").write_text(exported.text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:retrospan", "-p", "no:cacheprovider", "test_cases.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "FAILED test_cases.py::test_case[bad]" in done.stdout
    assert exported.left_out == (
        "bad: grounded",
        "frozen: frozen tool results, so the whole case",
        "bare: grounded",
        "bare: no check is left, so the whole case",
    )


def test_a_promptfoo_configuration_names_what_it_leaves_out() -> None:
    plain = [case.model_copy(update={"input": "hi"}) for case in cases()]
    exported = to_promptfoo(plain, "exec: python agent.py")
    config: Any = yamltext.load(exported.text, source="promptfoo").value
    assert config["providers"] == ["exec: python agent.py"]
    (test,) = config["tests"]
    assert test["metadata"] == {"case": "good"}
    assert {"type": "icontains", "value": "HELLO"} in test["assert"]
    assert "good: tool_order look → send" in exported.left_out


def test_an_input_that_promptfoo_would_read_as_a_template_is_left_out() -> None:
    exported = to_promptfoo(cases()[:1], "exec: python agent.py")
    assert exported.left_out == ("good: an input that promptfoo would read as a template",)
    config: Any = yamltext.load(exported.text, source="promptfoo").value
    assert config["tests"] == []
