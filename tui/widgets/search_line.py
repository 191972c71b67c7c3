"""Help with the search line: what a half-typed word may become, what narrows further, in which order runs stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual.suggester import Suggester

from ...model.query import CHOICES, FIELDS
from ...model.traces import TraceSummary

Facets = Mapping[str, Sequence[tuple[str, int]]]


class LineSuggester(Suggester):
    """Completes the last word of a search line: a field's name, then a value that field is known to take.

    Args:
        facets: What the runs found last hold, by field.
    """

    def __init__(self, facets: Callable[[], Facets]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._facets = facets

    async def get_suggestion(self, value: str) -> str | None:
        before, _, word = value.rpartition(" ")
        completed = completion(word, self._facets())
        if completed is None:
            return None
        return f"{before} {completed}" if before else completed


def completion(word: str, facets: Facets) -> str | None:
    """What a half-typed word may become; None where nothing begins so.

    >>> completion("-outc", {}), completion("outcome:f", {}), completion("project:s", {"project": [("support", 3)]})
    ('-outcome:', 'outcome:fail', 'project:support')
    """
    minus, bare = ("-", word[1:]) if word.startswith("-") else ("", word)
    if not bare:
        return None
    field, colon, begun = bare.partition(":")
    if not colon:
        found = next((name for name in FIELDS if name.startswith(field)), None)
        return f"{minus}{found}:" if found else None
    known = [*CHOICES.get(field, ()), *(value for value, _ in facets.get(field, ()))]
    value = next((value for value in known if value.startswith(begun) and value != begun), None)
    return f"{minus}{field}:{quoted(value)}" if value else None


def quoted(value: str) -> str:
    """A value as the line takes it.

    >>> quoted("v1"), quoted("two words")
    ('v1', '"two words"')
    """
    return f'"{value}"' if any(ch.isspace() for ch in value) else value


def narrowed(line: str, part: str) -> str:
    """The line with one more filter, in the place of another value of the same field.

    >>> narrowed("refund outcome:fail", "outcome:pass"), narrowed("", "tool:x")
    ('refund outcome:pass', 'tool:x')
    """
    field = part.partition(":")[0]
    return " ".join([*(word for word in line.split() if not word.startswith(f"{field}:")), part])


ORDERS: Mapping[str, Callable[[TraceSummary], float]] = {
    "longest": lambda run: run.duration_ms or 0.0,
    "most steps": lambda run: run.step_count,
    "most tokens": lambda run: run.usage.input_tokens + run.usage.output_tokens,
    "dearest": lambda run: run.cost_usd or 0.0,
}
"""Beside the order of the search itself, best or newest first."""
