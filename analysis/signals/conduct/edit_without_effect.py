"""An edit that left no trace in the changes that version control shows afterwards."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ....model.findings import Signal
from ...reading import Reading
from ...run_kinds import RunKind
from ...texts.quotes import around, quote
from ..definition import SignalDefinition, signal
from ..workbench import Edit, base_name, edits_of, last_whole_diff, own_files, put_back_after

_TAKEN_BACK = re.compile(r"(?i)\b(?:revert|remov|undo|undid|restor|took back|taken back|debug|temporar)\w*")
_SAID = r"(?i)\b(?:modified|updated|changed|edited|fixed|patched|adjusted)\b[^.\n]{0,40}?`?%s\b"


def find(reading: Reading) -> Iterator[Signal]:
    diff = last_whole_diff(reading)
    if diff is None:
        return
    shown = diff.result or ""
    place = next(i for i, act in enumerate(reading.acts) if act is diff)
    before = frozenset(id(act) for act in reading.acts[: place + 1])
    edits = [edit for edit in edits_of(reading) if id(edit.act) in before and edit.act is not diff]
    mine = own_files(reading)
    lost = [edit for edit in edits if _is_lost(reading, edit, edits, shown) and edit.path not in mine]
    lost = [edit for edit in lost if _claim(reading, edit) is not None]
    for edit in lost:
        step = reading.view(edit.act.step).step
        reason = f"the edit of {edit.path[:100]} changed nothing: the changes shown at the end do not have the file"
        yield signal(DEFINITION.name, edit.act.step, reason, quote(step, edit.path, "arguments"), strength=0.9)
        claim = _claim(reading, edit)
        if claim is not None:
            yield claim
    if (
        lost
        and diff.done is not None
        and not any(base_name(edit.path) in shown for edit in edits if edit.path not in mine)
    ):
        step = reading.view(diff.done).step
        first = shown.strip().splitlines()[:1]
        reason = "the changes that are handed in hold none of the files that the agent edited"
        yield signal(DEFINITION.name, diff.done, reason, quote(step, first[0] if first else "git diff", "outputs"))


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


def _claim(reading: Reading, edit: Edit) -> Signal | None:
    """Where the agent says afterwards that it changed the file, and not that it took the change back."""
    said = re.compile(_SAID % re.escape(edit.path))
    for view in reading.decisions:
        match = said.search(view.text[:20_000]) if view.index > edit.act.step else None
        if match and not _TAKEN_BACK.search(view.text[match.start() : match.end() + 120]):
            evidence = around(view.step, view.text, match.start(), match.end(), "outputs")
            reason = f"says that it changed {edit.path[:100]}, which the changes shown at the end do not have"
            return signal(DEFINITION.name, view.index, reason, evidence)
    return None


DEFINITION = SignalDefinition(
    name="edit_without_effect",
    definition=(
        "A stream editor's only edit of a file is missing from the last full `git diff`, though the agent says later "
        "that it changed the file; shown at the edit, the words, and where a diff without any edited file is handed in."
    ),
    weakness="Files that version control ignores, and edits that another command undid, look the same.",
    find=find,
    meant_for=frozenset({RunKind.CODE}),
)
