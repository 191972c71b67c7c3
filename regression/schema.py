"""JSON Schema with two doors shut: patterns run in RE2, and a `$ref` never fetches anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators
from referencing import Registry
from referencing.exceptions import Unresolvable

from ..model.case_checks import compile_pattern
from ..model.traces import JsonValue


def schema_problem(schema: Mapping[str, JsonValue], value: JsonValue) -> str | None:
    """Why a value does not fit a schema, for the deepest mistake; None where it fits.

    A schema that cannot be applied (an unresolvable reference, a pattern that RE2 refuses) fits nothing.
    """
    try:
        errors = sorted(_Validator(schema, registry=Registry()).iter_errors(value), key=lambda e: -len(e.absolute_path))
    except (Unresolvable, ValueError) as err:
        return f"the schema cannot be applied: {err}"
    except RecursionError:
        return "the schema cannot be applied: it is nested too deeply"
    if not errors:
        return None
    place = ".".join(str(part) for part in errors[0].absolute_path)
    return f"{place}: {errors[0].message}" if place else str(errors[0].message)


def _pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and not compile_pattern(pattern).search(value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], value: Any, _: Any) -> Iterator[ValidationError]:
    if not isinstance(value, dict):
        return
    for pattern, subschema in patterns.items():
        compiled = compile_pattern(pattern)
        for key, item in value.items():
            if compiled.search(key):
                yield from validator.descend(item, subschema, path=key, schema_path=pattern)


_Validator = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"pattern": _pattern, "patternProperties": _pattern_properties}
)
