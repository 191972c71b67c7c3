"""Values with every field set to something that is no default, so that a field that gets lost is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from retrospan.model.traces import JsonValue

T = TypeVar("T")


def filled(kind: type[T], **given: Any) -> T:
    """A dataclass whose fields all differ from their defaults; `given` for those that must fit something."""
    hints = get_type_hints(kind)
    own: tuple[Field[Any], ...] = fields(kind)  # type: ignore[arg-type]
    values = {field.name: _value(hints[field.name], field) for field in own if field.init and field.name not in given}
    made = kind(**(values | given))
    unset = [field.name for field in own if getattr(made, field.name) == _default(field)]
    assert unset == [], f"{kind.__name__} has fields at their default: {unset}"
    return made


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _value(hint: Any, field: Field[Any]) -> Any:
    name, default = field.name.replace("_", ""), _default(field)
    if hint == JsonValue or get_origin(hint) in (Union, UnionType):
        parts = [part for part in get_args(hint) if part is not type(None)]
        return _value(parts[0], field) if len(parts) == 1 else {name: [1, "two", None]}
    if get_origin(hint) is tuple:
        return tuple(_value(part, field) for part in get_args(hint) if part is not Ellipsis)
    if get_origin(hint) in (dict, Mapping):
        return {name: _value(get_args(hint)[1], field)}
    return _plain(hint, name, default)


def _plain(hint: Any, name: str, default: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(member for member in reversed(hint) if member != default)
    if is_dataclass(hint) and isinstance(hint, type):
        return filled(hint)
    if hint is bool:
        return default is not True
    return {str: f"{name}1", int: 7, float: 0.5, bytes: b"\x01"}[hint]
