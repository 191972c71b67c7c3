"""What a process remembers of a store between calls: one typed slot for each purpose, dropped with the store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slot(Generic[T]):
    """A place for one remembered thing. Two slots of one name are the same place."""

    name: str
    fresh: Callable[[], T]
    """Makes what is there before anything was remembered."""


class Caches:
    """The remembered things of one store, shared by the threads of a process.

    A slot's value is made once, under a lock; changes inside it are its owner's to guard.
    """

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._guard = threading.Lock()

    def get(self, slot: Slot[T]) -> T:
        """What the slot holds, made anew where it holds nothing."""
        with self._guard:
            if slot.name not in self._values:
                self._values[slot.name] = slot.fresh()
            return cast(T, self._values[slot.name])

    def put(self, slot: Slot[T], value: T) -> T:
        """Let the slot hold `value` from now on."""
        with self._guard:
            self._values[slot.name] = value
        return value

    def drop(self, slot: Slot[Any]) -> None:
        """Forget what the slot holds."""
        with self._guard:
            self._values.pop(slot.name, None)

    def clear(self) -> None:
        """Forget everything, as after a write that was undone."""
        with self._guard:
            self._values.clear()
