"""Deletion and retention: nothing of an erased trace is left but its hash, and nothing else is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from commands import run
from conversations import Builder, answers, calls, says
from retrospan.model.errors import UnknownIdError, UsageError
from retrospan.model.reviews import SignatureState
from retrospan.services.finding.listing import list_traces
from retrospan.services.privacy import erasing
from retrospan.services.privacy.erasing import delete_traces, parse_age, prune_traces
from retrospan.services.understanding.analysing import analyse
from retrospan.store.audit.chain import audit_verify
from retrospan.store.contract import Store
from retrospan.store.erasure.records import erased_keys, list_erasures
from retrospan.store.erasure.removal import remove_traces
from retrospan.store.erasure.sweep import is_sweep_pending, mark, sweep
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.reviews.verdicts import list_verdicts
from reviewdesk import Desk

SHARED = "Refunds are possible within thirty days of the delivery."
SECRET = "xylophone quarrel at Zanzibar lane"
LONG = " ".join(f"marmalade{n} teapot{n} wexford{n}" for n in range(300))


def fill(traces: Builder) -> tuple[int, int]:
    """Two runs that share a policy text; the first is alice's and has words of its own."""
    mine = traces.add(
        says("user", SECRET),
        calls("get_policy", topic="refund", street="Vladivostok"),
        answers(SHARED),
        says("assistant", LONG, name="quentin"),
        user="alice",
        session="chat-alice",
        id="alice-1",
    )
    other = traces.add(
        says("user", "Can I return it?"),
        calls("get_policy", topic="refund"),
        answers(SHARED),
        says("assistant", "Yes."),
        user="bob",
        session="chat-bob",
    )
    return mine, other


def blobs_of(store: Store, trace_id: int) -> list[bytes]:
    """Every stored form of what only this trace holds, to look for in the file."""
    with store.read() as con:
        details = [row[0] for row in con.execute("SELECT detail FROM span WHERE trace_id = ?", (trace_id,))]
        own = "SELECT body_id FROM occurrence GROUP BY body_id HAVING max(trace_id) = ? AND min(trace_id) = ?"
        bodies = [row[0] for row in con.execute(f"SELECT data FROM body WHERE id IN ({own})", (trace_id, trace_id))]
    return [blob for blob in details + bodies if len(blob) > 12]


def file_bytes(store: Store) -> bytes:
    return b"".join(
        path.read_bytes() for path in Path(store.location).parent.glob(f"{store.name}*") if "-shm" not in path.name
    )


def test_no_byte_of_a_deleted_user_is_left_in_the_file(store: Store, traces: Builder) -> None:
    mine, other = fill(traces)
    analyse(store)
    blobs = blobs_of(store, mine)
    words = [b"xylophone", b"zanzibar", b"Vladivostok", b"vladivostok", b"marmalade", b"quentin", b"alice"]
    # Full text keeps the rest of a word after what it shares with the one before it.
    words += [b"armalade", b"eapot", b"exford"]
    before = file_bytes(store)
    assert len(blobs) >= 5 and any(blob in before for blob in blobs) and b"xylophone" in before

    done = delete_traces(store, user="alice", reason="asked for it")

    assert (done.traces, done.spans, done.clean) == (1, 4, True) and done.contents >= 4
    after = file_bytes(store)
    assert [word for word in words if word in after] == []
    assert not any(blob in after for blob in blobs)
    assert get_trace(store, other).steps[2].outputs == SHARED
    assert [hit.trace_id for hit in list_traces(store, "delivery").hits] == [other]
    assert not list_traces(store, "xylophone").hits


def test_the_tombstone_says_who_and_why_and_is_on_the_chain(store: Store, traces: Builder) -> None:
    fill(traces)
    delete_traces(store, session="chat-alice", reason="ticket 77")
    (entry,) = list_erasures(store)
    assert (entry.kind, entry.scope, entry.reason, entry.traces, entry.spans) == (
        "delete",
        "session",
        "ticket 77",
        1,
        4,
    )
    assert entry.who
    assert erased_keys(store, "default", ["alice-1", "run-2"]) == {"alice-1"}
    assert audit_verify(store).sound


def test_the_id_of_an_erased_trace_is_never_given_again(store: Store, traces: Builder) -> None:
    _, other = fill(traces)
    delete_traces(store, traces=[f"T{other}"])
    assert traces.add(says("user", "new")) == other + 1
    with pytest.raises(UnknownIdError):
        get_trace(store, other)


def test_every_table_that_names_a_trace_is_emptied_of_it(store: Store, traces: Builder) -> None:
    mine, _ = fill(traces)
    analyse(store)
    delete_traces(store, traces=[f"T{mine}"])
    with store.read() as con:
        tables = store.erasing.tables_with(con, "trace_id")
        assert {"span", "annotation", "occurrence", "signal", "suspect_cache", "proposal"} <= set(tables)
        for table in tables:
            if table != "tombstone":
                assert con.execute(f"SELECT count(*) FROM {table} WHERE trace_id = ?", (mine,)).fetchone()[0] == 0
        assert con.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_dry_run_changes_nothing(store: Store, traces: Builder) -> None:
    fill(traces)
    assert delete_traces(store, user="alice", dry_run=True).traces == 1
    assert prune_traces(store, "1h", dry_run=True).traces == 0
    assert list_traces(store).total == 2 and not list_erasures(store)


def test_knowledge_files_that_cite_what_goes_are_named(store: Store, traces: Builder) -> None:
    fill(traces)
    with store.write() as con:
        for name, cited in (("refund", "alice-1"), ("other", "alice-12")):
            row = ("/repo/.retrospan", "lesson", name, "0", f"origin:\n  trace: {cited}\n", "now")
            columns = "folder, kind, name, sha256, text, indexed_at"
            con.execute(f"INSERT INTO knowledge_file({columns}) VALUES (?, ?, ?, ?, ?, ?)", row)
    assert delete_traces(store, user="alice", dry_run=True).citing == ("/repo/.retrospan/lesson: refund",)


def test_the_commands_say_what_they_did_and_doctor_what_is_left(store: Store, traces: Builder) -> None:
    mine, _ = fill(traces)
    where = ("--store", str(store.location))
    assert run("delete", "--user", "alice", "--dry-run", *where).out == "1 traces would go (T1).\n"
    remove_traces(store, [mine], erasing.occasion_now("delete", "trace", ""))
    assert "interrupted erasure" in run("doctor", *where).out
    assert run("prune", "--older-than", "1h", *where, "--json").json["contents"] > 0
    assert "interrupted erasure" not in run("doctor", *where).out
    assert run("redact", "--redact", "email", *where).out.startswith("0 traces changed")
    assert run("delete", *where).code == 2


def test_a_killed_deletion_is_finished_by_the_next_one(store: Store, traces: Builder) -> None:
    mine, _ = fill(traces)
    occasion = erasing.occasion_now("delete", "trace", "")
    remove_traces(store, [mine], occasion)
    store.close()
    with open_store(store.location) as again:
        assert is_sweep_pending(again)
        assert delete_traces(again, user="alice").traces == 0
        assert not is_sweep_pending(again)
        assert b"xylophone" not in file_bytes(again)


def test_a_verdict_on_an_erased_trace_reads_redacted(store: Store) -> None:
    desk = Desk(store)
    ada = desk.reviewer()
    assert desk.decide(ada).state is SignatureState.VALID
    desk.open(ada, "T2")
    delete_traces(store, traces=["T1", "T2"])
    (verdict,) = list_verdicts(store)
    assert verdict.state is SignatureState.REDACTED
    assert audit_verify(store).sound
    with store.read() as con:
        items = con.execute("SELECT trace_id, session, state FROM review_item").fetchall()
    assert [tuple(row) for row in items] == [(None, "(erased)", "decided")]


def test_what_statistics_rest_on_outlives_the_subject(store: Store) -> None:
    desk = Desk(store)
    desk.decide(desk.reviewer())
    with store.write() as con:
        con.execute("INSERT INTO queue_draw VALUES (1, 'q', 'now', 0, 2, 2, 1, 's', '{}')")
        con.execute("INSERT INTO queue_sample VALUES (1, 1, 'q', 1, 'random', 0.5)")
    delete_traces(store, traces=["T1"])
    with store.read() as con:
        assert con.execute("SELECT probability FROM queue_sample WHERE item_id = 1").fetchone()[0] == 0.5
        assert con.execute("SELECT state FROM review_slot WHERE item_id = 1").fetchone()[0] == "answered"
        assert con.execute("SELECT count(*) FROM review_draft").fetchone()[0] == 0


def test_verdict_records_can_be_emptied_and_leave_their_hash(store: Store) -> None:
    desk = Desk(store)
    desk.decide(desk.reviewer())
    assert delete_traces(store, traces=["T1"], with_verdicts=True).verdicts == 1
    assert list_verdicts(store) == []
    report = audit_verify(store)
    assert report.sound and report.erased == 1
    assert b"The policy says 30 days" not in file_bytes(store)


def test_pruning_goes_by_age_and_keeps_what_people_judged(store: Store) -> None:
    desk = Desk(store)
    desk.decide(desk.reviewer())
    kept = prune_traces(store, "90d", keep_reviewed=True)
    assert kept.traces == 1
    assert [trace.id for trace in list_traces(store).traces] == [1]
    assert prune_traces(store, "90d").traces == 1
    assert list_erasures(store)[0].scope == "older than 90d"


@pytest.mark.parametrize("age", ["", "90", "d", "-1d", "0d", "90 years"])
def test_an_age_that_cannot_be_read_is_refused(age: str) -> None:
    with pytest.raises(UsageError, match="12h, 90d or 6w"):
        parse_age(age)


@pytest.mark.parametrize("names", [{}, {"user": "a", "session": "b"}])
def test_a_deletion_names_one_kind_of_thing(store: Store, names: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="one of"):
        delete_traces(store, **names)  # type: ignore[arg-type]


def test_compacting_gives_the_space_back(store: Store, traces: Builder) -> None:
    traces.add(says("user", "keep"))
    for _ in range(60):
        traces.add(says("user", os.urandom(20_000).hex()), user="alice")
    delete_traces(store, user="alice")
    roomy = Path(store.location).stat().st_size
    traces.add(says("user", "one more"), user="alice")
    delete_traces(store, user="alice", compact=True)
    assert Path(store.location).stat().st_size < roomy / 2
    assert list_traces(store).total == 1


WRITER = """
    import sys
    sys.path.insert(0, {support!r})
    from conversations import Builder, says
    from retrospan.store.opening import open_store
    with open_store({path!r}) as store:
        traces = Builder(store)
        traces.add(says("user", "a text that both write"), says("assistant", "yes"), id="first")
        print("ready", flush=True)
        sys.stdin.readline()
        traces.add(says("user", "a text that both write"), says("assistant", "yes"), id="second")
"""


def test_a_sweep_leaves_no_dangling_reference_from_another_process(store: Store) -> None:
    support = str(Path(__file__).resolve().parents[2] / "support")
    code = textwrap.dedent(WRITER).format(support=support, path=str(store.location))
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin and other.stdout
        assert other.stdout.readline() == "ready\n"
        delete_traces(store, traces=["first"])
        with store.read() as con:
            assert con.execute("SELECT count(*) FROM body").fetchone()[0] == 0
        other.communicate("go\n", timeout=60)
    assert other.returncode == 0
    (found,) = list_traces(store, "both").traces
    said = [step.inputs or step.outputs or step.output_messages[0].content for step in get_trace(store, found.id).steps]
    assert said == ["a text that both write", "yes"]


def test_what_arrives_while_marking_is_kept(store: Store, traces: Builder) -> None:
    mine, _ = fill(traces)
    remove_traces(store, [mine], erasing.occasion_now("delete", "trace", ""))
    marked = mark(store)
    again = traces.add(says("user", SECRET), id="again")
    assert sweep(store, marked) > 0
    step = get_trace(store, again).steps[0]
    assert SECRET in (step.inputs, step.outputs)
    assert [hit.trace_id for hit in list_traces(store, "zanzibar").hits] == [again]
