"""Members of closed sets, as people and assistants name them."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from .errors import UsageError, did_you_mean
from .text.display import safe_line

_Word = TypeVar("_Word", bound=StrEnum)


def choice(kind: type[_Word], what: str, value: _Word | str) -> _Word:
    """A member of a closed set.

    Raises:
        UsageError: naming the nearest member.
    """
    try:
        return kind(value)
    except ValueError:
        hint = did_you_mean(str(value), [member.value for member in kind])
        raise UsageError(f"Unknown {what} {safe_line(str(value), 60)!r}; {hint}.") from None
