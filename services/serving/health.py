"""Is everything in order? Python, SQLite, the store, search by meaning, reviewers, assistants, model access."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ...model.errors import RetrospanError
from ...store.erasure.sweep import is_sweep_pending
from ...store.opening import default_location, open_store
from ...store.reading.trace_ids import store_size
from ...store.sqlite.driver import driver_report


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, and what to do about it."""

    name: str
    ok: bool
    found: str
    next_step: str = ""


def check_health(location: str | None) -> list[Check]:
    """Look at everything that has to be in order, for the store at `location` (None takes the default one)."""
    return [
        _python(),
        *_sqlite(),
        _store(location),
        _semantic(location),
        _reviewer(),
        *_assistants(location),
        _model(),
    ]


def _python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Check("python", sys.version_info >= (3, 11), f"{version} ({sys.implementation.name})")


def _sqlite() -> list[Check]:
    report = driver_report()
    checks = [
        Check("sqlite", report.full_text, f"{report.version} through {report.module}, full text: {report.full_text}")
    ]
    if not report.wal_safe:
        step = "pip install pysqlite3 (SQLite before 3.51.3 can corrupt a store that several processes write)"
        checks.append(Check("wal", False, f"SQLite {report.version} is older than 3.51.3", step))
    checks.append(Check("vectors", True, report.vectors))
    return checks


def _store(location: str | None) -> Check:
    where = location or str(default_location())
    try:
        with open_store(location, read_only=True) as store:
            traces, waiting = store_size(store)
            half_erased = is_sweep_pending(store)
            trouble = store.trouble()
    except RetrospanError as err:
        return Check("store", False, where, str(err))
    if trouble:
        step = "retrospan store check (what is lost), then store salvage NEW, or store restore COPY"
        return Check("store", False, f"{where} is damaged: {trouble}", step)
    if half_erased:
        step = "run the same prune, delete or redact again: it finishes what was begun"
        return Check("store", False, f"{where}: what an interrupted erasure let go of may still lie in the file", step)
    step = "" if traces else "retrospan import PATH, or retrospan demo"
    return Check("store", True, f"{where}: {traces} traces, {waiting} waiting to be assembled ({store.kind})", step)


def _reviewer() -> Check:
    from ...trust.folders import config_folder, keys_folder
    from ...trust.keys import key_names
    from ..reviewing.people import nobody_is_trusted

    keys = len(key_names(keys_folder()))
    if nobody_is_trusted():
        step = 'retrospan reviewer add "YOUR NAME" (until then nothing can be confirmed)'
        return Check("reviewer", True, f"nobody is trusted on this machine; {keys} keys", step)
    step = "" if keys else 'retrospan reviewer add "YOUR NAME" (no private key is on this machine)'
    return Check("reviewer", True, f"{keys} keys, trust root in {config_folder()}", step)


def _assistants(location: str | None) -> list[Check]:
    from ..connecting.client_configs import our_entries

    here = str(Path(location or default_location()).expanduser().absolute())
    checks = []
    for entry in our_entries(Path.cwd()):
        store = str(Path(entry.store).expanduser()) if entry.store else str(default_location().absolute())
        again = f"retrospan connect {entry.client} --store {here}"
        step = "" if store == here else f"{again} (that assistant reads another store)"
        if not entry.starts:
            step = f"{again} (its command {entry.command!r} is not there)"
        checks.append(Check("assistant", entry.starts, f"{entry.client}: {entry.name} → {store}, {entry.path}", step))
    if checks:
        return checks
    step = "retrospan connect claude-code, or cursor, or vscode"
    return [Check("assistant", True, "no client that was looked at names this server", step)]


def _semantic(location: str | None) -> Check:
    from ..embedding.choose import available, has_vectors

    if not available():
        return Check("meaning", True, "search is by words alone", "uv pip install 'CHECKOUT[semantic]' (your clone)")
    try:
        with open_store(location, read_only=True) as store:
            ready = has_vectors(store)
    except RetrospanError:
        return Check("meaning", True, "the model is installed")
    step = "" if ready else "retrospan embed"
    return Check("meaning", True, "the model is installed" + ("" if ready else ", and no run is prepared"), step)


def _model() -> Check:
    if os.environ.get("ANTHROPIC_API_KEY") or os.environ.get("ANTHROPIC_AUTH_TOKEN"):
        where = os.environ.get("ANTHROPIC_BASE_URL")
        return Check("model", True, "a key is set in the environment" + (f", for {where}" if where else ""))
    step = "set ANTHROPIC_API_KEY for `retrospan triage`, `judge` and `fix`; nothing else needs it"
    return Check("model", True, "no key; the rest works without one", step)
