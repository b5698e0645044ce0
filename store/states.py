"""States: a scenario and what it started from, each under an id that nobody guesses. Same inputs, same id.

Meter files, weather files and tariffs are kept once, by the hash of what they hold; a state names them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, Engine, select

from sim.inputs.scenario import ENGINE_VERSION, Scenario, scenario_from_dict
from store import tables
from store.database import StoreError, now, once, read

FILES = ("load.meter", "pv.weather", "tariff")
LEFT_OUT: Any = {"load": {"meter"}, "pv": {"weather"}, "tariff": True}
ID_LENGTH = 22


@dataclass(frozen=True)
class State:
    """What is on screen: the inputs, and the case they started from."""

    scenario: Scenario
    origin: str


@dataclass(frozen=True)
class Packed:
    """A state as the store keeps it."""

    id: str
    row: dict[str, Any]
    files: dict[str, bytes]


def pack(state: State, secret: bytes) -> Packed:
    """A state as rows, with its id by the store's own secret: whoever knows the inputs does not know the id."""
    scenario = state.scenario
    parts = {place: _as_bytes(scenario.get(place)) for place in FILES if scenario.get(place) is not None}
    hashes = {place: hashlib.sha256(data).hexdigest() for place, data in parts.items()}
    text = scenario.model_dump_json(exclude=LEFT_OUT)
    files = json.dumps(hashes, sort_keys=True)
    row: dict[str, Any] = {
        "id": _id("\n".join((state.origin, files, text)), secret),
        "scenario": text,
        "files": files,
        "origin": state.origin,
        "fingerprint": scenario.fingerprint,
        "engine": ENGINE_VERSION,
        "at": now(),
    }
    return Packed(row["id"], row, {hashes[place]: data for place, data in parts.items()})


def keep(connection: Connection, packed: Packed) -> None:
    """Write a state and its files where they are not there yet."""
    held = select(tables.file.c.sha256).where(tables.file.c.sha256.in_(packed.files))
    known = set(connection.scalars(held))
    for sha, data in packed.files.items():
        if sha not in known:
            row = {"sha256": sha, "size": len(data), "packed": zlib.compress(data, 6), "at": now()}
            once(connection, tables.file, **row)
    once(connection, tables.state, **packed.row)


def load(engine: Engine, state_id: str) -> State | None:
    """The state of an id; None where there is none. Raises StoreError where it is damaged, InputError where this
    version cannot read its inputs."""
    row = read(engine, lambda c: c.execute(select(tables.state).where(tables.state.c.id == state_id)).first())
    if row is None:
        return None
    tree = json.loads(row.scenario)
    for place, sha in json.loads(row.files).items():
        *section, name = place.split(".")
        (tree[section[0]] if section else tree)[name] = json.loads(read(engine, _file(sha)))
    return State(scenario_from_dict(tree), row.origin)


def _file(sha: str) -> Callable[[Connection], bytes]:
    def found(connection: Connection) -> bytes:
        packed = connection.scalar(select(tables.file.c.packed).where(tables.file.c.sha256 == sha))
        data = zlib.decompress(packed) if packed is not None else b""
        if hashlib.sha256(data).hexdigest() != sha:
            raise StoreError(f"file {sha[:12]} of the store is damaged")
        return data

    return found


def _as_bytes(part: BaseModel) -> bytes:
    return part.model_dump_json().encode()


def _id(text: str, secret: bytes) -> str:
    digest = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode()[:ID_LENGTH]
