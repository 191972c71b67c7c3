"""Rubrics: versioned questions with what passes and what fails, as YAML files and as versions in the store.

A version is never edited: each is a file of its own, `rubrics/<id>.v<version>.yaml`, and a row of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..model.errors import BadInputError
from ..model.fields import record_of
from ..model.reviews import Criterion, Rubric, SignatureState
from ..model.text import yamltext
from ..model.text.display import safe_line
from ..model.traces import JsonValue
from ..trust.signing import Signature, content_sha256, read_signature
from .plaintext import plain_line, plain_text

SLUG = r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$"
_Text = Annotated[str, Field(max_length=4_000)]


class _CriterionFields(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=SLUG, max_length=80)
    question: _Text = Field(min_length=1)
    pass_when: _Text = ""
    fail_when: _Text = ""
    examples: tuple[_Text, ...] = ()
    decides: Literal["", "outcome"] = ""


class _RubricFields(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=SLUG, max_length=80)
    version: int = Field(ge=1)
    title: _Text = Field(min_length=1)
    criteria: tuple[_CriterionFields, ...] = Field(min_length=1, max_length=40)

    @model_validator(mode="after")
    def _distinct(self) -> _RubricFields:
        ids = [criterion.id for criterion in self.criteria]
        if len(set(ids)) != len(ids):
            raise ValueError("two criteria have the same id")
        return self


BUILT_IN: Mapping[str, JsonValue] = {
    "id": "outcome",
    "version": 1,
    "title": "Did the run do its job?",
    "criteria": [
        {
            "id": "outcome",
            "question": "Did the agent do what was asked, and say only what its sources support?",
            "pass_when": "The person got what they asked for, or an honest reason why not.",
            "fail_when": "The answer is wrong, invented, incomplete, or claims an act that did not happen.",
        }
    ],
}
"""The rubric of a review that names none; it is part of the program and needs no signature."""


def rubric_from_content(content: Any, *, source: str = "rubric", document: yamltext.Document | None = None) -> Rubric:
    """A rubric from its content, signature left out.

    Raises:
        BadInputError: one line per mistake, with its place.
    """
    try:
        fields = _RubricFields.model_validate(content)
    except ValidationError as err:
        lines = []
        for mistake in err.errors(include_url=False)[:5]:
            place = document.locate(mistake["loc"]) if document else yamltext.Place("", 1)
            lines.append(f"{source}:{place.line}: {safe_line(place.path, 80) or 'rubric'}: {mistake['msg']}")
        raise BadInputError("\n".join(lines), where=lines[0].split(": ")[0]) from None
    criteria = tuple(_criterion(fields.id, entry) for entry in fields.criteria)
    return Rubric(**(fields.model_dump() | {"criteria": criteria}), sha256=content_sha256(content))


def _criterion(rubric_id: str, entry: _CriterionFields) -> Criterion:
    """A criterion; that of the rubric `outcome` decides, also in versions which were signed before one could say so."""
    found = Criterion(**entry.model_dump())
    return replace(found, decides="outcome") if (rubric_id, entry.id) == (BUILT_IN["id"], "outcome") else found


def parse_rubric(text: str | bytes, *, source: str = "rubric") -> tuple[Rubric, dict[str, JsonValue], Signature | None]:
    """The rubric in a YAML text, its content, and its signature block where there is one.

    Raises:
        BadInputError: with `where` as `source:line`.
    """
    document = yamltext.load(text, source=source)
    if not isinstance(document.value, dict):
        raise BadInputError(f"{source}:1: a rubric is a mapping with id, version, title and criteria.", where=source)
    content = {key: value for key, value in document.value.items() if key != "signature"}
    rubric = rubric_from_content(content, source=source, document=document)
    return rubric, content, read_signature(document.value.get("signature"))


def rubric_content(rubric: Rubric) -> dict[str, JsonValue]:
    """The content of a rubric as it is written and signed; empty parts are left out."""
    criteria = [_criterion_content(entry) for entry in rubric.criteria]
    return record_of(rubric, leave_out=("sha256", "state"), criteria=criteria)


def _criterion_content(entry: Criterion) -> dict[str, JsonValue]:
    return {name: value for name, value in record_of(entry, examples=list(entry.examples)).items() if value}


def built_in_rubric() -> Rubric:
    """The rubric that is part of the program."""
    return replace(rubric_from_content(dict(BUILT_IN)), state=SignatureState.VALID)


def clean_rubric(rubric: Rubric) -> Rubric:
    """The rubric with every text made visible and inert, and its hash as of then."""
    criteria = tuple(
        replace(
            entry,
            question=plain_line(entry.question),
            pass_when=plain_text(entry.pass_when),
            fail_when=plain_text(entry.fail_when),
            examples=tuple(plain_text(example) for example in entry.examples),
        )
        for entry in rubric.criteria
    )
    return rubric_from_content(rubric_content(replace(rubric, title=plain_line(rubric.title), criteria=criteria)))
