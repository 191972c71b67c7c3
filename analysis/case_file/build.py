"""The case file of a run, built from what analysis found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..evidence.inquiry import Inquiry
from ..suspects import SOURCES, Source, rank, report_of
from .hypotheses import hypotheses_of
from .log import checks_of
from .model import CaseFile, ConfirmedCause
from .nearest import nearest_good
from .origins import origins_of

_SAID = 3


def case_file(
    case: Inquiry,
    confirmed: Sequence[ConfirmedCause] = (),
    *,
    sources: Mapping[str, tuple[Source, float]] = SOURCES,
) -> CaseFile:
    """Everything that is known of a run, in reading order.

    Args:
        case: The run, its signals and its alike runs, read.
        confirmed: Causes that people signed for alike runs.
        sources: Sources of evidence with their weights.

    Cost: as `find_suspects`, plus one alignment with the nearest good run.
    """
    reading = case.reading
    ranked = rank(case, sources)
    broken, holding = checks_of(case)
    origins = origins_of(case, ranked)
    final = reading.final
    said = [item for item in reading.trace.annotations if item.label or item.score is not None or item.explanation]
    return CaseFile(
        trace=reading.trace,
        signals=case.signals,
        report=report_of(case, ranked),
        said=tuple(sorted(said, key=lambda item: item.span_id is not None)[:_SAID]),
        asked=(reading.user_turns[0][0], reading.request) if reading.user_turns else None,
        answered=(final.index, final.text) if final else None,
        broken=broken,
        holding=holding,
        origins=origins,
        nearest=nearest_good(case),
        confirmed=tuple(confirmed),
        hypotheses=hypotheses_of(case, ranked, origins),
    )
