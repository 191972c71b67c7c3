"""Rows of JSON lines as draft cases: those that this product wrote, and data sets of inputs with references."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from ...model.case_checks import Check, OutputContains
from ...model.errors import BadInputError
from ...model.text.jsontext import as_text
from ...model.traces import JsonValue
from .drafts import MOST_CASES, Imported, reference_check

_INPUTS = ("input", "inputs", "messages", "question", "query", "prompt")
_REFERENCES = (
    "expected", "expected_output", "outputs", "output", "reference", "reference_answer", "ideal", "answer",
    "ground_truth", "target", "expectations",
)  # fmt: skip
_TEXTS = ("answer", "output", "text", "content", "expected_response", "response")
_FACTS = ("contains", "expected_facts")


def read_rows(text: str, *, source: str) -> Imported:
    """The rows of a file of JSON lines.

    Raises:
        BadInputError: if no line of it is a JSON object.
    """
    found, rows = Imported(), 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or number > MOST_CASES:
            continue
        place = f"line {number}"
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as err:
            found.left_out.append(f"{place}: not JSON ({err})")
            continue
        if isinstance(row, dict):
            rows += 1
            _read(found, place, row)
        else:
            found.left_out.append(f"{place}: not an object")
    if not rows:
        raise BadInputError(f"{source} holds no line that is a JSON object. Export it as JSON lines.", where=source)
    return found


def _read(found: Imported, place: str, row: dict[str, Any]) -> None:
    if isinstance(row.get("checks"), list) and "id" in row and "input" in row:
        found.take(place, {key: value for key, value in row.items() if key not in ("inputs", "status")})
        return
    fields = row["item"] if isinstance(row.get("item"), dict) else row
    given = next((_bare(fields[name]) for name in _INPUTS if fields.get(name)), None)
    if given is None:
        found.left_out.append(f"{place}: no input ({', '.join(sorted(map(str, fields))[:8])})")
        return
    named = [name for name in _REFERENCES if fields.get(name)]
    checks = list(_references(fields[named[0]] if named else {name: fields.get(name) for name in _FACTS}))
    name = next((as_text(fields[key]) for key in ("id", "name", "title") if fields.get(key)), place)
    found.add(place, name, as_text(fields.get("title") or ""), given, checks)


def _bare(value: JsonValue) -> JsonValue:
    """The one value of a mapping that has but one."""
    return next(iter(value.values())) if isinstance(value, dict) and len(value) == 1 else value


def _references(value: Any) -> Iterator[Check]:
    if isinstance(value, str) and value.strip():
        yield reference_check(value)
    elif isinstance(value, int | float):
        yield reference_check(as_text(value))
    elif isinstance(value, dict):
        facts = [fact for name in _FACTS for fact in _texts(value.get(name))]
        yield from (OutputContains(text=fact) if len(fact) < 200 else reference_check(fact) for fact in facts)
        texts = [text for name in _TEXTS for text in _texts(value.get(name))]
        only = _texts(_bare(value)) if len(value) == 1 and not facts else []
        yield from map(reference_check, (texts or only)[:1])


def _texts(value: Any) -> Sequence[str]:
    listed = value if isinstance(value, list) else [value]
    return [text for text in listed if isinstance(text, str) and text.strip()]
