"""The checks of a regression case: what each one says, and the patterns and schemas it may hold."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, Self

import re2
from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator


class CasePart(BaseModel):
    """A part of a case file: no unknown keys, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def compile_pattern(pattern: str, *, ignore_case: bool = False) -> Any:
    """An RE2 pattern: linear time on any text.

    Raises:
        ValueError: if RE2 does not accept it; look-around and back-references are not in RE2.
    """
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(pattern, options)
    except re2.error as err:
        detail = err.args[0] if err.args else err
        text = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
        raise ValueError(f"not an RE2 pattern: {text}") from None


def _checked_pattern(value: str | None) -> str | None:
    if value is not None:
        compile_pattern(value)
    return value


Text = Annotated[str, Field(min_length=1)]


class ToolCalled(CasePart):
    """The tool is called, at least once or exactly `times`."""

    check: Literal["tool_called"] = "tool_called"
    tool: Text
    times: Annotated[int, Field(ge=1)] | None = None


class ToolNotCalled(CasePart):
    """The tool is never called."""

    check: Literal["tool_not_called"] = "tool_not_called"
    tool: Text


class ToolOrder(CasePart):
    """Calls of these tools occur in this order; other calls may lie between."""

    check: Literal["tool_order"] = "tool_order"
    tools: Annotated[tuple[Text, ...], Field(min_length=2)]


class ToolArgument(CasePart):
    """An argument of a tool's calls has an expected value. The tool must be called at least once."""

    check: Literal["tool_argument"] = "tool_argument"
    tool: Text
    path: Text
    """Where in the arguments: `order_id`, `items.0.sku`."""
    equals: JsonValue = None
    one_of: Annotated[tuple[JsonValue, ...], Field(min_length=1)] | None = None
    matches: str | None = None
    """RE2, searched in the value as text."""
    min: float | None = None
    max: float | None = None
    never: Annotated[tuple[JsonValue, ...], Field(min_length=1)] | None = None
    """Values that it must not have: what a bad run gave, where the right value is not the same each time."""
    calls: Literal["every", "any", "last"] = "every"
    """Which calls must comply."""

    _pattern = field_validator("matches")(_checked_pattern)

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if not self.expectations:
            raise ValueError("says nothing to expect; give equals, one_of, matches, min, max or never")
        return self

    @property
    def expectations(self) -> frozenset[str]:
        """Names of the expectations given; `equals: null` counts."""
        return frozenset({"equals", "one_of", "matches", "min", "max", "never"} & self.model_fields_set)


class OutputContains(CasePart):
    """The final answer contains the text."""

    check: Literal["output_contains"] = "output_contains"
    text: Text
    ignore_case: bool = True


class OutputNotContains(CasePart):
    """The final answer does not contain the text."""

    check: Literal["output_not_contains"] = "output_not_contains"
    text: Text
    ignore_case: bool = True


class OutputMatches(CasePart):
    """RE2 finds the pattern in the final answer."""

    check: Literal["output_matches"] = "output_matches"
    pattern: Text
    ignore_case: bool = False

    _pattern = field_validator("pattern")(_checked_pattern)


class OutputSchema(CasePart):
    """The final answer is JSON that a JSON Schema (draft 2020-12) accepts."""

    check: Literal["output_schema"] = "output_schema"
    json_schema: Annotated[dict[str, JsonValue], Field(alias="schema")]

    @field_validator("json_schema")
    @classmethod
    def _is_schema(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        from jsonschema import Draft202012Validator, SchemaError

        try:
            Draft202012Validator.check_schema(value)
        except SchemaError as err:
            raise ValueError(f"not a JSON Schema: {err.message}") from None
        return value


class Grounded(CasePart):
    """Every number and identifier of the final answer occurs in a tool result or in the input."""

    check: Literal["grounded"] = "grounded"
    allow: tuple[Text, ...] = ()
    """Values that need no source, as written in the answer."""


class MaxSteps(CasePart):
    """The run takes at most this many steps; tool calls are counted where the target reports no steps."""

    check: Literal["max_steps"] = "max_steps"
    steps: Annotated[int, Field(ge=1)]


class Judged(CasePart):
    """A judge answers one question about the run with pass. Skipped where the runner has no judge."""

    check: Literal["judge"] = "judge"
    question: Text
    rubric: str | None = None
    """`name@version` of the rubric that the question belongs to."""


Check = Annotated[
    ToolCalled
    | ToolNotCalled
    | ToolOrder
    | ToolArgument
    | OutputContains
    | OutputNotContains
    | OutputMatches
    | OutputSchema
    | Grounded
    | MaxSteps
    | Judged,
    Field(discriminator="check"),
]


@cache
def check_keys() -> dict[str, frozenset[str]]:
    """The keys that each check of a case file may have, by the check's name."""
    models: tuple[type[CasePart], ...] = (
        ToolCalled,
        ToolNotCalled,
        ToolOrder,
        ToolArgument,
        OutputContains,
        OutputNotContains,
        OutputMatches,
        OutputSchema,
        Grounded,
        MaxSteps,
        Judged,
    )
    return {
        model.model_fields["check"].default: frozenset(
            field.alias or name for name, field in model.model_fields.items()
        )
        for model in models
    }
