"""One person's work on this server: every change a step, studies with names and versions, the last ones first."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, Engine, func, insert, select, update

from sim.inputs.scenario import ENGINE_VERSION
from store import tables
from store.database import folder, new_id, now, opened, read, said, written
from store.states import Packed, State, keep, load, pack
from study.difference import Change

MOST_RECENT = 50
END = "~"  # between the signs of a link's token and when it ends
TOKEN_END = re.compile(rf"{END}([0-9a-f]{{1,15}})$")
LONG_VALUE = 200
work, step, version = tables.work, tables.step, tables.version


@dataclass(frozen=True)
class Work:
    """A study as its list shows it: `state` is where it was left, `at` in milliseconds since 1970."""

    id: str
    title: str
    name: str
    note: str
    state: str
    at: int


@dataclass(frozen=True)
class Version:
    """A state of a study that was kept under a number, with its figures as the engine then found them."""

    id: str
    n: int
    state: str
    note: str
    figures: dict[str, Any]
    engine: str
    at: int


class Store:
    """`who` is the browser (or, later, the person): each sees the studies of his own; a state is open to whoever has
    its address. Every method raises StoreError where the store cannot be used."""

    def __init__(self, place: Path):
        self.engine: Engine = opened(place)
        self.secret = bytes.fromhex(read(self.engine, said("secret")))

    def load(self, state_id: str) -> State | None:
        """The state of an address."""
        return load(self.engine, state_id)

    def pack(self, state: State) -> Packed:
        """A state ready to be kept, with the id it will have."""
        return pack(state, self.secret)

    def take_step(
        self, who: str, work_id: str, before: str, after: Packed, changes: Sequence[Change], title: str
    ) -> None:
        """Keep a change: the state after it, the step from the kept state `before`, and where the study is left. A
        study that is not there yet begins."""

        def put(connection: Connection) -> None:
            keep(connection, after)
            _leave_at(connection, who, work_id, after.id, title)
            row = {"work": work_id, "before": before, "after": after.id, "changes": _as_text(changes), "at": now()}
            connection.execute(insert(step).values(**row))

        written(self.engine, put)

    def begin(self, who: str, work_id: str, packed: Packed, title: str) -> None:
        """A study that no step has led to yet begins, and is left at this state."""

        def put(connection: Connection) -> None:
            keep(connection, packed)
            _leave_at(connection, who, work_id, packed.id, title)

        written(self.engine, put)

    def keep(self, packed: Packed) -> None:
        """Keep a state without a step to it."""
        written(self.engine, lambda c: keep(c, packed))

    def share(self, packed: Packed, client: str, until: int | None = None) -> str:
        """The token of a link that shows a state, and for whom, and nothing else of the store; with `until`, as `now`
        counts, no longer than that. The end is part of the token, so nobody can move it."""
        token = new_id() if until is None else f"{new_id()}{END}{until:x}"
        row = {"token_sha256": _digest(token), "state": packed.id, "client": client[: tables.NAME_LENGTH], "at": now()}

        def put(connection: Connection) -> None:
            keep(connection, packed)
            connection.execute(insert(tables.share).values(**row))

        written(self.engine, put)
        return token

    def shared(self, token: str) -> tuple[State, str] | None:
        """What a link shows, and for whom; None where there is no such link, or no longer."""
        end = end_of(token)
        if end is not None and end <= now():
            return None
        share = tables.share.c
        asked = select(share.state, share.client).where(share.token_sha256 == _digest(token))
        row = read(self.engine, lambda c: c.execute(asked).first())
        if row is None:
            return None
        state = self.load(row.state)
        return None if state is None else (state, row.client)

    def work_of(self, who: str, state_id: str) -> str | None:
        """The study of this person that a state belongs to, the one looked at last."""
        is_there = work.c.id.in_(select(step.c.work).where((step.c.after == state_id) | (step.c.before == state_id)))
        mine = select(work.c.id).where(work.c.who == who, is_there | (work.c.state == state_id))
        return read(self.engine, lambda c: c.scalar(mine.order_by(work.c.at.desc()).limit(1)))

    def recent(self, who: str, most: int = MOST_RECENT) -> tuple[Work, ...]:
        """The studies of a person, the one looked at last first."""
        rows = select(work).where(work.c.who == who).order_by(work.c.at.desc()).limit(most)
        return tuple(map(_as_work, read(self.engine, lambda c: c.execute(rows).all())))

    def work(self, who: str, work_id: str) -> Work | None:
        """A study of a person."""
        row = read(self.engine, lambda c: c.execute(select(work).where(_mine(who, work_id))).first())
        return None if row is None else _as_work(row)

    def describe(self, who: str, work_id: str, name: str, note: str) -> None:
        """Give a study its name and note."""
        given = {"name": name[: tables.NAME_LENGTH], "note": note[: tables.NOTE_LENGTH]}
        written(self.engine, lambda c: c.execute(update(work).where(_mine(who, work_id)).values(**given)))

    def duplicate(self, who: str, work_id: str, name: str) -> str | None:
        """A second study that begins where this one is; its id."""
        known, found = self.work(who, work_id), new_id()
        if known is None:
            return None
        row = {"id": found, "who": who, "title": known.title, "note": known.note, "state": known.state, "at": now()}
        written(self.engine, lambda c: c.execute(insert(work).values(name=name[: tables.NAME_LENGTH], **row)))
        return found

    def keep_version(self, who: str, work_id: str, packed: Packed, note: str, figures: dict[str, Any]) -> int | None:
        """Keep a state of a study under the next number, which is the answer."""
        row = {"id": new_id(), "state": packed.id, "note": note[: tables.NOTE_LENGTH], "at": now()}

        def put(connection: Connection) -> int | None:
            if connection.scalar(select(work.c.id).where(_mine(who, work_id))) is None:
                return None
            keep(connection, packed)
            last = connection.scalar(select(func.max(version.c.n)).where(version.c.work == work_id)) or 0
            more = {"work": work_id, "n": last + 1, "figures": json.dumps(figures), "engine": ENGINE_VERSION}
            connection.execute(insert(version).values(**row, **more))
            return last + 1

        return written(self.engine, put)

    def versions(self, who: str, work_id: str) -> tuple[Version, ...]:
        """The versions of a study, newest first."""
        rows = select(version).join(work, work.c.id == version.c.work).where(_mine(who, work_id))
        found = read(self.engine, lambda c: c.execute(rows.order_by(version.c.n.desc())).all())
        return tuple(Version(r.id, r.n, r.state, r.note, json.loads(r.figures), r.engine, r.at) for r in found)


def usual() -> Store | None:
    """The store in the user's data folder; None where nothing is to be kept. Raises StoreError."""
    place = folder()
    return None if place is None else Store(place)


def end_of(token: str) -> int | None:
    """When a link ends, as `now` counts; None where it does not."""
    found = TOKEN_END.search(token)
    return int(found[1], 16) if found else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _mine(who: str, work_id: str) -> Any:
    return (work.c.id == work_id) & (work.c.who == who)


def _leave_at(connection: Connection, who: str, work_id: str, state_id: str, title: str) -> None:
    left = {"state": state_id, "title": title[: tables.NAME_LENGTH], "at": now()}
    if connection.scalar(select(work.c.id).where(work.c.id == work_id)) is None:
        connection.execute(insert(work).values(id=work_id, who=who, name="", note="", **left))
    else:
        connection.execute(update(work).where(_mine(who, work_id)).values(**left))


def _as_work(row: Any) -> Work:
    return Work(row.id, row.title, row.name, row.note, row.state, row.at)


def _as_text(changes: Sequence[Change]) -> str:
    return json.dumps([{"path": one.path, "old": _plain(one.old), "new": _plain(one.new)} for one in changes])


def _plain(value: Any) -> Any:
    """A value as JSON; of a long one (a meter file, a tariff) the beginning: the state has it whole."""
    if isinstance(value, BaseModel):
        return value.model_dump_json()[:LONG_VALUE]
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value
