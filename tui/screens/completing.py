"""The engineer's part of a verdict, in three questions: the cause, the step, the signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model.errors import UsageError
from ...model.findings import CauseClass
from ...model.reviews import Label, ReviewItem, Verdict
from ...services.reviewing.completing import complete_verdict, completion_of
from ...services.understanding.explaining import explain_trace
from ...store.contract import Store
from ...store.reviews.verdicts import list_verdicts, subject_ids
from ...trust.session import ReviewSession
from ..gate import lines, shown
from .ask import LineScreen
from .cause import CAUSE_WORDS, CauseScreen
from .sign import SignScreen

if TYPE_CHECKING:
    from .base import AppScreen


@dataclass(frozen=True, slots=True)
class EngineersPart:
    """What is known before an engineer says anything: what was said before, else what the evidence suggests."""

    verdict: Verdict
    cause: CauseClass | None
    step: str
    """`T412.7`; empty where nothing points at one."""


def engineers_part(store: Store, item: ReviewItem) -> EngineersPart:
    """The newest fail of an item that counts, with what it says of step and cause, else the first suspect.

    Raises:
        UsageError: if the item has no such verdict.
    """
    fails = [v for v in list_verdicts(store, item_id=item.id) if v.confirmed and v.answer.label is Label.FAIL]
    if not fails:
        raise UsageError(f"{item.short_id} has no signed fail, so there is no cause to name.")
    verdict = fails[-1]
    former = completion_of(store, verdict)
    cause = (former.cause if former else None) or verdict.answer.cause
    span = (former.cause_span if former else None) or verdict.answer.cause_span
    explained = [explain_trace(store, trace_id) for trace_id in subject_ids(store, verdict)]
    for entry in explained:
        for step in entry.trace.steps:
            if step.span_id == span:
                return EngineersPart(verdict, cause, f"{entry.trace.summary.short_id}.{step.index}")
    suspects = [(s, entry) for entry in explained for s in entry.report.suspects[:1] if entry.report.enough_evidence]
    if not suspects:
        return EngineersPart(verdict, cause, "")
    first, where = max(suspects, key=lambda pair: pair[0].score)
    return EngineersPart(verdict, cause or first.cause, f"{where.trace.summary.short_id}.{first.step}")


def complete(screen: AppScreen, part: EngineersPart) -> None:
    """Ask an engineer for cause and step, and sign them beside the expert's answer."""
    name = part.verdict.short_id

    def caused(cause: CauseClass | None) -> None:
        if cause is not None:
            asked = LineScreen(
                f"In which step did {name} go wrong?", "T412.7, or - for none · esc cancels", value=part.step
            )
            screen.app.push_screen(asked, lambda step: sign(cause, step))

    def sign(cause: CauseClass, step: str | None) -> None:
        if step is None:
            return
        where = None if step == "-" else step
        what = lines(
            shown(f"The engineer's part of {name}", "bold"),
            shown(f"cause: {cause.value.replace('_', ' ')}, {CAUSE_WORDS[cause]}"),
            shown(f"step: {where or 'none named'}"),
        )

        def confirm(session: ReviewSession) -> None:
            sheet = SignScreen(session.name, what)
            screen.app.push_screen(sheet, lambda agreed: keep(session, cause, where) if agreed else None)

        screen.desk.with_session(confirm)

    def keep(session: ReviewSession, cause: CauseClass, step: str | None) -> None:
        screen.in_background(
            lambda: complete_verdict(screen.store, session, part.verdict.uid, cause=cause, step=step),
            lambda _: screen.tell(f"Signed: the cause of {name} is {cause.value.replace('_', ' ')}."),
            group="complete",
        )

    screen.app.push_screen(CauseScreen(f"From what cause did {name} go wrong?", part.cause), caused)
