"""Names of spans that frameworks make of a class and a method: `ReAct.forward`, `run_sql.__call__`."""

from __future__ import annotations

import re

_METHOD = re.compile(
    r"\.(__call__|_?a?(call|retrieve|run|forward)(_async)?|kickoff|execute_task|_execute_core|on_messages(_stream)?)$"
)
_PARTS = re.compile(
    r"BaseWorkflowAgent\..*|AgentWorkflow\.(?!run$).*|.*\._prepare_chat_with_tools|.*\._a?query"
    r"|Predict\(.*\)\.\w+|\w*Adapter\.(__call__|acall|format|parse)"
)


def without_method(name: str) -> str:
    """The name without the method that was called.

    >>> without_method("run_sql.__call__")
    'run_sql'
    """
    return _METHOD.sub("", name)


def is_part_of_framework(name: str) -> bool:
    """Whether a name is of LlamaIndex's or DSPy's inner halves, which hold or shape a call and are no step."""
    return _PARTS.fullmatch(name) is not None
