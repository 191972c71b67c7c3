"""An edit that left no trace in the changes that version control shows afterwards."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ...model.findings import Signal
from ..quotes import around, quote
from ..reading import Act, Reading
from ..run_kinds import RunKind
from ..workbench import Edit, base_name, command_line, edits_of, own_files, put_back_after
from .definition import SignalDefinition, signal

_DIFF = re.compile(r"\bgit\s+(?:-\S+\s+)*diff(?P<rest>[^|;&\n>]*)")
_CUT = re.compile(r"(?i)\b(?:elided|truncated|too long|omitted|characters? (?:cut|removed))\b|\[\.\.\.|<\.\.\.>")
_SAID = r"(?i)\b(?:modified|updated|changed|edited|fixed|patched|adjusted)\b[^.\n]{0,40}?`?%s\b"


def find(reading: Reading) -> Iterator[Signal]:
    diff = _last_whole_diff(reading)
    if diff is None:
        return
    shown = diff.result or ""
    place = next(i for i, act in enumerate(reading.acts) if act is diff)
    before = frozenset(id(act) for act in reading.acts[: place + 1])
    edits = [edit for edit in edits_of(reading) if id(edit.act) in before and edit.act is not diff]
    mine = own_files(reading)
    lost = [edit for edit in edits if _is_lost(reading, edit, edits, shown) and edit.path not in mine]
    for edit in lost:
        step = reading.view(edit.act.step).step
        reason = f"the edit of {edit.path[:100]} changed nothing: the changes shown at the end do not have the file"
        yield signal(DEFINITION.name, edit.act.step, reason, quote(step, edit.path, "arguments"), strength=0.9)
        yield from _claims(reading, edit)
    if (
        lost
        and diff.done is not None
        and not any(base_name(edit.path) in shown for edit in edits if edit.path not in mine)
    ):
        step = reading.view(diff.done).step
        first = shown.strip().splitlines()[:1]
        reason = "the changes that are handed in hold none of the files that the agent edited"
        yield signal(DEFINITION.name, diff.done, reason, quote(step, first[0] if first else "git diff", "outputs"))


def _last_whole_diff(reading: Reading) -> Act | None:
    """The last call that shows all changes of the working tree, in full."""
    for act in reversed(reading.acts):
        match = _DIFF.search(command_line(act)) if act.result is not None and not act.failed else None
        if match:
            paths = [w for w in match["rest"].split() if not w.startswith("-") and w not in ("HEAD", ".", "\\")]
            return None if paths or _CUT.search(act.result or "") else act
    return None


def _is_lost(reading: Reading, edit: Edit, edits: Sequence[Edit], shown: str) -> bool:
    """A stream editor's only edit of a file that no diff shows and nobody took back."""
    times = Counter(base_name(other.path) for other in edits)
    outside = (
        edit.path.startswith(("/tmp", "~", "/etc", "/usr", "/opt")) or "site-packages" in edit.path or "*" in edit.path
    )
    return (
        edit.silent
        and not outside
        and times[base_name(edit.path)] == 1
        and base_name(edit.path) not in shown
        and not put_back_after(reading, edit)
    )


def _claims(reading: Reading, edit: Edit) -> Iterator[Signal]:
    """Where the agent says afterwards that it changed the file."""
    said = re.compile(_SAID % re.escape(edit.path))
    for view in reading.decisions:
        match = said.search(view.text[:20_000]) if view.index > edit.act.step else None
        if match:
            evidence = around(view.step, view.text, match.start(), match.end(), "outputs")
            reason = f"says that it changed {edit.path[:100]}, which the changes shown at the end do not have"
            yield signal(DEFINITION.name, view.index, reason, evidence)
            return


DEFINITION = SignalDefinition(
    name="edit_without_effect",
    definition=(
        "A stream editor's only edit of a file is missing from the last full `git diff`; also where the agent says that it "
        "made the edit, and where a diff without any edited file is handed in."
    ),
    weakness="Files that version control ignores, and edits that another command undid, look the same.",
    find=find,
    meant_for=frozenset({RunKind.CODE}),
)
