"""Arguments of tools: a compact schema from a function's signature, and strict checking with errors a model can act on.

The SDK drops arguments that it does not know, so that a misspelt filter would answer another question; here every
unknown name, wrong type and value out of bounds is refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from ..model.errors import UsageError, did_you_mean
from ..model.text.display import safe_line

_SHOWN = 80
_NEEDLESS = ("title", "additionalProperties", "default", "maxLength", "hidden")
_UNSAID = (*_NEEDLESS, "maxItems", "minimum", "maximum")
"""What a listed schema says without need: tokens are the caller's, and an error tells of a value out of bounds."""
_MOST_CHOICES = 6
"""A closed set of more values is told by the error that a wrong one gets."""
Schema = dict[str, Any]
_HIDDEN = "hidden"


def unlisted(**bounds: Any) -> Any:
    """A field for an argument that the listed schema leaves out: an answer names it where it is of use.

    It is checked like any other, and errors name it.
    """
    return Field(json_schema_extra={_HIDDEN: True}, **bounds)


class Arguments(BaseModel):
    """Base of the argument models: nothing unknown gets in, and a number may stand for an id."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, allow_inf_nan=False)


def model_of(function: Callable[..., str], *, skipped: int = 1) -> type[Arguments]:
    """The argument model of a tool function: its parameters without the first, which is the caller."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for parameter in list(inspect.signature(function).parameters.values())[skipped:]:
        required = parameter.default is inspect.Parameter.empty
        fields[parameter.name] = (hints[parameter.name], ... if required else parameter.default)
    return create_model(f"{function.__name__}_arguments", __base__=Arguments, **fields)


def schema_of(model: type[BaseModel]) -> Schema:
    """The JSON schema a client sees: no titles, no bounds, no null alternatives, nested objects in place."""
    return _schema(model, _UNSAID)


def full_schema_of(model: type[BaseModel]) -> Schema:
    """As `schema_of`, with what the listed schema leaves out: bounds, long closed sets, arguments that answers name."""
    return _schema(model, _NEEDLESS)


def _schema(model: type[BaseModel], left_out: Sequence[str]) -> Schema:
    whole = model.model_json_schema()
    definitions = whole.pop("$defs", {})
    every = left_out == _NEEDLESS
    told = {name: part for name, part in whole.get("properties", {}).items() if every or _HIDDEN not in part}
    properties = {name: _compact(part, definitions, left_out) for name, part in told.items()}
    schema: Schema = {"type": "object", "properties": properties}
    if required := whole.get("required"):
        schema["required"] = required
    return schema


def _compact(part: Any, definitions: Mapping[str, Any], left_out: Sequence[str]) -> Any:
    if isinstance(part, list):
        return [_compact(item, definitions, left_out) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _compact(definitions[part["$ref"].rpartition("/")[2]], definitions, left_out)
    part = dict(part)
    if "anyOf" in part:
        (only,) = [option for option in part.pop("anyOf") if option.get("type") != "null"]
        part = {**only, **part}
    properties = part.pop("properties", None)
    part = {key: _compact(value, definitions, left_out) for key, value in part.items() if key not in left_out}
    if left_out == _UNSAID and len(part.get("enum", ())) > _MOST_CHOICES:
        del part["enum"]
    if left_out == _UNSAID and "enum" in part:
        # The values say what type they have.
        part.pop("type", None)
    if properties is not None:
        part["properties"] = {name: _compact(value, definitions, left_out) for name, value in properties.items()}
    return part


def check_arguments(tool: str, model: type[Arguments], given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the tool function takes them.

    Raises:
        UsageError: names the argument at fault, what is known or allowed, and what to do.
    """
    known = list(model.model_fields)
    for name in given:
        if name not in known:
            hint = did_you_mean(safe_line(str(name), _SHOWN), known)
            raise UsageError(
                f"{tool} has no argument {safe_line(str(name), _SHOWN)!r}; {hint}. Nothing was done; call it again."
            )
    try:
        checked = model.model_validate({name: _plain(tool, name, value, model) for name, value in given.items()})
    except ValidationError as err:
        raise UsageError(_explain(tool, err, model)) from None
    return {name: getattr(checked, name) for name in known}


def _plain(tool: str, name: str, value: Any, model: type[Arguments]) -> Any:
    """The value, unless it is a boolean where a number or text is wanted: pydantic would take it for 0 or 1."""
    if isinstance(value, bool) and full_schema_of(model)["properties"][name].get("type") != "boolean":
        raise UsageError(f"{tool}: argument {name!r} is {str(value).lower()}, {_wanted(model, name)}. Call it again.")
    return value


def _explain(tool: str, err: ValidationError, model: type[Arguments]) -> str:
    mistakes = []
    for mistake in err.errors(include_url=False)[:3]:
        place = ".".join(safe_line(str(part), _SHOWN) for part in mistake["loc"])
        name = str(mistake["loc"][0]) if mistake["loc"] else ""
        if mistake["type"] == "missing":
            mistakes.append(f"argument {place!r} is missing, {_wanted(model, name)}")
        elif mistake["type"] == "extra_forbidden":
            mistakes.append(f"{place!r} is not known there, {_wanted(model, name)}")
        else:
            got = safe_line(repr(mistake["input"])[: _SHOWN * 4], _SHOWN)
            mistakes.append(f"argument {place!r} is {got}: {mistake['msg'].lower()}, {_wanted(model, name)}")
    return f"{tool}: {'; '.join(mistakes)}. Nothing was done; call it again."


def _wanted(model: type[Arguments], name: str) -> str:
    schema = full_schema_of(model)["properties"].get(name, {})
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if schema.get("type") == "array" and isinstance(schema.get("items"), dict):
        keys = schema["items"].get("properties")
        return f"wanted is a list of {{{', '.join(keys)}}}" if keys else "wanted is a list"
    bounds = [f"{word} {schema[key]}" for key, word in _BOUNDS if key in schema]
    meaning = [f"({schema['description']})"] if "description" in schema else []
    return " ".join(["wanted is", schema.get("type", "a value"), *bounds, *meaning])


_BOUNDS = (
    ("minimum", "from"),
    ("maximum", "to"),
)
