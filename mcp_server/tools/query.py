"""The tool that answers questions of any shape."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ..registry import Caller, tool


@tool("Query with SQL")
def query(
    caller: Caller,
    sql: Annotated[str, Field(max_length=20_000)],
    budget: Annotated[int, Field(ge=200, le=8_000, description="Tokens")] = 1_600,
) -> str:
    """Any count, join or list no other tool has: one SELECT (SQLite) over
    runs(run,id,project,task,outcome,status,version,session,user,started_at,duration_ms,steps,input,output,tools,…)
    steps(run,step,role,kind,agent,tool,status,error,text) calls(run,call,step,agent,tool,effect,status,error,
    arguments,result: JSON) edges(run,from_tool,to_tool) messages documents signals(run,step,name,failure) modes scores
    verdicts suspects lessons reviews. Also words(run,'…'), attr(run,'name'), regexp, json_extract. run 412 is T412."""
    from ...answers.questions import question_text
    from ...services.finding.asking import ask

    asked = ask(caller.store, sql)
    caller.read(*_runs(asked.answer.columns, asked.answer.rows), by="query")
    return question_text(asked, budget=budget)


def _runs(columns: tuple[str, ...], rows: tuple[tuple[Any, ...], ...]) -> list[int]:
    """The runs that an answer names, for the access log."""
    if "run" not in columns:
        return []
    at = columns.index("run")
    return sorted({row[at] for row in rows if isinstance(row[at], int)})
