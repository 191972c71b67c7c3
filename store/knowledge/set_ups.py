"""The set-ups of runs: which prompts, tool definitions and models a lesson was learned with, and what runs now."""

from __future__ import annotations

from ...model.lessons import TrueFor
from ..contract import Connection, Row

SELECT_SET_UP = """
SELECT prompt_fingerprint, tools_fingerprint, models FROM trace WHERE trace_key = :trace AND project = :project
"""
SELECT_RECENT = """
SELECT prompt_fingerprint, tools_fingerprint, models FROM trace
WHERE project = :project AND id > (SELECT coalesce(max(id), 0) FROM trace WHERE trace_key = :trace)
ORDER BY id DESC LIMIT :most
"""
SELECT_USED = """
SELECT DISTINCT tools, agents FROM trace WHERE coalesce(:project, project) = project LIMIT 500
"""
RECENT = 50
"""Runs that tell what is in use now."""


def set_up_of(con: Connection, project: str, trace: str) -> TrueFor:
    """What one run was made with; empty where it is not in this store."""
    rows = con.execute(SELECT_SET_UP, {"project": project, "trace": trace}).fetchall()
    return _joined(rows)


def recent_set_up(con: Connection, project: str, trace: str) -> TrueFor:
    """What the newest runs of a project that came after `trace` were made with; empty where there are none."""
    rows = con.execute(SELECT_RECENT, {"project": project, "trace": trace, "most": RECENT}).fetchall()
    return _joined(rows)


def used_names(con: Connection, project: str | None) -> list[str]:
    """The tools and agents of a project's runs, as `tool:NAME` and `agent:NAME`; of all projects where it is None."""
    rows = con.execute(SELECT_USED, {"project": project}).fetchall()
    return sorted(
        {
            f"{kind}:{name}"
            for row in rows
            for kind, names in (("tool", row["tools"]), ("agent", row["agents"]))
            for name in (names or "").split("\n")
            if name
        }
    )


def _joined(rows: list[Row]) -> TrueFor:
    prompts = {row["prompt_fingerprint"] for row in rows} - {None}
    tool_sets = {row["tools_fingerprint"] for row in rows} - {None}
    models = {name for row in rows for name in (row["models"] or "").split("\n") if name}
    return TrueFor(tuple(sorted(prompts)), tuple(sorted(tool_sets)), tuple(sorted(models)[:10]))
