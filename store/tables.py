"""Tables of the store, the same on SQLite and PostgreSQL. States, steps, files and versions are only ever added."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA = 1
NAME_LENGTH, NOTE_LENGTH = 200, 2000
# Constraints have names, or none could be dropped on SQLite later.
NAMES = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
}
metadata = MetaData(naming_convention=NAMES)
Id, Sha, Who = String(32), String(64), String(64)
Time = BigInteger  # milliseconds since 1970, UTC: SQLite keeps no time zones
Counter = BigInteger().with_variant(Integer, "sqlite")  # only an INTEGER key counts by itself on SQLite

about = Table("about", metadata, Column("name", String(40), primary_key=True), Column("value", Text, nullable=False))

file = Table(
    "file",
    metadata,
    Column("sha256", Sha, primary_key=True),  # of the bytes before packing
    Column("size", Integer, nullable=False),
    Column("packed", LargeBinary, nullable=False),
    Column("at", Time, nullable=False),
)

state = Table(
    "state",
    metadata,
    Column("id", Id, primary_key=True),
    Column("scenario", Text, nullable=False),  # as text: a JSON column would print numbers anew
    Column("files", Text, nullable=False),  # {place in the scenario: sha256}
    Column("origin", String(40), nullable=False),
    Column("fingerprint", String(40), nullable=False),
    Column("engine", String(32), nullable=False),
    Column("at", Time, nullable=False),
)

work = Table(
    "work",
    metadata,
    Column("id", Id, primary_key=True),
    Column("who", Who, nullable=False),
    Column("title", String(NAME_LENGTH), nullable=False),  # what its last state calls itself
    Column("name", String(NAME_LENGTH), nullable=False),  # what the user calls it
    Column("note", String(NOTE_LENGTH), nullable=False),
    Column("state", Id, ForeignKey("state.id"), nullable=False),  # where it was left
    Column("at", Time, nullable=False),
    Index(None, "who", "at"),
)

step = Table(
    "step",
    metadata,
    Column("n", Counter, primary_key=True, autoincrement=True),
    Column("work", Id, ForeignKey("work.id"), nullable=False, index=True),
    Column("before", Id, ForeignKey("state.id"), nullable=False, index=True),
    Column("after", Id, ForeignKey("state.id"), nullable=False, index=True),
    Column("changes", Text, nullable=False),  # [{path, old, new}]
    Column("at", Time, nullable=False),
)

version = Table(
    "version",
    metadata,
    Column("id", Id, primary_key=True),
    Column("work", Id, ForeignKey("work.id"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("state", Id, ForeignKey("state.id"), nullable=False),
    Column("note", String(NOTE_LENGTH), nullable=False),
    Column("figures", Text, nullable=False),
    Column("engine", String(32), nullable=False),
    Column("at", Time, nullable=False),
    UniqueConstraint("work", "n"),
)

share = Table(
    "share",
    metadata,
    Column("token_sha256", Sha, primary_key=True),  # the token itself is in the link alone
    Column("state", Id, ForeignKey("state.id"), nullable=False),
    Column("client", String(NAME_LENGTH), nullable=False),
    Column("at", Time, nullable=False),
)
