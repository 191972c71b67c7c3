"""A search that found nothing, followed by an answer that does not say so."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.findings import Signal
from ....model.traces import StepKind
from ...failures import nothing_found
from ...reading import Act, Reading
from ...run_kinds import INFORMED
from ...texts.quotes import quote
from ...tools.tool_roles import ToolRole
from ...wording import HEDGE
from ..definition import SignalDefinition, signal


def find(reading: Reading) -> Iterator[Signal]:
    final = reading.final
    if final is None or final.text.rstrip().endswith("?"):
        return
    lookups = [
        act for act in reading.acts if act.done is not None and act.done < final.index and _looks_up(reading, act)
    ]
    empty = [(act, words) for act in lookups if (words := _empty(reading, act)) is not None]
    if not empty:
        return
    last, words = empty[-1]
    if any(act.done is not None and last.done is not None and act.done > last.done for act in lookups):
        return
    said = next((view for view in reading.decisions if view.index > (last.done or 0) and view.text.strip()), final)
    if HEDGE.search(said.text) or HEDGE.search(final.text):
        return
    step = reading.view(last.done or 0).step
    yield signal(
        DEFINITION.name,
        final.index,
        f"{last.tool} found nothing and the answer that follows does not say so",
        quote(step, words, "outputs") or quote(step, step.tool or step.name, "tool"),
        quote(final.step, final.text.strip().splitlines()[0], "outputs"),
        strength=1.0 if len(empty) == len(lookups) else 0.6,
    )


def _looks_up(reading: Reading, act: Act) -> bool:
    kind = reading.view(act.done).step.kind if act.done is not None else None
    return kind is StepKind.RETRIEVER or (act.role is ToolRole.READ and not act.failed)


def _empty(reading: Reading, act: Act) -> str | None:
    step = reading.view(act.done or 0).step
    if step.documents:
        return None
    return nothing_found(act.result or "")


DEFINITION = SignalDefinition(
    name="empty_retrieval",
    definition="The last look-up found nothing; neither the words that follow it nor the final answer hedge or ask.",
    weakness=(
        "A look-up whose empty result is the answer (no open tickets) is marked; hedges in other languages are missed."
    ),
    find=find,
    meant_for=INFORMED,
)
