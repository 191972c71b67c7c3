"""Attributes sorted by a table: which field of the normal form each key feeds, what is left over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...model.reading.field_names import IDENTITY
from ...model.traces import JsonValue

_MAX_LEVELS = 32
_MAX_DIGITS = 10

Fields = Mapping[str, tuple[str, ...]]
"""Field → the attribute keys that may hold it, best first."""


@dataclass(slots=True)
class Sorted:
    """Attributes after sorting. `found` by field, `indexed` those with a listed prefix, `rest` everything else."""

    found: dict[str, JsonValue] = field(default_factory=dict)
    indexed: dict[str, JsonValue] = field(default_factory=dict)
    rest: dict[str, JsonValue] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    """Field → the key it came from."""

    def put_back(self, *names: str) -> None:
        """Return fields that this span does not use to the left-over attributes."""
        for name in names:
            if name in self.found:
                self.rest[self.keys[name]] = self.found.pop(name)


class Table:
    """One convention's keys.

    Args:
        fields: Field → keys, best first. `IDENTITY` is added after them.
        prefixes: Beginnings of keys that carry list indexes, handled by the convention itself.
    """

    def __init__(self, fields: Fields, prefixes: tuple[str, ...] = ()) -> None:
        self._prefixes = prefixes
        self._exact: dict[str, tuple[str, int]] = {}
        for source in (fields, IDENTITY):
            for name, keys in source.items():
                offset = len(fields.get(name, ())) if source is IDENTITY else 0
                for rank, key in enumerate(keys):
                    self._exact.setdefault(key, (name, rank + offset))

    def sort(self, attributes: Mapping[str, JsonValue]) -> Sorted:
        """Sort attributes; where two keys feed one field the better wins and the other stays in `rest`.

        Cost: one look-up an attribute.
        """
        made = Sorted()
        found, rest, exact, prefixes = made.found, made.rest, self._exact, self._prefixes
        keys, ranks = made.keys, {}
        for key, value in attributes.items():
            hit = exact.get(key)
            if hit is None:
                if prefixes and key.startswith(prefixes):
                    made.indexed[key] = value
                else:
                    rest[key] = value
            elif value is not None and value != "":
                name, rank = hit
                if name not in found:
                    found[name], keys[name], ranks[name] = value, key, rank
                elif found[name] == value:
                    continue
                elif rank < ranks[name]:
                    rest[keys[name]] = found[name]
                    found[name], keys[name], ranks[name] = value, key, rank
                else:
                    rest[key] = value
        return made


def nest(flat: Mapping[str, JsonValue]) -> JsonValue:
    """Dotted keys as the tree they spell; a level whose keys are all numbers is a list, in order of the numbers.

    >>> nest({"0.name": "a", "1.name": "b"})
    [{'name': 'a'}, {'name': 'b'}]
    """
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        *path, last = key.split(".", _MAX_LEVELS)
        level = tree
        for name in path:
            below = level.get(name)
            if not isinstance(below, dict):
                below = level[name] = {}
            level = below
        level.setdefault(last, value)
    made: JsonValue = _lists(tree)
    return made


def _lists(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    made = {key: _lists(item) for key, item in tree.items()}
    if made and all(key.isascii() and key.isdigit() and len(key) < _MAX_DIGITS for key in made):
        return [made[key] for key in sorted(made, key=int)]
    return made


def by_index(flat: Mapping[str, JsonValue], prefix: str) -> list[dict[str, JsonValue]]:
    """Keys `prefix.N.tail` as one object of tails for each N, in order of N."""
    groups: dict[str, dict[str, JsonValue]] = {}
    start = len(prefix) + 1
    head = prefix + "."
    for key, value in flat.items():
        if key.startswith(head):
            index, _, tail = key[start:].partition(".")
            group = groups.get(index)
            if group is None:
                group = groups[index] = {}
            group[tail] = value
    if not all(index.isascii() and index.isdigit() and len(index) < _MAX_DIGITS for index in groups):
        groups = {index: group for index, group in groups.items() if index.isascii() and index[:9].isdigit()}
    return [groups[index] for index in sorted(groups, key=lambda index: int(index[:9]))]
