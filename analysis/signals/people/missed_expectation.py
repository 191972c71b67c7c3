"""A check that came with the run says which call, change or answer it expected, and the run did otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ....model.findings import Evidence, Signal
from ....model.reading.scores import said_by
from ....model.text.jsontext import as_text, parse_if_json, scalars
from ....model.traces import Annotation, AnnotatorKind, JsonValue, Outcome
from ...effects import Effect
from ...reading import Act, Reading
from ...run_kinds import SERVICE, RunKind
from ...texts.quotes import quote
from ...tools.tool_roles import ToolRole, infer_tool
from ..definition import SignalDefinition, signal

_CUT = re.compile(r"(?i)max[_ ]?(?:steps|turns|iterations|errors)|limit|time[_ ]?out|too[_ ]many|infra")
_NOT_MET = frozenset({"not met", "not_met"})
_GIVEN = ("arguments", "kwargs", "args", "parameters")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class _Expected:
    """A call that a check names, and whether it found it."""

    name: str
    arguments: JsonValue
    met: bool


def find(reading: Reading) -> Iterator[Signal]:
    notes = [note for note in reading.trace.annotations if note.span_id is None]
    failing = [note for note in notes if _fails(note)]
    if not failing or any(_CUT.search(note.explanation or "") for note in failing):
        return  # what stopped the run from outside has judged it too
    expected = list(_calls_expected(notes))
    if expected:
        yield from _other_calls(reading, expected, notes)
    elif reading.kind in (RunKind.CHAT, RunKind.RETRIEVAL):
        yield from _other_answer(reading, failing, notes)


def _fails(note: Annotation) -> bool:
    """Judged by a program and bad: as `negative_feedback` reads it, Inspect's letter included."""
    lettered = (note.source, note.label) == ("inspect", "I")
    by_program = note.annotator_kind is AnnotatorKind.CODE and not note.is_expectation
    return by_program and (lettered or said_by(note) is Outcome.FAIL)


def _calls_expected(notes: list[Annotation]) -> Iterator[_Expected]:
    for note in notes:
        told = parse_if_json(note.explanation or "")
        if isinstance(told, dict) and isinstance(name := told.get("name"), str) and told.get("requestor") != "user":
            given = next((told[key] for key in _GIVEN if key in told), None)
            yield _Expected(name, given, (note.label or "").casefold() not in _NOT_MET)


def _other_calls(reading: Reading, expected: list[_Expected], notes: list[Annotation]) -> Iterator[Signal]:
    """The first change that no expectation names; where there is none, the change that was never made."""
    made = [
        act for act in reading.acts if act.effect is Effect.WRITE and not act.failed and not _is_users(reading, act)
    ]
    wrong = [act for act in made if not any(_is(act, item) for item in expected)]
    unmet = [item for item in expected if not item.met]
    for act in [act for act in wrong if act.role is not ToolRole.HANDOVER][:2]:
        instead = next((item for item in unmet if item.name == act.tool), None)
        told = (
            f"the run's own check expected {_difference(act, instead)}"
            if instead
            else "the run's own check expects no such change"
        )
        yield signal(DEFINITION.name, act.step, f"{act.tool}: {told}", *_evidence(reading, act), strength=0.9)
    missing = [item for item in unmet if infer_tool(item.name).role is ToolRole.WRITE]
    if not wrong or all(act.role is ToolRole.HANDOVER for act in wrong):
        yield from _never_made(reading, missing, wrong, notes)


def _never_made(
    reading: Reading, missing: list[_Expected], handed_over: list[Act], notes: list[Annotation]
) -> Iterator[Signal]:
    unsaid = [note for note in notes if (note.label or "").casefold() in _NOT_MET and note.explanation]
    unsaid = [note for note in unsaid if not isinstance(parse_if_json(note.explanation or ""), dict)]
    final = reading.final
    tried = [act for act in reading.acts if act.failed and any(act.tool == item.name for item in missing)]
    if missing:
        at = tried[-1] if tried else handed_over[0] if handed_over else None
        told = f"the run's own check expected {missing[0].name}, which was never done"
        shown = _evidence(reading, at) if at is not None else ()
        words = quote(final.step, final.text.strip()[:240], "outputs") if final else None
        step = at.step if at is not None else final.index if final else None
        yield signal(DEFINITION.name, step, told, *shown, words, strength=0.9)
    elif unsaid and final is not None:
        told = f"the run's own check looked for {unsaid[0].explanation!r} in the answer"
        yield signal(DEFINITION.name, final.index, told, quote(final.step, final.text.strip()[:240], "outputs"))


def _other_answer(reading: Reading, failing: list[Annotation], notes: list[Annotation]) -> Iterator[Signal]:
    """An answer without any change, judged against what was expected."""
    wanted = [note.label or note.explanation or "" for note in notes if note.is_expectation]
    final = reading.final
    if final is None or not wanted or any(act.effect is Effect.WRITE for act in reading.acts):
        return
    told = f"{failing[0].name} calls the answer wrong; expected was {wanted[0][:_SHOWN]!r}"
    evidence = quote(final.step, final.text.strip()[:160], "outputs")
    yield signal(DEFINITION.name, final.index, told, evidence, strength=0.7)


def _is(act: Act, item: _Expected) -> bool:
    return act.tool == item.name and not _differing(act.arguments, item.arguments)


def _differing(made: JsonValue, wanted: JsonValue) -> list[str]:
    """Names of arguments that differ, numbers and their text taken as equal."""
    if not isinstance(made, Mapping) or not isinstance(wanted, Mapping):
        return [] if as_text(made) == as_text(wanted) else ["arguments"]
    names = [name for name in wanted if _spelt(made.get(name)) != _spelt(wanted[name])]
    return names + [name for name in made if name not in wanted]


def _spelt(value: JsonValue) -> list[str]:
    return sorted(f"{path}={str(item).casefold()}" for path, item in scalars(value))


def _difference(act: Act, item: _Expected) -> str:
    names = _differing(act.arguments, item.arguments)[:2]
    wanted = item.arguments if isinstance(item.arguments, Mapping) else {}
    return "; ".join(f"{name} = {as_text(wanted.get(name))[:_SHOWN]}" for name in names)


def _is_users(reading: Reading, act: Act) -> bool:
    return act.done is not None and reading.view(act.done).step.agent == "user"


def _evidence(reading: Reading, act: Act) -> tuple[Evidence | None, ...]:
    step = reading.view(act.step).step
    values = [str(item) for _, item in scalars(act.arguments)]
    return (quote(step, as_text(act.arguments)[:240], "arguments"), *(quote(step, value) for value in values[:1]))


DEFINITION = SignalDefinition(
    name="missed_expectation",
    definition=(
        "A check that came with the run judged it bad and says what it expected: a call with other arguments, a change "
        "that was never made or that nothing expects, words that the answer lacks, another answer."
    ),
    weakness="As right as the expectation: a test may expect what its question does not ask for.",
    find=find,
    meant_for=SERVICE,
)
