"""How items, answers and people who ask are called to those who judge: one place for both faces."""

from __future__ import annotations

from ...model.reviews import ItemState, Label, Severity, Verdict

LABEL_WORDS = {Label.PASS: "all is well", Label.FAIL: "something is wrong", Label.CANT_TELL: "cannot tell"}
SEVERITY_WORDS = {
    Severity.LOW: "a blemish",
    Severity.MEDIUM: "wrong, with little harm",
    Severity.HIGH: "wrong, with harm",
    Severity.CRITICAL: "dangerous, or against the law",
}
STATE_WORDS = {
    ItemState.OPEN: "waits",
    ItemState.NEEDS_ANSWER: "waits for an answer to a question",
    ItemState.DISPUTED: "was answered differently by different people",
    ItemState.DECIDED: "is decided",
    ItemState.CLOSED: "was taken out of the queue",
}


def asker_words(requested_by: str) -> str:
    """Who asked, for a person: `human:Ada` is Ada, a rule is the team.

    >>> asker_words("human:Ada"), asker_words("rule:airline"), asker_words("agent:claude")
    ('Ada', 'your team', 'the assistant')
    """
    kind, _, name = requested_by.partition(":")
    if kind == "human" and name:
        return name
    return "the assistant" if kind in ("agent", "judge") else "your team"


def counts_words(verdict: Verdict) -> str:
    """Whether a signed answer counts, in a sentence."""
    if verdict.confirmed:
        return "It counts."
    reasons = {
        "stale": "It does not count any more: the conversation has gone on since. Answer it again where you are asked.",
        "redacted": "What you saw has been taken out of the store since, so nobody can check it any more.",
    }
    return reasons.get(verdict.state.value, "It does not count: the signature or the key is not accepted here.")
