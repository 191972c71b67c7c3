"""Regression cases: the model of one YAML file under `.retrospan/cases/`.

A case is pure data: what goes in, which tool results are frozen, what must hold of the answer. It never names code;
the application declares its target itself. Deterministic checks come first, a judge last.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    JsonValue,
    ValidationError,
    field_serializer,
    field_validator,
)

from .case_checks import CasePart, Check, Judged, Text, ToolArgument, check_keys
from .errors import BadInputError, did_you_mean
from .review_states import Severity
from .text import yamltext
from .text.display import safe_line

MAX_CASE_BYTES = 1 << 20
_SLUG = r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$"
_SHOWN_ERRORS = 5


class CaseStatus(StrEnum):
    """Where a case stands in its life."""

    DRAFT = "draft"
    """Written, not yet agreed to: skipped by pytest."""
    ACTIVE = "active"
    FLAKY = "flaky"
    """Under quarantine: runs, and its failure is expected."""
    RETIRED = "retired"


class FrozenResult(CasePart):
    """What a tool answered in the run that the case comes from."""

    tool: Text
    arguments: JsonValue = None
    """The arguments of that call; null answers any call of the tool."""
    result: JsonValue = None
    is_error: bool = False


class Provenance(CasePart):
    """Where a case comes from, by ids that hold in every store."""

    lesson: str | None = None
    verdict: str | None = None
    trace: str | None = None
    """External id of the source trace."""
    spans: tuple[str, ...] = ()
    """Span ids of the steps at fault."""


def _live_is_none(value: Any) -> Any:
    if isinstance(value, str) and value != "live":
        raise ValueError("is neither 'live' nor a list of frozen results")
    return None if value == "live" else value


class Case(CasePart):
    """One regression case."""

    id: Annotated[str, Field(pattern=_SLUG, max_length=80)]
    """Lower-case words joined by hyphens; the file is named after it."""
    title: Text
    status: CaseStatus = CaseStatus.DRAFT
    severity: Severity | None = None
    """How much harm it does when this fails; decides how many of its kind a new version may break."""
    input: JsonValue
    """Text, a list of messages (`role`, `content`), or any JSON value that the target takes."""
    tool_results: Annotated[tuple[FrozenResult, ...] | None, BeforeValidator(_live_is_none)] = None
    """Frozen results in call order; None (`live` in the file) lets the tools answer."""
    checks: Annotated[tuple[Check, ...], Field(min_length=1)]
    provenance: Provenance = Provenance()

    @field_validator("input")
    @classmethod
    def _has_input(cls, value: JsonValue) -> JsonValue:
        if value in (None, "", [], {}):
            raise ValueError("is empty; give the text, the messages or the JSON that the target takes")
        return value

    @field_validator("checks")
    @classmethod
    def _judge_last(cls, value: tuple[Check, ...]) -> tuple[Check, ...]:
        judged = [isinstance(check, Judged) for check in value]
        if judged != sorted(judged):
            raise ValueError("a judge stands before a deterministic check; put judges last")
        return value

    @field_serializer("tool_results")
    def _none_is_live(self, value: tuple[FrozenResult, ...] | None) -> Any:
        return "live" if value is None else [_without_defaults(item) for item in value]

    @property
    def live(self) -> bool:
        """Whether the tools answer for themselves."""
        return self.tool_results is None


def parse_case(text: str | bytes, *, source: str = "case") -> Case:
    """The case in a YAML text. A top-level `signature` block is allowed and ignored.

    Args:
        text: YAML, at most 1 MiB; aliases and duplicate keys are refused.
        source: The file's name for error messages.

    Raises:
        BadInputError: with `where` as `source:line`, and one line per mistake that names line and key.
    """
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_CASE_BYTES:
        raise BadInputError(f"{source} is larger than a case may be (1 MiB). Shorten its frozen results.", where=source)
    document = yamltext.load(text, source=source)
    if not isinstance(document.value, dict):
        raise BadInputError(f"{source}:1: a case is a mapping with id, title, input and checks.", where=f"{source}:1")
    fields = {key: value for key, value in document.value.items() if key != "signature"}
    try:
        return Case.model_validate(fields)
    except ValidationError as err:
        raise _explained(err, document, source) from None


def load_case(path: Path) -> Case:
    """The case in a file.

    Raises:
        BadInputError: if it is no valid case or cannot be read; see `parse_case`.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_CASE_BYTES + 1)
    except OSError as err:
        raise BadInputError(f"{path}: {err.strerror}. Check the path.", where=str(path)) from err
    return parse_case(text, source=path.name)


def dump_case(case: Case) -> str:
    """The case as YAML that a person reviews: keys in reading order, defaults left out, hidden characters escaped."""
    fields: dict[str, Any] = {"id": case.id, "title": case.title, "status": case.status.value}
    if case.severity is not None:
        fields["severity"] = case.severity.value
    fields["input"] = case.input
    fields["tool_results"] = "live" if case.live else [_without_defaults(item) for item in case.tool_results or ()]
    fields["checks"] = [{"check": check.check} | _without_defaults(check) for check in case.checks]
    if case.provenance != Provenance():
        fields["provenance"] = _without_defaults(case.provenance)
    return yamltext.dump(fields)


def _without_defaults(part: BaseModel) -> dict[str, Any]:
    kept = part.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if isinstance(part, ToolArgument) and "equals" in part.expectations:
        kept["equals"] = part.equals
    return kept


def _known_keys(loc: tuple[int | str, ...]) -> frozenset[str]:
    if loc[0] == "checks" and len(loc) > 3:
        return check_keys().get(str(loc[2]), frozenset())
    parts: dict[int | str, type[CasePart]] = {"provenance": Provenance, "tool_results": FrozenResult}
    model = parts.get(loc[0], Case) if len(loc) > 1 else Case
    return frozenset(model.model_fields)


def _explained(err: ValidationError, document: yamltext.Document, source: str) -> BadInputError:
    lines: list[str] = []
    first_line = 0
    for mistake in err.errors(include_url=False):
        place = document.locate(mistake["loc"])
        first_line = first_line or place.line
        lines.append(f"{source}:{place.line}: {safe_line(place.path, 80) or 'case'}: {_said(mistake)}")
    more = len(lines) - _SHOWN_ERRORS
    if more > 0:
        lines = [*lines[:_SHOWN_ERRORS], f"… and {more} more"]
    return BadInputError("\n".join(lines), where=f"{source}:{first_line}")


def _said(mistake: Any) -> str:
    kind, loc = mistake["type"], mistake["loc"]
    if kind == "extra_forbidden":
        return f"unknown key; {did_you_mean(str(loc[-1]), _known_keys(loc))}"
    if kind == "union_tag_invalid":
        tag = str(mistake["ctx"]["tag"])
        return f"unknown check {tag!r}; {did_you_mean(tag, check_keys())}"
    if kind == "union_tag_not_found":
        return "a check needs the key 'check', such as `check: tool_called`"
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return str(mistake["ctx"]["error"])
    if kind == "string_pattern_mismatch":
        return f"{mistake['input']!r} is no id; use lower-case words joined by hyphens, as in refund-wrong-order"
    return str(mistake["msg"])
