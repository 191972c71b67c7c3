"""Words by which a result says that it failed, or that it found nothing.

A page or a document may speak of errors without being one, so a text counts only where the words stand at its head, at
the head of a line in the manner of a traceback, or in a field made for it.
"""

from __future__ import annotations

import re

from ..model.text.jsontext import parse_if_json
from ..model.traces import JsonValue
from .tools.tool_roles import words_of

_HEAD = 400
_LINES = 20_000
_HEAD_FAILURE = re.compile(
    r"""(?ix)
    ^\W{0,3}(?:tool\s|an?\s|the\s|internal\s|fatal\s|unexpected\s|unknown\s)?
      (?:\w{0,30}error|exception|failure|failed|fehler|erreur|errore|traceback)\b[^\n]{0,160}
    | \b(?:error|exception)\s(?:executing|occurred|running|calling|while|during|fetching|reading|code)\b[^\n]{0,160}
    | \b(?:could|can)\s?(?:not|n't)\s(?:be\s)?
      (?:found|connect|open|read|load|parse|process|complete|access)\w*[^\n]{0,120}
    | \b(?:unable|failed)\sto\s\w+[^\n]{0,140}
    | \b(?:permission|access)\sdenied\b[^\n]{0,80}
    | \b(?:timed\sout|time-?out\b)[^\n]{0,80}
    | \b(?:404|403|401|429|500|502|503)\s
      (?:client\serror|server\serror|not\sfound|forbidden|unauthorized|too\smany|internal|bad\sgateway)[^\n]{0,80}
    | ^\s*exitcode:\s[1-9]\d*[^\n]{0,80}
    | \bexit(?:ed)?\s(?:with\s)?(?:\w+\s)?(?:exit\s)?(?:code|status):?\s[1-9]\d{0,2}\b[^\n]{0,60}
    | \b(?:not\sfound|does\snot\sexist|no\ssuch\s\w+)\b[^\n]{0,80}
    | \bno\scode\sblock\sdetected\b[^\n]{0,80}
    """
)
_LINE_FAILURE = re.compile(
    r"(?m)^(?:Traceback \(most recent call last\):|[A-Za-z_.]{0,60}(?:Error|Exception): [^\n]{0,200}|"
    r"Error:(?: [^\n]{0,200}|$)|(?:Code )?[Ee]xecution failed [^\n]{0,200}|"
    r"(?:The )?[Ss]cript (?:ran, then )?exited with (?:Unix )?exit code:? [1-9]\d*|"
    r"Process exited with code [1-9]\d*)"
)
_EMPTY = re.compile(
    r"(?i)\b(?:no|0|zero)\s(?:relevant\s|matching\s|search\s|such\s)?(?:results?|matches|records?|documents?|items?|entries|hits|rows)"
    r"(?:\s(?:were\s)?found)?\b|\bnothing\s(?:was\s)?found\b|\bnot?\sfound\b|\bempty\s(?:result|list|response)\b|"
    r"\bkeine\s(?:ergebnisse|treffer)\b|\baucun\sr[ée]sultat\b|\bsin\sresultados\b"
)
_OUTSIDE = re.compile(
    r"(?i)\b(?:time[sd]?[\s_-]?out|timeout|unavailable|temporarily|rate.?limit|too many requests|overloaded|"
    r"connection (?:refused|reset|error|aborted)|network|internal (?:server )?error|bad gateway|"
    r"(?:5\d\d|429) (?:error|internal|bad|service|gateway|too)|service (?:is )?down|not reachable|unreachable|outage)\b"
)
_ERROR_KEYS = frozenset({"error", "errors", "exception", "error_message", "errormessage"})
_STATUS_KEYS = frozenset({"status", "state", "result"})
_SHELL_FRAME = re.compile(
    r"(?i)^(?:</?(?:returncode|output|stdout|stderr|exit_code|result|error)>(?:-?\d+</\w+>)?|(?:chunk id|wall "
    r"time|exit ?code|exit status|"
    r"return ?code|exitcode|command|output|stdout|stderr|total output lines|original token count)\b[:=]?\s*[^a-z]*$|"
    r"(?:process|command|script) (?:exited|finished|failed) with (?:exit )?(?:code|status):? -?\d+\.?|chunk "
    r"id: \S+|wall time: .*|"
    r"exit(?:code)?:? -?\d+.*|error:?|error: (?:exit code|command failed).*|traceback \(most recent call last\):)$"
)
"""Lines that a shell puts around what a command printed, and the head of a traceback."""
_NOT_DONE = frozenset(
    [
        *(
            "locked",
            "taken",
            "unavailable",
            "conflict",
            "blocked",
            "declined",
            "forbidden",
            "unauthorized",
            "not_found",
        ),
        *(
            "timeout",
            "timed_out",
            "expired",
            "invalid",
            "refused",
            "aborted",
            "not_allowed",
            "ineligible",
            "not_eligible",
        ),
        *(
            "insufficient_funds",
            "out_of_stock",
            "sold_out",
            "fully_booked",
            "duplicate",
            "no_change",
            "skipped",
            "noop",
        ),
    ]
)
_STEM = 4
_BAD_STATUS = frozenset({"error", "failed", "failure", "fail", "exception", "denied", "rejected"})


def failure_in_result(text: str, value: JsonValue = None) -> str | None:
    """The literal words by which a result says that it failed; None where it says no such thing."""
    parsed = parse_if_json(value if isinstance(value, str) else text) if not isinstance(value, dict) else value
    if isinstance(parsed, dict):
        return _failure_in_object(parsed, text)
    if isinstance(parsed, list):
        return None
    match = _HEAD_FAILURE.search(text[:_HEAD]) or _LINE_FAILURE.search(text[:_LINES])
    return match.group().strip() if match else None


def refused_change(tool: str, text: str) -> str | None:
    """The status by which a change says that it was not made (`locked`, `taken`); None where it says no such thing.

    Of a look-up the same words are its answer, and of a tool that locks, `locked` is success.
    """
    parsed = parse_if_json(text)
    for key, item in parsed.items() if isinstance(parsed, dict) else ():
        said = item.lower() if isinstance(item, str) and key.lower() in _STATUS_KEYS else ""
        if said in _NOT_DONE and said[:_STEM] not in {word[:_STEM] for word in words_of(tool)}:
            return item if isinstance(item, str) and item in text else key
    return None


def headline(text: str) -> str:
    """The first line of a result that tells something: a shell's frame around its output is passed over.

    >>> headline("Exit code 1\\nwc: open.csv: No such file")
    'wc: open.csv: No such file'
    """
    lines = [line.strip() for line in text[:_LINES].splitlines() if line.strip()]
    return next((line for line in lines if not _SHELL_FRAME.match(line)), lines[0] if lines else "")


def prints_nothing(text: str) -> bool:
    """Did a command print nothing, so that only the shell's frame is there: a search without hits?"""
    return all(_SHELL_FRAME.match(line.strip()) for line in text[:_LINES].splitlines() if line.strip())


def comes_from_outside(words: str) -> bool:
    """Does a failure speak of a service that is down or slow, rather than of how it was called?"""
    return bool(_OUTSIDE.search(words))


def nothing_found(text: str, value: JsonValue = None) -> str | None:
    """The literal words (or the empty value) by which a result says that it found nothing."""
    stripped = text.strip()
    if stripped in ("", "[]", "{}", "null", "None", '""'):
        return stripped or ""
    parsed = parse_if_json(stripped)
    if isinstance(parsed, dict):
        lists = [item for item in parsed.values() if isinstance(item, list)]
        if lists and not any(lists) and all(not isinstance(item, dict) for item in parsed.values()):
            return stripped[:200]
        return None
    if isinstance(parsed, list) or len(stripped) > 2_000:
        return None
    match = _EMPTY.search(stripped[:_HEAD])
    return match.group() if match else None


def _failure_in_object(value: dict[str, JsonValue], text: str) -> str | None:
    for key, item in value.items():
        name = key.lower()
        if name in _ERROR_KEYS and item not in (None, False, "", [], {}, 0):
            said = item if isinstance(item, str) else key
            return said[:300] if said[:300] in text else key
        if name in _STATUS_KEYS and isinstance(item, str) and item.lower() in _BAD_STATUS:
            return item
        if name in ("success", "ok", "succeeded") and item is False:
            return key
        if name in ("is_error", "iserror") and item is True:
            return key
    return None
