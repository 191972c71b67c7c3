"""Frozen values and records of plain parts, each made of the other by the names of fields."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, NamedTuple, Protocol, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


class Named(Protocol):
    """Parts by name: a mapping, or a row of a store."""

    def __getitem__(self, key: Any, /) -> Any: ...
    def keys(self) -> Any: ...


def from_record(kind: type[T], record: Named | Mapping[str, Any], **given: Any) -> T:
    """A dataclass or named tuple from the parts that are called like its fields.

    The type of a field says how its part is read: a flag becomes a bool, a member of a closed set that member.

    Args:
        kind: What to make.
        record: Parts that no field is called like are passed over.
        given: The fields that no part holds as they are.

    Raises:
        TypeError: if neither `record` nor `given` has a field that needs a value.
    """
    parts = set(record.keys())
    values = dict(given)
    for name, read in _plan(kind).readers:
        if name in parts and name not in given:
            value = record[name]
            values[name] = value if read is None or value is None else read(value)
    return kind(**values)


def record_of(value: Any, *, leave_out: Collection[str] = (), **given: Any) -> dict[str, Any]:
    """The fields of a dataclass or named tuple by name, members of closed sets as their words.

    Args:
        value: The value.
        leave_out: Fields that are no part of the record.
        given: Parts that hold something else than the field of their name, or have none.
    """
    names = [name for name in _plan(type(value)).names if name not in leave_out and name not in given]
    return {name: _plain(getattr(value, name)) for name in names} | given


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


class _Plan(NamedTuple):
    """What is known of a class once its type hints were looked at."""

    names: tuple[str, ...]
    readers: tuple[tuple[str, Callable[[Any], Any] | None], ...]


_PLANS: dict[type, _Plan] = {}


def _plan(kind: type) -> _Plan:
    found = _PLANS.get(kind)
    if found is None:
        own = fields(kind) if is_dataclass(kind) else ()
        names = tuple(field.name for field in own if field.init) or cast(Any, kind)._fields
        hints = get_type_hints(kind)
        found = _PLANS[kind] = _Plan(names, tuple((name, _reader(hints[name])) for name in names))
    return found


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    if get_origin(hint) in (Union, UnionType):
        alone = [part for part in get_args(hint) if part is not type(None)]
        return _reader(alone[0]) if len(alone) == 1 else None
    return hint if isinstance(hint, type) and (hint is bool or issubclass(hint, Enum)) else None
