"""The tool that answers questions of any shape."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ...model.text.budget import DEFAULT_BUDGET, MAX_BUDGET, MIN_BUDGET
from ..registry import Caller, tool


@tool("Query with SQL")
def query(
    caller: Caller,
    sql: Annotated[str, Field(max_length=20_000)],
    budget: Annotated[int, Field(ge=MIN_BUDGET)] = DEFAULT_BUDGET,
) -> str:
    """Any count, join or list: one SQLite SELECT over
    runs(run,id,project,task,outcome,status,version,session,started_at,steps,input,output,tools)
    steps(run,step,role,agent,tool,status,error,text) calls(run,step,tool,effect,status,error,arguments,result)
    edges(run,from_tool,to_tool) signals(run,step,name,failure) messages documents modes scores verdicts lessons;
    words(run,'…') attr(run,'name') regexp json_extract. Run 412 is T412."""
    from ...answers.questions import question_text
    from ...services.finding.asking import ask

    asked = ask(caller.store, sql)
    caller.read(*_runs(asked.answer.columns, asked.answer.rows), by="query")
    return question_text(asked, budget=min(budget, MAX_BUDGET))


def _runs(columns: tuple[str, ...], rows: tuple[tuple[Any, ...], ...]) -> list[int]:
    """The runs that an answer names, for the access log."""
    if "run" not in columns:
        return []
    at = columns.index("run")
    return sorted({row[at] for row in rows if isinstance(row[at], int)})
