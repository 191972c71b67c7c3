"""What one record of an agent's own log says: told by the names and shapes of its values, whatever wrote it.

A record is read as one act: something was asked, the model thought, spoke or decided, a tool was called, a tool gave
back. One record may hold several of them, as a step of a ReAct loop does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue
from ..fields import mapping, sequence
from ..judgements import first_of
from .literals import failed_in, plain_value

KINDS = ("event", "event_type", "event_name", "type", "kind", "record_type", "phase", "stage", "state", "name")
TOOLS = ("tool", "tool_name", "tool_key", "toolName", "function", "function_name", "skill")
GIVEN = (
    "args", "arguments", "tool_args", "tool_input", "toolInput", "action_input", "params", "parameters", "kwargs",
    "input", "inputs", "fields", "query",
)  # fmt: skip
CAME = (
    "result", "tool_result", "tool_output", "toolOutput", "observation", "output", "outputs", "returned",
    "return_value", "results", "output_preview", "result_preview", "response", "sources",
)  # fmt: skip
THOUGHT = ("thought", "thoughts", "thinking", "reasoning", "rationale", "think")
SAID = ("final_answer", "answer", "final_output", "response", "completion", "content", "text", "message", "output",
        "output_summary", "result", "summary", "decision_text")  # fmt: skip
ASKED = ("question", "query", "user_query", "user_input", "user_message", "prompt", "prompts", "request", "goal",
         "objective", "task", "instruction", "input", "input_summary")  # fmt: skip
CALLS = ("tool_calls", "calls", "requested_tools", "tools_requested", "plan_calls", "tools_called", "actions")
AGENTS = ("agent_name", "agent", "node", "actor", "agent_id", "role")
TIMES = ("timestamp", "ts", "time", "created_at", "started_at", "datetime", "at", "date")
RUNS = ("run_id", "trace_id", "session_id", "conversation_id", "thread_id", "episode_id", "workflow_id", "runId")
_INNER = ("data", "payload", "details", "attributes", "body", "response", "tool_result", "tool_call", "event_data")
_FAILED_WORDS = frozenset({"error", "failed", "failure", "fail", "exception", "timeout", "timed_out", "crashed"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_TOOL_WORDS = frozenset({"tool", "function", "action", "act", "invoke", "invocation", "execute", "call"})
_BACK_WORDS = frozenset({"result", "observation", "observe", "output", "returned", "end", "done", "response"})
_MODEL_WORDS = frozenset({"llm", "model", "thought", "think", "thinking", "reason", "reasoning", "completion", "reply",
                          "assistant", "generation", "chat"})  # fmt: skip
_FINAL_WORDS = frozenset({"final", "finish", "finished", "answer", "complete", "completed", "end", "done"})
_START_WORDS = frozenset({"start", "started", "begin", "init"})
_WHOLE_WORDS = frozenset({"agent", "run", "session", "workflow", "chain", "task", "episode", "crew", "conversation"})
_USER_WORDS = frozenset({"user", "human", "question", "prompt", "request"})
_LAST_ASKED = re.compile(r"(?:^|\n)(?:Human|User):[ \t]*")
_NEXT_SPEAKER = re.compile(r"\n(?:AI|Assistant|Tool|System|Function):[ \t]*")
_NAME = re.compile(r"[A-Za-z_][\w.:/-]{0,79}")
_CALLED = ("name", "intent", "operation", "method", "command")
"""What names the tool in a record whose kind says that it is about one."""
_LOGGERS = frozenset({"level", "levelname", "module", "lineno", "line", "logger"})
"""Fields of a program's log, whose `function` is where a line was written."""
_LOOP = ("thought", "action_input", "observation", "reasoning")
_MARKS = frozenset({"step", "step_id", "action", *KINDS, *TOOLS, *TIMES, *RUNS})
FINISHING = frozenset({"finish", "final", "final_answer", "answer", "done", "respond", "complete", "stop", "end",
                       "none", "exit"})  # fmt: skip


@dataclass(slots=True)
class Act:
    """What one record says; whatever is missing was not said."""

    asked: str | None = None
    thought: str | None = None
    said: str | None = None
    is_model: bool = False
    """Whether a model call is recorded, be its words empty."""
    is_final: bool = False
    calls: list[tuple[str, JsonValue]] = field(default_factory=list)
    """Calls that the model asks for in this record, whose execution others may tell."""
    tool: str | None = None
    given: JsonValue = None
    came: JsonValue = None
    has_result: bool = False
    error: str | None = None
    is_call: bool = False
    """Whether a tool starts or has run."""
    is_sure: bool = False
    """Whether the call stands under a name that is a tool's alone, or beside a thought or an observation."""
    has_mark: bool = False
    """Whether the record tells when or as what it was written: a time, a step, a kind."""
    agent: str | None = None
    model: str | None = None
    usage: JsonValue = None
    moment: JsonValue = None
    run: str | None = None

    @property
    def says_something(self) -> bool:
        return bool(self.asked or self.is_model or self.is_call or self.has_result or self.is_final)


def act_of(record: Mapping[str, JsonValue]) -> Act:
    """The act that a record tells of; one that says nothing where nothing is known by its names.

    Cost: linear in the fields of the record.
    """
    value = flattened(record)
    kinds = [name for name in KINDS if isinstance(value.get(name), str)]
    words = _words_of(as_text(value[kinds[0]])) if kinds else frozenset[str]()
    act = Act(
        agent=_name_in(value, AGENTS), model=_name_in(value, ("model", "model_name")),
        usage=first_of(value, "usage", "token_usage", "tokens"), moment=first_of(value, *TIMES),
        run=_name_in(value, RUNS), error=_error(value),
        has_mark=bool(_MARKS & value.keys()),
    )  # fmt: skip
    _read_model(act, value, words)
    _read_tool(act, value, words)
    _read_asked(act, value, words)
    return act


def flattened(record: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """A record with what its envelopes hold beside its own fields.

    >>> flattened({"event_type": "step", "data": {"tool": "ls"}})
    {'event_type': 'step', 'tool': 'ls'}
    """
    value = dict(record)
    for _ in range(3):
        name = next((name for name in _INNER if _is_envelope(name, value.get(name))), None)
        if name is None:
            break
        inner = mapping(value.pop(name))
        value |= {key: held for key, held in inner.items() if value.get(key) in (None, "", {})}
    return value


def _is_envelope(name: str, value: JsonValue) -> bool:
    held = mapping(value)
    known = {*TOOLS, *THOUGHT, *GIVEN, *CAME, *CALLS, *TIMES, *ASKED, "final_answer", "content", "text", "step_id"}
    return bool(held) and name in _INNER and bool(known & held.keys())


def _read_model(act: Act, value: dict[str, JsonValue], words: frozenset[str]) -> None:
    thought = first_of(value, *THOUGHT)
    act.thought = as_text(thought) if isinstance(thought, str) else None
    act.calls = [
        call for name in CALLS for item in sequence(plain_value(value.get(name))) if (call := named_call(item))
    ]
    is_start = bool(words & _START_WORDS)
    is_model = bool(words & _MODEL_WORDS) and not is_start and not words & _USER_WORDS
    act.is_final = bool(words & _FINAL_WORDS) and not (words & _TOOL_WORDS or is_model)
    if "final_answer" in value or act.is_final:
        act.said = _text_in(value, SAID)
    elif is_model and not words & _TOOL_WORDS - {"call"}:
        act.said = _text_in(value, SAID) or _text_in(value, ("data", "payload"))
    act.is_model = not act.is_final and not is_start and bool(is_model or act.thought or act.said or act.calls)


def _read_tool(act: Act, value: dict[str, JsonValue], words: frozenset[str]) -> None:
    tools = tuple(name for name in TOOLS if name != "function" or not _LOGGERS & value.keys())
    tool = plain_value(first_of(value, *tools))
    call = named_call(tool) if isinstance(tool, dict) else None
    if call is None and isinstance(tool, str):
        call = (tool, first_of(value, *GIVEN))
    if call is None and "tool" in words and isinstance(name := first_of(value, *_CALLED), str):
        call = (name, first_of(value, *GIVEN))
    is_loop = any(name in value for name in _LOOP)
    act.is_sure = call is not None or is_loop
    did = value.get("action")
    if call is None and not words & _MODEL_WORDS and (is_loop or words & _TOOL_WORDS):
        call = _did(did, first_of(value, *GIVEN), is_loop="observation" in value)
        call = call or (_only_pair(value.get("data")) if words & _TOOL_WORDS else None)
    is_model_record = bool(words & _MODEL_WORDS) and not any(name in value for name in TOOLS if value.get(name))
    is_back = bool(words & _BACK_WORDS) and not (words & (_MODEL_WORDS | _WHOLE_WORDS)) and not act.is_final
    if call is None and is_model_record:
        return
    came = first_of(value, *CAME) if call is not None or is_back else None
    if came is None and is_back and isinstance(value.get("data"), str):
        came = value["data"]
    act.is_model = act.is_model or (call is not None and "observation" in value and "action" in value)
    if call is not None and act.is_model and not act.calls and came is None and call[0].lower() in FINISHING:
        act.said = act.said or as_text(call[1])
        return
    if call is not None:
        act.tool, act.given, act.is_call = call[0], plain_value(call[1]), True
    if came is not None or (is_back and call is not None) or (act.error and call is not None):
        act.came, act.has_result = plain_value(came), True
        if failed_in(came):
            act.error = act.error or as_text(act.came)
        inner = mapping(act.came)
        if inner.get("status") == "error" or False in (inner.get("success"), inner.get("ok")):
            act.error = act.error or _text_in(inner, ("error", "message", "detail")) or as_text(act.came)


def _read_asked(act: Act, value: dict[str, JsonValue], words: frozenset[str]) -> None:
    starts = bool(words & _START_WORDS) and bool(words & (_WHOLE_WORDS | _MODEL_WORDS))
    if (starts or words & _USER_WORDS) and not act.is_call and not act.has_result:
        text = _text_in(value, (*ASKED, *SAID, *THOUGHT, "data"))
        act.asked = last_asked(text) if text else None
        if act.asked:
            act.is_model, act.thought, act.said = False, None, None
    if act.agent and "action" in value and not act.is_call and not act.asked and not act.is_model:
        does_start = bool(_words_of(as_text(value["action"])) & _START_WORDS)
        first = _text_in(value, ("input_summary", *ASKED)) if does_start else None
        said = _text_in(value, ("output_summary", *SAID))
        if first and _words_of(as_text(value["action"])) & _WHOLE_WORDS:
            act.asked = first
        elif said:
            act.is_model, act.said = True, said


def named_call(value: JsonValue) -> tuple[str, JsonValue] | None:
    """The name and the arguments of a call that is written as an object or as a bare name."""
    if isinstance(value, str):
        return (value, None) if _NAME.fullmatch(value) else None
    held = mapping(value)
    inner = mapping(held.get("function")) or held
    name = first_of(inner, *TOOLS, "name", "action")
    return (name, plain_value(first_of(inner, *GIVEN))) if isinstance(name, str) and name else None


def last_asked(text: str) -> str:
    """What the person said last in a prompt that was written out with its speakers; any other text as it is.

    >>> last_asked("System: Be brief.\\nHuman: Two and two?\\nAI: Four.")
    'Two and two?'
    """
    heads = list(_LAST_ASKED.finditer(text))
    if not heads:
        return text.strip()
    return _NEXT_SPEAKER.split(text[heads[-1].end() :], maxsplit=1)[0].strip()


def _did(did: JsonValue, given: JsonValue, *, is_loop: bool) -> tuple[str, JsonValue] | None:
    """The call in an action: an object with a name, a name with its arguments beside it, or a command of a loop."""
    if isinstance(did, dict):
        return named_call(did)
    if not isinstance(did, str) or not did.strip():
        return None
    if _NAME.fullmatch(did.strip()):
        return did.strip(), given
    return ("action", {"command": did}) if given is None and is_loop else None


def _only_pair(value: JsonValue) -> tuple[str, JsonValue] | None:
    held = mapping(value)
    return next(iter(held.items())) if len(held) == 1 else None


def _error(value: dict[str, JsonValue]) -> str | None:
    for name in ("error", "error_message", "exception", "traceback", "errors"):
        if (held := value.get(name)) not in (None, "", False, [], {}):
            return as_text(held) if held is not True else _text_in(value, (*CAME, *SAID)) or "error"
    is_failed = (
        any(value.get(name) is False for name in ("success", "ok", "succeeded")) or value.get("is_error") is True
    )
    status = value.get("status")
    if is_failed or (isinstance(status, str) and status.lower() in _FAILED_WORDS):
        return _text_in(value, (*CAME, *SAID)) or as_text(status) or "failed"
    return None


def _text_in(value: Mapping[str, JsonValue], names: tuple[str, ...]) -> str | None:
    """The first text under these names; of a list of texts the last, of an object what it asks or says."""
    for name in names:
        held = value.get(name)
        if isinstance(held, list) and held and isinstance(held[-1], str):
            held = held[-1]
        if isinstance(held, dict) and name == "input":
            held = _text_in(held, ASKED)
        if isinstance(held, str) and held.strip():
            return held.strip()
    return None


def _name_in(value: Mapping[str, JsonValue], names: tuple[str, ...]) -> str | None:
    held = first_of(value, *names)
    return as_text(held)[:200] if isinstance(held, str | int) and not isinstance(held, bool) else None


def _words_of(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text[:80]))
