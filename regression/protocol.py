"""What a target gives back: the protocol between an application and its regression cases.

Standard library only, so that an application may import it at no cost.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..model.traces import JsonValue


@dataclass(frozen=True, slots=True)
class CalledTool:
    """One tool call of a run: what was asked, what came back."""

    name: str
    arguments: JsonValue = None
    result: JsonValue = None
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run of an application, as its target reports it.

    Attributes:
        output: The final answer; a JSON value where the application answers with data.
        tool_calls: In call order; mappings with `name`, `arguments`, `result`, `is_error` are taken too. None means
            that the target does not report calls, which leaves checks on tools undecided.
        steps: Model and tool calls together; None where not counted.
    """

    output: JsonValue
    tool_calls: tuple[CalledTool, ...] | None = None
    steps: int | None = None

    def __init__(
        self,
        output: JsonValue,
        tool_calls: Iterable[CalledTool | Mapping[str, Any]] | None = None,
        steps: int | None = None,
    ) -> None:
        called = None if tool_calls is None else tuple(_called(call) for call in tool_calls)
        object.__setattr__(self, "output", output)
        object.__setattr__(self, "tool_calls", called)
        object.__setattr__(self, "steps", steps)


class FrozenTools(Sequence[Mapping[str, Any]]):
    """The frozen tool results of a case, handed to a target that has a parameter `tool_results`.

    A sequence of mappings (`tool`, `arguments`, `result`, `is_error`) in call order, and `answer` to look one up.
    """

    def __init__(self, results: Iterable[Mapping[str, Any]]) -> None:
        self._results = [dict(result) for result in results]
        self._used = [False] * len(self._results)

    def __len__(self) -> int:
        return len(self._results)

    def __getitem__(self, index: Any) -> Any:
        return self._results[index]

    def answer(self, tool: str, arguments: JsonValue) -> CalledTool:
        """The frozen result for a call: the same arguments first, then a result that answers any call of the tool.

        Among equals the next unused one is taken, and the last one again once all are used.

        Raises:
            LookupError: if the case holds no result for this call; the application decides what its agent is told.
        """
        for wanted in (arguments, None):
            places = [i for i, r in enumerate(self._results) if r["tool"] == tool and r.get("arguments") == wanted]
            if places:
                place = next((i for i in places if not self._used[i]), places[-1])
                self._used[place] = True
                found = self._results[place]
                return CalledTool(tool, arguments, found.get("result"), bool(found.get("is_error")))
        raise LookupError(f"the case holds no frozen result for {tool} with these arguments")


def as_run_result(returned: object) -> RunResult:
    """What a target returned, as a `RunResult`.

    Taken are a `RunResult`; text; a mapping, dataclass or object with `output` and, if it has them, `tool_calls` and
    `steps`.

    Raises:
        TypeError: if it is none of these.
    """
    if isinstance(returned, RunResult):
        return returned
    if isinstance(returned, str):
        return RunResult(returned)
    if isinstance(returned, Mapping) and "output" in returned:
        return RunResult(returned["output"], returned.get("tool_calls"), returned.get("steps"))
    if hasattr(returned, "output"):
        calls, steps = getattr(returned, "tool_calls", None), getattr(returned, "steps", None)
        return RunResult(returned.output, calls, steps)
    raise TypeError(
        f"the target returned {type(returned).__name__}; return text, a retrospan.regression.RunResult, "
        "or a mapping or object with 'output'"
    )


def _called(call: object) -> CalledTool:
    if isinstance(call, CalledTool):
        return call
    fields: Mapping[str, Any] = {}
    if isinstance(call, Mapping):
        fields = call
    elif dataclasses.is_dataclass(call) and not isinstance(call, type):
        fields = {field.name: getattr(call, field.name) for field in dataclasses.fields(call)}
    name = fields.get("name")
    if not isinstance(name, str):
        raise TypeError(f"a tool call needs a name, as in {{'name': 'lookup_order', 'arguments': {{…}}}}; got {call!r}")
    return CalledTool(name, fields.get("arguments"), fields.get("result"), bool(fields.get("is_error")))
