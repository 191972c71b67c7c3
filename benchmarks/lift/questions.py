"""The questions with the runs that they are about."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from datasets import Case
from triage import wrong_arguments

from .corpus import cases_of

_FILE = Path(__file__).with_name("questions.yaml")
_TURNS = 3
"""Of the agent, so that a step is one of several."""


@dataclass(frozen=True)
class Question:
    """What is asked, and from what the answer is worked out."""

    id: str
    text: str
    form: str
    gold: dict[str, Any]
    case: Case | None = None
    """The run that is asked about, where it is one."""

    @property
    def project(self) -> str:
        return str(self.gold["project"])


@cache
def all_questions() -> dict[str, Question]:
    """By id, in the order of the file."""
    return {entry["id"]: _question(entry) for entry in yaml.safe_load(_FILE.read_text(encoding="utf-8"))}


def question_text(question_id: str) -> str:
    """What the assistant reads.

    Raises:
        SystemExit: if there is no such question; the message names all.
    """
    question = all_questions().get(question_id)
    if question is None:
        raise SystemExit(f"No question {question_id!r}. There are: {', '.join(all_questions())}.")
    return f"{question.text}\nAnswer as JSON: {question.form}"


def _question(entry: dict[str, Any]) -> Question:
    gold = entry["gold"]
    case = _picked(gold) if "pick" in gold else None
    text = entry["question"].strip()
    return Question(entry["id"], text.replace("{run}", case.id) if case else text, entry["form"], gold, case)


def _picked(gold: dict[str, Any]) -> Case:
    """A run that has the label that is asked for, in an order that nobody chose."""
    fitting = [case for case in cases_of(gold["project"]) if _fits(case, gold)]
    if gold["project"] == "team":
        fitting = [case for case in fitting if len(case.steps) == 2]
    fitting.sort(key=lambda case: hashlib.sha256(f"lift:{case.id}".encode()).digest())
    pick: int = gold["pick"]
    return fitting[pick]


def _fits(case: Case, gold: dict[str, Any]) -> bool:
    if "argument" in gold:
        return bool(wrong_arguments(case))
    messages = case.record["messages"]
    if sum(message["role"] == "assistant" for message in messages) < _TURNS:
        return False
    if gold["step"] == "quoted":
        return bool(case.extra["quotes"])
    turns = [messages[step]["role"] == "assistant" for step in case.steps]
    return case.outcome == "fail" and bool(turns) and all(turns)
