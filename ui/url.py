"""The address bar's short form of a scenario: language, where it starts from, and every input that differs from that.

It starts from a shipped case (`preset`), from a case in the world of its place (`world` besides), or from a site of
one's own (`own` and its answers). Keys are dotted input paths, values are numbers, words, 1/0 for switches, JSON for
small tables; an empty value means "none". What is not an input of the register (an edited tariff, a meter file) has no
short form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from i18n import LANGUAGES
from sim.inputs.base import InputError
from sim.inputs.register import Input, register
from sim.inputs.scenario import Scenario
from sim.inputs.tariff import library_ids
from sim.inputs.text import read_json
from sim.problem import Refusal
from study import own_site
from study.own_site import OWN, Start
from study.place import lives_there, taken, world_of
from study.presets import Preset, presets

LONGEST_QUERY = 3000
UPLOADS = ("load.meter", "pv.weather")  # files have no short form
TARIFF_KEY = "tariff.library_id"
BASIS_KEY = "tariff.demand_basis"
LIMITED = ("number", "integer")
WORLD = "world"


@dataclass(frozen=True)
class Opened:
    """What an address asks for. `dropped` names the keys whose value could not be used."""

    scenario: Scenario
    preset_id: str
    language: str
    dropped: tuple[str, ...]


def default_preset() -> Preset:
    """The case shown where an address has inputs but names none, as addresses of before do."""
    return next(iter(presets().values()))


def origin(preset_id: str, scenario: Scenario) -> Preset:
    """What a scenario started from: its site with nothing changed besides its answers, or a shipped case, in the world
    of its place where that was taken."""
    if preset_id == OWN:
        return own_site.own_preset(own_site.start_of(scenario))
    preset = presets()[preset_id]
    world = world_of(scenario.site.place, preset.scenario)
    return _in_world(preset, scenario.site.place) if lives_there(scenario, world, preset.scenario) else preset


def _in_world(preset: Preset, place: str) -> Preset:
    return replace(preset, scenario=taken(preset.scenario, world_of(place, preset.scenario)))


def encode(scenario: Scenario, preset_id: str, language: str) -> dict[str, str]:
    """The address of a scenario, as query parameters."""
    start = origin(preset_id, scenario)
    changed = {
        path: _text(entry, scenario.get(path))
        for path, entry in register().items()
        if path not in UPLOADS and scenario.get(path) != start.scenario.get(path)
    }
    if scenario.tariff.library_id != start.scenario.tariff.library_id and scenario.tariff.library_id:
        changed[TARIFF_KEY] = scenario.tariff.library_id
    if scenario.tariff.demand_basis != start.scenario.tariff.demand_basis:
        changed[BASIS_KEY] = scenario.tariff.demand_basis
    return {"lang": language, **_origin_keys(start, scenario), **changed}


def _origin_keys(start: Preset, scenario: Scenario) -> dict[str, str]:
    if start.id == OWN:
        answers = own_site.answers_in(scenario).items()
        return {OWN: scenario.site.place, **{path: _text(register()[path], value) for path, value in answers}}
    is_plain = start.scenario == presets()[start.id].scenario
    return {"preset": start.id} | ({} if is_plain else {WORLD: scenario.site.place})


def fits(scenario: Scenario, query: Mapping[str, str]) -> bool:
    """Whether the address gives back this very scenario."""
    if sum(len(key) + len(value) + 2 for key, value in query.items()) > LONGEST_QUERY:
        return False
    opened = decode(query)
    return not opened.dropped and opened.scenario == scenario


def decode(query: Mapping[str, str], fresh: Start | None = None) -> Opened:
    """Read an address. Numbers beyond a limit are clamped; what cannot be used is dropped and named. One without any
    input opens a site of one's own from the `fresh` answers."""
    language = query.get("lang", "en")
    known = {"lang": LANGUAGES, "preset": presets()}
    dropped = [key for key, names in known.items() if query.get(key, "") not in ("", *names)]
    changes: dict[str, Any] = {}
    for key, text in query.items():
        if key in ("lang", "preset", OWN, WORLD):
            continue
        try:
            changes |= _change(key, text)
        except (KeyError, ValueError, TypeError):
            dropped.append(key)
    start, unknown = _start(query, changes, fresh or Start())
    scenario, refused = _apply(start.scenario, changes)
    language = language if language in LANGUAGES else "en"
    return Opened(with_preset_notes(scenario, start), start.id, language, (*dropped, *unknown, *refused))


def _start(query: Mapping[str, str], changes: Mapping[str, Any], fresh: Start) -> tuple[Preset, list[str]]:
    """What an address starts from, and those of its keys that name nothing."""
    if not set(query) - {"lang"}:
        return own_site.own_preset(fresh), []
    if OWN in query:
        try:
            return own_site.own_preset(own_site.start_from(query[OWN], changes)), []
        except Refusal:
            return own_site.own_preset(fresh), [OWN]
    preset = presets().get(query.get("preset", ""), default_preset())
    if WORLD not in query:
        return preset, []
    try:
        return _in_world(preset, query[WORLD]), []
    except Refusal:
        return preset, [WORLD]


def with_preset_notes(scenario: Scenario, preset: Preset) -> Scenario:
    """Give values that equal the preset's their source note back: a lever moved there and back leaves no trace."""
    base = preset.scenario
    notes = {path: note for path, note in base.provenance.items() if scenario.get(path) == base.get(path)}
    own = {path: note for path, note in scenario.provenance.items() if path not in preset.scenario.provenance}
    if scenario.provenance == notes | own:
        return scenario
    return scenario.model_copy(update={"provenance": notes | own})


def _apply(scenario: Scenario, changes: dict[str, Any]) -> tuple[Scenario, list[str]]:
    """All changes at once, or, where they clash, one after the other without those that are refused."""
    if not changes:
        return scenario, []
    try:
        return scenario.with_(_tables(changes)), []
    except InputError:
        refused = []
    for key, value in changes.items():
        try:
            scenario = scenario.with_(_tables({key: value}))
        except InputError:
            refused.append(key)
    return scenario, refused


def _tables(changes: dict[str, Any]) -> dict[str, Any]:
    """A tariff's id stands for its whole record."""
    changes = dict(changes)
    if TARIFF_KEY in changes:
        basis = changes.pop(BASIS_KEY, None)
        record = {"library_id": changes.pop(TARIFF_KEY)}
        changes = {"tariff": record | ({"demand_basis": basis} if basis else {}), **changes}
    return changes


def _change(key: str, text: str) -> dict[str, Any]:
    if key == TARIFF_KEY:
        return {key: library_ids()[library_ids().index(text)]}
    if key == BASIS_KEY:
        return {key: text}
    return {key: _value(register()[key], text)}


def _text(entry: Input, value: Any) -> str:
    if value is None:
        return ""
    if entry.kind == "switch":
        return str(int(value))
    if entry.kind == "other":
        rows = [row.model_dump(mode="json", exclude_defaults=True) for row in value]
        return json.dumps(rows, separators=(",", ":"))
    return repr(value) if entry.kind == "number" else str(value)


def _value(entry: Input, text: str) -> Any:
    """The typed value of a text. Raises ValueError where it is of another kind."""
    if text == "" and entry.optional:
        return None
    if entry.kind in LIMITED:
        number = float(text) if entry.kind == "number" else int(text)
        return _clamped(number, entry)
    if entry.kind == "switch":
        return {"1": True, "0": False}[text]
    if entry.kind == "choice":
        return {str(choice): choice for choice in entry.choices}[text]
    return read_json(text) if entry.kind == "other" else text


def _clamped(number: float, entry: Input) -> float:
    if number != number:
        _refuse(str(number))
    low = number if entry.minimum is None else max(number, type(number)(entry.minimum))
    return low if entry.maximum is None else min(low, type(number)(entry.maximum))


def _refuse(text: str) -> None:
    raise ValueError(f"'{text[:40]}' cannot be used")
