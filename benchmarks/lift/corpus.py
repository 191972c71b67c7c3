"""The runs that all arms hold, each once: six projects of real runs, with task, version and outcome where known.

No label stands in a record but the outcome, which every arm gets alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from datasets import Case, agent_process_bench, agentrx_tau, tau_airline, tau_retail, who_and_when_hc
from retrospan.analysis.unpacking import unpacked

from .sessions import coding_sessions

PROJECTS: dict[str, Callable[[], list[Case]]] = {
    "airline": tau_airline,
    "retail": tau_retail,
    "support": agentrx_tau,
    "team": who_and_when_hc,
    "search": agent_process_bench,
    "coding": coding_sessions,
}


@dataclass(frozen=True)
class Call:
    """A tool call with what came back."""

    index: int
    """Of the message that makes the call."""
    tool: str
    arguments: Any
    result: str = ""
    at: int | None = None
    """Index of the message with the result."""

    @property
    def refused(self) -> bool:
        """As the tools of these sets say it: the result begins with the word."""
        return self.result.startswith("Error")


@cache
def cases_of(project: str) -> list[Case]:
    """The cases of a project, with arguments of tool calls as JSON text however the source wrote them."""
    cases = PROJECTS[project]()
    for case in cases:
        for message in case.record["messages"]:
            for call in message.get("tool_calls") or []:
                arguments = unpacked(call["function"]["arguments"])
                call["function"]["arguments"] = json.dumps(arguments, ensure_ascii=False)
    return cases


def record_of(project: str, case: Case) -> dict[str, Any]:
    """A run as one line of JSON holds it."""
    fields = {"project": project, "id": case.id, "task": case.record.get("task"), "outcome": case.outcome}
    version = case.record.get("version")
    return fields | {"version": version, "messages": case.record["messages"]}


def calls_of(case: Case) -> list[Call]:
    """The calls in order; a result belongs to the call with its id, else to the oldest one without a result."""
    return list(_answered(case.record["messages"]))


def _answered(messages: list[dict[str, Any]]) -> Iterator[Call]:
    made: list[tuple[int, dict[str, Any]]] = []
    results: dict[int, tuple[int, str]] = {}
    for index, message in enumerate(messages):
        made.extend((index, call) for call in message.get("tool_calls") or [])
        if message["role"] == "tool":
            waiting = [number for number in range(len(made)) if number not in results]
            named = [number for number in waiting if made[number][1].get("id") == message.get("tool_call_id")]
            for number in (named or waiting)[:1]:
                results[number] = (index, str(message.get("content") or ""))
    for number, (index, call) in enumerate(made):
        at, result = results.get(number, (None, ""))
        yield Call(index, call["function"]["name"], json.loads(call["function"]["arguments"]), result, at)
