"""Rules that a project's runs keep though nobody wrote them down: proposed with support, for a person to judge.

Two forms are looked for at the calls that change something: a look-up that nearly always worked before (maybe only for
some value of an argument), and an argument whose value nearly always stood in an earlier result of another tool.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from ..model.text.jsontext import as_text, parse_if_json, scalars
from ..model.traces import JsonValue
from .reading import Act, Reading
from .tools.tool_roles import ToolRole
from .values import ValueKind, values_in

LEAST_RUNS = 12
"""With fewer runs a rule is a guess."""
LEAST_SHARE = 0.95
_ELSE = 0.6
"""A condition tells something where the rule holds in at most this share of the other calls."""
_MOST_VALUES = 8
_MOST_ROWS = 400
_PLAIN = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class ProposedRule:
    """One rule as the file of rules writes it, with what speaks for and against it."""

    tool: str
    requires_before: str = ""
    argument: str = ""
    found_in: str = ""
    """The tool in whose earlier result the argument's value stood."""
    when: tuple[tuple[str, str], ...] = ()
    """Arguments of the call with the value for which the rule holds; empty: always."""
    support: int = 0
    """Calls that keep it."""
    against: tuple[int, ...] = ()
    """Traces that break it: exceptions, or what the rule is there to find."""

    @property
    def id(self) -> str:
        """A name for the file, from what it says."""
        said = (self.tool, self.argument, self.requires_before or self.found_in, *(value for _, value in self.when))
        return _PLAIN.sub("-", "-".join(filter(None, said)).lower()).strip("-")[:64]

    def as_rule(self) -> dict[str, JsonValue]:
        """The rule as it stands in the file."""
        rule: dict[str, JsonValue] = {"id": self.id, "tool": self.tool}
        if self.requires_before:
            rule["requires_before"] = [self.requires_before]
        else:
            rule |= {"argument": self.argument, "found_in": [self.found_in]}
        if self.when:
            rule["when"] = dict(self.when)
        return rule


@dataclass(frozen=True, slots=True)
class _Site:
    """One changing call with what its run knew."""

    trace: int
    arguments: dict[str, str]
    before: frozenset[str]
    """Tools that had worked."""
    shown: dict[str, frozenset[str]]
    """Tool → values of its earlier results."""


def mine_rules(readings: Sequence[Reading]) -> tuple[ProposedRule, ...]:
    """Rules that hold in nearly all of these runs, the best supported first.

    Args:
        readings: Runs of one application, those that went well where that is known; 12 with the same change at least.

    Cost: calls that change something times tools and arguments.
    """
    sites: dict[str, list[_Site]] = defaultdict(list)
    for reading in readings:
        for tool, site in _sites(reading):
            sites[tool].append(site)
    found = [rule for tool, places in sites.items() if len(places) >= LEAST_RUNS for rule in _rules(tool, places)]
    return tuple(sorted(found, key=lambda rule: (-rule.support, rule.id)))


def _sites(reading: Reading) -> Iterator[tuple[str, _Site]]:
    """The first worked call of each changing tool, with what came before."""
    before = {name for name, _ in reading.earlier_calls}
    shown: dict[str, set[str]] = defaultdict(set)
    seen: set[str] = set()
    for act in reading.acts:
        if act.role is ToolRole.WRITE and not act.writes_files and not act.failed and act.tool not in seen:
            seen.add(act.tool)
            yield act.tool, _Site(reading.trace.summary.id, _arguments(act), frozenset(before), _frozen(shown))
        if not act.failed:
            before.add(act.tool)
            shown[act.tool] |= _values(act)


def _arguments(act: Act) -> dict[str, str]:
    return {path: as_text(item) for path, item in scalars(act.arguments) if "." not in path}


def _values(act: Act) -> set[str]:
    return {as_text(item) for _, item in islice(scalars(parse_if_json(act.result or "")), _MOST_ROWS)}


def _frozen(shown: dict[str, set[str]]) -> dict[str, frozenset[str]]:
    return {tool: frozenset(values) for tool, values in shown.items()}


def _rules(tool: str, sites: Sequence[_Site]) -> Iterator[ProposedRule]:
    others = sorted({other for site in sites for other in site.before if other != tool})
    for other in others:
        keeps = [other in site.before for site in sites]
        yield from _held(ProposedRule(tool, requires_before=other), sites, keeps)
    for argument in sorted({name for site in sites for name in site.arguments}):
        given = [site for site in sites if argument in site.arguments and _is_telling(site.arguments[argument])]
        if len(given) < LEAST_RUNS:
            continue
        best = max(
            others,
            key=lambda other: sum(site.arguments[argument] in site.shown.get(other, ()) for site in given),
            default="",
        )
        keeps = [site.arguments[argument] in site.shown.get(best, ()) for site in given]
        if _share(keeps) >= LEAST_SHARE:
            yield _proposed(ProposedRule(tool, argument=argument, found_in=best), given, keeps)


def _held(rule: ProposedRule, sites: Sequence[_Site], keeps: Sequence[bool]) -> Iterator[ProposedRule]:
    """The rule as it is where it holds, else under the one condition that tells where it does."""
    if _share(keeps) >= LEAST_SHARE:
        yield _proposed(rule, sites, keeps)
        return
    for argument in sorted({name for site in sites for name in site.arguments}):
        values = {site.arguments.get(argument, "") for site in sites}
        for value in sorted(values) if 1 < len(values) <= _MOST_VALUES else ():
            inside = [i for i, site in enumerate(sites) if value and site.arguments.get(argument) == value]
            outside = [keeps[i] for i in range(len(sites)) if i not in set(inside)]
            kept = [keeps[i] for i in inside]
            if len(inside) >= LEAST_RUNS and _share(kept) >= LEAST_SHARE and _share(outside) <= _ELSE:
                condition = ProposedRule(rule.tool, rule.requires_before, when=((argument, value),))
                yield _proposed(condition, [sites[i] for i in inside], kept)


def _proposed(rule: ProposedRule, sites: Sequence[_Site], keeps: Sequence[bool]) -> ProposedRule:
    against = tuple(site.trace for site, kept in zip(sites, keeps, strict=True) if not kept)
    return ProposedRule(rule.tool, rule.requires_before, rule.argument, rule.found_in, rule.when, sum(keeps), against)


def _share(keeps: Sequence[bool]) -> float:
    return sum(keeps) / len(keeps) if keeps else 0.0


def _is_telling(text: str) -> bool:
    """Is it an id, which stands nowhere by chance?"""
    return any(value.kind in (ValueKind.ID, ValueKind.EMAIL) for value in values_in(text)) or (
        text.isdigit() and len(text) > 4
    )
