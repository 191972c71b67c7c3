"""Agents that act through their text: an action in the answer, its result in the next turn of the user role.

SWE-agent, mini-swe-agent, CodeAct, ReAct and many of their kin have no tool messages. What comes back of an action
then looks like a person's turn and is none. A conversation is such a loop where an answer holds an action and the turn
after it begins as a result does; from there on every turn after an action is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue
from ..chat import ROLES, content_text, json_or_text
from ..fields import mapping
from .headlines import exit_code

_BLOCK = re.compile(
    r"^```(bash|sh|shell|zsh|console|powershell|mswea_bash_command|python|py|ipython|tool_code|execute|action)[ \t]*\n"
    r"(.*?)\n?^```",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_SHELLS = ("bash", "sh", "shell", "zsh", "console", "mswea_bash_command")
_REACT = re.compile(r"^[ \t]*Action:[ \t]*(\S[^\n]*)", re.MULTILINE)
_REACT_INPUT = re.compile(r"^[ \t]*Action Input:(.*?)(?=^[ \t]*Observation:|\Z)", re.DOTALL | re.MULTILINE)
_ELEMENT = re.compile(
    r"<(execute_bash|execute_ipython|execute_browse|tool_call|tool_use|invoke)\b[^>]*>(.*?)</\1>", re.DOTALL
)
_FUNCTION = re.compile(r"<function=([\w.-]{1,80})>(.*?)</function>", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([\w.-]{1,80})>\n?(.*?)\n?</parameter>", re.DOTALL)
_REQUEST = re.compile(r"\s*(GET|POST|PUT|PATCH|DELETE)[ \t]+(https?://[^\s/]+|)(/?\S+)[ \t]*(?:\n(.*))?\Z", re.DOTALL)
_CALL = re.compile(r"\s*([A-Za-z_][\w.]{1,60})\((.*)\)\s*\Z", re.DOTALL)
"""Answers that are nothing but an HTTP request with its body, or nothing but a call."""
_RESULT = re.compile(
    r"\s*(?:<(?:returncode|exit_code|output|stdout|observation|execution_result)\b|"
    r"<(?:tool_response|tool_result|function_results?)\b|\{\s*\"returncode\"|observations?\s*:|"
    r"EXECUTION RESULT of \[|OBSERVATION\b|here (?:is|are) the (?:response|results?|output) (?:from|of)\b|"
    r"(?:GET|POST|PUT|PATCH|DELETE) request (?:accepted|failed|executed)|\[[\w.-]+[^\]\n]{0,200}\] Result:|"
    r"The last command\b.{0,400}timed out|\(Open file:)",
    re.IGNORECASE | re.DOTALL,
)
_PERHAPS = re.compile(
    r"\s*(?:(?:tool|command|execution) (?:outputs?|results?)|exit code|stdout|output)\s*:", re.IGNORECASE
)
"""How a result may begin, and how a person may begin who tells what came out."""
_PROMPT_END = re.compile(r"\n(?:bash-\$|\$|>>>)\s*\Z")


def actions_of(text: str) -> list[dict[str, JsonValue]]:
    """The actions that an answer asks for in its text, as calls with a name and arguments.

    >>> actions_of("Look.\\n\\n```bash\\nls\\n```")
    [{'name': 'bash', 'arguments': {'command': 'ls'}}]
    """
    blocks: list[dict[str, JsonValue]] = []
    for block in _BLOCK.finditer(text):
        language = block[1].lower()
        name, argument = ("bash", "command") if language in _SHELLS else (language, "code")
        blocks.append({"name": name, "arguments": {argument: block[2]}})
    if blocks:
        return blocks
    for function in _FUNCTION.finditer(text):
        arguments: dict[str, JsonValue] = {one[1]: one[2] for one in _PARAMETER.finditer(function[2])}
        blocks.append({"name": function[1], "arguments": arguments})
    if not blocks:
        blocks += [_element_call(element[1], element[2].strip()) for element in _ELEMENT.finditer(text)]
    if not blocks and (react := _REACT.search(text)):
        given = _REACT_INPUT.search(text, react.end())
        blocks.append({"name": react[1].strip(), "arguments": json_or_text(given[1].strip() if given else "")})
    return blocks or _whole_call(text)


def _whole_call(text: str) -> list[dict[str, JsonValue]]:
    """The action of an answer that is nothing else: a request with its parameters or body, or a call."""
    if request := _REQUEST.match(text):
        path, _, query = request[3].partition("?")
        body = json_or_text(request[4].strip()) if request[4] else dict(parse_qsl(query, keep_blank_values=True))
        return [{"name": f"{request[1]} {path}", "arguments": body}]
    if call := _CALL.match(text):
        return [{"name": call[1], "arguments": json_or_text(call[2].strip())}]
    return []


def _element_call(tag: str, body: str) -> dict[str, JsonValue]:
    value = mapping(json_or_text(body))
    if value.get("name"):
        return {"name": value["name"], "arguments": value.get("arguments", value.get("input"))}
    name = tag.removeprefix("execute_")
    return {"name": name, "arguments": {"command" if name == "bash" else "code": body}}


def is_result(text: str) -> bool:
    """Whether a text of the user role begins or ends as the result of an action does."""
    return bool(_RESULT.match(text) or _PROMPT_END.search(text[-40:]))


def with_results(turns: Sequence[JsonValue]) -> list[JsonValue]:
    """The turns of a conversation, results of actions in the user role as tool messages with the action as the call.

    A turn after an action that has no mark of a result counts as one where at least half of such turns have a mark: a
    person who is asked about code, and now and then pastes what it printed, stays a person.

    Cost: linear in the text of the answers.
    """
    found = list(turns)
    pairs = list(_pairs(found))
    texts = [_text(found[place + 1]) for place, _ in pairs]
    sure = [is_result(text) for text in texts]
    perhaps = [is_sure or _PERHAPS.match(text) is not None for is_sure, text in zip(sure, texts, strict=True)]
    is_loop = 2 * sum(perhaps) >= len(pairs) and (any(sure) or sum(perhaps) > 1)
    for (place, calls), text, is_sure in zip(pairs, texts, sure, strict=True):
        if not (is_sure or is_loop):
            continue
        numbered: list[JsonValue] = [{**call, "id": f"action-{place}-{index}"} for index, call in enumerate(calls)]
        found[place] = {**mapping(found[place]), "tool_calls": numbered}
        found[place + 1] = {
            **mapping(found[place + 1]),
            "role": "tool",
            "content": text if isinstance(after := mapping(found[place + 1]).get("content"), str) else after,
            "tool_call_id": f"action-{place}-0",
            "is_error": exit_code(text) not in (None, 0),
        }
    return found


def _pairs(turns: Sequence[JsonValue]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Places of answers with an action in their text whose next turn is of the user role, with their actions."""
    for place in range(len(turns) - 1):
        answer, after = mapping(turns[place]), mapping(turns[place + 1])
        is_pair = _role(answer) == "assistant" and _role(after) == "user" and not answer.get("tool_calls")
        if is_pair and (calls := actions_of(_text(answer))):
            yield place, calls


def _role(turn: dict[str, JsonValue]) -> str | None:
    return ROLES.get(as_text(turn.get("role") or turn.get("type")).lower())


def _text(turn: JsonValue) -> str:
    return content_text(mapping(turn).get("content"))
