"""What must hold in every run, declared by the people who own the application: `.retrospan/invariants.yaml`.

    invariants:
      - {id: policy-first, tool: issue_refund, requires_before: [search_policy]}
      - {id: small-refunds, tool: issue_refund, argument: amount, min: 0, max: 500}
      - {id: window, says: 'within (\\d+) days', one_of: [30]}
      - {id: no-shell, tool: run_shell, forbidden: true}
      - {id: referral, tool: book, requires_before: [check_referral], when: {service: cardiology}}
      - {id: listed, tool: cancel, argument: appointment_id, found_in: [list_appointments]}

Patterns are RE2. A file may name the `project` whose runs it is about; without one it is about all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..model.case_checks import compile_pattern
from ..model.text import yamltext
from ..model.traces import JsonValue
from ..trust.files import read_bounded

INVARIANTS_FILE = "invariants.yaml"
_LIMIT = 256 * 1024
_MOST = 500
_compiled = lru_cache(maxsize=1024)(compile_pattern)
_Scalar = str | int | float | bool


class Invariant(BaseModel):
    """One rule; exactly one of `requires_before`, `forbidden`, `argument` and `says` makes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    because: Annotated[str, Field(max_length=300)] = ""
    """Why it must hold, shown where it does not."""
    tool: Annotated[str, Field(max_length=200)] = ""
    requires_before: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    """Tools of which each must have worked earlier in the run."""
    forbidden: bool = False
    argument: Annotated[str, Field(max_length=200)] = ""
    """Path of an argument: `amount`, `items.0.price`."""
    min: float | None = None
    max: float | None = None
    one_of: Annotated[tuple[_Scalar, ...], Field(max_length=200)] = ()
    matches: Annotated[str, Field(max_length=500)] = ""
    """The argument as text must match this RE2 pattern as a whole."""
    found_in: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    """The argument's value must stand in an earlier result of one of these tools."""
    when: Annotated[dict[str, _Scalar | tuple[_Scalar, ...]], Field(max_length=5)] = {}
    """Arguments of the call with the value, or one of the values, for which the rule holds; left out: always."""
    says: Annotated[str, Field(max_length=500)] = ""
    """RE2 pattern with one group; what the final answer says there must be one of `one_of`."""

    @model_validator(mode="before")
    @classmethod
    def _one_tool_is_a_list(cls, value: Any) -> Any:
        alone = ("requires_before", "found_in")
        if isinstance(value, dict):
            return {key: [item] if key in alone and isinstance(item, str) else item for key, item in value.items()}
        return value

    @model_validator(mode="after")
    def _is_one_rule(self) -> Invariant:
        rules = [bool(self.requires_before), self.forbidden, bool(self.argument), bool(self.says)]
        if sum(rules) != 1:
            raise ValueError("give exactly one of requires_before, forbidden: true, argument and says")
        if not self.says and not self.tool:
            raise ValueError("name the tool that it is about")
        bounds = (self.min, self.max) != (None, None) or bool(self.one_of or self.matches or self.found_in)
        if self.argument and not bounds:
            raise ValueError("an argument needs min, max, one_of, matches or found_in")
        if self.says and self.when:
            raise ValueError("when is about a call, and says about the answer: give only one of them")
        if self.says and not self.one_of:
            raise ValueError("says needs one_of: the values that may stand there")
        for pattern in filter(None, (self.matches, self.says)):
            if _compiled(pattern).groups != 1 and pattern == self.says:
                raise ValueError("says needs a pattern with exactly one group")
        return self

    def allows(self, value: JsonValue) -> bool:
        """Is the value one of `one_of`? Numbers are compared as numbers, also where one side is text."""
        return any(_same(value, candidate) for candidate in self.one_of)

    def applies(self, given: Callable[[str], JsonValue]) -> bool:
        """Do the arguments of a call, handed out by their paths, meet `when`?"""
        return all(
            any(_same(given(path), wanted) for wanted in (values if isinstance(values, tuple) else (values,)))
            for path, values in self.when.items()
        )

    def fits(self, text: str) -> bool:
        """Does the whole text match `matches`?"""
        return _compiled(self.matches).fullmatch(text) is not None

    def spoken_in(self, text: str) -> Iterator[Any]:
        """Matches of `says`."""
        return iter(_compiled(self.says).finditer(text))


class Invariants(BaseModel):
    """All rules of a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: Annotated[str, Field(max_length=200)] = ""
    invariants: Annotated[tuple[Invariant, ...], Field(max_length=_MOST)] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Invariants:
        ids = [rule.id for rule in self.invariants]
        twice = next((name for name in ids if ids.count(name) > 1), None)
        if twice:
            raise ValueError(f"two rules have the id {twice!r}")
        return self


def parse_invariants(text: str | bytes, *, source: str = INVARIANTS_FILE) -> Invariants:
    """Rules from YAML.

    Raises:
        BadInputError: one line per mistake, each with its line and key.
    """
    return yamltext.load_model(Invariants, text, source=source)


def load_invariants(path: Path) -> Invariants:
    """Rules from a file.

    Raises:
        BadInputError: if the file is wrong; names the line.
    """
    return parse_invariants(read_bounded(path, _LIMIT), source=str(path))


def _same(value: JsonValue, candidate: _Scalar) -> bool:
    if isinstance(value, bool) or isinstance(candidate, bool):
        return value is candidate
    try:
        return float(str(value)) == float(str(candidate))
    except ValueError:
        return str(value) == str(candidate)
