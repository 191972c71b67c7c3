"""The validation log: which rules the run broke, where, with a quotation; and which it kept."""

from __future__ import annotations

from collections.abc import Iterator

from ...model.findings import Signal
from ...model.text.jsontext import as_text
from ..effects import Effect, hands_over
from ..evidence.changes import changes_of
from ..evidence.enough import Known, witnesses
from ..evidence.inquiry import Inquiry
from ..evidence.writes import confirmed
from ..reading import Act, got_over, mended
from .model import Check

_MOST = 8
_ERRORS = frozenset({"tool_error", "error_in_result"})


def checks_of(case: Inquiry) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """Rules that were broken, at most eight in reading order, mended ones left out first; and rules that hold."""
    found = [*_about_all(case), *_changes(case), *_signals(case)]
    found.sort(key=lambda check: (check.mended, check.step is not None))
    kept = sorted(found[:_MOST], key=lambda check: -1 if check.step is None else check.step)
    return tuple(kept), tuple(_holding(case, {check.rule for check in found}))


def _about_all(case: Inquiry) -> Iterator[Check]:
    told = witnesses(case)
    if told.known is Known.PASSED and told.against:
        yield Check("changes_as_in_passed_runs", None, f"{told.against} of {told.of} passed runs made other changes")
    elif told.known is Known.NONE_PASSED:
        yield Check("some_alike_run_passed", None, f"{told.against} of {told.of} alike runs failed, none passed")
    elif told.known is Known.UNKNOWN and told.accuse:
        yield Check("changes_as_in_alike_runs", None, f"{told.against} of {told.of} alike runs agree on other changes")


def _changes(case: Inquiry) -> Iterator[Check]:
    for act in case.reading.acts:
        if act.effect is not Effect.WRITE or hands_over(act.tool):
            continue
        if act.failure or act.declared_failure:
            yield Check("change_accepted", act.step, act.failure or act.tool, mended(case.reading, act))
        elif act.asked is not None and not confirmed(case, act.asked):
            yield Check("yes_before_change", act.step, as_text(act.arguments))


def _signals(case: Inquiry) -> Iterator[Check]:
    by_done = {act.done: act for act in case.reading.acts if act.done is not None}
    seen: set[tuple[str, int | None]] = set()
    for signal in case.signals:
        act = None if signal.step is None else by_done.get(signal.step)
        if (signal.signal, signal.step) in seen or not (signal.failure or signal.signal in _ERRORS):
            continue
        if signal.signal in _ERRORS and act is not None and act.effect is Effect.WRITE:
            continue
        seen.add((signal.signal, signal.step))
        yield Check(signal.signal, signal.step, _words(signal), _is_mended(case, signal, act))


def _is_mended(case: Inquiry, signal: Signal, act: Act | None) -> bool:
    return signal.signal in _ERRORS and act is not None and bool(got_over(case.reading, act))


def _words(signal: Signal) -> str:
    own = next((item.quote for item in signal.evidence if item.step == signal.step), None)
    return own or (signal.evidence[0].quote if signal.evidence else signal.reason)


def _holding(case: Inquiry, broken: set[str]) -> Iterator[str]:
    reading = case.reading
    if reading.acts and not any(act.failure or act.declared_failure for act in reading.acts):
        yield "no call failed"
    changes = changes_of(reading)
    if changes and "yes_before_change" not in broken and len(reading.user_turns) > 1:
        yield "each change had a yes before it"
    handed = [use for use in case.uses if use.tool]
    if handed and all(use.grounded for use in handed):
        yield "each value handed to a tool was shown before"
    told = witnesses(case)
    if told.known is Known.PASSED and not told.against:
        yield f"changes as in all {told.of} passed runs"
    if reading.final is not None and "unfinished" not in broken:
        yield "the run ends with an answer"
