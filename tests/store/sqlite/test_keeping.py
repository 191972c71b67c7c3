"""Damage is found and said in words, what can be read is saved, and copies are whole."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from broken import damaged_copy
from commands import run
from conversations import Builder, answers, calls, says
from retrospan.model.errors import DamagedStoreError, RetrospanError, StoreBusyError, StoreError, UsageError
from retrospan.model.traces import SpanBatch
from retrospan.services.finding.listing import list_traces
from retrospan.services.reviewing.asking import request_review
from retrospan.services.understanding.analysing import analyse
from retrospan.store.contract import Store
from retrospan.store.damage import StoreCheck
from retrospan.store.opening import keeping_of, open_store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.reviews.claims import claim_slot
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.compression import pack, unpack
from reviewdesk import Desk, refund_run

RUNS = 60


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A closed store of some runs with long and short contents."""
    path = tmp_path / "filled.db"
    with open_store(path) as store:
        traces = Builder(store)
        for number in range(RUNS):
            traces.add(
                says("user", f"Where is order {number}? " + " ".join(f"word{number}x{i}" for i in range(120))),
                calls("find_order", order=number, note="n" * number),
                answers(f"Order {number} was shipped on day {number}."),
                says("assistant", f"It is on its way, parcel {number * 7919}."),
                task=f"task-{number % 7}",
            )
        analyse(store)
    return path


def check(path: Path) -> StoreCheck:
    return keeping_of(path)[0].check(path)


def test_a_sound_store_is_called_sound(filled: Path) -> None:
    found = check(filled)
    assert found.sound, found.damages
    assert (found.runs, found.differing_runs) == (RUNS, 0) and found.spans >= 3 * RUNS and found.contents > RUNS
    done = run("store", "check", "--store", str(filled))
    assert done.code == 0 and done.out.startswith("sound:")


@pytest.mark.parametrize("seed", [0, 2, 9, 11, 17])
def test_flipped_bytes_are_found_and_the_rest_is_saved(filled: Path, tmp_path: Path, seed: int) -> None:
    broken, saved = tmp_path / "broken.db", tmp_path / "saved.db"
    damaged_copy(filled, broken, seed)
    found = check(broken)
    assert found.damages or found.differing_runs
    keeping_of(broken)[0].salvage(broken, saved)

    again = check(saved)
    assert again.sound, again.damages
    assert again.runs >= RUNS * 0.5
    with open_store(saved) as store:
        assert list_traces(store, "parcel").total > 0
        for summary in list_traces(store, "", limit=RUNS).traces:
            get_trace(store, summary.id)


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        ("UPDATE body SET data = x'00' || data WHERE id = 5", "contents"),
        ("UPDATE body SET hash = randomblob(16) WHERE id = 7", "contents"),
        ("DELETE FROM body WHERE id = 9", "spans"),
        ("UPDATE span SET name = 'other' WHERE id = 4", "spans"),
        ("UPDATE span SET detail = x'0102' WHERE id = 4", "spans"),
        ("DELETE FROM trace WHERE id = 3", "rows"),
        ("DELETE FROM span WHERE id = 6", "spans"),
        ("DELETE FROM meta WHERE key = 'store_id'", "rows"),
        ("INSERT INTO body_text(body_text) VALUES ('delete-all')", "full text"),
        ("INSERT INTO body_text(rowid, text) VALUES (999999, 'stray')", "full text"),
        ("INSERT INTO annotation(trace_id, digest, name, annotator_kind) VALUES (1, x'00', 'n', 'HUMAN')", "rows"),
        ("INSERT INTO knowledge_file VALUES (1, '', 'lesson', 'n', 'no hash', 'text', '', NULL)", "files"),
        ("INSERT INTO embedding VALUES (1, 1, '', 'p', 'm', 1, x'ff', x'0000')", "vectors"),
        ("INSERT INTO chain VALUES (1, 'a', 'verdict', 's', 'h', 'p', 'x')", "history"),
    ],
)
def test_each_kind_of_damage_is_named(filled: Path, statement: str, part: str) -> None:
    with sqlite3.connect(filled) as con:
        con.execute("PRAGMA foreign_keys=OFF")
        con.execute(statement)
    con.close()
    parts = {damage.part for damage in check(filled).damages}
    assert part in parts, check(filled).damages


@pytest.mark.parametrize("statement", ["DELETE FROM span WHERE id % 2", "DELETE FROM meta", "DELETE FROM body"])
@pytest.mark.parametrize(
    "command", [("trace", "show", "T1"), ("trace", "diff", "T1", "T2"), ("embed",), ("doctor",)], ids=" ".join
)
def test_rows_that_are_missing_are_told_in_words(filled: Path, statement: str, command: tuple[str, ...]) -> None:
    with sqlite3.connect(filled) as con:
        con.execute("PRAGMA foreign_keys=OFF")
        con.execute(statement)
    con.close()
    done = run(*command, "--store", str(filled))
    assert "Traceback" not in done.err + done.out
    assert done.code in (0, 3) or command == ("doctor",), done
    if "meta" in statement:
        assert "damaged" in done.err + done.out


def test_a_store_that_does_not_know_itself_is_salvaged(filled: Path, tmp_path: Path) -> None:
    with sqlite3.connect(filled) as con:
        con.execute("DELETE FROM meta")
    con.close()
    assert [damage.part for damage in check(filled).damages]
    keeping_of(filled)[0].salvage(filled, tmp_path / "saved.db")
    assert check(tmp_path / "saved.db").sound
    with open_store(tmp_path / "saved.db") as store:
        assert list_traces(store, "parcel").total == RUNS


def test_a_lost_content_leaves_its_run_readable_after_a_salvage_and_comes_back_with_the_next_import(
    filled: Path, tmp_path: Path
) -> None:
    with open_store(filled) as store:
        commit_batch(store, SpanBatch(refund_run("again", "You have 45 days.")))
        with store.write() as con:
            body = con.execute("SELECT max(id) FROM body WHERE codec = 0").fetchone()[0]
            con.execute("UPDATE body SET data = x'ff' WHERE id = :id", {"id": body})
    saved = tmp_path / "saved.db"
    done = keeping_of(filled)[0].salvage(filled, saved)
    assert done.replaced_contents >= 1
    with open_store(saved) as store:
        (found,) = list_traces(store, "lost damaged disk content").traces
        assert "was damaged on the disk" in repr(get_trace(store, found.id))
        commit_batch(store, SpanBatch(refund_run("again", "You have 45 days.")))
        assert "45 days" in repr(get_trace(store, found.id))


def test_a_run_whose_kept_order_names_a_span_that_is_not_there_is_told_and_opens_after_a_salvage(
    filled: Path, tmp_path: Path
) -> None:
    with sqlite3.connect(filled) as con:
        places, folded = cast(list[Any], unpack(con.execute("SELECT reading FROM trace WHERE id = 2").fetchone()[0]))
        places[0][0] += "x"
        con.execute("UPDATE trace SET reading = ? WHERE id = 2", (pack([places, folded]),))
    con.close()
    assert check(filled).differing_runs == 1
    saved = tmp_path / "saved.db"
    keeping_of(filled)[0].salvage(filled, saved)
    assert check(saved).sound
    with open_store(saved) as store:
        assert len(list_traces(store, "parcel", limit=RUNS * 2).traces) == RUNS
        for summary in list_traces(store, "", limit=RUNS * 2).traces:
            get_trace(store, summary.id)


@pytest.mark.parametrize("command", [("trace", "show", "T1"), ("trace", "list"), ("suspects", "T1"), ("doctor",),
                                     ("trace", "list", "order"), ("audit", "verify")])  # fmt: skip
@pytest.mark.parametrize("seed", [1, 3, 4])
def test_commands_tell_damage_in_words(filled: Path, tmp_path: Path, command: tuple[str, ...], seed: int) -> None:
    broken = tmp_path / "broken.db"
    damaged_copy(filled, broken, seed, flips=4_000)
    done = run(*command, "--store", str(broken))
    assert "Traceback" not in done.err
    if done.code not in (0, 1):
        assert "store check" in done.err or "not a Retrospan store" in done.err, done.err


def test_a_copy_of_the_file_alone_is_told_when_it_is_opened(tmp_path: Path) -> None:
    path, copy = tmp_path / "live.db", tmp_path / "copy.db"
    with open_store(path) as store:
        traces = Builder(store)
        traces.add(says("user", "hello"))
        traces.add(says("user", "again"))
        shutil.copyfile(path, copy)
        with pytest.raises(StoreError, match="without its log"):
            open_store(copy)
        done = run("trace", "list", "--store", str(copy))
        assert done.code == 3 and "store backup" in done.err
        assert [damage.part for damage in check(copy).damages] == ["log"]
        run("store", "check", "--accept", "--store", str(copy))
        with open_store(copy) as again:
            assert list_traces(again, "").total < 2
    with open_store(path) as store:
        assert list_traces(store, "").total == 2


def test_a_store_that_was_killed_and_then_only_read_is_not_taken_for_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "killed.db"
    code = (
        "import os, sys; from pathlib import Path; from conversations import Builder, says;"
        "from retrospan.store.opening import open_store; s = open_store(Path(sys.argv[1]));"
        "Builder(s).add(says('user', 'hello')); os._exit(9)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "support")}
    subprocess.run([sys.executable, "-c", code, str(path)], env=environment, check=False)
    for _ in range(2):
        with open_store(path) as store:
            assert list_traces(store, "").total == 1


def test_a_process_that_ends_without_closing_leaves_no_mark(tmp_path: Path) -> None:
    path = tmp_path / "unclosed.db"
    code = (
        "import sys; from pathlib import Path; from conversations import Builder, says;"
        "from retrospan.store.opening import open_store; s = open_store(Path(sys.argv[1]));"
        "Builder(s).add(says('user', 'hello'))"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "support")}
    subprocess.run([sys.executable, "-c", code, str(path)], env=environment, check=True)
    with open_store(path) as store:
        assert list_traces(store, "").total == 1


def test_a_backup_beside_a_writer_is_whole_and_restores(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with open_store(path) as store:
        traces = Builder(store)
        for _ in range(20):
            traces.add(says("user", "hello"))
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                traces.add(says("user", "more"))

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for number in range(3):
                done = store.back_up(tmp_path / f"copy{number}.db")
                assert done.runs >= 20
        finally:
            stop.set()
            writer.join()
        with pytest.raises(UsageError, match="already"):
            store.back_up(tmp_path / "copy0.db")
    for number in range(3):
        copy = tmp_path / f"copy{number}.db"
        assert check(copy).sound
        restored = run("store", "restore", str(copy), "--store", str(path), "--json")
        assert restored.code == 0, restored.err
        with open_store(path) as store:
            assert list_traces(store, "").total == restored.json["runs"] >= 20
        assert Path(restored.json["aside"]).exists()
        shutil.rmtree(restored.json["aside"], ignore_errors=True)
        Path(restored.json["aside"]).unlink()


def test_a_store_in_use_is_not_restored_over(filled: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with open_store(filled) as store:
        store.back_up(copy)
        with pytest.raises(StoreBusyError, match="in use"):
            keeping_of(filled)[0].restore(copy, filled)
        assert list_traces(store, "").total == RUNS


def test_a_read_only_folder_can_be_read(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **more: not mode & os.W_OK and real(path, mode, **more))
    restored = run("trace", "list", "order", "--store", str(filled))
    assert restored.code == 0 and "T" in restored.out
    with open_store(filled) as store:
        assert store.read_only
        with pytest.raises(StoreError, match="read-only"), store.write():
            pass
    assert not filled.with_name("filled.db-shm").exists()


def test_a_full_disk_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "full.db"
    with open_store(path) as store:
        traces = Builder(store)
        for number in range(5):
            traces.add(says("user", f"hello {number}"))
        analyse(store)
        commit_batch(store, SpanBatch(refund_run("late", "x " * 5_000)))
        with store.read() as con:
            pages = con.execute("PRAGMA page_count").fetchone()[0]
            con.execute(f"PRAGMA max_page_count={pages}")
        assert list_traces(store, "hello").total == 5
        assert store.trouble() == ""


def test_a_claim_from_a_clock_that_ran_ahead_does_not_hold(desk: Desk) -> None:
    ada = desk.reviewer()
    request_review(desk.store, "T1", "Was it right?", by="human:Bo")
    now = datetime(2026, 11, 30, tzinfo=UTC)
    with desk.store.write() as con:
        claim_slot(con, 1, "somebody else", now + timedelta(days=2))
    with desk.store.write() as con:
        assert claim_slot(con, 1, ada.fingerprint, now).reviewer == ada.fingerprint


def test_what_cannot_be_read_is_an_error_of_ours(store: Store, traces: Builder) -> None:
    traces.add(says("user", "hello"))
    with store.write() as con:
        con.execute("UPDATE span SET detail = x'00'")
    with pytest.raises(DamagedStoreError, match="store check"):
        get_trace(store, 1)
    assert issubclass(DamagedStoreError, RetrospanError)
