"""A site of one's own from six answers: where, how big, from when and how long, the grid now and later, what else one
would do, the price of diesel. The place brings its world (`study.place`); the plant is sized by the rules below.

Every answer can be read off the scenario again (`start_of`), so what the user changed besides is what differs from
`scenario_of` those answers, and follows him to the next place or size (`moved`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import ceil, floor, log10
from typing import Any, Literal, get_args

from sim.inputs import library
from sim.inputs.field import POWER_MAX_KW
from sim.inputs.register import register
from sim.inputs.scenario import Provenance, Scenario
from sim.inputs.site import Meter, by_gpus
from sim.inputs.storage import CABINET_SIZES_KWH
from sim.plant.load import peak_kw
from sim.plant.ratings import RATINGS
from sim.problem import Named, Refusal
from study.place import SET_KW, Fact, find_place, of_record, taken, with_facts, world_of
from study.presets import Preset

Otherwise = Literal["by_site", "rented_sets", "own_sets", "grid", "grid_backup"]
OTHERWISE: tuple[Otherwise, ...] = get_args(Otherwise)
# What one would do otherwise, as the baseline it stands for; renting or buying the sets is said where diesel is it.
BASELINES = {
    "by_site": "auto",
    "rented_sets": "diesel",
    "own_sets": "diesel",
    "grid": "grid",
    "grid_backup": "grid_diesel",
}
# The inputs that hold the answers; the import limit holds that there will be no more grid than now.
ANSWERS = (
    "site.place",
    "site.start",
    "site.term_months",
    "load.size_by",
    "load.peak_kw",
    "load.gpu_count",
    "load.gpu_model",
    "load.meter",
    "grid.existing_kw",
    "grid.ready_month",
    "finance.baseline",
)
NO_MORE_GRID, SETS_ARE = "grid.import_limit_kw", "finance.genset_ownership"
OWN = "own"
LEVERS = (
    "finance.diesel_per_l",
    "finance.energy_price_factor",
    "storage.energy_kwh",
    "pv.dc_kwp",
    "grid.ready_month",
)
# Rules of size; each is said where its result stands.
IMPORT_OVER_PEAK = 1.05
TRANSFORMER_POWER_FACTOR = 0.95
PREFERRED = (1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0, 10.0)  # R10, as IEC 60076-1 rates transformers
SET_SIZES_KW = (50.0, 100.0, 200.0, 400.0, 800.0, SET_KW)
LEAST_SETS = 2
SPARE_SETS = 1
RENTED_MONTHS = 12  # up to this term sets and battery are rented
WHOLE_CREW_KW = 1000.0  # a smaller site pays a part of the crew and of the control system
SMALL_SITE = ("finance.crew_per_month", "finance.standby_crew_per_month", "finance.ems_cost")
NEARLY = 1e-9
LEAST_KW = 100.0  # below, containers, crews and a supply at medium voltage are another business
TRUCK_L = 30_000.0  # of sets that carry the site
MAIN_TANK_H = 48.0


@dataclass(frozen=True)
class Start:
    """The answers. `peak_kw` counts where there are no GPUs and no meter file; `ready_month` None = the grid stays."""

    place: str = "shanghai"
    start: str = "2026-06"
    months: int = 36
    peak_kw: float = 10_000.0
    gpus: int | None = None
    gpu_model: str = "custom"
    meter: Meter | None = None
    existing_kw: float = 0.0
    ready_month: int | None = 0
    otherwise: Otherwise = "by_site"


def own_preset(start: Start) -> Preset:
    """Where a site of one's own starts from: its answers with nothing changed besides."""
    return Preset(OWN, scenario_of(start), LEVERS)


def scenario_of(start: Start) -> Scenario:
    """The site in its world, its plant sized by rule. Raises InputError or Refusal naming the field."""
    bare = Scenario().with_(_answers(start) | {"grid.existing_kw": 0.0})
    placed = taken(bare, world_of(start.place, bare))
    return with_facts(placed, _plant(placed, start))


def checked(scenario: Scenario) -> Scenario:
    """The scenario, whose load is of a size the rules are for. Raises Refusal."""
    load_kw = peak_kw(scenario.load)
    if load_kw >= LEAST_KW:
        return scenario
    raise Refusal(
        "{input} {given} kW is too small for the rules of size, from {least} kW on; start from a shipped case",
        input=Named("load.peak_kw"),
        given=load_kw,
        least=LEAST_KW,
    )


def diesel_at(scenario: Scenario, delivered_per_l: float) -> dict[str, float]:
    """The inputs of a delivered price of diesel: the price before delivery is what delivery leaves."""
    delivery = scenario.finance.delivery_per_l
    if delivered_per_l >= delivery:
        return {"finance.diesel_per_l": float(f"{delivered_per_l - delivery:.9g}")}
    return {"finance.diesel_per_l": delivered_per_l, "finance.delivery_per_l": 0.0}


def next_month() -> str:
    """The month a project could begin in, YYYY-MM."""
    today = date.today()
    return f"{today.year + today.month // 12}-{today.month % 12 + 1:02d}"


def start_of(scenario: Scenario) -> Start:
    """The answers a scenario was made from, or would be."""
    load, grid, site, finance = scenario.load, scenario.grid, scenario.site, scenario.finance
    never = grid.ready_month == 0 and grid.import_limit_kw == grid.existing_kw < _limit_kw(peak_kw(load))
    otherwise: Otherwise = next(name for name in OTHERWISE if BASELINES[name] == finance.baseline)
    if finance.baseline == "diesel":
        otherwise = "rented_sets" if finance.genset_ownership == "rent" else "own_sets"
    return Start(
        place=site.place,
        start=site.start,
        months=site.term_months,
        peak_kw=load.peak_kw,
        gpus=load.gpu_count if by_gpus(scenario) else None,
        gpu_model=load.gpu_model,
        meter=load.meter if load.kind == "meter" else None,
        existing_kw=grid.existing_kw,
        ready_month=None if never else grid.ready_month,
        otherwise=otherwise,
    )


def start_from(place: str, inputs: Mapping[str, Any]) -> Start:
    """The answers among inputs by dotted path, as an address has them. Raises InputError or Refusal."""
    given = {path: inputs[path] for path in (*ANSWERS, NO_MORE_GRID, SETS_ARE) if path in inputs}
    usual = _answers(Start(find_place(place))) | {NO_MORE_GRID: POWER_MAX_KW}
    return start_of(Scenario().with_(usual | given))


def answers_in(scenario: Scenario) -> dict[str, Any]:
    """The inputs that hold the answers where they are not those of `Start()`, by dotted path; the place aside."""
    start, usual = start_of(scenario), Scenario().with_(_answers(Start()))
    found = {path: scenario.get(path) for path in ANSWERS if scenario.get(path) != usual.get(path)}
    if start.ready_month is None:
        found[NO_MORE_GRID] = scenario.grid.import_limit_kw
    if scenario.finance.baseline == "diesel":
        found[SETS_ARE] = scenario.finance.genset_ownership
    return {path: value for path, value in found.items() if path not in ("site.place", "load.meter")}


def moved(scenario: Scenario, **answers: Any) -> Scenario:
    """The scenario with other answers: the world and the sizes follow, and what the user changed besides stays, a price
    in another currency at the dated rate. Raises InputError or Refusal."""
    before = start_of(scenario)
    base, after = scenario_of(before), replace(before, **answers)
    own = {
        path: Fact(scenario.get(path), scenario.provenance.get(path))
        for path in register()
        if path not in ANSWERS and scenario.get(path) != base.get(path)
    }
    more: dict[str, Any] = {"bills": scenario.bills}
    if after.meter:
        own.pop("load.kind", None)
    if after.place != before.place:
        brought = world_of(after.place, scenario).facts
        own = {path: brought.get(path, fact) for path, fact in own.items()}
        more["bills"] = brought.get("bills", Fact(scenario.bills)).value
    elif scenario.tariff != base.tariff:
        more["tariff"] = scenario.tariff.model_dump()
    return with_facts(checked(scenario_of(after)), own, more)


def _answers(start: Start) -> dict[str, Any]:
    """What of the answers needs no rule. The grid's follow with the plant."""
    found: dict[str, Any] = {
        "site.place": start.place,
        "site.start": start.start,
        "site.term_months": start.months,
        "load.peak_kw": start.peak_kw,
        "load.gpu_model": start.gpu_model,
        "finance.baseline": BASELINES[start.otherwise],
    }
    if start.gpus is not None:
        found |= {"load.size_by": "gpus", "load.gpu_count": start.gpus}
    if start.meter is not None:
        found |= {"load.kind": "meter", "load.meter": start.meter.model_dump()}
        found["site.step_minutes"] = start.meter.step_minutes
    return found


def _plant(placed: Scenario, start: Start) -> dict[str, Fact]:
    """Grid, battery, sets and who owns them."""
    load_kw = peak_kw(placed.load)
    return {
        **_grid(start, load_kw),
        **_outages(placed.site.country),
        **_battery(load_kw),
        **_sets(placed, start, load_kw),
        **_owned(start),
    }


def _grid(start: Start, load_kw: float) -> dict[str, Fact]:
    limit_kw = start.existing_kw if start.ready_month is None else max(start.existing_kw, _limit_kw(load_kw))
    kva = _preferred(limit_kw / TRANSFORMER_POWER_FACTOR)
    facts = {"grid.existing_kw": Fact(start.existing_kw), "grid.ready_month": Fact(start.ready_month or 0)}
    rule = _rule(f"{IMPORT_OVER_PEAK:g} x peak load")
    facts["grid.import_limit_kw"] = Fact(limit_kw, None if limit_kw == start.existing_kw else rule)
    by_kva = f"import limit at power factor {TRANSFORMER_POWER_FACTOR:g}, next size of IEC 60076-1"
    return facts | {"grid.transformer_kva": Fact(kva, _rule(by_kva))}


def _outages(country: str) -> dict[str, Fact]:
    """As many and as long as the country's customers see."""
    often = library.country_record(country, "saifi_events_per_year")
    long = library.country_record(country, "saidi_hours_per_year")
    return {
        "grid.outage_source": Fact("statistics"),
        "grid.saifi_per_year": of_record(often),
        "grid.saidi_h_per_year": of_record(long),
    }


def _battery(load_kw: float) -> dict[str, Fact]:
    """Whole containers or cabinets of a usual size that carry the load by their power."""
    kwh = next(kwh for least_kwh, kwh in CABINET_SIZES_KWH if 2 * load_kw >= least_kwh)
    kw = next(kw for kw, energy in library.battery_classes().values() if energy == kwh)
    count = ceil(load_kw / kw - NEARLY)
    rule = _rule(f"{count} x {kwh:g} kWh, {kw:g} kW; whole containers whose power carries the peak load")
    return {"storage.energy_kwh": Fact(count * kwh, rule), "storage.power_kw": Fact(count * kw, rule)}


def _sets(placed: Scenario, start: Start, load_kw: float) -> dict[str, Fact]:
    """Sets in whole numbers with one to spare; by day and night at the mean load their rating allows."""
    set_kw = max((size for size in SET_SIZES_KW if LEAST_SETS * size <= load_kw), default=SET_SIZES_KW[0])
    mean = RATINGS["PRP"].mean_load_fraction
    main, standby = (ceil(load_kw / (set_kw * share) - NEARLY) for share in (mean, 1.0))
    fleet = main + SPARE_SETS
    backup, last = (fleet, fleet) if start.ready_month is None else (standby + SPARE_SETS, standby)
    facts = {
        "genset.set_kw": Fact(set_kw, _rule("a size of which two or more carry the peak load")),
        "genset.sets": Fact(fleet, _rule(f"peak load at {mean:.0%} of the rating, and one to spare")),
        "genset.backup_sets": Fact(backup, _rule("peak load, and one to spare")),
        "genset.last_resort_sets": Fact(last, _rule("peak load; the battery stands in for the one to spare")),
        "genset.max_load_fraction": Fact(mean, _rule("the mean load that a prime rating allows over 24 h")),
        "genset.tank_h": Fact(MAIN_TANK_H, _rule("two days, since a tanker comes a day after it is ordered")),
        "genset.truck_l": Fact(TRUCK_L, _rule("a road tanker, of a site that may run on diesel")),
    }
    return facts | _scaled_prices(placed, set_kw, load_kw)


def _scaled_prices(placed: Scenario, set_kw: float, load_kw: float) -> dict[str, Fact]:
    """Prices per set by its size, and of a small site its share of what is there once."""
    paths = dict.fromkeys(("finance.genset_rent_per_set_month", "finance.genset_mobilisation_per_set"), set_kw / SET_KW)
    paths |= dict.fromkeys(SMALL_SITE, load_kw / WHOLE_CREW_KW)
    small = {path: share for path, share in paths.items() if share < 1}
    return {
        path: Fact(placed.get(path) * share, _rule(f"{share:.3g} of what a site of full size pays"))
        for path, share in small.items()
    }


def _owned(start: Start) -> dict[str, Fact]:
    """Short jobs rent."""
    usual = "rent" if start.months <= RENTED_MONTHS else "buy"
    sets = {"rented_sets": "rent", "own_sets": "buy"}.get(start.otherwise, usual)
    return {"finance.genset_ownership": Fact(sets), "finance.storage_ownership": Fact(usual)}


def _limit_kw(load_kw: float) -> float:
    """The import limit that goes with a load, three digits, rounded up."""
    return _rounded_up(IMPORT_OVER_PEAK * load_kw)


def _rounded_up(value: float) -> float:
    step = 10.0 ** (floor(log10(value)) - 2) if value > 0 else 1.0
    return float(f"{ceil(value / step - NEARLY) * step:.6g}")


def _preferred(kva: float) -> float:
    """The next preferred size of a transformer."""
    if kva <= 0:
        return 0.0
    decade = 10.0 ** floor(log10(kva))
    return float(f"{next(step for step in PREFERRED if step * decade >= kva * (1 - NEARLY)) * decade:.6g}")


def _rule(text: str) -> Provenance:
    return Provenance(source=f"by rule: {text}", confidence="derived")
