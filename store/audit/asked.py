"""Whether review items still ask what people signed on them: their rows are unsigned, the records are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...model.errors import BadInputError
from ...model.reviews import RubricRef, Verdict
from ...trust.verdicts import Asked, other_than_signed, parse_verdict_record
from ..contract import Connection, Row

SELECT_ASKED = """
SELECT v.uid, v.record, i.id AS item, i.question, i.rubric_id, i.rubric_version, i.rubric_sha256, i.requested_by,
  i.decides, t.project, t.trace_key
FROM verdict v JOIN review_item i ON i.id = v.item_id LEFT JOIN trace t ON t.id = i.trace_id
WHERE v.record IS NOT NULL AND {where} ORDER BY v.id
"""


@dataclass(frozen=True, slots=True)
class Altered:
    """An item that reads otherwise than one of the verdicts that is filed under it."""

    item: int
    signed: Verdict
    """As its record says; whether that counts is another question."""
    differs_in: tuple[str, ...]
    """question, rubric, run, who asked, what it decides."""

    @property
    def in_words(self) -> str:
        return f"item R{self.item} differs in {', '.join(self.differs_in)} from what verdict {self.signed.uid} signed"


def altered_items(con: Connection, items: Sequence[int] | None = None) -> list[Altered]:
    """The items that ask something else than was signed on them.

    Args:
        con: An open connection.
        items: Only these; None for all.

    Cost: reads one record for each verdict on the items.
    """
    where = "1 = 1" if items is None else "i.id IN :items"
    rows = con.execute(SELECT_ASKED.format(where=where), {"items": items}).fetchall()
    return [found for row in rows if (found := _altered(row)) is not None]


def _altered(row: Row) -> Altered | None:
    try:
        signed = parse_verdict_record(row["record"])
    except BadInputError:
        return None
    rubric = RubricRef(row["rubric_id"], row["rubric_version"], row["rubric_sha256"])
    trace = None if row["trace_key"] is None else (row["project"], row["trace_key"])
    differs = other_than_signed(signed, Asked(row["question"], rubric, row["requested_by"], row["decides"], trace))
    return Altered(row["item"], signed, tuple(differs)) if differs else None
