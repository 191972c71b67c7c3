"""`retrospan doctor`."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, dataclass

import click

from ..store.connection import default_location, open_store
from ..store.errors import RetrospanError
from ..store.sqlite.driver import driver_report
from .options import json_option, print_json, store_option


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, and what to do about it."""

    name: str
    ok: bool
    found: str
    next_step: str = ""


@click.command(
    "doctor",
    epilog="""\b
Examples:
  retrospan doctor
  retrospan doctor --store team.db --json""",
)
@store_option
@json_option
def doctor_command(store_location: str | None, as_json: bool) -> int:
    """Check Python, SQLite, the store, keys and model access, and say the next step for each."""
    checks = [_python(), *_sqlite(), _store(store_location), _model()]
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            click.echo(f"{'ok ' if check.ok else '!! '} {check.name:<12} {check.found}")
            if check.next_step:
                click.echo(f"{'':16} → {check.next_step}")
    return 0 if all(check.ok for check in checks) else 1


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
        with open_store(location, read_only=True) as store, store.read() as con:
            traces, waiting = con.execute("SELECT count(*), coalesce(sum(dirty), 0) FROM trace").fetchone()
    except RetrospanError as err:
        return Check("store", False, where, str(err))
    step = "" if traces else "retrospan import PATH, or retrospan demo"
    return Check("store", True, f"{where}: {traces} traces, {waiting} waiting to be assembled ({store.kind})", step)


def _model() -> Check:
    if os.environ.get("ANTHROPIC_API_KEY") or os.environ.get("ANTHROPIC_AUTH_TOKEN"):
        return Check("model", True, "an Anthropic key is set in the environment")
    return Check("model", True, "no Anthropic key; everything but the agents works without one")
