"""How an agent's own log lays its runs out: a record an act, a list of acts in an object, columns, a run a record."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from ....model.traces import JsonValue
from ..fields import mapping, sequence
from ..judgements import first_of
from .acts import ASKED, CALLS, Act, act_of, named_call

_COLUMNS = {"actions": "action", "observations": "observation", "thoughts": "thought", "tools": "tool",
            "tool_calls": "tool", "results": "result", "rewards": "reward", "responses": "response"}  # fmt: skip
_DID = ("action", "tool")
_CAME = ("observation", "result")
_DEPTH = 2
_MOST = 1 / 3
_FINAL = ("final_answer", "final_output", "final_response", "final_preview", "final", "answer", "response", "output")


class Run(NamedTuple):
    """One run in a record: where it stands, what holds it, and its acts in order."""

    where: str
    value: dict[str, JsonValue]
    acts: list[dict[str, JsonValue]]


def is_agents_log(records: list[JsonValue]) -> bool:
    """Whether records are acts of an agent: a third or more say something, and some show a model or a tool."""
    held = [record for record in records if isinstance(record, dict)]
    if not held or len(held) < len(records):
        return False
    acts = [act_of(record) for record in held]
    telling = sum(act.says_something and act.has_mark for act in acts)
    return telling >= len(acts) * _MOST and _shows_agent(acts)


def _shows_agent(acts: list[Act]) -> bool:
    """Whether there are tools with arguments or results, or words of a model, and not marks of a service alone."""
    tools = [act for act in acts if act.is_call and (act.given is not None or act.has_result)]
    models = sum(act.is_model and act.has_mark and bool(act.thought or act.calls or act.said) for act in acts)
    is_asked = any(act.asked for act in acts)
    sure = sum(act.is_sure for act in tools)
    return bool(models and (tools or models > 1 or is_asked)) or sure > 1 or sure == len(acts)


def runs_in(value: JsonValue, where: str) -> list[Run]:
    """The runs that one record holds: its own, or those of an object by case or of a list; none where it is an act."""
    record = mapping(value)
    if acts := _acts_in(record):
        return [Run(where, record, acts)]
    cases = [(name, held) for name, held in record.items() if isinstance(held, dict)]
    found = [Run(f"{where}, {name}", held, acts) for name, held in cases if (acts := _acts_in(held))]
    if found and len(found) * 2 >= len(record):
        return found
    listed = [
        (name, index, mapping(item)) for name, held in record.items() for index, item in enumerate(sequence(held))
    ]
    return [Run(f"{where}, {name}[{index}]", item, acts) for name, index, item in listed if (acts := _acts_in(item))]


def _acts_in(value: dict[str, JsonValue]) -> list[dict[str, JsonValue]]:
    """The acts of a run whose record is this object."""
    if whole := _planned(value):
        return whole
    for held in _holders(value, 0):
        if columns := list(_rows(held)):
            return [*_opening(value), *columns]
    lists = [item for held in _holders(value, 0) for item in held.values() if isinstance(item, list) and item]
    logs = [held for held in lists if is_agents_log(held)]
    best = max(logs, key=len, default=[])
    return [*_opening(value), *map(mapping, best)] if len(best) > 1 else []


def _holders(value: dict[str, JsonValue], level: int) -> Iterator[dict[str, JsonValue]]:
    yield value
    for held in value.values():
        if isinstance(held, dict) and level + 1 < _DEPTH:
            yield from _holders(held, level + 1)


def _rows(value: dict[str, JsonValue]) -> Iterator[dict[str, JsonValue]]:
    """The acts of lists that stand beside each other, one a kind of value: actions, what was observed."""
    columns = {name: sequence(value.get(raw)) for raw, name in _COLUMNS.items() if isinstance(value.get(raw), list)}
    did = next((columns[name] for name in _DID if columns.get(name)), None)
    came = next((columns[name] for name in _CAME if columns.get(name)), None)
    if did is None or came is None or abs(len(did) - len(came)) > 1 or any(isinstance(item, list) for item in did):
        return
    for row in zip_longest(*columns.values()):
        yield {name: item for name, item in zip(columns, row, strict=True) if item is not None}


def _planned(value: dict[str, JsonValue]) -> list[dict[str, JsonValue]]:
    """The acts of a run in one record: what was asked, its calls with their results beside them, the answer."""
    name = next(
        (name for name in CALLS if sequence(value.get(name)) and all(map(named_call, sequence(value[name])))), ""
    )
    calls = [mapping(call) for call in sequence(value.get(name))]
    others = [held for key, held in value.items() if key != name and isinstance(held, list) and len(held) == len(calls)]
    asked, final = _opening(value), first_of(value, *_FINAL)
    if not calls or not all(calls) or not asked or not isinstance(final, str):
        return []
    results = next((held for held in others if all(isinstance(item, dict | str) for item in held)), [None] * len(calls))
    steps: list[dict[str, JsonValue]] = []
    for call, result in zip(calls, results, strict=True):
        told = {key: item for key, item in mapping(result).items() if key in ("ok", "success", "error", "status")}
        steps.append({"tool": call, "result": result if result is not None else call.get("result"), **told})
    return [*asked, *steps, {"event": "final_answer", "final_answer": final}]


def _opening(value: dict[str, JsonValue]) -> list[dict[str, JsonValue]]:
    """What the person asked, where the run says so beside its acts."""
    asked = first_of(value, *ASKED)
    inner = first_of(mapping(asked), *ASKED) if isinstance(asked, dict) else asked
    return [{"event": "user_request", "question": inner}] if isinstance(inner, str) and inner.strip() else []
