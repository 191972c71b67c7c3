"""Small things that are set or learned for a store or one of its projects, each a JSON value under a name."""

from __future__ import annotations

import json

from ...model.clock import utc_now, utc_text
from ...model.traces import JsonValue
from ..contract import Store
from ..fields import upsert_row

SELECT_SETTING = "SELECT value FROM setting WHERE project = :project AND name = :name"
DELETE_SETTING = "DELETE FROM setting WHERE project = :project AND name = :name"


def get_setting(store: Store, name: str, project: str = "") -> JsonValue:
    """The value, None where nothing was set. `project` is empty for the whole store."""
    with store.read() as con:
        row = con.execute(SELECT_SETTING, {"project": project, "name": name}).fetchone()
    if row is None:
        return None
    value: JsonValue = json.loads(row["value"])
    return value


def set_setting(store: Store, name: str, value: JsonValue, project: str = "") -> None:
    """Keep a value, or forget it with None."""
    key = {"project": project, "name": name}
    with store.write() as con:
        if value is None:
            con.execute(DELETE_SETTING, key)
        else:
            row = key | {"value": json.dumps(value), "updated_at": utc_text(utc_now())}
            upsert_row(con, "setting", row, key=tuple(key))
