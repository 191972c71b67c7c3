"""Bring a store to the newest schema. Imports alembic and SQLAlchemy, so only called when there is work to do."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import create_engine, event, pool

from ...model.errors import StoreVersionError
from .driver import driver


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    return config


def upgrade_sqlite(path: Path, revision: str = "head") -> None:
    """Run the missing revisions on the store file at `path`, one transaction each.

    Raises:
        StoreVersionError: if the file names a revision that this Retrospan does not know.
    """
    engine = create_engine(f"sqlite:///{path}", module=driver, poolclass=pool.NullPool)

    # The driver's own transaction handling commits before DDL; alembic's transactions must hold.
    @event.listens_for(engine, "connect")
    def _manual_transactions(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def _begin(connection: object) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        except CommandError as err:
            raise StoreVersionError(
                f"The store {path} has a schema this Retrospan does not know ({err}). Upgrade Retrospan to open it."
            ) from err
    engine.dispose()
