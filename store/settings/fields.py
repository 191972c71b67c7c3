"""A person's mapping of attributes to fields, for the whole store or one project, kept as plain data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...model.reading.fields import FieldRule
from ...model.traces import JsonValue
from ..contract import Connection, Store
from .values import SELECT_SETTING, set_setting

_NAME = "fields"


def load_field_rules(con: Connection, project: str = "") -> tuple[FieldRule, ...]:
    """The rules of the store, then those of a project; later ones win."""
    found: list[FieldRule] = []
    for owner in dict.fromkeys(("", project)):
        row = con.execute(SELECT_SETTING, {"project": owner, "name": _NAME}).fetchone()
        found += map(_rule, json.loads(row["value"])) if row is not None else ()
    return tuple(found)


def own_field_rules(store: Store, project: str = "") -> tuple[FieldRule, ...]:
    """The rules kept for exactly this owner: a project, or "" for the whole store."""
    with store.read() as con:
        row = con.execute(SELECT_SETTING, {"project": project, "name": _NAME}).fetchone()
    return tuple(map(_rule, json.loads(row["value"]))) if row is not None else ()


def save_field_rules(store: Store, rules: Sequence[FieldRule], project: str = "") -> None:
    """Keep these rules in the place of those before."""
    plain: list[JsonValue] = [
        {"attribute": rule.attribute, "field": rule.field, "values": [list(pair) for pair in rule.values]}
        for rule in rules
    ]
    set_setting(store, _NAME, plain or None, project)


def _rule(record: dict[str, Any]) -> FieldRule:
    values = tuple((str(found), str(means)) for found, means in record.get("values", ()))
    return FieldRule(str(record["attribute"]), str(record["field"]), values)
