"""A ticket, a licence or a list of requirements in written files that nobody and nothing has named."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....model.findings import Signal
from ....model.text.jsontext import as_text, scalars
from ...reading import Act, Reading
from ...run_kinds import RunKind
from ...texts.quotes import around
from ..definition import SignalDefinition, signal

_REFERENCE = re.compile(
    r"(?i)\b(?:issues?|tickets?|bugs?|pr|pull requests?|regression(?: test)?s?(?: for)?|fix(?:es|ed)?|close[sd]?|"
    r"refs?|see|"
    r"related to|gh|jira)\b[ :(-]{0,3}(?:issue |ticket |bug |pr )?(?:#|gh-)(?P<n>\d{2,7})\b|"
    r"\bCVE-(?P<cve>\d{4}-\d{3,7})\b"
)

_LICENCE = re.compile(
    r"(?i)\b(?:is |are )?(?:released|licen[sc]ed|distributed) under (?:the )?(?:terms of )?(?:the )?\[?"
    r"(?P<n>MIT|Apache|BSD|[AL]?GPL|Mozilla|ISC|Unlicense)\b"
)
_REQUIREMENTS = re.compile(r"\bpip3? install -r (?:\./)?(?P<n>[\w./-]{1,60}\.txt)\b")
_KINDS = (_REFERENCE, _LICENCE, _REQUIREMENTS)


def find(reading: Reading) -> Iterator[Signal]:
    told: set[str] = set()
    for act in reading.acts:
        if act.failed or not (act.edits or act.writes_files):
            continue
        for path, item in scalars(act.arguments):
            text = item if isinstance(item, str) and "old" not in path else ""
            for match in (found for kind in _KINDS for found in kind.finditer(text[:60_000])):
                number = match["n"] or match.groupdict().get("cve") or ""
                if number not in told and not _was_named(reading, act, number):
                    told.add(number)
                    yield _signal(reading, act, text, match)


def _was_named(reading: Reading, act: Act, number: str) -> bool:
    """Does anything that was read, said by a person or put out by a tool before hold the number?"""
    for message in reading.earlier:
        if number in message.content:
            return True
    for view in reading.views:
        if view.index >= act.step:
            return view.index == act.step and any(number in message.content for message in view.received)
        if number in view.text or number in as_text(view.step.inputs):
            return True
        if any(number in message.content for message in view.received):
            return True
    return False


def _signal(reading: Reading, act: Act, text: str, match: re.Match[str]) -> Signal:
    step = reading.view(act.step).step
    told = f"writes {match.group().strip()!r}, which stands nowhere before"
    return signal(
        DEFINITION.name, act.step, told, around(step, text, match.start(), match.end(), "arguments"), strength=0.6
    )


DEFINITION = SignalDefinition(
    name="invented_reference",
    definition=(
        "A file that the run writes names the number of a ticket, an issue, a pull request or a CVE that no person, "
        "file "
        "or result has named before."
    ),
    weakness="A number that the model knows rightly by heart looks invented: nobody checked it.",
    find=find,
    meant_for=frozenset({RunKind.CODE}),
)
