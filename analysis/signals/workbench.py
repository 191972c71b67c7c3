"""What a run that writes files did to them: edits in order, files of its own making, what was put back, last checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...model.text.jsontext import scalars
from ..acts import Act
from ..reading import Reading
from ..tools.commands import Deed
from ..tools.tool_roles import words_of

_CHECK_TOOLS = frozenset({"test", "tests", "check", "build", "lint", "verify", "validate", "typecheck", "compile"})
_WHOLE = frozenset({"write", "create", "save", "touch"})
_DIFF = re.compile(r"\bgit\s+(?:-\S+\s+)*diff(?P<rest>[^|;&\n>]*)")
_CUT = re.compile(r"(?i)\b(?:elided|truncated|too long|omitted|characters? (?:cut|removed))\b|\[\.\.\.|<\.\.\.>")
_FAILED_TESTS = re.compile(
    r"(?i)\b([1-9]\d*) (?:tests? )?(?:failed|failing|failures?)\b|\bfailures?[=:] ?([1-9]\d*)|^FAILED \(|"
    r"\berrors?=([1-9]\d*)|"
    r"\bBUILD FAILED\b|\bnpm ERR!|^FAIL\b|\btests? failed\b|\b([1-9]\d*) errors? (?:found|generated|in \d)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Edit:
    """One write to one file."""

    act: Act
    path: str
    keeps: bool
    """Part of the former content stays: the file was there before."""
    silent: bool
    """By a stream editor, which says nothing where its pattern is not found."""


def edits_of(reading: Reading) -> Iterator[Edit]:
    """Every write that worked, in order."""
    for act in reading.acts:
        if act.failed:
            continue
        command = act.command
        if command is not None:
            text = command_line(act)
            for path in command.written:
                keeps = path in command.edited
                yield Edit(act, path, keeps, keeps and bool(_STREAM.search(text)))
        elif act.writes_files:
            whole = bool(words_of(act.tool) & _WHOLE) and not words_of(act.tool) & {"edit", "replace", "insert"}
            for path in act.edits:
                yield Edit(act, path, not whole, False)


_STREAM = re.compile(r"\b(?:sed|perl)\b[^|;&\n]*\s-(?:i|pi)")


def command_line(act: Act) -> str:
    """The command of a call as text."""
    return "\n".join(str(item) for _, item in scalars(act.arguments))


def own_files(reading: Reading) -> frozenset[str]:
    """Files whose first write in the run wrote them whole, without a look at them before."""
    seen: dict[str, bool] = {}
    looked = ""
    for act in reading.acts:
        for edit in edits_of_act(reading, act):
            seen.setdefault(edit.path, not edit.keeps and base_name(edit.path) not in looked)
        looked += f"\n{command_line(act)}" if not act.edits else ""
    return frozenset(path for path, own in seen.items() if own)


def edits_of_act(reading: Reading, wanted: Act) -> list[Edit]:
    """The edits of one call."""
    return [edit for edit in edits_of(reading) if edit.act is wanted] if wanted.edits else []


def base_name(path: str) -> str:
    """The last part of a path."""
    return path.rstrip("/").rpartition("/")[2] or path


def put_back_after(reading: Reading, edit: Edit) -> bool:
    """Was the file taken back or removed after the edit?"""
    later = reading.acts[next(i for i, act in enumerate(reading.acts) if act is edit.act) + 1 :]
    undone = [path for act in later if act.command is not None and not act.failed for path in act.command.undone]
    return any(path in ("*", ".") or same_file(path, edit.path) or edit.path.startswith(path) for path in undone)


def same_file(one: str, other: str) -> bool:
    """Do two ways of writing a path end alike?

    >>> same_file("/repo/src/a.py", "src/a.py"), same_file("b/a.py", "c/a.py")
    (True, False)
    """
    left, right = one.strip("./"), other.strip("./")
    return left == right or left.endswith(f"/{right}") or right.endswith(f"/{left}")


def checks(act: Act) -> bool:
    """Does the call run tests, a build or a linter?"""
    if act.command is not None:
        return act.command.deed is Deed.CHECK or _checks_too(act)
    return bool(words_of(act.tool) & _CHECK_TOOLS)


def _checks_too(act: Act) -> bool:
    """A command that writes and checks in one go."""
    return bool(
        re.search(r"\b(?:pytest|runtests|unittest|npm (?:run )?test|cargo test|go test|tox)\b", command_line(act))
    )


def red(act: Act) -> str | None:
    """The words by which a check says that something failed; None where it is green."""
    match = _FAILED_TESTS.search((act.result or "")[-6_000:])
    return match.group().strip() if match else None


def last_whole_diff(reading: Reading) -> Act | None:
    """The last call that shows all changes of the working tree, in full."""
    for act in reversed(reading.acts):
        match = _DIFF.search(command_line(act)) if act.result is not None and not act.failed else None
        if match:
            paths = [w for w in match["rest"].split() if not w.startswith("-") and w not in ("HEAD", ".", "\\")]
            return None if paths or _CUT.search(act.result or "") else act
    return None
