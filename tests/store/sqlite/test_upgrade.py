"""Schema history: a store of any former shape opens and keeps what it holds."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from retrospan.model.errors import StoreError, StoreVersionError, UsageError
from retrospan.services.finding.searching import search_runs
from retrospan.store.opening import open_store
from retrospan.store.schema import HEAD
from retrospan.store.sqlite import fresh, upgrade
from retrospan.store.sqlite.driver import driver
from retrospan.store.sqlite.opening import APPLICATION_ID
from retrospan.store.traces.compression import pack


def revisions() -> list[str]:
    """Revision ids, oldest first."""
    script = ScriptDirectory.from_config(upgrade._config())
    return [revision.revision for revision in script.walk_revisions()][::-1]


def test_head_is_the_newest_script() -> None:
    assert upgrade.newest_revision() == HEAD


def test_a_new_store_has_the_schema_that_the_revisions_make() -> None:
    assert fresh.SCRIPT.read_text(encoding="utf-8") == fresh.fresh_script()


def test_a_script_that_is_behind_is_brought_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    former = tmp_path / "former.db"
    upgrade.upgrade_sqlite(former, "0013_project_by_service")
    behind = tmp_path / "behind.sql"
    with closing(driver.connect(str(former))) as con:
        behind.write_text(fresh.script_of(con), encoding="utf-8")
    monkeypatch.setattr(fresh, "SCRIPT", behind)
    with open_store(tmp_path / "store.db") as store, store.read() as con:
        assert fresh.script_of(con) == fresh.fresh_script()


@pytest.mark.parametrize("former", revisions()[:-1])
def test_a_store_of_a_former_shape_opens_with_its_traces(tmp_path: Path, former: str) -> None:
    path = tmp_path / "old.db"
    upgrade.upgrade_sqlite(path, former)
    con = driver.connect(str(path), isolation_level=None)
    con.execute(f"PRAGMA application_id={APPLICATION_ID}")
    con.executemany(
        "INSERT INTO meta(key, value) VALUES (?, ?)", [("store_id", "abc"), ("kind", "ordinary"), ("created_at", "0")]
    )
    con.execute("INSERT INTO trace(project, trace_key, arrived_at) VALUES ('p', 'k', 1)")
    con.close()
    with open_store(path) as store, store.read() as opened:
        assert opened.execute("SELECT version_num FROM alembic_version").fetchone()[0] == HEAD
        assert opened.execute("SELECT trace_key FROM trace").fetchone()[0] == "k"
        assert store.id == "abc"


def test_a_store_of_a_newer_retrospan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    open_store(path).close()
    con = driver.connect(str(path), isolation_level=None)
    con.execute("UPDATE alembic_version SET version_num = '9999_future'")
    con.close()
    with pytest.raises(StoreVersionError, match="Upgrade Retrospan"):
        open_store(path)


def test_a_foreign_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    con = driver.connect(str(path), isolation_level=None)
    con.execute("CREATE TABLE t(x)")
    con.close()
    before = path.read_bytes()
    with pytest.raises(UsageError, match="not a Retrospan store"):
        open_store(path)
    assert path.read_bytes() == before


def test_rubbish_is_refused_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "rubbish.db"
    path.write_bytes(b"\x00\x01rubbish" * 1000)
    with pytest.raises((StoreError, UsageError), match=r"rubbish\.db"):
        open_store(path)


def test_a_folder_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises((StoreError, UsageError), match="Name another place"):
        open_store(tmp_path / "file" / "store.db")


def test_a_database_url_is_refused_with_what_to_do() -> None:
    with pytest.raises(UsageError, match="reads files only"):
        open_store("postgresql://localhost/x")


def test_errors_of_a_former_store_are_found_by_their_words(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    upgrade.upgrade_sqlite(path, "0013_project_by_service")
    con = driver.connect(str(path), isolation_level=None)
    con.execute(f"PRAGMA application_id={APPLICATION_ID}")
    con.executemany(
        "INSERT INTO meta(key, value) VALUES (?, ?)", [("store_id", "abc"), ("kind", "ordinary"), ("created_at", "0")]
    )
    con.execute("INSERT INTO trace(project, trace_key, arrived_at) VALUES ('p', 'k', 1)")
    con.executemany(
        "INSERT INTO span(trace_id, span_id, kind, name, status, sequence, digest, detail)"
        " VALUES (1, ?, 'tool', 'pay', 'error', ?, ?, ?)",
        [(name, place, name.encode(), pack({"e": ["ledger unavailable quokka", "Down"]})) for place, name in
         enumerate(("a", "b"))],
    )  # fmt: skip
    con.close()

    with open_store(path) as store:
        (hit,) = search_runs(store, '"unavailable quokka"').hits

        assert (hit.trace.id, hit.step, hit.trace.step_count) == (1, 0, 2)
