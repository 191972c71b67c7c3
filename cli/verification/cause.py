"""`retrospan verify --cause T412.7`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ...analysis.verification.single_case import Call
from ...model.cases import Case
from ...model.errors import UsageError
from ...model.text.display import safe_line
from ...model.traces import JsonValue
from ...regression.targets.runnable import RunSettings, opened_version
from ...regression.targets.versions import read_version
from ...regression.verifying.causing import CauseFound, Override, find_override, try_cause
from ...services.knowledge.cases import choose_cases, list_cases, nearest_knowledge
from ...services.privacy.read_notes import at_hand, note_reading
from ...store.contract import Store
from ..shared.output import echo, print_json

_UNDECIDED = 4


def cause_tried(
    store: Store, version: str, options: Mapping[str, Any], progress: AbstractContextManager[Any], *, as_json: bool
) -> int:
    """Replace the result of one step, run, and say how often the outcome flips.

    Returns:
        0 where that is evidence for a cause, 1 where it is none, 4 where nothing was decided.
    """
    root: Path = (options["folder"] or nearest_knowledge(Path.cwd())).resolve()
    override = find_override(store, options["cause"], other=options["other"], value=_value(options["replaced"]))
    case = _case_of(root, override, options["names"])
    note_reading(store, [override.trace.summary.id], actor=at_hand("cli"), detail="verify --cause")
    settings = RunSettings(timeout_s=options["timeout"], python=options["python"])
    with opened_version(read_version(version, root), root, settings) as target, progress as on_run:
        found = try_cause(
            store,
            target,
            case,
            override,
            project=str(root),
            pairs=options["pairs"],
            workers=options["workers"],
            on_run=on_run,
        )
    if as_json:
        print_json(_json(found))
    else:
        echo(safe_line(found.in_words[:1].upper() + found.in_words[1:] + ".", 600))
    decided = found.tally.base_runs and found.tally.candidate_runs
    return _UNDECIDED if not decided else 0 if found.call is Call.BETTER else 1


def _value(text: str | None) -> JsonValue:
    """JSON where it is JSON, else the text itself."""
    if text is None:
        return None
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return text if value is None else value


def _case_of(root: Path, override: Override, names: tuple[str, ...]) -> Case:
    """The case that decides how a run ends: the named one, else the one that comes from the run."""
    listed = list_cases(root)
    if names:
        return choose_cases(listed, names[:1])[0]
    key, run = override.trace.summary.external_id, override.trace.summary.short_id
    found = [entry.case for entry in listed if entry.case is not None and entry.case.provenance.trace == key]
    if not found:
        raise UsageError(
            f"No case in {root} comes from {run}, so nothing says how a run ends. Make one: "
            f"`retrospan case new {run} --id …`, or name one with --case."
        )
    return found[0]


def _json(found: CauseFound) -> dict[str, Any]:
    change = found.change
    return {
        "experiment": found.experiment,
        "step": found.step,
        "case": found.case,
        "replaced": found.source,
        "call": found.call.value,
        "change": {"value": change.value, "low": change.low, "high": change.high},
        **found.tally._asdict(),
    }
