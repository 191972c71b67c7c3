"""The history: links and log entries that only grow, and what does not fit them."""

from __future__ import annotations

from retrospan.store.audit.access import GENESIS, Access, AccessKind, list_access, record_access
from retrospan.store.audit.chain import append_link, audit_verify, heads_at
from retrospan.store.contract import Store
from reviewdesk import Desk

NOW = "2026-11-22T11:00:00Z"


def test_an_empty_history_is_sound(store: Store) -> None:
    report = audit_verify(store)
    assert (report.links, report.head, report.problems, report.access_entries) == (0, GENESIS, (), 0)
    assert heads_at(store, 0, 0) == (GENESIS, GENESIS)
    assert heads_at(store, 1, 1) == (None, None)


def test_each_link_and_entry_rests_on_the_one_before(desk: Desk) -> None:
    ada = desk.reviewer()
    for trace in ("T1", "T2"):
        desk.decide(ada, trace=trace)
    report = audit_verify(desk.store)
    assert (report.problems, report.links) == ((), 3)
    assert heads_at(desk.store, report.links, report.access_entries) == (report.head, report.access_head)
    assert audit_verify(desk.store, checkpoint=report.head).sound
    assert not audit_verify(desk.store, checkpoint="0" * 63 + "1").sound


def test_a_link_without_its_record_is_told(store: Store) -> None:
    with store.write() as con:
        append_link(con, kind="verdict", subject="ab", sha256="cd", at=NOW)
        append_link(con, kind="lesson", subject="ab", sha256="cd", at=NOW)
    assert audit_verify(store).problems == ("verdict ab is on the chain and gone from the store",)


def test_the_hashes_are_what_they_have_always_been(store: Store) -> None:
    with store.write() as con:
        head = append_link(con, kind="lesson", subject="s", sha256="0" * 64, at=NOW)
    record_access(store, AccessKind.READ, "T1", actor="human:Ada", detail="csv", at=NOW)
    assert head == "1caffaeb8c2414fbf17709b975ab13193e79596f367dd946f99a8233c04f8ed4"
    assert heads_at(store, 1, 1) == (head, "0a86cd23bd861b101d2bd69a6995cf1f69149550e8fef806daba331ddebcccb6")


def test_the_log_lists_the_newest_first(store: Store) -> None:
    for number in range(3):
        record_access(store, "export", f"T{number}", actor="cli", detail="x\n" * 200, at=f"2026-11-2{number}T00:00:00Z")
    newest, _, oldest = list_access(store)
    assert oldest == Access(1, "2026-11-20T00:00:00Z", "cli", AccessKind.EXPORT, "T0", oldest.detail)
    assert newest.subject == "T2" and "\n" not in newest.detail
    assert [entry.subject for entry in list_access(store, since="2026-11-21", limit=1)] == ["T2"]


def test_all_guards_of_a_new_store_are_there(store: Store) -> None:
    assert list(store.lost_guards()) == []
