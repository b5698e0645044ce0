"""The store's database: where it lies, how it is opened, one transaction at a time."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, create_engine, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from store import tables

Found = TypeVar("Found")
FOLDER = "POWERLADDER_DATA_DIR"
NO_STORE = "none"  # as the folder: nothing is kept
FILE = "powerladder.db"
WAIT_S = 15.0


class StoreError(Exception):
    """The store cannot be used: its folder cannot be written, its disk is full, or a newer PowerLadder wrote it."""


def folder() -> Path | None:
    """Where the user's work is kept: `POWERLADDER_DATA_DIR`, else the system's place for a program's data; None where
    nothing is to be kept."""
    named = os.environ.get(FOLDER, "")
    if named.lower() == NO_STORE:
        return None
    if named:
        return Path(named)
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "PowerLadder"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "PowerLadder"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "powerladder"


def opened(place: Path) -> Engine:
    """The database in a folder, made where there is none. Raises StoreError."""
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(str(error)) from error
    engine = create_engine(f"sqlite:///{place / FILE}", connect_args={"timeout": WAIT_S})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    written(engine, _set_up)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    """Each connection: the driver begins nothing by itself; readers do not wait for the writer; what is told as kept
    outlives a power cut."""
    connection.isolation_level = None
    for line in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {line}")


def _begin(connection: Connection) -> None:
    """A writer takes its lock at once: one taken halfway is refused without waiting."""
    wants_lock = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if wants_lock else "BEGIN")


def _set_up(connection: Connection) -> None:
    tables.metadata.create_all(connection)
    once(connection, tables.about, name="schema", value=str(tables.SCHEMA))
    once(connection, tables.about, name="secret", value=secrets.token_hex(32))
    known = said("schema")(connection)
    if int(known) > tables.SCHEMA:
        raise StoreError(f"the store has form {known}, this PowerLadder knows forms up to {tables.SCHEMA}")


def said(name: str) -> Callable[[Connection], str]:
    """What the store says about itself under a name."""
    asked = select(tables.about.c.value).where(tables.about.c.name == name)
    return lambda connection: connection.execute(asked).scalar_one()


def read(engine: Engine, work: Callable[[Connection], Found]) -> Found:
    """What a transaction that only reads finds. Raises StoreError."""
    return _run(engine, work, writes=False)


def written(engine: Engine, work: Callable[[Connection], Found]) -> Found:
    """The answer of a transaction that writes, once it is kept. Raises StoreError; then nothing of it is."""
    return _run(engine, work, writes=True)


def _run(engine: Engine, work: Callable[[Connection], Found], writes: bool) -> Found:
    try:
        with engine.connect().execution_options(writes=writes) as connection, connection.begin():
            return work(connection)
    except SQLAlchemyError as error:
        raise StoreError(str(error)) from error


def once(connection: Connection, table: Table, **row: Any) -> None:
    """Put a row unless one of its key is there."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(make(table).values(**row).on_conflict_do_nothing())


def now() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """22 signs that nobody guesses."""
    return secrets.token_urlsafe(16)
