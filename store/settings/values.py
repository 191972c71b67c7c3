"""Small things that are set or learned for a store or one of its projects, each a JSON value under a name."""

from __future__ import annotations

import json

from ...model.clock import utc_now, utc_text
from ...model.traces import JsonValue
from ..contract import Store

SELECT_SETTING = "SELECT value FROM setting WHERE project = ? AND name = ?"
UPSERT_SETTING = """
INSERT INTO setting(project, name, value, updated_at) VALUES (?, ?, ?, ?)
ON CONFLICT(project, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
"""
DELETE_SETTING = "DELETE FROM setting WHERE project = ? AND name = ?"


def get_setting(store: Store, name: str, project: str = "") -> JsonValue:
    """The value, None where nothing was set. `project` is empty for the whole store."""
    with store.read() as con:
        row = con.execute(SELECT_SETTING, (project, name)).fetchone()
    if row is None:
        return None
    value: JsonValue = json.loads(row[0])
    return value


def set_setting(store: Store, name: str, value: JsonValue, project: str = "") -> None:
    """Keep a value, or forget it with None."""
    with store.write() as con:
        if value is None:
            con.execute(DELETE_SETTING, (project, name))
        else:
            con.execute(UPSERT_SETTING, (project, name, json.dumps(value), utc_text(utc_now())))
