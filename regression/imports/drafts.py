"""What an import is: drafts to look over, and what could not be carried, by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ...model.case_checks import Check, Judged, OutputContains
from ...model.cases import MAX_CASE_BYTES, Case, CaseStatus, dump_case
from ...model.text.display import safe_line
from ...model.text.jsontext import as_text
from ...model.traces import JsonValue
from ...trust.files import slug

MOST_CASES = 10_000
_TITLE = 120
_ID = 60
_SHORT = 60
"""Characters of a reference that an answer is expected to contain; a longer one is for a judge."""


@dataclass
class Imported:
    """Drafts, and what was left out: `place: what`."""

    cases: list[Case] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    _names: set[str] = field(default_factory=set, repr=False)

    def add(self, place: str, name: str, title: str, given: JsonValue, checks: Sequence[Check]) -> None:
        """Make a draft of what was read; one without input or check is left out."""
        if not checks:
            self.left_out.append(f"{place}: no check is left, so the whole case")
            return
        judged = [check for check in checks if isinstance(check, Judged)]
        rest = [check for check in checks if not isinstance(check, Judged)]
        self.take(
            place,
            {
                "id": self._free(name),
                "title": safe_line(title, _TITLE) or safe_line(as_text(given), _TITLE) or name,
                "input": given,
                "checks": [check.model_dump(mode="json", by_alias=True) for check in (*rest, *judged)],
            },
        )

    def take(self, place: str, fields: dict[str, Any]) -> None:
        """Keep a case as a draft, whatever status it had; one that is none, or too large, is left out."""
        try:
            case = Case.model_validate(fields | {"status": CaseStatus.DRAFT})
        except ValidationError as err:
            mistake = err.errors(include_url=False)[0]
            where = ".".join(map(str, mistake["loc"]))
            self.left_out.append(f"{place}: {where or 'case'}: {mistake['msg']}, so the whole case")
            return
        if len(dump_case(case).encode()) > MAX_CASE_BYTES:
            self.left_out.append(f"{place}: larger than a case may be (1 MiB), so the whole case")
            return
        self._names.add(case.id)
        self.cases.append(case)

    def _free(self, name: str) -> str:
        start = re.sub(r"[^a-z0-9]+", "-", slug(name)[:_ID].lower()).strip("-") or "case"
        numbered = (start if number == 1 else f"{start}-{number}" for number in range(1, MOST_CASES + 2))
        return next(entry for entry in numbered if entry not in self._names)


def reference_check(reference: str) -> Check:
    """What a reference answer asks for: a short one stands in the answer, a longer one is for a judge."""
    text = reference.strip()
    if len(text) <= _SHORT and "\n" not in text:
        return OutputContains(text=text)
    return Judged(question=f"Does the answer agree with this reference? {text}")
