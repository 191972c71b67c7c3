"""Small things that are set or learned for a store or one of its projects, each a JSON value under a name."""

from __future__ import annotations

import json

from ...model.clock import utc_now, utc_text
from ...model.traces import JsonValue
from ..contract import Connection, Store
from ..fields import upsert_row

SELECT_SETTING = "SELECT value FROM setting WHERE project = :project AND name = :name"
DELETE_SETTING = "DELETE FROM setting WHERE project = :project AND name = :name"


def get_setting(store: Store, name: str, project: str = "") -> JsonValue:
    """The value, None where nothing was set. `project` is empty for the whole store."""
    with store.read() as con:
        return setting_of(con, name, project)


def set_setting(store: Store, name: str, value: JsonValue, project: str = "") -> None:
    """Keep a value, or forget it with None."""
    with store.write() as con:
        put_setting(con, name, value, project)


def setting_of(con: Connection, name: str, project: str = "") -> JsonValue:
    """As `get_setting`, within a transaction."""
    row = con.execute(SELECT_SETTING, {"project": project, "name": name}).fetchone()
    value: JsonValue = None if row is None else json.loads(row["value"])
    return value


def put_setting(con: Connection, name: str, value: JsonValue, project: str = "") -> None:
    """As `set_setting`, within a transaction."""
    key = {"project": project, "name": name}
    if value is None:
        con.execute(DELETE_SETTING, key)
    else:
        row = key | {"value": json.dumps(value), "updated_at": utc_text(utc_now())}
        upsert_row(con, "setting", row, key=tuple(key))
