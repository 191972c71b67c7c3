"""What a review item says in words: the question, the rubric, the answers."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

from ..model.reviews import Answer, ItemState, Label, Proposal, ReviewItem, Verdict
from ..services.reviewing.claiming import OpenReview
from ..services.reviewing.shown import what_it_decides, what_it_replaces, who_asked
from .answering import LABEL_SIGNS, LABEL_STYLES, LABEL_WORDS, AnswerForm
from .gate import cell, joined, lines, shown, shown_line
from .review_flow import Phase, ReviewFlow


def label_content(label: Label) -> Content:
    """`✗ fail`, in its colour."""
    return shown(f"{LABEL_SIGNS[label]} {LABEL_WORDS[label]}", LABEL_STYLES[label])


def question_content(opened: OpenReview, form: AnswerForm, *, brief: bool = False) -> Content:
    """The question, what passes and fails, and the marks so far; only the criterion to be answered where `brief`."""
    parts = [shown(opened.item.question, "bold")]
    criteria = opened.rubric.criteria if opened.rubric else ()
    several = len(criteria) > 1
    current = len(form.marks) if len(form.marks) < len(criteria) else None
    if several and brief:
        parts.append(_progress(form, len(criteria)))
    for place, criterion in enumerate(criteria):
        if brief and several and place != current:
            continue
        mark = Content("")
        if place < len(form.marks):
            mark = joined(label_content(form.marks[place]), Content(" "))
        elif place == current and several:
            mark = shown("▸ ", "bold $accent")
        if several or criterion.question != opened.item.question:
            parts.append(joined(mark, shown(criterion.question)))
        for word, text in (("pass", criterion.pass_when), ("fail", criterion.fail_when)):
            if text and (not brief or place == current):
                parts.append(joined(shown(f"{word}: ", "$quiet"), shown(text, "$quiet")))
    told = f"asked by {who_asked(opened.item)}. {what_it_decides(opened.item, opened.rubric)}"
    if opened.item.altered:
        parts.append(shown(opened.item.altered, "bold $error"))
    parts.append(shown(told, "$quiet"))
    if replaced := what_it_replaces(opened):
        parts.append(shown(replaced, "$warning"))
    if opened.item.note:
        parts.append(joined(shown("asked before: ", "$warning"), shown(opened.item.note)))
    return lines(*parts)


def _progress(form: AnswerForm, count: int) -> Content:
    """`✓ ✗ ▸ · ·  3 of 5`."""
    signs = [shown(LABEL_SIGNS[mark], LABEL_STYLES[mark]) for mark in form.marks]
    if len(signs) < count:
        signs += [shown("▸", "bold $accent"), *[shown("·", "$quiet")] * (count - len(signs) - 1)]
    said = f"  criterion {len(form.marks) + 1} of {count}" if len(form.marks) < count else "  all answered"
    return joined(Content(" ").join(signs), shown(said, "$quiet"))


def answer_content(answer: Answer, steps: Mapping[str, int] | None = None) -> Content:
    """`✗ fail, high` and below it all else that is signed; `steps` has the step number of a span."""
    head = label_content(answer.label)
    if answer.severity:
        head = joined(head, shown(f", {answer.severity.value}"))
    words = [
        joined(shown(f"{LABEL_SIGNS[entry.label]} ", LABEL_STYLES[entry.label]), shown(entry.criterion, "$quiet"))
        for entry in answer.criteria
    ]
    if answer.reason:
        words.append(shown(answer.reason))
    if answer.expected:
        words.append(joined(shown("expected: ", "$quiet"), shown(answer.expected)))
    if answer.cause is not None:
        words.append(joined(shown("cause: ", "$quiet"), shown(answer.cause.value.replace("_", " "))))
    if answer.cause_span is not None:
        number = (steps or {}).get(answer.cause_span)
        where = answer.cause_span if number is None else f"step {number}"
        words.append(joined(shown("went wrong in: ", "$quiet"), shown(where)))
    return lines(head, *words)


def to_sign_content(flow: ReviewFlow) -> Content:
    """What a signature is about to cover: the question, what it decides, and the answer."""
    assert flow.opened is not None and flow.draft is not None, "signing follows an answer"
    item = flow.opened.item
    decides = shown(what_it_decides(item, flow.opened.rubric), "$quiet")
    replaced = [shown(told, "$warning")] if (told := what_it_replaces(flow.opened)) else []
    answer = answer_content(flow.draft.final, flow.step_numbers())
    return lines(shown(item.question, "bold"), decides, *replaced, answer)


def proposal_content(proposal: Proposal | None, answer: Answer, steps: Mapping[str, int]) -> Content:
    """What the agent had proposed, and whether the reviewer agrees; `steps` has the step number of a span."""
    if proposal is None:
        return shown("No agent has proposed an answer.", "$quiet")
    agree = proposal.label is answer.label
    head = joined(
        shown("The agent proposed ", "bold"),
        label_content(proposal.label),
        shown(" (you agree)" if agree else " (you differ)", "bold"),
    )
    cited = [
        joined(
            shown(f"step {steps[entry.span_id]}: “" if entry.span_id in steps else "“", "$quiet"),
            shown_line(entry.quote, 200),
            shown("”", "$quiet"),
        )
        for entry in proposal.cited
    ]
    return lines(head, shown(proposal.explanation), *cited, shown(f"by {proposal.proposed_by}", "$quiet"))


def why_asked(item: ReviewItem, *, answered: bool) -> str:
    """Why an item waits, in words that do not answer it.

    What an assistant writes there is often its conclusion ("45 days stand in no source"), which is hidden until the
    reviewer has answered, as its proposal is. A rule's choice is told without saying which of its parts drew the run,
    since "drawn at random" and "a check noticed" would say what to expect; what rules found stands beside the steps as
    evidence. A person's words are the context that they owe the reviewer.
    """
    kind, _, name = item.requested_by.partition(":")
    if answered or kind == "human":
        return item.reason or "picked by hand"
    if item.reopens is not None:
        return "it was answered before, and the rubric has changed since"
    if kind == "rule":
        return f"the rule {name} picked this run"
    return "an assistant picked it; why is shown after your answer"


def item_row(item: ReviewItem, width: int) -> Content:
    """One row of the queue."""
    held = f"{item.answered}/{item.overlap}" + (" held" if item.claimed else "")
    return joined(
        cell(item.short_id, 7, "bold"),
        cell(held, 10, "$quiet"),
        cell(item.question, max(width - 17, 10)),
    )


def item_facts(item: ReviewItem) -> Content:
    """Why an item waits, and who asked."""
    subject = f"T{item.trace_id}" if item.trace_id is not None else f"session {item.session}"
    facts = [subject, f"rubric {item.rubric}", f"asked by {item.requested_by}", item.created_at[:16].replace("T", " ")]
    decided = item.state in (ItemState.DECIDED, ItemState.CLOSED)
    why = shown(f"why: {why_asked(item, answered=decided)}")
    rows = [shown(item.question, "bold"), why, shown(" · ".join(part for part in facts if part), "$quiet")]
    if item.altered:
        rows.append(shown(item.altered, "bold $error"))
    if item.note:
        rows.append(joined(shown("question back: ", "$warning"), shown(item.note)))
    return lines(*rows)


def signed_content(verdict: Verdict) -> Content:
    """What was signed and whether it counts."""
    if verdict.confirmed:
        return joined(
            shown(f"{verdict.short_id} signed by {verdict.reviewer_name}. ", "bold $verdict-pass"),
            shown("It counts from now on."),
        )
    return joined(shown(f"{verdict.short_id} is {verdict.state.value}: ", "bold $error"), shown(verdict.state_reason))


def answer_words(flow: ReviewFlow, phase: Phase) -> tuple[Content, Content]:
    """What stands beside the conversation: the answer so far, and the keys that go on from here."""
    if phase is Phase.WRITING:
        label = flow.form.label
        assert label is not None, "writing begins when every criterion has a mark"
        severity = shown(f", {flow.form.severity.value}") if label is Label.FAIL else Content("")
        return joined(label_content(label), severity), shown("Enter keeps the answer · esc goes back", "$quiet")
    if phase is Phase.REVEALED:
        assert flow.draft is not None, "a proposal is shown after an answer"
        parts = [shown("Your answer", "bold"), answer_content(flow.draft.final, flow.step_numbers())]
        if flow.draft.switched:
            parts.append(shown(f"first answer: {LABEL_WORDS[flow.draft.first.label]} (kept too)", "$quiet"))
        if flow.opened is not None and flow.opened.item.reason:
            parts.append(shown(f"asked because: {why_asked(flow.opened.item, answered=True)}", "$quiet"))
        parts += [Content(""), proposal_content(flow.proposal, flow.draft.final, flow.step_numbers()), Content("")]
        change = keys_line(("p f c", "change it"), ("w", "its words"), ("u", "undo"))
        return lines(*parts), lines(keys_line(("S", "sign your answer as it is")), change)
    if phase is Phase.SIGNED:
        assert flow.verdict is not None
        return signed_content(flow.verdict), keys_line(("n", "next item"), ("esc", "to the queue"))
    keys = lines(
        keys_line(("p", "pass"), ("f", "fail"), ("c", "can't tell")),
        keys_line(("1 2 3 4", "fail: low … critical")),
        keys_line(("s", "skip"), ("b", "ask back"), ("e", "evidence")),
        shown("What the agent proposed is shown after you have answered.", "$quiet"),
    )
    return shown("Your answer", "bold"), keys


def keys_line(*keys: tuple[str, str]) -> Content:
    """Keys with what they do."""
    parts = [joined(shown(key, "bold $accent"), shown(f" {words}")) for key, words in keys]
    return Content("  ").join(parts)
