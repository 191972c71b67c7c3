"""Calls that did not run because of a person: rejected, interrupted, or waiting for a yes. They are no tool's error."""

from __future__ import annotations

import re

REJECTED = "rejected by a person"
WAITING = "waits for a person"

_PERSON = r"(?:user|human|person|operator|reviewer)"
_DID = (
    r"(?:does(?:n't| not) want to|chose not to|did(?:n't| not) (?:approve|allow|confirm)|"
    r"rejected|denied|declined|refused|disapproved|cancell?ed|interrupted|aborted|stopped|skipped|dismissed)"
)
_DONE = r"(?:rejected|denied|declined|refused|disapproved|not approved|cancell?ed|interrupted|aborted|stopped)"
_REJECTED = re.compile(
    rf"\b{_PERSON} (?:has |have )?{_DID}\b|\b{_DONE} by (?:the |a )?{_PERSON}\b|\[Request interrupted by user",
    re.IGNORECASE,
)
_WAITING = re.compile(
    r"\bApprovalRequired\b|\bbut you haven't granted it yet\b|"
    r"\b(?:command|action|tool|call|operation) requires (?:\w+ )?(?:approval|confirmation|permission)\b|"
    rf"\b(?:requires?|needs?|awaiting|waiting for) (?:your|{_PERSON}|{_PERSON}'s) "
    r"(?:approval|confirmation|permission)\b",
    re.IGNORECASE,
)
_LOOKED_AT = 240
"""Characters: an error that is a person's decision says so at once; further down it may be quoted."""


def persons_decision(error: str) -> str | None:
    """`REJECTED` or `WAITING` where the text of a failed call tells of a person's decision, else None.

    >>> persons_decision("The user doesn't want to proceed with this tool use.")
    'rejected by a person'
    >>> persons_decision("403: access denied")
    """
    beginning = error[:_LOOKED_AT]
    if _REJECTED.search(beginning):
        return REJECTED
    return WAITING if _WAITING.search(beginning) else None
