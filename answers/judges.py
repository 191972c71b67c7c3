"""What judges said of a run and what they are worth, as lines for a model."""

from __future__ import annotations

from ..model.text.budget import clip
from ..model.text.fence import fenced, inert_line
from ..services.judging.known import known_records, record_note
from ..store.contract import Store
from ..store.reviews.verdicts import list_proposals

_SHOWN = 3
_EXPLANATION = 160


def judged_text(store: Store, trace_id: int) -> str:
    """The newest answer of each judge on a run beside its record; empty where none answered."""
    with store.read() as con:
        proposals = [p for p in list_proposals(con, trace_id=trace_id) if p.proposed_by.startswith("judge:")]
    newest = {proposal.proposed_by: proposal for proposal in proposals}
    if not newest:
        return ""
    rows = [
        f"{inert_line(by, 40)}: {proposal.label.value} · {clip(inert_line(proposal.explanation), _EXPLANATION)}"
        for by, proposal in list(newest.items())[-_SHOWN:]
    ]
    records = [f"{inert_line(by, 40)}: {record_note(store, by)}" for by in list(newest)[-_SHOWN:]]
    return f"Proposed by judges, no verdicts:\n{fenced(rows)}\nTheir records: {' | '.join(records)}."


def rates_text(store: Store) -> str:
    """The failure rates that people's verdicts correct, a line each; empty where there are none."""
    told = [known.rate_in_words for known in known_records(store)]
    lines = [inert_line(words, 240) for words in told if words][:_SHOWN]
    return "".join(f"\nBy judges: {line}." for line in lines)
