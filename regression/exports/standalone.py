"""The checks of a case in the standard library alone: this file is written into exported modules as it stands.

It holds a run against a case's checks where Retrospan is not installed. A run is what the application's function
returns: text, or a mapping or object with `output`, and `tool_calls` and `steps` where it reports them.
"""

from __future__ import annotations

import json
import re
from typing import Any


def as_text(value: Any) -> str:
    """A value as an answer is read."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def run_of(done: Any) -> dict[str, Any]:
    """What a run left: `output` as text, `calls` as mappings with name and arguments, `steps`."""
    if isinstance(done, str):
        done = {"output": done}
    if not isinstance(done, dict):
        done = {name: getattr(done, name, None) for name in ("output", "tool_calls", "steps")}
    calls = [call if isinstance(call, dict) else vars_of(call) for call in done.get("tool_calls") or ()]
    return {"output": as_text(done.get("output")), "calls": calls, "steps": done.get("steps")}


def vars_of(call: Any) -> dict[str, Any]:
    """A tool call that is an object."""
    return {"name": call.name, "arguments": getattr(call, "arguments", None), "result": getattr(call, "result", None)}


def failures(case: dict[str, Any], run: dict[str, Any]) -> list[str]:
    """The checks that do not hold, each in words; empty where all hold."""
    return [json.dumps(check, ensure_ascii=False) for check in case["checks"] if not holds(check, run)]


def holds(check: dict[str, Any], run: dict[str, Any]) -> bool:
    """Whether a run keeps a check."""
    kind, output = check["check"], run["output"]
    if kind in ("output_contains", "output_not_contains"):
        fold = str.casefold if check.get("ignore_case", True) else str
        return bool((fold(check["text"]) in fold(output)) == (kind == "output_contains"))
    if kind == "output_matches":
        return re.search(check["pattern"], output, re.IGNORECASE if check.get("ignore_case") else 0) is not None
    names = [call["name"] for call in run["calls"]]
    if kind == "tool_called":
        times = check.get("times")
        return bool(names.count(check["tool"]) == times) if times else check["tool"] in names
    if kind == "tool_not_called":
        return check["tool"] not in names
    if kind == "tool_order":
        rest = iter(names)
        return all(tool in rest for tool in check["tools"])
    if kind == "max_steps":
        taken = len(names) if run["steps"] is None else run["steps"]
        return bool(taken <= check["steps"])
    if kind == "tool_argument":
        return argument_holds(check, [call for call in run["calls"] if call["name"] == check["tool"]])
    raise ValueError(f"no such check: {kind}")


def argument_holds(check: dict[str, Any], calls: list[dict[str, Any]]) -> bool:
    """Whether an argument has the expected value in every call, in any, or in the last."""
    which = check.get("calls", "every")
    kept = [value_holds(check, call) for call in (calls[-1:] if which == "last" else calls)]
    return bool(kept) and (any(kept) if which == "any" else all(kept))


def value_holds(check: dict[str, Any], call: dict[str, Any]) -> bool:
    """Whether the argument of one call is as expected."""
    value: Any = call.get("arguments")
    value = json.loads(value) if isinstance(value, str) else value
    for part in check["path"].split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return False
    wrong = "equals" in check and not same(value, check["equals"])
    wrong = wrong or (check.get("one_of") is not None and not any(same(value, one) for one in check["one_of"]))
    wrong = wrong or any(same(value, one) for one in check.get("never") or ())
    wrong = wrong or (check.get("matches") is not None and re.search(check["matches"], as_text(value)) is None)
    if wrong or (check.get("min") is None and check.get("max") is None):
        return not wrong
    try:
        number = float(value)
    except (TypeError, ValueError):
        return False
    low, high = check.get("min"), check.get("max")
    return bool((low is None or number >= low) and (high is None or number <= high))


def same(left: Any, right: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)
