"""Rubrics: versioned questions with what passes and what fails, as YAML files and as versions in the store.

A version is never edited: each is a file of its own, `rubrics/<id>.v<version>.yaml`, and a row of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..model.errors import BadInputError, UnknownIdError
from ..model.reviews import Criterion, Rubric, RubricRef, SignatureState
from ..model.text import yamltext
from ..model.text.display import safe_line
from ..model.text.jsontext import canonical
from ..model.traces import JsonValue
from ..store.audit.chain import append_link
from ..store.reviews.reviewers import load_trust
from ..store.sqlite.connection import Store
from ..store.sqlite.driver import Connection
from ..trust.root import Trust
from ..trust.signing import Signature, check_signature, content_sha256, read_signature

SLUG = r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$"
_Text = Annotated[str, Field(max_length=4_000)]

INSERT_VERSION = """
INSERT INTO rubric_version(rubric_id, version, sha256, content, signature, created_at) VALUES (?, ?, ?, ?, ?, ?)
"""
SELECT_SAME = "SELECT 1 FROM rubric_version WHERE rubric_id = ? AND version = ? AND sha256 = ? AND signature IS ?"
SELECT_VERSIONS = "SELECT content, signature FROM rubric_version WHERE rubric_id = ? ORDER BY version DESC, id DESC"
SELECT_ALL = "SELECT content, signature FROM rubric_version ORDER BY rubric_id, version, id"


class _CriterionFields(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=SLUG, max_length=80)
    question: _Text = Field(min_length=1)
    pass_when: _Text = ""
    fail_when: _Text = ""
    examples: tuple[_Text, ...] = ()


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
    criteria = tuple(
        Criterion(entry.id, entry.question, entry.pass_when, entry.fail_when, entry.examples)
        for entry in fields.criteria
    )
    return Rubric(fields.id, fields.version, fields.title, criteria, content_sha256(content))


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
    criteria: list[JsonValue] = []
    for entry in rubric.criteria:
        parts: dict[str, JsonValue] = {"id": entry.id, "question": entry.question}
        if entry.pass_when:
            parts["pass_when"] = entry.pass_when
        if entry.fail_when:
            parts["fail_when"] = entry.fail_when
        if entry.examples:
            parts["examples"] = list(entry.examples)
        criteria.append(parts)
    return {"id": rubric.id, "version": rubric.version, "title": rubric.title, "criteria": criteria}


def insert_rubric(con: Connection, content: Mapping[str, JsonValue], signature: Signature | None, *, now: str) -> None:
    """Keep a rubric version and link it into the chain; the same one twice is kept once."""
    text = canonical(dict(content)).decode()
    block = None if signature is None else signature.model_dump_json()
    digest = content_sha256(dict(content))
    key = (content["id"], content["version"], digest)
    if con.execute(SELECT_SAME, (*key, block)).fetchone():
        return
    con.execute(INSERT_VERSION, (*key, text, block, now))
    append_link(con, kind="rubric", subject=f"{content['id']} v{content['version']}", sha256=digest, at=now)


def built_in_rubric() -> Rubric:
    """The rubric that is part of the program."""
    return replace(rubric_from_content(dict(BUILT_IN)), state=SignatureState.VALID)


def list_rubrics(store: Store, trust: Trust | None = None) -> list[Rubric]:
    """Every version known here, each with the state of its best signature; the built-in one first."""
    trust = trust or load_trust(store)
    with store.read() as con:
        rows = con.execute(SELECT_ALL).fetchall()
    found: dict[RubricRef, Rubric] = {}
    for row in rows:
        rubric = _checked(row[0], row[1], trust)
        if rubric is not None and (rubric.ref not in found or rubric.state is SignatureState.VALID):
            found[rubric.ref] = rubric
    return [built_in_rubric(), *found.values()]


def find_rubric(store: Store, name: str | None = None, version: int | None = None) -> Rubric:
    """The newest confirmed version of a rubric, or the version asked for; the built-in one where `name` is None.

    Raises:
        UnknownIdError: if there is none, or only versions without a valid signature.
    """
    name = name or built_in_rubric().id
    versions = [rubric for rubric in list_rubrics(store) if rubric.id == name]
    if version is not None:
        versions = [rubric for rubric in versions if rubric.version == version]
    confirmed = [rubric for rubric in versions if rubric.state is SignatureState.VALID]
    if confirmed:
        return max(confirmed, key=lambda rubric: rubric.version)
    raise _unknown(store, name, version, drafts=[rubric.version for rubric in versions])


def rubric_of(store: Store, ref: RubricRef) -> Rubric | None:
    """The exact rubric that an item or verdict cites, by content; None where it is not here."""
    return next((rubric for rubric in list_rubrics(store) if rubric.ref == ref), None)


def _checked(content_text: str, signature_text: str | None, trust: Trust) -> Rubric | None:
    try:
        content = json.loads(content_text)
        rubric = rubric_from_content(content)
        signature = read_signature(cast(JsonValue, json.loads(signature_text)) if signature_text else None)
    except (ValueError, BadInputError):
        return None
    return replace(rubric, state=check_signature("rubric", content, signature, trust).state)


def _unknown(store: Store, name: str, version: int | None, drafts: list[int]) -> UnknownIdError:
    if drafts:
        known = f"unconfirmed: version {', '.join(map(str, drafts))}"
        return UnknownIdError("confirmed rubric", name, known=known, next_step="A reviewer has to confirm it first.")
    names = sorted({rubric.id for rubric in list_rubrics(store)})
    value = name if version is None else f"{name} v{version}"
    return UnknownIdError("rubric", value, known=f"known: {', '.join(names)}", next_step="Leave it out for 'outcome'.")
