"""The hash of a case: which runs of it can be counted together."""

from __future__ import annotations

import hashlib

from ..model.cases import Case
from ..model.text.jsontext import canonical


def hash_case(case: Case) -> str:
    """What makes two runs of a case comparable: its input, frozen results and checks; not its title or status."""
    parts = case.model_dump(mode="json", include={"input", "tool_results", "checks"})
    return hashlib.sha256(canonical(parts)).hexdigest()[:16]
