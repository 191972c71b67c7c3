"""The search line: words, "phrases" and `field:value` filters, the same in MCP, CLI and TUI."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, NoReturn

from .clock import UNIT_SECONDS, read_length
from .errors import QueryError, did_you_mean

FIELDS = (
    "agent",
    "attr",
    "cost",
    "duration",
    "environment",
    "has",
    "kind",
    "mode",
    "model",
    "outcome",
    "project",
    "prompt",
    "run",
    "session",
    "signal",
    "since",
    "status",
    "steps",
    "tag",
    "task",
    "tokens",
    "tool",
    "until",
    "user",
    "verdict",
    "version",
)
NUMBER_FIELDS = ("cost", "duration", "steps", "tokens")
TIME_FIELDS = ("since", "until")
CHOICES = {
    "status": ("error", "ok", "unset"),
    "outcome": ("fail", "pass", "unknown"),
    "verdict": ("cant_tell", "fail", "none", "pass"),
    "kind": (
        "agent",
        "chain",
        "embedding",
        "evaluator",
        "guardrail",
        "human",
        "llm",
        "reranker",
        "retriever",
        "tool",
    ),
}
_TOKEN = re.compile(
    r"""(?P<minus>-)?(?:(?P<field>[A-Za-z_]+):(?P<value>"[^"]*"|\S*)|"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))|(?P<open>")"""
)
_SURROGATE = re.compile("[\ud800-\udfff]")
MOST_PARTS = 100
"""Words and filters of a search line; each costs the engine a level of its statement."""
_ATTRIBUTE = re.compile(r"(?P<name>[^=<>!]+)(?P<op>>=|<=|!=|=|>|<)(?P<value>.+)", re.DOTALL)
_NUMBER = re.compile(r"(?P<op>>=|<=|>|<)?(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h|d|w|k)?")
_MODE = re.compile(r"(?i)M?\d{1,9}|any|none")
_DURATION_MS = {"ms": 1, **{unit: seconds * 1_000 for unit, seconds in UNIT_SECONDS.items()}}


class Term(NamedTuple):
    """A word or phrase that must (or must not) stand in one content."""

    text: str
    negated: bool
    phrase: bool = False
    """Written in quotes: it must stand letter for letter, also in a search by meaning."""


class Filter(NamedTuple):
    """`field:value`. `op` is `=` for names, else one of > >= < <=; times are Unix nanoseconds, durations ms."""

    field: str
    op: str
    value: str | float
    negated: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed search line; all terms and filters must hold."""

    line: str
    terms: tuple[Term, ...] = ()
    filters: tuple[Filter, ...] = ()

    @property
    def loose_words(self) -> tuple[str, ...]:
        """The words that a search by meaning may also meet by others: not quoted, not excluded."""
        return tuple(term.text for term in self.terms if not (term.negated or term.phrase))

    def strict(self) -> Query:
        """What must hold in any case: phrases, exclusions and filters."""
        kept = tuple(term for term in self.terms if term.negated or term.phrase)
        return Query(self.line, kept, self.filters)

    @property
    def words(self) -> str:
        """The terms that must stand, as one text."""
        return " ".join(term.text for term in self.terms if not term.negated)


def parse_query(line: str, *, now: float | None = None) -> Query:
    """Read a search line.

    A word with a colon whose head is no field (a URL, a time) is a word, unless the head is nearly a field's name.

    >>> parse_query('tool:issue_refund -signal:loop "store credit"').filters[0]
    Filter(field='tool', op='=', value='issue_refund', negated=False)

    Args:
        line: What was typed.
        now: Unix seconds that `since:7d` counts from; None for the clock.

    Raises:
        QueryError: points at the word that cannot be read and says what would do.
    """
    # A lone surrogate, as a shell's broken bytes come in, stands in no text that is stored.
    line = _SURROGATE.sub("\ufffd", line)
    terms: list[Term] = []
    filters: list[Filter] = []
    for match in _TOKEN.finditer(line):
        if match["open"]:
            raise QueryError(
                f"The quote at position {match.start()} is never closed. Close it, or leave it out.",
                word='"',
                position=match.start(),
            )
        negated = match["minus"] is not None
        if match["field"] is not None:
            _add_field(match, negated, terms, filters, now)
        elif text := (match["phrase"] if match["phrase"] is not None else match["word"]).strip():
            terms.append(Term(text, negated, match["phrase"] is not None))
    if len(terms) + len(filters) > MOST_PARTS:
        raise QueryError(
            f"A search line of {len(terms) + len(filters):,} words and filters (at most {MOST_PARTS} are read). "
            "Leave some out, or search in several lines.",
            word=line[:40],
            position=0,
        )
    return Query(line, tuple(terms), tuple(filters))


def _add_field(
    match: re.Match[str], negated: bool, terms: list[Term], filters: list[Filter], now: float | None
) -> None:
    name, raw = match["field"].lower(), match["value"].strip('"')
    if name not in FIELDS:
        hint = did_you_mean(name, FIELDS)
        if not hint.startswith("did you mean"):
            terms.append(Term(f"{match['field']}:{raw}", negated))
            return
        raise QueryError(
            f"No field {name!r} to search by at position {match.start()}; {hint}. "
            f'Quote the word to search for it as text: "{match["field"]}:{raw}".',
            word=match.group(),
            position=match.start(),
        )
    if not raw:
        _refuse(match, f"The field {name!r} has no value; write {name}:VALUE")
    filters.append(_filter(match, name, raw, negated, now))


def _filter(match: re.Match[str], name: str, raw: str, negated: bool, now: float | None) -> Filter:
    if name in TIME_FIELDS:
        return Filter(name, ">=" if name == "since" else "<", _time_ns(match, raw, now), negated)
    if name in NUMBER_FIELDS:
        number = _NUMBER.fullmatch(raw)
        if number is None:
            _refuse(match, f"{name}:{raw} is no number; write {name}:>1000 or {name}:<=5")
        scale = 1000 if number["unit"] == "k" else _DURATION_MS[number["unit"] or "ms"] if name == "duration" else 1
        return Filter(name, number["op"] or "=", float(number["number"]) * scale, negated)
    if name == "attr" and not _ATTRIBUTE.fullmatch(raw):
        _refuse(match, f"attr:{raw} compares nothing; write attr:NAME=VALUE, attr:NAME>=2, or has:NAME")
    if name == "mode" and not _MODE.fullmatch(raw):
        _refuse(match, f"mode:{raw} is no failure mode; write mode:M3, mode:any or mode:none")
    if name in CHOICES and raw.lower() not in CHOICES[name]:
        _refuse(match, f"{name}:{raw} is not possible; {did_you_mean(raw.lower(), CHOICES[name])}")
    return Filter(name, "=", raw.lower() if name in CHOICES else raw, negated)


def _time_ns(match: re.Match[str], raw: str, now: float | None) -> float:
    ago = read_length(raw)
    if ago is not None:
        return ((time.time() if now is None else now) - ago.total_seconds()) * 1e9
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        _refuse(match, f"{match['field']}:{raw} is no time; write 7d, 12h, 2026-11-20 or 2026-11-20T08:30")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1e9


def _refuse(match: re.Match[str], what: str) -> NoReturn:
    raise QueryError(f"{what} (at position {match.start()}).", word=match.group(), position=match.start())


class AttributeTest(NamedTuple):
    """What `attr:NAME=VALUE` asks: `*` in name and value stands for anything."""

    name: str
    op: str
    """One of = != >= <= > <; the last four compare numbers."""
    value: str


def attribute_test(text: str) -> AttributeTest:
    """The parts of the value of an `attr` filter, which `parse_query` has checked.

    >>> attribute_test("run.outcome=fail")
    AttributeTest(name='run.outcome', op='=', value='fail')
    """
    match = _ATTRIBUTE.fullmatch(text)
    assert match is not None
    return AttributeTest(match["name"].strip(), match["op"], match["value"].strip().strip('"'))
