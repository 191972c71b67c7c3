"""Right answers, worked out from the data and its labels, and whether a given answer is right."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from datasets import WRITES, Case
from triage import derived, fits, wrong_arguments

from .corpus import calls_of, cases_of
from .questions import Question

_QUERIES = Path(__file__).resolve().parents[1] / "search_queries.yaml"
_SHORTEST = 12
"""Letters and digits that a quote needs, so that no stray word hits."""
_NEAR = 0.05
_BEFORE, _AFTER = "tool-calling", "preconditions"
Cases = Sequence[Case]


def right_answer(question: Question) -> Any:
    """In the form that the question names; for a quote, the texts of the messages that are right."""
    gold, cases = question.gold, cases_of(question.project)
    if "triage" in gold:
        return derived(gold["triage"], cases)
    if "code" in gold:
        return _BY_CODE[gold["code"]](cases)
    if "meaning" in gold:
        tasks = {_task(key) for key in _gold_keys(gold["meaning"])}
        return sorted(case.id for case in cases if case.record["task"] in tasks)
    assert question.case is not None
    if "argument" in gold:
        return {"tool": question.case.extra["wrong"][1], "argument": sorted(wrong_arguments(question.case))}
    return [seen(question.case, index) for index in _right_steps(question.case)]


def is_right(question: Question, answer: Any) -> bool:
    """Whether an answer fits; one in another form is wrong."""
    right = right_answer(question)
    try:
        if "meaning" in question.gold:
            return answer["run"] in right
        if "argument" in question.gold:
            return bool(answer["tool"] == right["tool"] and answer["argument"] in right["argument"])
        if "step" in question.gold:
            return is_quoted(answer["quote"], right)
        return fits(answer, right, _NEAR if "code" in question.gold else 1.0)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def _right_steps(case: Case) -> list[int]:
    if "quotes" in case.extra:
        messages = range(len(case.record["messages"]))
        return [at for at in messages if any(_letters(quote) in seen(case, at) for quote in case.extra["quotes"])]
    return list(case.steps)


def seen(case: Case, index: int) -> str:
    """Letters and digits of a message, of the calls it makes and of their results: what a view may show as one step."""
    message = case.record["messages"][index]
    parts = [str(message.get("content") or "")]
    for call in calls_of(case):
        if call.index == index:
            parts += [call.tool, json.dumps(call.arguments, ensure_ascii=False), call.result]
    return _letters(" ".join(parts))


def is_quoted(quote: str, right: Sequence[str]) -> bool:
    """Whether the letters of a quote stand in one of the texts, and are enough to mean it."""
    letters = _letters(quote)
    return len(letters) >= _SHORTEST and any(letters in text for text in right)


def _letters(text: str) -> str:
    return re.sub(r"\W|_", "", text).casefold()


def _gold_keys(words: str) -> list[str]:
    entries = yaml.safe_load(_QUERIES.read_text(encoding="utf-8"))
    keys: list[str] = next(entry["gold"] for entry in entries if entry["q"] == words)
    return keys


def _task(key: str) -> str:
    return {"A": "airline", "R": "retail"}[key[0]] + f"-{key[1:]}"


def _refusing_tool(cases: Cases) -> Any:
    counted = Counter(call.tool for case in cases for call in calls_of(case) if call.refused)
    tool, times = counted.most_common(1)[0]
    return {"tool": tool, "times": times}


def _by_outcome(cases: Cases) -> dict[str, int]:
    counted = Counter(case.outcome for case in cases)
    return {"failed": counted["fail"], "passed": counted["pass"]}


def _handed_over(cases: Cases) -> Any:
    return _by_outcome([c for c in cases if any(call.tool == "transfer_to_human_agents" for call in calls_of(c))])


def _without_calls(cases: Cases) -> Any:
    return _by_outcome([case for case in cases if not calls_of(case)])


def _pairs(cases: Cases) -> dict[str, dict[str, str | None]]:
    """Outcome by version of each task that has both."""
    tasks: dict[str, dict[str, str | None]] = {}
    for case in cases:
        tasks.setdefault(case.record["task"], {})[case.record["version"]] = case.outcome
    return {task: outcomes for task, outcomes in tasks.items() if {_BEFORE, _AFTER} <= outcomes.keys()}


def _paired_losses(cases: Cases) -> list[str]:
    return [task for task, found in _pairs(cases).items() if (found[_BEFORE], found[_AFTER]) == ("pass", "fail")]


def _paired_counts(cases: Cases) -> Any:
    gained = [task for task, found in _pairs(cases).items() if (found[_BEFORE], found[_AFTER]) == ("fail", "pass")]
    return {"only_tool_calling": len(_paired_losses(cases)), "only_preconditions": len(gained)}


def _per_run(cases: Cases, version: str) -> dict[str, float]:
    runs = [case for case in cases if case.record["version"] == version]
    counted = Counter(call.tool for case in runs for call in calls_of(case))
    return {tool: count / len(runs) for tool, count in counted.items()}


def _changed_tool(cases: Cases) -> Any:
    before, after = _per_run(cases, _BEFORE), _per_run(cases, _AFTER)
    tool = max(before | after, key=lambda name: abs(after.get(name, 0.0) - before.get(name, 0.0)))
    return {"tool": tool, "before": before.get(tool, 0.0), "after": after.get(tool, 0.0)}


def _same_prompt(cases: Cases) -> Any:
    prompts = {case.record["messages"][0]["content"] for case in cases if case.record["version"] in (_BEFORE, _AFTER)}
    return {"same": len(prompts) == 1}


def _after_email(cases: Cases) -> Any:
    follows = (pair for case in cases for pair in pairwise(calls_of(case)))
    counted = Counter(second.tool for first, second in follows if first.tool == "find_user_id_by_email")
    tool, times = counted.most_common(1)[0]
    return {"tool": tool, "times": times}


def _same_again(cases: Cases) -> Any:
    return {"times": sum(a.tool == b.tool for case in cases for a, b in pairwise(calls_of(case)))}


def _change_unseen(cases: Cases) -> Any:
    changes = ("exchange_delivered_order_items", "modify_pending_order_items")
    count = 0
    for case in cases:
        tools = [call.tool for call in calls_of(case)]
        first = next((at for at, tool in enumerate(tools) if tool in changes), None)
        count += first is not None and "get_product_details" not in tools[:first]
    return {"runs": count}


def refused_then_changed(cases: Cases) -> list[str]:
    """Runs where a changing call was refused and went through later with other arguments."""
    return [case.id for case in cases if _mended(case)]


def _mended(case: Case) -> bool:
    changes = [call for call in calls_of(case) if call.tool in WRITES and call.tool != "transfer_to_human_agents"]
    return any(
        first.refused and not then.refused and first.tool == then.tool and first.arguments != then.arguments
        for at, first in enumerate(changes)
        for then in changes[at + 1 :]
    )


def _person_refused(cases: Cases) -> Any:
    return {"times": sum("The user doesn't want to" in call.result for case in cases for call in calls_of(case))}


def _most_calls(cases: Cases) -> Any:
    most = max(cases, key=lambda case: len(calls_of(case)))
    return {"run": most.id, "calls": len(calls_of(most))}


def _format_rejected(cases: Cases) -> Any:
    return {"runs": sum(any(map(_rejection, pairwise(case.record["messages"]))) for case in cases)}


def _rejection(pair: tuple[dict[str, Any], dict[str, Any]]) -> bool:
    said, answer = pair
    return said["role"] == "assistant" and str(answer["content"]).startswith("Please always provide EXACTLY ONE action")


_BY_CODE: dict[str, Callable[[Cases], Any]] = {
    "after_email": _after_email,
    "change_unseen": _change_unseen,
    "changed_tool": _changed_tool,
    "format_rejected": _format_rejected,
    "handed_over": _handed_over,
    "most_calls": _most_calls,
    "paired_counts": _paired_counts,
    "paired_losses": _paired_losses,
    "person_refused": _person_refused,
    "refused_then_changed": refused_then_changed,
    "refusing_tool": _refusing_tool,
    "same_again": _same_again,
    "same_prompt": _same_prompt,
    "without_calls": _without_calls,
}
