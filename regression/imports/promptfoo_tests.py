"""The tests of a promptfoo configuration as draft cases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import re2

from ...model.case_checks import Check, Judged, OutputContains, OutputMatches, OutputNotContains, OutputSchema
from ...model.errors import BadInputError
from ...model.text import yamltext
from ...model.text.jsontext import as_text
from ...model.traces import JsonValue
from .drafts import MOST_CASES, Imported

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_TEMPLATE = re.compile(r"\{\{|\{%|\{#|file://")
_JUDGED = ("llm-rubric", "g-eval", "factuality", "model-graded-closedqa", "model-graded-factuality")


def read_promptfoo(text: str, *, source: str) -> Imported:
    """The tests of a configuration, YAML or JSON.

    Raises:
        BadInputError: if it is no such configuration.
    """
    config: Any = yamltext.load(text, source=source).value
    tests = config.get("tests") if isinstance(config, dict) else None
    if not isinstance(tests, list):
        raise BadInputError(f"{source} has no list of `tests`, as a promptfoo configuration has.", where=source)
    found, prompts = Imported(), _prompts(config)
    common = config.get("defaultTest")
    shared = common if isinstance(common, dict) else {}
    if len(prompts) > 1:
        found.left_out.append(f"{len(prompts)} prompts; the variables are the input of each case instead")
    for number, test in enumerate(tests[:MOST_CASES], 1):
        place = f"test {number}"
        if not isinstance(test, dict):
            found.left_out.append(f"{place}: {as_text(test)[:80]}, which is not a test in this file")
            continue
        title = as_text(test.get("description") or "")
        variables = {**_mapping(shared.get("vars")), **_mapping(test.get("vars"))}
        given, trouble = _input(prompts, variables)
        if trouble:
            found.left_out.append(f"{place}: {trouble}, so the whole case")
            continue
        checks = []
        for entry in (*_list(shared.get("assert")), *_list(test.get("assert"))):
            checks += list(_checks(entry)) or _named(found, place, entry)
        found.add(place, title or place, title, given, checks)
    return found


def _named(found: Imported, place: str, entry: Any) -> list[Check]:
    kind = entry.get("type") if isinstance(entry, dict) else entry
    found.left_out.append(f"{place}: assertion {as_text(kind)[:60]}")
    return []


def _prompts(config: dict[str, Any]) -> list[str]:
    prompts = config.get("prompts")
    listed = prompts if isinstance(prompts, list) else [prompts]
    return [prompt for prompt in listed if isinstance(prompt, str)]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _input(prompts: Sequence[str], variables: dict[str, Any]) -> tuple[JsonValue, str]:
    """What goes in, and why it cannot be told."""
    if any(_TEMPLATE.search(as_text(value)) for value in variables.values()):
        return None, "a variable that is a template or a file"
    if any(isinstance(value, list) for value in variables.values()):
        return None, "a variable with several values"
    if len(prompts) == 1:
        named = _VARIABLE.fullmatch(prompts[0].strip())
        if named and named[1] in variables:
            return variables[named[1]], ""
        filled = _VARIABLE.sub(lambda found: as_text(variables.get(found[1], found[0])), prompts[0])
        if not _TEMPLATE.search(filled):
            return filled, ""
        return None, "a prompt with more than plain variables"
    only = next(iter(variables.values())) if len(variables) == 1 else dict(variables)
    return (only, "") if variables else (None, "no variable")


def _checks(entry: Any) -> Iterator[Check]:
    """The checks of one assertion; none where it has no counterpart."""
    if not isinstance(entry, dict):
        return
    kind, value = str(entry.get("type")), entry.get("value")
    each = kind in ("contains-all", "icontains-all")
    texts = [value] if not isinstance(value, list) else value if each else []
    if kind in ("contains", "icontains", "contains-all", "icontains-all"):
        yield from (OutputContains(text=as_text(text), ignore_case=kind.startswith("i")) for text in texts if text)
    elif kind in ("not-contains", "not-icontains"):
        yield from (OutputNotContains(text=as_text(text), ignore_case="-i" in kind) for text in texts if text)
    elif kind == "equals" and isinstance(value, str):
        yield OutputMatches(pattern=f"^{re2.escape(value)}$")
    elif kind == "regex" and isinstance(value, str) and _is_pattern(value):
        yield OutputMatches(pattern=value)
    elif kind == "is-json" and isinstance(value, dict | None):
        yield OutputSchema(json_schema=value or {})
    elif kind in _JUDGED and isinstance(value, str) and value.strip():
        yield Judged(question=value)


def _is_pattern(pattern: str) -> bool:
    try:
        OutputMatches(pattern=pattern)
    except ValueError:
        return False
    return True
