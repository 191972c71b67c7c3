"""Three hypotheses from the ranking: what would prove each, what would refute it, and the few steps that decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..evidence.clue import Clue, Kind
from ..evidence.inquiry import Inquiry
from ..suspects import Ranked
from .model import Hypothesis, Origins

_MOST = 3
_LOOK = 5
_TESTS = {
    Kind.ARGUMENT: (
        "what was asked or shown before {step} leads to the value of the good runs",
        "a person asked for the very value that {step} hands over",
    ),
    Kind.EXTRA_CHANGE: (
        "nobody asked for this change, or said yes to it, before {step}",
        "a person asked for it in so many words and no rule forbids it",
    ),
    Kind.MISSING_CHANGE: (
        "a person asked for that change and nothing forbids it",
        "the request was withdrawn, or a rule or result forbids the change",
    ),
    Kind.WITH_FAILURE: (
        "later steps build on {step} and end in what failed",
        "a run that went well does the same and nothing later rests on it",
    ),
    Kind.SIGNAL: (
        "nothing before {step} bears it out and the end would differ had {step} done otherwise",
        "a later step makes it good, or the end would be the same",
    ),
    Kind.UNSOURCED: (
        "nothing before {step} holds the value or lets it be worked out, and the end rests on it",
        "it follows from what was shown (another spelling, a sum, a date), or nothing later uses it",
    ),
    Kind.REFUSED: (
        "the refusal names what {step} got wrong and no later call puts that right",
        "a later call does rightly what was meant here",
    ),
    Kind.UNCONFIRMED: (
        "the agent's rules ask for a yes and the last words before {step} are none",
        "the person had agreed to exactly this, or no rule asks for a yes",
    ),
    Kind.BROKEN_OFF: (
        "what was asked had not been done when the run broke off at {step}",
        "the work was complete before it broke off",
    ),
    Kind.UNANSWERED: (
        "the words at {step} ask for something that was never done",
        "they only close the conversation",
    ),
    Kind.CHANGE: (
        "a value of this change is not what was asked, or a rule forbids the change",
        "every value is as asked and the rules allow it",
    ),
    Kind.PLACE: (
        "what {step} says or passes on is wrong or incomplete and later steps build on it",
        "a later step checks and corrects it, or does without it",
    ),
}


def hypotheses_of(case: Inquiry, ranked: Sequence[Ranked], origins: Sequence[Origins]) -> tuple[Hypothesis, ...]:
    """The first three suspects, each with its tests and the steps that decide."""
    return tuple(_hypothesis(case, entry, origins) for entry in ranked[:_MOST])


def proofs_of(kind: Kind, step: int) -> tuple[str, str]:
    """What would prove and what would refute a suspicion of this kind, in words that name steps alone."""
    true_if, refuted_if = _TESTS[kind]
    return true_if.format(step=step), refuted_if.format(step=step)


def _hypothesis(case: Inquiry, ranked: Ranked, origins: Sequence[Origins]) -> Hypothesis:
    suspect, clues = ranked
    leading = next(clue for clue in clues if clue.basis is suspect.basis)
    step = case.reading.view(suspect.step).step
    asked = next((act.tool for act in case.reading.acts if act.step == suspect.step), None)
    true_if, refuted_if = proofs_of(leading.kind, suspect.step)
    quotes = [*leading.evidence, *suspect.evidence]
    return Hypothesis(
        suspect.step,
        " ".join(filter(None, (step.kind.value, asked or step.tool or suspect.agent))),
        leading.reason,
        suspect.cause,
        suspect.basis,
        leading.kind,
        quotes[0].quote if quotes else "",
        true_if,
        refuted_if,
        _look(case, leading, origins),
    )


def _look(case: Inquiry, leading: Clue, origins: Sequence[Origins]) -> tuple[int, ...]:
    """The step itself, what it rests on, and what was said to it; at most five, in order."""
    at, turns = leading.step, [i for i, _ in case.reading.user_turns]
    wanted = [at]
    for item in (item for entry in origins if entry.step == at for item in entry.values):
        wanted += [i for i in (item.person, item.result) if i is not None]
    wanted += [item.step for item in leading.evidence]
    before = [i for i in turns if i < at]
    if leading.kind is Kind.MISSING_CHANGE:
        wanted += [*turns[:1], *turns[-1:]]
    elif leading.kind is Kind.PLACE:
        wanted += _around(case, at)
    elif before:
        wanted.append(before[-1])
    wanted += [act.done for act in case.reading.acts if act.step == at and act.done is not None]
    return tuple(sorted(_first(wanted, _LOOK)))


def _around(case: Inquiry, at: int) -> list[int]:
    """The step before and the step after."""
    indices = [view.index for view in case.reading.views]
    place = indices.index(at)
    return [*indices[max(place - 1, 0) : place], *indices[place + 1 : place + 2]]


def _first(steps: Iterable[int], most: int) -> list[int]:
    return list(dict.fromkeys(steps))[:most]
