"""Check one timeline: dates by chains of steps, months and MW by the sums of the plan, money worked from them.

The cases are written in neutral names; what they mean is in README.md. Every key of `expected` is worked out from
`inputs` alone and compared: months exactly, money to the cent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from math import ceil, inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.inputs.arrival import Step, critical, dates, done, drawn, first_month, slack, whole_months
from study.timeline import months_of, tenths, waiting

SEEDS = 20


def stacked(rows: Sequence[Sequence[float]], months: int) -> np.ndarray:
    """Rows [month, size] added up from their months on (months,)."""
    found = np.zeros(months)
    for month, size in rows:
        found[min(int(month), months) :] += size
    return found


def check(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    tolerance = case["tolerance"]
    site = Site(case["inputs"])
    for key, expected in case["expected"].items():
        assert key in ASKED, f"{path.stem}: nothing here works out '{key}'"
        _compare(f"{path.stem}, {key}", ASKED[key](site, expected), expected, tolerance)


def _compare(what: str, ours: Any, expected: Any, tolerance: dict[str, float]) -> None:
    if isinstance(expected, dict):
        for key, value in expected.items():
            _compare(f"{what}.{key}", ours[key], value, tolerance)
    elif isinstance(expected, list):
        assert len(ours) == len(expected), f"{what}: {ours}, expected {expected}"
        for at, (own, value) in enumerate(zip(ours, expected, strict=True)):
            _compare(f"{what}[{at}]", own, value, tolerance)
    elif isinstance(expected, int | float) and not isinstance(expected, bool):
        within = tolerance.get("money_abs", tolerance.get("of_1000_draws_abs_months", 0.0))
        if isinstance(ours, Spread):
            assert abs(ours.value - expected) <= ours.within, f"{what}: {ours.value}, expected {expected}"
        else:
            assert ours == pytest.approx(expected, abs=within, rel=1e-12), f"{what}: {ours}, expected {expected}"
    else:
        assert ours == expected, f"{what}: {ours}, expected {expected}"


class Spread:
    """A figure of draws, and how far it may lie off the closed form."""

    def __init__(self, value: float, within: float) -> None:
        self.value, self.within = value, within


class Site:
    """A case's inputs; `shorter` and `chain_of` put others in place."""

    def __init__(self, inputs: dict[str, Any]) -> None:
        self.inputs, self.term = inputs, inputs["term_months"]
        self.parts = {part["id"]: part for part in inputs.get("parts", ())}
        self.wanted = np.zeros(self.term)
        for month, mw in inputs["wanted_mw"]:
            self.wanted[month:] = mw
        self.value = inputs["value_per_mw_month"]

    def chain(self, name: str) -> tuple[Step, ...]:
        steps = self.parts[name].get("steps", ())
        return tuple(
            Step(
                row["id"],
                inf if row["months"] is None else row["months"],
                tuple(row["after"]),
                not_before=row.get("not_before", 0.0),
            )
            for row in steps
        )

    def first(self, name: str) -> int | None:
        """The month a part serves from, with what it needs; as given where it has stages of its own."""
        own, needs = first_month(self.chain(name)), self.parts[name].get("needs")
        found = [own] if needs is None else [own, self.first(needs)]
        return None if None in found else max(found)

    def serves(self, name: str) -> int:
        """The same, the term's end where that is never or later."""
        found = self.first(name)
        return self.term if found is None else min(found, self.term)

    @property
    def sets(self) -> dict[str, Any] | None:
        return next((part for part in self.parts.values() if "set_mw" in part), None)

    def sets_in(self) -> tuple[int, int]:
        """Months between which the sets stand: from when they are wanted and can be there, until the grid has come."""
        sets = self.sets
        begun = max(self.serves(sets["id"]), int(sets.get("in_month", 0)), int(np.argmax(self.wanted > 0)))
        grid = self.serves("grid") if "grid" in self.parts and self.parts["grid"].get("steps") else self.term
        kept = sets.get("kept_after_grid_months")
        leaves = kept is not None or "until the grid" in sets.get("rent_rule", "")
        return begun, min(grid + (kept or 0), self.term) if leaves else self.term

    def count(self) -> np.ndarray:
        """Sets on site by month."""
        sets = self.sets
        if "stages" in sets:
            return stacked(sets["stages"], self.term)
        begun, back = self.sets_in()
        return stacked([(begun, sets["sets"]), (back, -sets["sets"])], self.term)

    def firm(self, names: list[str] | None = None) -> np.ndarray:
        """MW that can be counted on by month, of these parts."""
        found, covers = np.zeros(self.term), np.zeros(self.term, bool)
        for part in self.parts.values():
            if "covers_spare_from_mw" in part:
                power = stacked([(row[0], row[1]) for row in part["stages_mw_mwh"]], self.term)
                covers = power >= part["covers_spare_from_mw"]
        for name in names or self.parts:
            part = self.parts[name]
            if "stages_mw" in part:
                found += stacked(part["stages_mw"], self.term)
            elif "set_mw" in part:
                count = self.count()
                found += np.maximum(count - np.where(covers, 0, part.get("spare", 0)) * (count > 0), 0) * part["set_mw"]
            elif "firm_mw" in part and "stages_mwp" not in part:
                found += stacked([(self.serves(name), part["firm_mw"])], self.term)
        return found

    def powered(self, names: list[str] | None = None) -> np.ndarray:
        return np.minimum(self.wanted, self.firm(names))

    def waiting(self, names: list[str] | None = None) -> float:
        return waiting(self.wanted, self.powered(names)) * self.value

    def hired(self) -> int:
        """Months a set is paid for: as long as it stands, at least the minimum hire."""
        begun, back = self.sets_in()
        return max(back - begun, self.sets.get("minimum_hire_months", 0))

    def rent(self) -> float:
        sets = self.sets
        months = self.count().sum() if "stages" in sets else self.hired() * sets["sets"]
        return months * sets["rent_per_set_month"]

    def moves(self) -> float:
        sets = self.sets
        if "move_in_and_out_per_set" in sets:
            return sets["sets"] * sets["move_in_and_out_per_set"]
        return np.abs(np.diff(self.count(), prepend=0, append=0)).sum() * sets["move_per_set_in_or_out"]

    def bridged_kwh(self) -> float:
        begun, back = self.sets_in()
        load = self.wanted[begun:back].sum() * 1000 * self.inputs["load_factor"]
        return load * self.inputs["hours_per_month"]

    def demand_charge(self, since: int) -> float:
        charge = self.inputs.get("demand_charge_per_mw_month", 0.0) * self.inputs.get("contract_mw", 0.0)
        return (self.term - since) * charge

    def charges(self) -> float:
        """What the case counts besides waiting, of what hangs on a part's month."""
        total = 0.0
        for name, part in self.parts.items():
            total += (self.term - self.serves(name)) * part.get("om_per_month", 0.0)
            total += self.demand_charge(self.serves(name)) if name == "grid" else 0.0
        if self.sets is not None and "rent_rule" in self.sets:
            kwh, grid = self.bridged_kwh(), self.serves("grid")
            total += self.rent() + kwh * self.inputs["fuel_l_per_kwh"] * self.inputs["fuel_price_per_l"]
            served = self.wanted[grid:].sum() * 1000 * self.inputs["load_factor"] * self.inputs["hours_per_month"]
            total += served * self.inputs["grid_energy_price_per_kwh"]
        return total

    def shorter(self, step: str) -> Site:
        """The same with a step a month shorter."""
        inputs = json.loads(json.dumps(self.inputs))
        for part in inputs["parts"]:
            for row in part.get("steps", ()):
                if row["id"] == step:
                    row["months"] = max(0, row["months"] - 1)
        return Site(inputs)

    def ready_in(self, month: float) -> Site:
        """The same with the grid there in another month."""
        inputs = json.loads(json.dumps(self.inputs))
        grid = next(part for part in inputs["parts"] if part["id"] == "grid")
        grid["steps"] = [{"id": "works", "after": [], "months": month}]
        return Site(inputs)

    def worth(self, step: str) -> float:
        other = self.shorter(step)
        return self.waiting() + self.charges() - other.waiting() - other.charges()


def _parts(of: Callable[[Site, str], Any]) -> Callable[[Site, Any], Any]:
    return lambda site, expected: {name: of(site, name) for name in (expected if isinstance(expected, dict) else ())}


def _all_steps(site: Site, of: Callable[[tuple[Step, ...]], dict[str, float]]) -> dict[str, Any]:
    found = {key: value for name in site.parts for key, value in of(site.chain(name)).items()}
    return {key: None if value == inf else value for key, value in found.items()}


def _of_month(series: Callable[[Site], np.ndarray]) -> Callable[[Site, Any], Any]:
    """A whole series, single months of it, or one number where it is the same throughout."""

    def asked(site: Site, expected: Any) -> Any:
        found = series(site)
        if isinstance(expected, dict):
            return {month: found[int(month)] for month in expected}
        return found.tolist() if isinstance(expected, list) else found.max()

    return asked


def _by_alternative(site: Site, of: Callable[[list[str]], float]) -> dict[str, float]:
    return {name: of(parts) for name, parts in site.inputs["alternatives"].items()}


def _powered(site: Site, expected: Any) -> Any:
    if "alternatives" in site.inputs:
        return _by_alternative(site, lambda parts: site.powered(parts).max())
    return _of_month(lambda own: own.powered())(site, expected)


def _rent(site: Site, expected: Any) -> Any:
    if "alternatives" not in site.inputs:
        return site.rent()

    def of(parts: list[str]) -> float:
        flat = sum((site.term - site.serves(p)) * site.parts[p].get("rent_per_month", 0.0) for p in parts)
        return flat + (site.rent() if site.sets["id"] in parts else 0.0)

    return _by_alternative(site, of)


def _waiting(site: Site, expected: Any) -> Any:
    return _by_alternative(site, site.waiting) if isinstance(expected, dict) else site.waiting()


def _paid(site: Site, name: str) -> float:
    return site.parts[name].get("price", 0.0) if site.serves(name) < site.term else 0.0


def _promised(site: Site) -> float:
    late = site.parts["battery"]
    inputs = json.loads(json.dumps(site.inputs))
    months = late["promised_month"]
    next(p for p in inputs["parts"] if p["id"] == "battery")["steps"] = [{"id": "x", "after": [], "months": months}]
    return Site(inputs).waiting()


def _stages(site: Site) -> list[list[float]]:
    return site.parts["battery"]["stages_mw_mwh"]


def _tenths(site: Site, _: Any) -> list[int | None]:
    return list(months_of(tenths(site.powered(), site.wanted)))


def _late_grid(site: Site, _: Any) -> dict[str, Any]:
    late = site.ready_in(site.inputs["late_grid_months"])
    return {"first_month": late.first("grid"), **_returned(late)}


def _returned(site: Site) -> dict[str, Any]:
    sets, (begun, back) = site.sets, site.sets_in()
    after = max(0, begun + site.hired() - back) * sets["sets"] * sets["rent_per_set_month"]
    return {"sets_returned_month": back, "months_paid": site.hired(), "rent": site.rent(), "rent_after_return": after}


def _two(site: Site, in_a_row: bool) -> dict[str, Any]:
    """Two uniform lead times: quantiles of a thousand draws, the mean of many thousands."""
    a, b = (
        Step(name, 0.0, after, **site.inputs[f"{name}_months"])
        for name, after in (("a", ()), ("b", ("a",) if in_a_row else ()))
    )
    count, near = site.inputs["draws"], 0.2
    found, many = drawn((a, b), count, 1), np.concatenate([drawn((a, b), 10 * count, seed) for seed in range(SEEDS)])
    p50, p90 = np.quantile(found, (0.5, 0.9))
    start = int(np.argmax(site.wanted > 0))
    waited = np.maximum(many - start, 0.0).mean(), np.maximum(whole_months(many) - start, 0.0).mean()
    return {
        "p50_date": Spread(p50, near),
        "p90_date": Spread(p90, near),
        "mean_date": Spread(many.mean(), 0.01),
        "p50_first_month": ceil(p50),
        "p90_first_month": ceil(p90),
        "mean_waiting_months_by_date": Spread(waited[0], 0.01),
        "mean_waiting_months_whole": Spread(waited[1], 0.01),
        "mean_waiting_cost": Spread(waited[1] * site.wanted.max() * site.value, 0.01 * site.wanted.max() * site.value),
    }


def _end(site: Site, end: str) -> float:
    chain = [Step(name, site.inputs[f"{name}_months"][end]) for name in ("a", "b")]
    return float(done(chain))


ASKED: dict[str, Callable[[Site, Any], Any]] = {
    "date": lambda site, _: _all_steps(site, dates),
    "first_month": _parts(lambda site, name: site.first(name)),
    "critical_path": lambda site, _: list(critical(site.chain("grid"))),
    "slack_months": lambda site, _: _all_steps(site, slack),
    "available_mw": _of_month(lambda site: site.firm()),
    "powered_mw": _powered,
    "unpowered_mw": _of_month(lambda site: site.wanted - site.powered()),
    "tenth_first_month": _tenths,
    "unpowered_mw_months": lambda site, _: waiting(site.wanted, site.powered()),
    "waiting_cost": _waiting,
    "month_earlier_worth": lambda site, expected: {step: site.worth(step) for step in expected},
    "waiting_cost_as_promised": lambda site, _: _promised(site),
    "cost_of_lateness": lambda site, _: site.waiting() - _promised(site),
    "battery_paid": lambda site, expected: (
        {"month": site.first("battery"), "money": _paid(site, "battery")}
        if isinstance(expected, dict)
        else [[row[0], row[2] * site.parts["battery"]["price_per_mwh"]] for row in _stages(site)]
    ),
    "battery_om": lambda site, _: (site.term - site.serves("battery")) * site.parts["battery"]["om_per_month"],
    "battery_age_months_at_end": lambda site, expected: (
        [site.term - row[0] for row in _stages(site)]
        if isinstance(expected, list)
        else site.term - site.serves("battery")
    ),
    "battery_simulated_months": lambda site, _: [site.serves("battery"), site.term - 1],
    "idle_months": lambda site, _: int(np.argmax(site.wanted > 0)) - site.serves("grid"),
    "demand_charge_total": lambda site, _: site.demand_charge(site.serves("grid")),
    "demand_charge_idle": lambda site, _: (
        site.demand_charge(site.serves("grid")) - site.demand_charge(int(np.argmax(site.wanted > 0)))
    ),
    "grid_six_months_later_saves": lambda site, _: (
        site.demand_charge(site.serves("grid")) - site.demand_charge(site.serves("grid") + 6)
    ),
    "sets_in_month": lambda site, _: site.sets_in()[0],
    "sets_returned_month": lambda site, _: site.sets_in()[1],
    "sets_present_months": lambda site, _: [site.sets_in()[0], site.sets_in()[1] - 1],
    "sets_firm_mw": lambda site, _: (site.sets["sets"] - site.sets["spare"]) * site.sets["set_mw"],
    "months_paid": lambda site, _: site.hired(),
    "rent": _rent,
    "rent_after_return": lambda site, _: _returned(site)["rent_after_return"],
    "moves": lambda site, _: site.moves(),
    "fuel_l": lambda site, _: site.bridged_kwh() * site.inputs["fuel_l_per_kwh"],
    "fuel": lambda site, _: site.bridged_kwh() * site.inputs["fuel_l_per_kwh"] * site.inputs["fuel_price_per_l"],
    "bridge_cost": lambda site, _: _bridge(site),
    "waiting_cost_with_bridge": lambda site, _: site.waiting(),
    "waiting_cost_without_bridge": lambda site, _: site.waiting(["grid"]),
    "bridge_worth": lambda site, _: site.waiting(["grid"]) - _bridge(site),
    "value_per_mw_month_at_which_the_bridge_pays": lambda site, _: (
        _bridge(site) / waiting(site.wanted, site.powered(["grid"]))
    ),
    "sets_by_month": lambda site, _: site.count().tolist(),
    "battery_mwh_by_month": lambda site, _: stacked([(r[0], r[2]) for r in _stages(site)], site.term).tolist(),
    "set_months": lambda site, _: site.count().sum(),
    "capacity_weighted_age_months_at_end": lambda site, _: (
        sum(row[2] * (site.term - row[0]) for row in _stages(site)) / sum(row[2] for row in _stages(site))
    ),
    "all_grid_stages_but_the_first_a_month_earlier_worth": lambda site, _: _stages_earlier(site),
    "never_within_term": lambda site, _: [name for name in site.parts if site.serves(name) >= site.term],
    "grid_works_paid": lambda site, _: _paid(site, "grid_works"),
    "grid_diesel_equals_diesel": lambda site, _: _same(site, "grid_diesel", "diesel"),
    "lead_time_4_also_never": lambda site, _: _works_in(site, 4).serves("grid_works") == site.term,
    "lead_time_3_serves_months": lambda site, _: site.term - _works_in(site, 3).serves("grid_works"),
    "paid": lambda site, _: sum(_paid(site, name) for name in site.parts),
    "p50_first_month": lambda site, _: site.first("grid"),
    "sets_count_as_backup_in_month_9": lambda site, _: bool(site.count()[9] > 0),
    "late_grid": _late_grid,
    "parallel": lambda site, _: _two(site, in_a_row=False),
    "series": lambda site, _: _two(site, in_a_row=True),
    "low_low_parallel": lambda site, _: _end(site, "low"),
    "high_high_parallel": lambda site, _: _end(site, "high"),
}


def _bridge(site: Site) -> float:
    fuel = site.bridged_kwh() * site.inputs["fuel_l_per_kwh"] * site.inputs["fuel_price_per_l"]
    return site.rent() + site.moves() + fuel


def _stages_earlier(site: Site) -> float:
    inputs = json.loads(json.dumps(site.inputs))
    rows = inputs["parts"][0]["stages_mw"]
    inputs["parts"][0]["stages_mw"] = [rows[0], *([month - 1, mw] for month, mw in rows[1:])]
    return site.waiting() - Site(inputs).waiting()


def _works_in(site: Site, months: float) -> Site:
    inputs = json.loads(json.dumps(site.inputs))
    next(part for part in inputs["parts"] if part["id"] == "grid_works")["steps"][0]["months"] = months
    return Site(inputs)


def _same(site: Site, one: str, other: str) -> bool:
    first, second = (site.inputs["alternatives"][name] for name in (one, other))
    return bool((site.powered(first) == site.powered(second)).all()) and _rent(site, {})[one] == _rent(site, {})[other]
