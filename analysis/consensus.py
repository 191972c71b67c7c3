"""One run against all alike runs that went well: what they share and it lacks, and what it alone has."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..model.text.jsontext import as_text, scalars
from ..model.traces import JsonValue, Trace
from .effects import Effect, effect_of
from .reading import Act, Reading, read
from .shapes import normal
from .values import values_in

_SHARED = 2 / 3
"""So large a share of the good runs makes a consensus."""
_FEW = 0.1
"""What the run has and at most this share of them: it stands alone."""
_LEAST = 2
_FEW_BLANKS = 3
"""Longer arguments are prose and differ in every run."""
_RANK = {"call": 0, "argument": 1, "answer": 2, "document": 3}


@dataclass(frozen=True, slots=True)
class Shared:
    """One thing that sets the run apart from the good ones."""

    kind: str
    """call, argument, document, answer."""
    lacking: bool
    """True: the good ones share it and the run lacks it. False: the run has it and they do not."""
    tool: str
    path: str | None
    value: JsonValue
    good: int
    """Good runs that have it."""
    of: int
    step: int | None
    """Where the run has it, or where it has something else in its place."""
    instead: JsonValue = None
    """What the run has in its place."""

    @property
    def writes(self) -> bool:
        return effect_of(self.tool) is Effect.WRITE


@dataclass(frozen=True, slots=True)
class _Fact:
    kind: str
    tool: str
    path: str | None
    value: str


def consensus(run: Trace, good: Sequence[Trace]) -> tuple[Shared, ...]:
    """What sets a run apart from at least two alike runs that went well, most consequential first.

    Calls that change something come before those that look, calls and arguments before answers and documents, then
    what more good runs share. Values of the final answer count where most good answers hold them.

    Cost: linear in the text of all runs.
    """
    if len(good) < _LEAST:
        return ()
    reading = read(run)
    ours = _facts(reading)
    counts: Counter[_Fact] = Counter()
    shown: dict[_Fact, JsonValue] = {}
    for other in good:
        theirs = _facts(read(other))
        counts.update(theirs.keys())
        for fact, (_, theirs_value) in theirs.items():
            shown.setdefault(fact, theirs_value)
    found = [_lacking(fact, n, len(good), ours, shown) for fact, n in counts.items() if _is_shared(fact, n, good, ours)]
    found += [
        Shared(fact.kind, False, fact.tool, fact.path, value, counts[fact], len(good), step)
        for fact, (step, value) in ours.items()
        if counts[fact] <= _FEW * len(good) and not _replaces(fact, found)
    ]
    return tuple(sorted(_without_parts(found), key=_weight))


def _is_shared(fact: _Fact, n: int, good: Sequence[Trace], ours: dict[_Fact, tuple[int, JsonValue]]) -> bool:
    return fact not in ours and n >= max(_LEAST, _SHARED * len(good))


def _lacking(
    fact: _Fact, n: int, of: int, ours: dict[_Fact, tuple[int, JsonValue]], shown: dict[_Fact, JsonValue]
) -> Shared:
    place = next(
        ((s, v) for f, (s, v) in ours.items() if (f.kind, f.tool, f.path) == (fact.kind, fact.tool, fact.path)), None
    )
    step, instead = place if place and fact.kind == "argument" else (None, None)
    return Shared(fact.kind, True, fact.tool, fact.path, shown[fact], n, of, step, instead)


def _replaces(fact: _Fact, found: Sequence[Shared]) -> bool:
    """Is it shown already, as what the run has in place of a shared value?"""
    return any(
        item.lacking and (item.kind, item.tool, item.path) == (fact.kind, fact.tool, fact.path) for item in found
    )


def _without_parts(found: Sequence[Shared]) -> Iterator[Shared]:
    """The arguments of a call that is missing, or alone, as a whole add nothing to it."""
    whole = {(item.tool, item.lacking) for item in found if item.kind == "call"}
    return (item for item in found if item.kind != "argument" or (item.tool, item.lacking) not in whole)


def _weight(item: Shared) -> tuple[object, ...]:
    share = item.good if item.lacking else item.of - item.good
    return (
        _RANK[item.kind] > 1,
        not item.writes,
        _RANK[item.kind],
        not item.lacking,
        -share,
        item.tool,
        item.path or "",
    )


def _facts(reading: Reading) -> dict[_Fact, tuple[int, JsonValue]]:
    """What a run did, said and found, each with the first step that shows it and the value as it stands."""
    found: dict[_Fact, tuple[int, JsonValue]] = {}
    for act in reading.acts:
        if not act.failure and not act.declared_failure:
            for fact, value in _of_act(act):
                found.setdefault(fact, (act.step, value))
    for view in reading.results:
        for document in view.step.documents:
            name = document.id or document.content[:60]
            found.setdefault(_Fact("document", view.step.tool or view.step.name, None, name), (view.index, name))
    final = reading.final
    for said in values_in(final.text) if final else ():
        found.setdefault(_Fact("answer", "", None, said.normal), (final.index if final else 0, said.text))
    return found


def _of_act(act: Act) -> Iterator[tuple[_Fact, JsonValue]]:
    yield _Fact("call", act.tool, None, ""), act.arguments
    paths: dict[str, list[JsonValue]] = defaultdict(list)
    for path, value in scalars(act.arguments):
        paths[path].append(value)
    for path, values in paths.items():
        for item in values:
            if as_text(item).count(" ") <= _FEW_BLANKS:
                yield _Fact("argument", act.tool, f"arguments.{path}", normal(item)), item
