"""Why what was measured of a judge says nothing of what it would answer today."""

from __future__ import annotations

from pathlib import Path

from ...store.contract import Store
from ...store.jobs.judgements import Judgements
from ...store.reviews.rubrics import list_rubrics
from .functions import SIGNAL_RULES, file_digest
from .probing import PROBE_CODE

_GROWN = 1.5
"""Times as many verdicts as it learned from, from which a probe is to learn again."""


def why_stale(store: Store, judge: Judgements, *, prompt: str = "", verdicts: int = 0) -> list[str]:
    """Reasons, each part of a sentence; none where it still holds.

    Args:
        store: Where.
        judge: One version.
        prompt: What the keys of judgements by today's prompt begin with.
        verdicts: How many there are by now of those that a probe may learn from.
    """
    why = []
    params = judge.params
    version = int(str(params["version"]))
    newest = max((rubric.version for rubric in list_rubrics(store) if rubric.id == params["rubric"]), default=0)
    if newest > version:
        why.append(f"rubric {params['rubric']} has version {newest} by now, it answered version {version}")
    if prompt and params.get("model") and not judge.key.startswith(prompt):
        why.append("the judge's prompt has changed since")
    if params.get("rules", SIGNAL_RULES) != SIGNAL_RULES:
        why.append("the signals' rules have changed since")
    if params.get("probe", PROBE_CODE) != PROBE_CODE:
        why.append("the way in which a probe learns has changed since")
    if "code" in params and file_digest(Path(str(params["file"]))) != params["code"]:
        why.append(f"the code of {params['function']} has changed since, or is not there")
    if "probe" in params and verdicts >= _GROWN * int(str(params["verdicts"])):
        why.append(f"it learned from {params['verdicts']} verdicts, and there are {verdicts} by now")
    return why
