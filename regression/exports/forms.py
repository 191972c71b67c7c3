"""The forms that cases can be exported to, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...model.cases import Case
from .carrying import Exported
from .data_sets import to_jsonl, to_langsmith, to_mlflow, to_openai
from .modules import to_deepeval, to_inspect, to_pytest
from .promptfoo import to_promptfoo

DATA: Mapping[str, Callable[[Sequence[Case]], Exported]] = {
    "jsonl": to_jsonl,
    "mlflow": to_mlflow,
    "langsmith": to_langsmith,
    "openai": to_openai,
}
"""Forms that hold data alone."""
CALLING: Mapping[str, Callable[[Sequence[Case], str], Exported]] = {
    "pytest": to_pytest,
    "deepeval": to_deepeval,
    "inspect": to_inspect,
    "promptfoo": to_promptfoo,
}
"""Forms that call a target, which they name."""


def export_cases(cases: Sequence[Case], form: str, target: Callable[[], str]) -> Exported:
    """Cases in another form.

    Args:
        cases: Any.
        form: A name in `DATA` or `CALLING`.
        target: What the other runner calls; asked only by a form that calls one.
    """
    return DATA[form](cases) if form in DATA else CALLING[form](cases, target())
