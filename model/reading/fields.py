"""What came with a trace beside its steps, as fields: recognised by name, or mapped by a person.

The values are those of the run as a whole: attributes of its first spans (with what their resource and scope say),
metadata, tags, scores. Where a person has mapped an attribute, that wins over what is recognised.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..text.jsontext import as_text, parse_if_json
from ..traces import JsonValue, Outcome, Span, TraceFacts
from .field_names import FIELDS, IDENTITY, field_of, field_of_tag, outcome_of_word

SCORE = "score."
"""Beginning of the name under which a judgement that came with the trace is a value: `score.helpfulness`."""
_OPERATORS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
_MAX_VALUE = 200
"""Characters of a value that names something; longer ones are texts."""
_MAX_JSON = 65_536
_MAX_PAIRS = 400
_MAX_DEPTH = 6
_MAX_LISTED = 20
_OVER_SPAN = frozenset({"version", "environment"})
"""Fields for which a plain word about the run wins over what the spans say, which may be the service's."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One line of a person's mapping.

    `values` maps the value found to the field's value; a key may compare (`>=0.7`) or stand for all others (`*`).
    Without `values` the value is taken as it is, an outcome by its common words.
    """

    attribute: str
    """Name of the attribute; `*` stands for anything."""
    field: str
    values: tuple[tuple[str, str], ...] = ()

    def value_of(self, found: str) -> str | None:
        """What the field is where the attribute holds `found`; None where the rule says nothing of it."""
        if not self.values:
            return _plain(self.field, found)
        for key, value in self.values:
            if key == found or key.lower() == found.lower() or _compares(key, found):
                return value
        return next((value for key, value in self.values if key == "*"), None)


@dataclass(frozen=True, slots=True)
class RunFields:
    """The fields of one run; None where nothing says."""

    outcome: Outcome | None = None
    task: str | None = None
    version: str | None = None
    run: str | None = None
    session: str | None = None
    user: str | None = None
    environment: str | None = None


NOTHING = RunFields()


def run_values(roots: Sequence[Span], facts: TraceFacts) -> dict[str, str]:
    """The short values that speak of the run as a whole, by the name of their attribute, at most 400.

    JSON text in an attribute is read; what lies below is named with dots: `metadata.run.outcome`.

    Cost: linear in the attributes of the first spans.
    """
    values: dict[str, str] = {}
    for name, value in (*_of_facts(facts), *(pair for span in roots for pair in _of_span(span))):
        if len(values) >= _MAX_PAIRS:
            break
        if name not in values and (text := short_text(value)) is not None:
            values[name] = text
    return values


def short_text(value: JsonValue) -> str | None:
    """A scalar as one short line; None for nothing, for texts and for objects."""
    if value is None or value == "" or isinstance(value, dict | list):
        return None
    text = as_text(value).strip()
    return text if text and len(text) <= _MAX_VALUE and "\n" not in text else None


def flattened(name: str, value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """The scalars of an attribute with their dotted names; JSON text is read, lists of objects are no fields."""
    if isinstance(value, str) and value[-1:] in ("}", "]") and len(value) <= _MAX_JSON:
        value = parse_if_json(value)
    yield from _inside(name, value, 0)


def _inside(name: str, value: JsonValue, depth: int) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(value, dict):
        for key, item in value.items() if depth < _MAX_DEPTH else ():
            yield from _inside(f"{name}.{key}", item, depth + 1)
    elif isinstance(value, list):
        if not any(isinstance(item, dict | list) for item in value):
            yield from ((f"{name}.{place}", item) for place, item in enumerate(value[:_MAX_LISTED]))
    else:
        yield name, value


def _of_span(span: Span) -> Iterator[tuple[str, JsonValue]]:
    for name, value in span.attributes.items():
        if name not in ("inputs", "outputs", "events"):
            yield from flattened(name, value)


def _of_facts(facts: TraceFacts) -> Iterator[tuple[str, JsonValue]]:
    for name, value in (facts.metadata or {}).items():
        yield from flattened(f"metadata.{name}", value)
    for note in facts.annotations:
        yield SCORE + note.name, note.label if note.label is not None else note.score


def recognised(values: Mapping[str, str], tags: Iterable[str] = ()) -> tuple[RunFields, frozenset[str]]:
    """The fields that common names and tags hold, and which of them are plainly about the run.

    Of two names for one field the plainer wins, then the first.
    """
    best: dict[str, tuple[int, str]] = {}
    for name, value in values.items():
        known = field_of(name)
        if known is not None and (text := _plain(known[0], value)) is not None:
            field, rank = known
            if field not in best or rank < best[field][0]:
                best[field] = (rank, text)
    for tag in tags:
        spelled = field_of_tag(tag)
        if spelled is not None and spelled[0] not in best and (text := _plain(*spelled)) is not None:
            best[spelled[0]] = (1, text)
    plain = frozenset(field for field, (rank, _) in best.items() if rank < 2 and field in _OVER_SPAN)
    return _fields({field: text for field, (_, text) in best.items()}), plain


def mapped(values: Mapping[str, str], rules: Sequence[FieldRule], spans: Sequence[Span] = ()) -> RunFields:
    """The fields that a person's rules make of the values; of two rules for one field the later wins.

    A rule may also name an attribute that reading has taken for a field (`service.version`); then that field counts.
    """
    found: dict[str, str] = {}
    for rule in rules:
        held = next((values[name] for name in values if matches(rule.attribute, name)), None)
        if held is None:
            held = _taken(rule.attribute, spans)
        if held is not None and (text := rule.value_of(held)) is not None:
            found[rule.field] = text
    return _fields(found)


def matches(pattern: str, name: str) -> bool:
    """Whether a name fits a pattern in which `*` stands for anything; case does not matter.

    A pattern without the place fits too: `run.outcome` is found as `resource.run.outcome` and `metadata.run.outcome`.

    >>> matches("run.*", "run.outcome"), matches("outcome", "metadata.outcome"), matches("out", "outcome")
    (True, True, False)
    """
    name, pattern = name.lower(), pattern.lower()
    places = ("", *(f"{place}." for place in PLACES))
    return any(_fits(place + pattern, name) for place in places)


PLACES = ("resource", "scope", "metadata")
"""Beginnings of names that may be left out where an attribute is asked for."""


def _fits(pattern: str, name: str) -> bool:
    first, *rest = pattern.split("*")
    if not name.startswith(first) or (not rest and name != first):
        return False
    at = len(first)
    for piece in rest[:-1]:
        at = name.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return not rest or (len(name) - len(rest[-1]) >= at and name.endswith(rest[-1]))


def _taken(name: str, spans: Sequence[Span]) -> str | None:
    field = next((field for field, keys in IDENTITY.items() if name in keys and field in FIELDS), None)
    return next((value for span in spans if (value := getattr(span, field))), None) if field else None


def _plain(field: str, value: str) -> str | None:
    if field != "outcome":
        return value
    outcome = outcome_of_word(value)
    return None if outcome in (None, Outcome.UNKNOWN) else str(outcome)


def _compares(key: str, found: str) -> bool:
    sign = next((sign for sign in _OPERATORS if key.startswith(sign)), None)
    if sign is None:
        return False
    try:
        return bool(_OPERATORS[sign](float(found), float(key[len(sign) :])))
    except ValueError:
        return False


def _fields(found: Mapping[str, str]) -> RunFields:
    values = dict(found)
    outcome = values.pop("outcome", None)
    return RunFields(outcome=Outcome(outcome) if outcome in ("pass", "fail") else None, **values)
