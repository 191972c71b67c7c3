"""What the documentation of regression cases shows is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from retrospan.model.case_checks import check_keys
from retrospan.model.cases import Case, dump_case, parse_case
from retrospan.regression.runner import run_case

DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "case-files.md").read_text()
HOW_TO = (DOCS / "how-to" / "run-regression-cases.md").read_text()


def block(text: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_example_case_is_valid_and_in_the_written_form() -> None:
    assert dump_case(parse_case(block(REFERENCE, "yaml"))) == block(REFERENCE, "yaml")


def test_every_key_and_check_is_documented() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", REFERENCE, re.MULTILINE))
    assert set(Case.model_fields) | {"signature"} | set(check_keys()) == set(rows)
    for check, keys in check_keys().items():
        assert not [key for key in keys - {"check"} if f"`{key}`" not in rows[check]]


def test_the_example_target_runs() -> None:
    assert tomllib.loads(block(HOW_TO, "toml")) == {"tool": {"retrospan": {"target": "myapp.agent:run"}}}
    module: dict[str, Any] = {}
    exec(block(HOW_TO, "python"), module)
    case = parse_case("{id: a, title: A, input: hi, checks: [{check: grounded}, {check: max_steps, steps: 3}]}")
    assert run_case(case, module["run"]).outcome == "passed"
