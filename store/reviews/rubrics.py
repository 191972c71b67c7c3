"""Rubric versions as rows: kept once, linked into the chain, read with the state of their best signature."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from ...knowledge.rubrics import built_in_rubric, rubric_from_content
from ...model.errors import BadInputError, UnknownIdError
from ...model.reviews import Rubric, RubricRef, SignatureState
from ...model.text.jsontext import canonical
from ...model.traces import JsonValue
from ...trust.root import Trust
from ...trust.signing import Signature, check_signature, content_sha256, read_signature
from ..audit.chain import append_link
from ..contract import Connection, Store
from ..fields import insert_row
from .reviewers import load_trust

SELECT_SAME = """
SELECT 1 FROM rubric_version WHERE rubric_id = :rubric_id AND version = :version AND sha256 = :sha256
  AND signature IS NOT DISTINCT FROM :signature
"""
SELECT_ALL = "SELECT content, signature FROM rubric_version ORDER BY rubric_id, version, id"


def insert_rubric(con: Connection, content: Mapping[str, JsonValue], signature: Signature | None, *, now: str) -> None:
    """Keep a rubric version and link it into the chain; the same one twice is kept once."""
    text = canonical(dict(content)).decode()
    block = None if signature is None else signature.model_dump_json()
    digest = content_sha256(dict(content))
    row = {"rubric_id": content["id"], "version": content["version"], "sha256": digest, "signature": block}
    if con.execute(SELECT_SAME, row).fetchone():
        return
    insert_row(con, "rubric_version", row | {"content": text, "created_at": now})
    append_link(con, kind="rubric", subject=f"{content['id']} v{content['version']}", sha256=digest, at=now)


def list_rubrics(store: Store, trust: Trust | None = None) -> list[Rubric]:
    """Every version known here, each with the state of its best signature; the built-in one first."""
    trust = trust or load_trust(store)
    with store.read() as con:
        rows = con.execute(SELECT_ALL).fetchall()
    found: dict[RubricRef, Rubric] = {}
    for row in rows:
        rubric = _checked(row["content"], row["signature"], trust)
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
