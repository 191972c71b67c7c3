"""What the case of a run is opened with: siblings that say most, and causes that people signed on alike runs."""

from __future__ import annotations

from conversations import Builder, says
from retrospan.analysis.case_file.model import ConfirmedCause
from retrospan.model.findings import CauseClass
from retrospan.model.reviews import Answer, Label
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.services.understanding.opening import open_case
from retrospan.services.understanding.siblings import SIBLINGS_READ, find_siblings
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_summaries
from reviewdesk import Desk


def test_a_signed_cause_of_an_alike_run_is_in_the_case(desk: Desk) -> None:
    session = desk.reviewer()
    review = desk.open(session, "T1")
    answer = Answer(Label.FAIL, reason="The policy says 30.", cause=CauseClass.REASONING, cause_span="a3")
    give_answer(desk.store, review.claim, answer)
    sign_verdict(desk.store, session, review)
    assert open_case(desk.store, 2).confirmed == (
        ConfirmedCause("T1", 2, CauseClass.REASONING, None, "The policy says 30."),
    )
    assert open_case(desk.store, 1).confirmed == ()


def test_a_run_that_passed_is_read_however_many_newer_ones_there_are(store: Store, traces: Builder) -> None:
    passed = traces.add(says("user", "Hello?"), says("assistant", "Hi."), task="hello", outcome="pass")
    for _ in range(SIBLINGS_READ + 3):
        newest = traces.add(says("user", "Hello?"), says("assistant", "No."), task="hello", outcome="fail")
    (summary,) = get_summaries(store, [newest])
    found = find_siblings(store, summary, SIBLINGS_READ).summaries
    assert len(found) == SIBLINGS_READ
    assert passed in {sibling.id for sibling in found}
