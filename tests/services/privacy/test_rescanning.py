"""Rules applied to a store that was filled before them."""

from __future__ import annotations

from pathlib import Path

from conversations import Builder, answers, calls, says
from retrospan.model.reviews import Label, SignatureState
from retrospan.model.traces import Annotation, AnnotatorKind, SpanBatch, TraceFacts
from retrospan.services.finding.listing import list_traces
from retrospan.services.privacy.rescanning import Rescanned, redact_store
from retrospan.services.reviewing.asking import request_review
from retrospan.store.audit.chain import audit_verify
from retrospan.store.contract import Store
from retrospan.store.erasure.records import list_erasures
from retrospan.store.reading.summaries import get_trace
from retrospan.store.reviews.verdicts import list_verdicts
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.compression import pack, unpack
from reviewdesk import Desk, refund_run

MAIL = "quentin.zabriskie@example.org"
KEY = "AKIA" + "Q3EGRZ7XK2MWPLTN"


def file_bytes(store: Store) -> bytes:
    files = Path(store.location).parent.glob(f"{store.name}*")
    return b"".join(path.read_bytes() for path in files if "-shm" not in Path(path).name)


def test_personal_data_goes_from_contents_search_and_the_file(store: Store, traces: Builder) -> None:
    held = traces.add(
        says("user", f"Write to {MAIL}"), calls("send", to=MAIL), answers("sent"), says("assistant", "Done")
    )
    clean = traces.add(says("user", "Hello"), says("assistant", "Hi"))
    before = get_trace(store, clean)
    note = Annotation("feedback", explanation=f"{MAIL} was upset", annotator_kind=AnnotatorKind.HUMAN)
    commit_batch(store, SpanBatch(facts=[TraceFacts("run-1", annotations=(note,))]))
    request_review(store, f"T{held}", f"Was {MAIL} told?", by="agent:test")
    assert list_traces(store, "zabriskie").total == 1 and b"zabriskie" in file_bytes(store)

    done = redact_store(store, ["email"])

    assert done.traces == 1 and done.spans >= 2 and done.contents >= 2 and done.clean
    trace = get_trace(store, held)
    assert "⟨EMAIL_1⟩" in repr(trace.steps[0]) and "zabriskie" not in repr(trace)
    assert trace.annotations[0].explanation == "⟨EMAIL_1⟩ was upset"
    assert get_trace(store, clean) == before
    assert not list_traces(store, "zabriskie").hits
    assert list_traces(store, "upset").total == 0 and list_traces(store, "sent").total == 1
    assert b"zabriskie" not in file_bytes(store)
    assert audit_verify(store).sound and list_erasures(store)[0].scope == "email, secrets"


def test_a_second_run_finds_nothing_and_changes_nothing(store: Store, traces: Builder) -> None:
    traces.add(says("user", f"Write to {MAIL}"))
    redact_store(store, ["email"])
    again = redact_store(store, ["email"])
    assert (again.traces, again.spans, again.contents) == (0, 0, 0)
    assert len(list_erasures(store)) == 1


def test_a_dry_run_counts_and_leaves_all(store: Store, traces: Builder) -> None:
    held = traces.add(says("user", f"{KEY} and {MAIL}"))
    found = redact_store(store, ["email"], dry_run=True)
    assert found.traces == 1 and found.found.total() >= 1 and found.spans == 0
    assert MAIL in repr(get_trace(store, held)) and not list_erasures(store)


def test_new_placeholders_do_not_take_the_numbers_of_old_ones(store: Store, traces: Builder) -> None:
    held = traces.add(says("user", "⟨EMAIL_1⟩ wrote"), says("assistant", f"I will write to {MAIL}"))
    redact_store(store, ["email"])
    text = repr(get_trace(store, held))
    assert "⟨EMAIL_1⟩ wrote" in text and "write to ⟨EMAIL_2⟩" in text


def test_a_signature_over_what_was_redacted_reads_redacted(store: Store) -> None:
    desk = Desk(store)
    desk.add_run("run-3", f"Ask {MAIL} about it.")
    ada = desk.reviewer()
    desk.decide(ada, Label.PASS, "T3")
    desk.decide(ada, Label.PASS, "T2")
    redact_store(store, ["email"])
    redacted, untouched = list_verdicts(store)
    assert (redacted.state, untouched.state) == (SignatureState.REDACTED, SignatureState.VALID)
    assert "erased" in redacted.state_reason


def test_a_redacted_trace_can_be_judged_anew(store: Store) -> None:
    desk = Desk(store)
    desk.add_run("run-3", f"Ask {MAIL} about it.")
    ada = desk.reviewer()
    desk.decide(ada, Label.PASS, "T3")
    redact_store(store, ["email"])
    assert desk.decide(ada, Label.FAIL, "T3").state is SignatureState.VALID
    assert [verdict.state for verdict in list_verdicts(store)][-1] is SignatureState.VALID


def test_a_change_that_is_no_redaction_is_not_excused_as_one(store: Store) -> None:
    desk = Desk(store)
    desk.add_run("run-3", f"Ask {MAIL} about it.")
    ada = desk.reviewer()
    desk.decide(ada, Label.PASS, "T2")
    redact_store(store, ["email"])
    forged = refund_run("run-2", "You have 99 days.")
    with store.write() as con:
        from retrospan.store.traces.commit import rewrite_trace

        rewrite_trace(store, con, 2, forged, TraceFacts("run-2"))
    assert list_verdicts(store)[0].state is SignatureState.STALE


def test_a_secret_in_a_signed_record_is_named(store: Store, traces: Builder) -> None:
    desk = Desk(store)
    review = desk.reviewer()
    from retrospan.model.reviews import Answer
    from retrospan.services.reviewing.deciding import give_answer, sign_verdict

    opened = desk.open(review)
    give_answer(store, opened.claim, Answer(Label.FAIL, reason=f"{MAIL} was misled"))
    sign_verdict(store, review, opened)
    assert redact_store(store, ["email"]).verdicts == ("V1",)


def test_what_agents_and_people_wrote_about_a_trace_is_redacted_too(store: Store, traces: Builder) -> None:
    held = traces.add(says("user", f"Write to {MAIL}"))
    with store.write() as con:
        con.execute("INSERT INTO agent_job VALUES (1, 'triage', 'k', '{}', 'done', 'now')")
        columns = "job_id, trace_id, revision, state, answer, updated_at"
        answer = pack({"why": MAIL})
        con.execute(f"INSERT INTO agent_task({columns}) VALUES (1, ?, 1, 'done', ?, '')", (held, answer))
        columns = "trace_id, key, agent, model, created_at, record"
        record = pack([{"content": f"it says {MAIL}"}])
        con.execute(f"INSERT INTO agent_transcript({columns}) VALUES (?, 'k', 'a', 'm', '', ?)", (held, record))
    redact_store(store, ["email"])
    with store.read() as con:
        answer = con.execute("SELECT answer FROM agent_task").fetchone()[0]
        record = con.execute("SELECT record FROM agent_transcript").fetchone()[0]
    assert unpack(answer) == {"why": "⟨EMAIL_1⟩"} and unpack(record) == [{"content": "it says ⟨EMAIL_1⟩"}]


def test_signatures_that_will_be_lost_are_told_before_anything_changes(store: Store) -> None:
    desk = Desk(store)
    desk.add_run("run-3", f"Ask {MAIL} about it.")
    ada = desk.reviewer()
    desk.decide(ada, Label.PASS, "T2")
    verdict = desk.decide(ada, Label.PASS, "T3").short_id
    looked = redact_store(store, ["email"], dry_run=True)
    assert looked.voided == (verdict,)
    asked: list[tuple[str, ...]] = []

    def refuse(found: Rescanned) -> bool:
        asked.append(found.voided)
        return False

    kept = redact_store(store, ["email"], agree=refuse)
    assert asked == [(verdict,)] and kept.spans == 0
    assert [entry.confirmed for entry in list_verdicts(store)] == [True, True]
    assert redact_store(store, ["email"]).voided == (verdict,)
    assert [entry.confirmed for entry in list_verdicts(store)] == [True, False]
