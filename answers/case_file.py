"""A case file as text inside a budget: what failed, outline, log, sources, difference, three hypotheses.

Trace text stands inside the fence; what would prove or refute a hypothesis, and the calls that decide, stand outside
and name steps by number only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..analysis.case_file.model import CaseFile, Check, ConfirmedCause, Contrast, Hypothesis, Nearest, Origin, Origins
from ..analysis.evidence.clue import Kind
from ..model.findings import Basis
from ..model.text.budget import CHARACTERS_PER_TOKEN, clip, ranges, spelled
from ..model.text.fence import FENCE_COST, fenced, inert_line
from ..model.text.jsontext import as_text
from ..model.traces import Annotation, JsonValue, Outcome
from ..services.understanding.step_texts import SUSPECT, ToldStep
from .outcome import told_outcome
from .outlining import outline_rows
from .step_lines import StepLine, step_lines

BUDGET = 1_500
_LEAST_OUTLINE = 900
_TIGHT = 0.6
"""Below this scale only the first call's sources are shown."""
_REPEATS = 3
_OPENING = 16
"""More steps of one kind than `_REPEATS` that begin with the same characters are a template."""
_DULL = 0.5
_SPREAD = 0.2
_WORDS = 220
"""Characters of what was asked and answered."""
_QUOTE = 110
_VALUE = 64


def case_text(case: CaseFile, told: Sequence[ToldStep], *, budget: int = BUDGET) -> str:
    """The case file for a model.

    Args:
        case: What is known of the run.
        told: All of its steps in words.
        budget: Tokens, of four characters each, for everything; below some 1,000 texts are cut hard.
    """
    room = budget * CHARACTERS_PER_TOKEN
    for scale in (1.0, 0.7, 0.5, 0.35):
        head, before, after = _head(case), list(_before(case, scale)), list(_after(case, scale))
        tests = _tests(case)
        used = FENCE_COST + len("\n".join((head, *before, *after, tests))) + len(_OUTLINE) + 4
        if room - used >= _LEAST_OUTLINE * scale:
            break
    rows, _, _ = outline_rows(_lines(case, told), max(room - used, 200))
    return "\n".join((head, fenced([*before, _OUTLINE, *rows, *after]), tests))


def _lines(case: CaseFile, told: Sequence[ToldStep]) -> list[StepLine]:
    """Lines of steps, weighed so that what repeats folds first and the rest is kept from the whole of the run."""
    lines = step_lines(told, case.signals, [hypothesis.step for hypothesis in case.hypotheses])
    openings = Counter(_opening(line) for line in lines)
    above = {words[0] for words in (case.asked, case.answered) if words is not None}
    weighed = []
    for place, line in enumerate(lines):
        repeats = openings[_opening(line)] > _REPEATS and line.weight < SUSPECT
        texts = ("(above)",) if line.index in above else line.texts
        weight = (_DULL if repeats else line.weight) - _SPREAD * _spread(place)
        weighed.append(replace(line, weight=weight, texts=texts))
    return weighed


def _opening(line: StepLine) -> tuple[str, str]:
    return line.head.partition(" ")[2], line.texts[0][:_OPENING] if line.texts else ""


def _spread(place: int) -> float:
    """0 to 1, such that the smallest of any number of places lie evenly: the bits of the place in reverse."""
    return int(f"{place:016b}"[::-1], 2) / (1 << 16)


_OUTLINE = "# outline"


def _head(case: CaseFile) -> str:
    """What Retrospan itself says of the run; holds no trace text."""
    summary, report = case.trace.summary, case.report
    facts = [f"Case {summary.short_id}", told_outcome(summary), f"{summary.step_count} steps"]
    facts += [f"verdict {summary.verdict}"] if summary.verdict else []
    if summary.outcome is Outcome.PASS:
        found = "It is known to have passed: nothing is accused; what follows is a reading order."
    elif report.position_only:
        found = "POSITION ONLY: nothing wrong was found in it. The hypotheses are a reading order, not findings."
    elif report.enough_evidence:
        found = f"Evidence: enough to name a step. {report.note or ''}"
    else:
        found = f"NOT ENOUGH EVIDENCE to accuse it. {report.note or ''}"
    return f"{' · '.join(facts)}\n{found.strip()}"


def _before(case: CaseFile, scale: float) -> Iterator[str]:
    yield from (_said(item, scale) for item in case.said)
    for name, words in (("asked", case.asked), ("answered", case.answered)):
        if words is not None:
            yield f"{name} {words[0]}: {_cut(words[1], _WORDS * scale)}"


def _said(item: Annotation, scale: float) -> str:
    value = " ".join(filter(None, (item.label, None if item.score is None else f"{item.score:g}")))
    because = f": {_cut(item.explanation, _QUOTE * scale)}" if item.explanation else ""
    return f"said by {item.annotator_kind.value}: {_cut(item.name, 40)} {_cut(value, 40)}{because}".rstrip()


def _after(case: CaseFile, scale: float) -> Iterator[str]:
    yield "# log: rule broken · step · quote"
    yield from (_check(check, scale) for check in case.broken)
    if not case.broken:
        yield "no rule was found broken"
    if case.holding:
        yield f"holds: {'; '.join(case.holding)}"
    for origins in case.origins if scale > _TIGHT else case.origins[:1]:
        yield from _origins(origins, scale)
    if case.nearest is not None:
        yield from _nearest(case.nearest, scale)
    if case.confirmed:
        yield "# causes that people signed on alike runs"
        yield from (_confirmed(cause, scale) for cause in case.confirmed)
    yield "# hypotheses, likeliest first"
    yield from (_claim(number, item, scale) for number, item in enumerate(case.hypotheses, 1))
    if not case.hypotheses:
        yield "none: no step stands out"


def _check(check: Check, scale: float) -> str:
    where = "run" if check.step is None else str(check.step)
    mended = " (mended later)" if check.mended else ""
    return f"{check.rule} · {where} · {_cut(check.quote, _QUOTE * scale)}{mended}"


def _origins(origins: Origins, scale: float) -> Iterator[str]:
    what = _cut(origins.tool, 40) if origins.tool else "answer"
    yield f"# sources of {origins.step} {what} ({origins.because})"
    common = [item for item in origins.values if not item.traced]
    yield from (_origin(item, scale) for item in origins.values if item.traced)
    if common:
        yield f"too common to trace: {', '.join(_value(item, 0.5) for item in common)}"


def _origin(item: Origin, scale: float) -> str:
    by = [f"person {item.person}"] if item.person is not None else []
    if item.result is not None:
        by.append(f"result {item.result} {_cut(item.tool or '', 30)}".rstrip())
    by += [f"instructions {item.instructions}"] if item.instructions is not None else []
    if not by and item.agent is not None:
        by.append(f"only the agent itself, {item.agent}")
    beside = ", ".join(_cut(other, 24) for other in item.instead)
    also = f"; there also: {beside}" if beside else ""
    return f"{_value(item, scale)} ← {', '.join(by) or 'NOWHERE before'}{also}"


def _value(item: Origin, scale: float) -> str:
    value = _cut(as_text(item.value), _VALUE * scale)
    return f"{_cut(item.name, 40)}={value}" if item.name else value


def _nearest(nearest: Nearest, scale: float) -> Iterator[str]:
    other = nearest.trace
    quality = "passed" if other.outcome is Outcome.PASS else "no failure signal"
    yield f"# against {other.short_id} ({quality}; {nearest.of} good runs): this run | that run (like it)"
    yield from (_contrast(item, nearest.of, scale) for item in nearest.contrasts)
    if not nearest.contrasts:
        yield "no difference in calls, arguments or answer"


def _contrast(item: Contrast, of: int, scale: float) -> str:
    like = "" if item.like is None else f" ({item.like} of {of})"
    where = _cut(item.path or item.kind, 50)
    ours = "does not" if item.kind == "only_right" else _shown(item.before, scale)
    theirs = "does not" if item.kind == "only_left" else _shown(item.after, scale)
    places = "–" if item.ours is None else str(item.ours), "–" if item.theirs is None else str(item.theirs)
    head = f"{places[0]}|{places[1]} {_cut(item.tool, 30)} {where}".replace("  ", " ")
    return f"{head}: {ours} | {theirs}{like}"


def _shown(value: JsonValue, scale: float) -> str:
    return "absent" if value is None else _cut(as_text(value)[:600], 1.6 * _VALUE * scale)


def _confirmed(cause: ConfirmedCause, scale: float) -> str:
    what = " ".join(filter(None, (cause.tool and _cut(cause.tool, 30), cause.cause and cause.cause.value)))
    return f"{cause.trace}.{cause.step} {what}: {_cut(cause.reason, _QUOTE * scale)}"


def _claim(number: int, item: Hypothesis, scale: float) -> str:
    cause = "" if item.basis is Basis.POSITION else f" [{item.cause.value}]"
    quote = f" “{_cut(item.quote, _QUOTE * scale)}”" if item.quote else ""
    return f"{number}. {item.step} {_cut(item.what, 50)}: {_cut(item.claim, 1.5 * _QUOTE * scale)}{cause}{quote}"


def _tests(case: CaseFile) -> str:
    """What proves or refutes each hypothesis; those of places share one sentence."""
    name = case.trace.summary.short_id
    lines: list[str] = []
    places = [number for number, item in enumerate(case.hypotheses, 1) if item.kind is Kind.PLACE]
    for number, item in enumerate(case.hypotheses, 1):
        if item.kind is not Kind.PLACE:
            lines.append(f"{number}. true if {item.true_if}; refuted if {item.refuted_if}.")
        elif number == places[0]:
            lines.append(f"{spelled(ranges(places))}. {_PLACES}")
        lines.append(f'   {number} decides: get_trace(trace="{name}", steps="{spelled(ranges(item.look))}")')
    return "\n".join([*lines, _NEXT.format(name=name)])


_PLACES = (
    "true if what the step says or passes on is wrong or incomplete and later steps build on it; refuted if a later "
    "step corrects it or does without it."
)
_NEXT = (
    'Then propose_verdict(subject="{name}", cited=[…], refused=[…]). Blame the step that decided, not where it shows; '
    "if the steps do not tell, say so."
)


def _cut(text: str, width: float) -> str:
    return clip(inert_line(text[:2_000]), max(int(width), 12))
