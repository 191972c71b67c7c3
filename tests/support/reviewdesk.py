"""A desk where reviewers judge the runs of a refund agent."""

from __future__ import annotations

from retrospan.model.cases import Case
from retrospan.model.reviews import Answer, Label, Verdict
from retrospan.model.traces import Message, Span, SpanBatch, StepKind, ToolCall
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.claiming import OpenReview, open_review
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.services.reviewing.deciding_questions import mark_deciding
from retrospan.services.reviewing.people import add_reviewer, unlock_reviewer
from retrospan.store.contract import Store
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import refresh
from retrospan.trust.keys import KdfCost
from retrospan.trust.session import ReviewSession

PASSPHRASE = "correct horse battery"
QUESTION = "Did the reply promise a refund window that no source contains?"


def untried(store: Store, case: Case) -> str:
    """A trial that any case passes, for tests of what comes after it."""
    return ""


def refund_run(key: str, answer: str, project: str = "support") -> list[Span]:
    """A run of three steps: look up the policy, read it, answer."""
    ask = Message("user", "Can I still return order 204?")
    call = Message("assistant", tool_calls=(ToolCall("get_policy", {"topic": "refund"}, "c1"),))
    found = Message("tool", "Refunds within 30 days.", tool_call_id="c1")
    first = Span(key, "a1", "chat", StepKind.LLM, sequence=0, started_at_ns=1_000, ended_at_ns=2_000, project=project)
    first.input_messages, first.output_messages = (ask,), (call,)
    tool = Span(key, "a2", "get_policy", StepKind.TOOL, sequence=1, started_at_ns=3_000, project=project)
    tool.tool, tool.inputs, tool.outputs = "get_policy", {"topic": "refund"}, "Refunds within 30 days."
    last = Span(key, "a3", "chat", StepKind.LLM, sequence=2, started_at_ns=5_000, ended_at_ns=6_000, project=project)
    last.input_messages, last.output_messages = (ask, call, found), (Message("assistant", answer),)
    return [first, tool, last]


class Desk:
    """A store with two runs (T1 promises 45 days, T2 keeps to the policy) and people who judge them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.add_run("run-1", "You have 45 days to return it.")
        self.add_run("run-2", "You have 30 days.")

    def add_run(self, key: str, answer: str) -> None:
        commit_batch(self.store, SpanBatch(spans=refund_run(key, answer)))
        refresh(self.store)

    def add_late_span(self, key: str) -> None:
        late = Span(key, "a4", "send_email", StepKind.TOOL, sequence=3, started_at_ns=9_000, project="support")
        late.tool, late.outputs = "send_email", "sent"
        commit_batch(self.store, SpanBatch(spans=[late]))
        refresh(self.store)

    def reviewer(self, name: str = "Ada", *, pin: bool = True) -> ReviewSession:
        """A reviewer of this user, unlocked; pinned unless told otherwise."""
        add_reviewer(self.store, name, PASSPHRASE, pin=pin, cost=KdfCost(n=2**10))
        return self.unlock(name)

    def unlock(self, name: str) -> ReviewSession:
        """The session of a reviewer who was added before."""
        return unlock_reviewer(name, PASSPHRASE)

    def open(self, session: ReviewSession, trace: str = "T1", *, overlap: int = 1) -> OpenReview:
        """An item on the trace in the reviewer's hands."""
        item = request_review(self.store, trace, QUESTION, by="agent:test", overlap=overlap)
        if not item.decides:
            mark_deciding(self.store, item.id, by="human:Eve")
        return open_review(self.store, item.id, session.fingerprint)

    def decide(
        self, session: ReviewSession, label: Label = Label.FAIL, trace: str = "T1", *, overlap: int = 1
    ) -> Verdict:
        """A signed verdict on the trace."""
        review = self.open(session, trace, overlap=overlap)
        give_answer(self.store, review.claim, Answer(label, reason="The policy says 30 days."))
        return sign_verdict(self.store, session, review)
