"""What every command shares: the store option, JSON output, progress bars, safe text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import click

from ...model.errors import DamagedStoreError, RetrospanError, StoreError
from ...store.contract import Store
from ...store.damage import Damage
from ...store.opening import keeping_of, open_store

F = TypeVar("F", bound=Callable[..., Any])


def store_option(command: F) -> F:
    """`--store PATH_OR_URL`, else `RETROSPAN_STORE`, else the user's own store."""
    return click.option(
        "--store",
        "store_location",
        metavar="PATH_OR_URL",
        help="The store to use (default: RETROSPAN_STORE, else your own store).",
    )(command)


def otel_option(command: F) -> F:
    """`--otel`: send spans of this server's own calls to where OTEL_EXPORTER_OTLP_ENDPOINT says."""
    return click.option(
        "--otel",
        is_flag=True,
        envvar="RETROSPAN_OTEL",
        help="Trace this server itself; OTEL_EXPORTER_OTLP_ENDPOINT says where to.",
    )(command)


def json_option(command: F) -> F:
    """`--json`: one JSON value on stdout and nothing else there."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON value and nothing else.")(command)


@contextmanager
def opened(location: str | None, *, read_only: bool = False, create: bool = False) -> Iterator[Store]:
    """The store of a command, closed when it ends. A path that is named is made only where `create` says so."""
    if location is not None and not create and "://" not in location and not Path(location).expanduser().exists():
        raise StoreError(
            f"No store at {location}. Check --store; `retrospan import --store {location} PATH` makes one."
        )
    store = open_store(location, read_only=read_only)
    try:
        yield store
    except (RetrospanError, click.ClickException, click.exceptions.Exit, click.Abort, OSError):
        raise
    except Exception as err:
        _tell_damage(store, err)
        raise
    finally:
        store.close()


def _tell_damage(store: Store, err: Exception) -> None:
    """Raise what is damaged where a fault came of that: to a command, missing rows look like a fault of its own."""
    keeping, place = keeping_of(store.location)
    damages: list[Damage] = []
    with suppress(RetrospanError):
        damages = keeping.check(place).damages
    if damages:
        raise DamagedStoreError(store.name, damages[0].what) from err
