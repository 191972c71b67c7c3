"""Vectors load as an extension or fall back to numpy, on every CPython."""

from __future__ import annotations

import subprocess
import sys

from retrospan.store.sqlite.driver import driver_report


def test_the_report_says_which_sqlite_speaks() -> None:
    report = driver_report()
    assert report.full_text
    assert report.vectors.startswith(("sqlite-vec", "numpy"))


def test_without_the_bundled_driver_the_store_still_works(tmp_path: object) -> None:
    script = f"""
import sys
sys.modules["pysqlite3"] = None
from retrospan.store.opening import open_store
from retrospan.store.sqlite.driver import driver_report
report = driver_report()
assert report.module.startswith("sqlite3"), report
assert report.vectors.startswith(("sqlite-vec", "numpy")), report
store = open_store({str(tmp_path)!r} + "/s.db")
with store.read() as con:
    con.execute("SELECT count(*) FROM body_text").fetchone()
print(report.vectors)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
