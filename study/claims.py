"""Claims: does a stated figure hold for this case, by how much, what would turn it, and which exclude each other.

A claim names a metric of a study, a comparator and a threshold. `check` says whether it holds and gives, for each main
input, the nearest value at which it would just hold (or just fail). `together` tries combinations of inputs and names
the smallest sets of claims that no combination satisfies at once. `ladder` takes a vendor's headline down step by step.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import combinations, product
from math import inf, isfinite, isnan, nan
from pathlib import Path
from typing import Any, Literal

import numpy as np

from finance import metrics
from finance.figures import FIGURES, KeyFigure, figures_on
from finance.metrics import Figure
from finance.rates import bill_rates, step_prices
from sim.arrays import Floats, there
from sim.dispatch.lanes import simulate
from sim.inputs import library
from sim.inputs.base import InputError
from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from sim.plant.battery import available, usable_kwh
from sim.plant.interruptions import Interruption, interruption_cost
from sim.plant.load import peak_kw, site_kw_per_gpu
from study.attribution import attribute
from study.evaluate import evaluate
from study.financing import charging_cost
from study.foresight import bound, cost_of_trace, not_covered
from study.study import Study
from study.turning import Side, search_range

CLAIM_DIR = Path(__file__).resolve().parent.parent / "assets" / "claims"
Comparator = Literal["at_least", "at_most", "between"]
SCAN_POINTS, MOST_STEPS, CLOSE = 9, 14, 1e-3
MOST_COMBINATIONS = 2000


@dataclass(frozen=True)
class Basis:
    """Another basis a claim is looked at on besides the case's own: its words by language, the inputs set for it."""

    text: Mapping[str, str]
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Claim:
    """One statement. `text` and `note` by language; `threshold` in the metric's unit, `upper` for "between".

    settings: further values the metric asks for. changes: inputs set before it is looked at (a claim about another
    tariff basis, say). inputs: dotted paths whose break-even is of interest. range_of: the one whose range in which it
    holds is always told. bases: others it is looked at on, where it depends on one.
    """

    id: str
    metric: str
    comparator: Comparator
    threshold: float
    upper: float | None = None
    text: Mapping[str, str] = field(default_factory=dict)
    note: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    settings: Mapping[str, float] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    range_of: str = ""
    bases: tuple[Basis, ...] = ()

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ValueError(f"claim '{self.id}': there is no metric '{self.metric}'; known: {', '.join(METRICS)}")
        if self.comparator not in ("at_least", "at_most", "between"):
            raise ValueError(f"claim '{self.id}': comparator '{self.comparator}'; use at_least, at_most or between")
        if (self.comparator == "between") != (self.upper is not None):
            raise ValueError(f"claim '{self.id}': 'between' needs threshold and upper, the others only a threshold")
        missing = [name for name in METRICS[self.metric].settings if name not in self.settings]
        if missing:
            raise ValueError(f"claim '{self.id}': metric '{self.metric}' needs the setting {', '.join(missing)}")


@dataclass(frozen=True)
class Metric:
    """What a claim can be about. `figure` says how the value is written.

    first_year: only the first twelve months matter, so a search may shorten the term. slow: takes many simulations, so
    `together` leaves it out.
    """

    value: Callable[[Study, Mapping[str, float]], Figure]
    figure: KeyFigure
    first_year: bool = False
    settings: tuple[str, ...] = ()
    slow: bool = False


@dataclass(frozen=True)
class BreakEven:
    """The value of one input at which the claim turns, the nearest to today's; None where it does not in low..high.

    holds: the side of `at` on which the claim holds. Of a whole number `at` is the last value at which it holds, and
    `fails_at` the first at which it does not.
    """

    path: str
    now: float
    low: float
    high: float
    at: float | None = None
    holds: Side | None = None
    fails_at: float | None = None


@dataclass(frozen=True)
class HoldingRange:
    """Between which values of an input a claim holds; None where nothing bounds it. `verdict`: at today's value."""

    path: str
    now: float
    low: float | None
    high: float | None
    verdict: Verdict


@dataclass(frozen=True)
class Verdict:
    """value: what the case gives (None with a reason where the metric does not exist: then the claim does not hold).

    margin: distance to the threshold in the metric's unit, positive where the claim holds.
    """

    claim: Claim
    value: Figure
    held: bool
    margin: float
    break_evens: tuple[BreakEven, ...] = ()


@dataclass(frozen=True)
class Together:
    """What combinations of inputs can do at once. `tried` combinations; `conflicts`: smallest sets of claim ids that
    none of them satisfies; `best`: the first combination at which most claims hold, and which;
    `possible_alone`: whether a claim holds anywhere."""

    tried: int
    conflicts: tuple[tuple[str, ...], ...]
    best: Mapping[str, float]
    best_holds: tuple[str, ...]
    possible_alone: Mapping[str, bool]


@dataclass(frozen=True)
class Rung:
    """One step down the ladder: its key, the value after it, and what it took away."""

    key: str
    value: Figure
    lost: float | None


def check(study: Study, claim: Claim, with_break_even: bool = True) -> Verdict:
    """Whether a claim holds for a study, by how much, and what each of its inputs would have to be for it to turn."""
    own = _changed(study, claim.changes)
    value = METRICS[claim.metric].value(own, claim.settings)
    margin = _margin(claim, value)
    found: tuple[BreakEven, ...] = ()
    if with_break_even:
        found = tuple(break_even(own, claim, path) for path in claim.inputs if _can_move(own.scenario, path))
    return Verdict(claim, value, margin >= 0, margin, found)


def break_even(study: Study, claim: Claim, path: str) -> BreakEven:
    """The nearest value of one input at which the claim turns, looked for at `SCAN_POINTS` values and between them."""
    return _turn(study, claim, path, _values_along(study, claim, path))


def _values_along(study: Study, claim: Claim, path: str) -> Callable[[float], Figure | None]:
    """What the claim is about as one input moves, each study made once; None where a value cannot be used."""
    whole = register()[path].kind == "integer"

    @cache
    def value(at: float) -> Figure | None:
        try:
            scenario = study.scenario.with_({path: int(round(at)) if whole else at})
        except InputError:
            return None
        return METRICS[claim.metric].value(_study_of(study, scenario), claim.settings)

    return value


def _turn(study: Study, claim: Claim, path: str, value: Callable[[float], Figure | None]) -> BreakEven:
    now = float(study.scenario.get(path))
    low, high = search_range(study.scenario, register()[path])
    whole = register()[path].kind == "integer"

    def margin(at: float) -> float:
        found = value(at)
        return nan if found is None else _margin(claim, found)

    tried = sorted({now, *(low + (high - low) * k / (SCAN_POINTS - 1) for k in range(SCAN_POINTS))})
    points = [value for value in tried if not isnan(margin(value))]
    turns = [(a, b) for a, b in zip(points, points[1:], strict=False) if (margin(a) >= 0) != (margin(b) >= 0)]
    if not turns:
        return BreakEven(path, now, low, high)
    a, b = min(turns, key=lambda pair: min(abs(pair[0] - now), abs(pair[1] - now)))
    side: Side = "above" if margin(b) >= 0 else "below"
    if whole:
        return BreakEven(path, now, low, high, *_whole_turn(margin, round(a), round(b), side))
    return BreakEven(path, now, low, high, _root(margin, a, b), side)


def _whole_turn(margin: Callable[[float], float], a: int, b: int, side: Side) -> tuple[float, Side, float]:
    """Between whole values a and b, of which the claim holds at one: the last at which it holds, and the first at which
    it does not."""
    while b - a > 1:
        middle = (a + b) // 2
        a, b = (middle, b) if (margin(middle) >= 0) == (margin(a) >= 0) else (a, middle)
    held, failed = (b, a) if side == "above" else (a, b)
    return float(held), side, float(failed)


def holding_range(study: Study, claim: Claim) -> HoldingRange:
    """Where a claim holds as its `range_of` moves: each of its bounds is solved for alone, so that a narrow range
    between two of them is not stepped over."""
    verdict = check(study, claim, with_break_even=False)
    own, now = _changed(study, claim.changes), float(study.scenario.get(claim.range_of))
    bounds: dict[Comparator, float] = {
        "at_least": claim.threshold,
        "at_most": claim.threshold if claim.upper is None else claim.upper,
    }
    sides = tuple(bounds) if claim.comparator == "between" else (claim.comparator,)
    alone = [replace(claim, comparator=side, threshold=bounds[side], upper=None) for side in sides]
    values = _values_along(own, claim, claim.range_of)
    found = [_turn(own, one, claim.range_of, values) for one in alone]
    ends = {point.holds: point.at for point in found if point.at is not None}
    return HoldingRange(claim.range_of, now, ends.get("above"), ends.get("below"), verdict)


def on_bases(claim: Claim) -> tuple[tuple[Basis, Claim], ...]:
    """The claim as it stands on each of the other bases it names."""
    return tuple((basis, replace(claim, changes={**claim.changes, **basis.changes}, bases=())) for basis in claim.bases)


def further(study: Study, claim: Claim) -> tuple[HoldingRange | None, tuple[tuple[Basis, Verdict], ...]]:
    """The range in which a claim holds on its own basis, where it names one, and its verdict on each other basis."""
    own = holding_range(study, claim) if claim.range_of else None
    return own, tuple((basis, check(study, one, False)) for basis, one in on_bases(claim))


def together(study: Study, claims: Sequence[Claim], axes: Mapping[str, Sequence[float]]) -> Together:
    """Which claims can hold at once over all combinations of the values in `axes` (dotted path -> values).

    Claims whose metric is slow are left out. Raises ValueError for too many combinations.
    """
    claims = [claim for claim in claims if not METRICS[claim.metric].slow]
    grid = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    if not 0 < len(grid) <= MOST_COMBINATIONS:
        raise ValueError(f"{len(grid)} combinations; give between 1 and {MOST_COMBINATIONS}, fewer values per input")
    scenario = study.scenario
    if all(METRICS[claim.metric].first_year for claim in claims):
        scenario = scenario.with_({"site.term_months": min(12, scenario.site.term_months)})
    holds = np.array([_hold(scenario, claims, changes) for changes in grid])
    names = [claim.id for claim in claims]
    best = int(holds.sum(axis=1).argmax())
    return Together(
        tried=len(grid),
        conflicts=_smallest_conflicts(holds, names),
        best=grid[best],
        best_holds=tuple(name for name, held in zip(names, holds[best], strict=True) if held),
        possible_alone={name: bool(column.any()) for name, column in zip(names, holds.T, strict=True)},
    )


@cache
def preset_claims(preset_id: str) -> tuple[Claim, ...]:
    """The claims that come with a shipped case; none where it has no file."""
    raw = _preset_file(preset_id)
    return tuple(claim_from_dict(entry) for entry in raw.get("claims", ()))


@cache
def preset_axes(preset_id: str) -> Mapping[str, tuple[float, ...]]:
    """Inputs and values over which a shipped case's claims are tried together."""
    return {path: tuple(values) for path, values in _preset_file(preset_id).get("axes", {}).items()}


def claim_from_dict(raw: Mapping[str, Any]) -> Claim:
    """A claim of a file or of the user. Raises ValueError naming what is wrong."""
    unknown = set(raw) - set(Claim.__dataclass_fields__)
    missing = {"id", "metric", "comparator", "threshold"} - set(raw)
    if unknown or missing:
        wrong = f"unknown: {', '.join(sorted(unknown))}" if unknown else f"missing: {', '.join(sorted(missing))}"
        raise ValueError(f"this claim cannot be used ({wrong}); it has {', '.join(Claim.__dataclass_fields__)}")
    bases = tuple(Basis(one["text"], _with_records(one["changes"])) for one in raw.get("bases", ()))
    return Claim(**{**raw, "inputs": tuple(raw.get("inputs", ())), "bases": bases})


def _with_records(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of a file, where {"record": "diesel.density_kg_per_l"} stands for a figure of the equipment data."""
    return {
        path: library.record("equipment", value["record"]).value if isinstance(value, Mapping) else value
        for path, value in changes.items()
    }


def vendor_ladder(study: Study) -> list[Rung]:
    """The IRR a brochure would promise, and what is left as the case's own values come in, group by group.

    The headline has a battery without losses, used from empty to full, that never fades, needs no power or care of its
    own, a connection that never limits charging, every charge at the lowest price of its month, income nobody has
    signed for, and a control that knows the year in advance. The last rung is the study itself.
    """
    brochure = {
        key: {path: value for path, value in group.items() if path in register()} for key, group in BROCHURE.items()
    }
    ideal = {path: value for group in brochure.values() for path, value in group.items()}
    limit = max(study.scenario.grid.import_limit_kw, 2 * peak_kw(study.scenario.load) + study.scenario.storage.power_kw)
    ideal["grid.import_limit_kw"] = limit
    extras = brochure_income(study)
    groups = {**{key: tuple(group) for key, group in brochure.items()}, "connection": ("grid.import_limit_kw",)}
    rungs = [Rung("headline", _irr_with(_changed(study, ideal), extras.values()), None)]
    for key, paths in groups.items():
        ideal = {path: value for path, value in ideal.items() if path not in paths}
        rungs.append(_next(rungs[-1], key, _irr_with(_changed(study, ideal), extras.values())))
    for key in tuple(extras):
        del extras[key]
        rungs.append(_next(rungs[-1], key, _irr_with(study, extras.values())))
    return rungs


def brochure_income(study: Study) -> dict[str, Callable[[Study], Floats]]:
    """Money a brochure adds in each month (months,), by the step of the ladder that takes it away."""
    foresight_a_year = foresight_gap(study)
    return {
        "second_cycle": _dear_charging,
        "income": _uncontracted,
        "foresight": lambda varied: np.full(varied.dispatch.months, foresight_a_year / 12),
    }


def foresight_gap(study: Study) -> float:
    """What knowing the first year in advance would save on top of the control; 0 where no programme knows it."""
    found = None if not_covered(study) else bound(study)
    if found is None:
        return 0.0
    own = cost_of_trace(study, 1, found, study.dispatch.trace("hybrid", 1))
    return max(0.0, own.total - found.optimum.lower_bound)


def _dear_charging(study: Study) -> Floats:
    """What grid charging costs above the lowest price of its month: the second cycle's own prices."""
    rates, dispatch = bill_rates(study.scenario, study.dispatch), study.dispatch
    starts = np.append(0, dispatch.clock.month_ends[:-1])
    years = range(1, dispatch.years + 1)
    lowest = np.concatenate([np.minimum.reduceat(step_prices(rates, dispatch, year), starts) for year in years])
    return (
        charging_cost(study) - dispatch.monthly["grid_charge_kwh"][dispatch.row("hybrid")] * lowest[: dispatch.months]
    )


def _uncontracted(study: Study) -> Floats:
    """Income from flexibility markets that a brochure counts: a share of what the bill falls by."""
    bill, row = study.bill.total, study.dispatch.row
    return UNCONTRACTED_SHARE * (bill[row("grid")] - bill[row("hybrid")])


def _irr_with(study: Study, extras: Iterable[Callable[[Study], Floats]]) -> Figure:
    """The hybrid's IRR against the baseline with monthly money on top."""
    total = study.ledger.total
    flows = total[study.dispatch.row("hybrid")] - total[study.dispatch.row(study.baseline)]
    for extra in extras:
        flows = flows + np.concatenate([[0.0], extra(study)])
    return metrics.irr(flows, metrics.MONTHLY)


def _next(before: Rung, key: str, value: Figure) -> Rung:
    was, now = before.value.value, value.value
    return Rung(key, value, None if was is None or now is None else was - now)


# A worked Shandong case falls from 11.9 to 9.7 % without its income from a virtual power plant: 13 % on top of a level
# saving over 15 years. Derived.
UNCONTRACTED_SHARE = 0.13
# What a brochure leaves out, in the order in which it is put back.
BROCHURE: dict[str, dict[str, float | str]] = {
    "efficiency": {"storage.charge_efficiency": 1.0, "storage.discharge_efficiency": 1.0},
    "depth": {
        "storage.soc_min_fraction": 0.0,
        "storage.soc_max_fraction": 1.0,
        "dispatch.reserve_fraction": 0.0,
    },
    "fade": {"storage.fade_model": "line", "storage.fade_per_year": 0.0, "storage.fade_first_year": 0.0},
    "auxiliaries": {"storage.auxiliary_kw_per_mwh": 0.0},
    "upkeep": {"finance.storage_om_fraction": 0.0, "finance.storage_insurance_fraction": 0.0, "finance.ems_cost": 0.0},
}


# --- metrics ----------------------------------------------------------------------------------------------------------


def _year1(study: Study, values: np.ndarray, name: str) -> float:
    return float(values[study.dispatch.row(name), :12].sum())


def _cost_saving(study: Study, _: Mapping[str, float]) -> Figure:
    fraction = study.savings["hybrid"].fraction
    return Figure(None, "no_energy") if fraction is None else Figure(fraction)


def _premium(study: Study, _: Mapping[str, float]) -> Figure:
    own = study.kpis["hybrid"].total_cost
    return Figure(study.kpis[study.baseline].total_cost / own - 1.0) if own > 0 else Figure(None, "no_outlay")


def _bill_saving(study: Study, _: Mapping[str, float]) -> Figure:
    bills = [_year1(study, study.bill.total, name) for name in ("grid", "hybrid")]
    return Figure(1.0 - bills[1] / bills[0]) if bills[0] > 0 else Figure(None, "no_energy")


def _demand_saving(study: Study, _: Mapping[str, float]) -> Figure:
    """Share of the grid plan's first-year bill that the per-kW and per-kVA charges fall by; negative = they rise."""
    charge = study.bill.capacity_charge + sum(study.bill.demand_charges.values())
    bill = _year1(study, study.bill.total, "grid")
    saved = _year1(study, charge, "grid") - _year1(study, charge, "hybrid")
    return Figure(saved / bill) if bill > 0 else Figure(None, "no_energy")


def _demand_cut(study: Study, _: Mapping[str, float]) -> Figure:
    """Mean over the first year's months of the billed kW of the grid plan less the hybrid's (all hours if unbilled)."""
    billed = list(study.bill.billed_kw.values())
    kw = np.max(billed, axis=0) if billed else study.dispatch.peak_kw.max(axis=-1)
    months = kw[:, :12]
    return Figure(float((months[study.dispatch.row("grid")] - months[study.dispatch.row("hybrid")]).mean()))


def _clean_share(study: Study, _: Mapping[str, float]) -> Figure:
    """PV used over energy served in the first year; grid energy counts as not clean."""
    month = study.dispatch.monthly
    pv = sum(_year1(study, month[name], "hybrid") for name in ("pv_load_kwh", "pv_charge_kwh"))
    served = month["load_kwh"] - month["auxiliary_kwh"] - month["unserved_kwh"]
    energy = _year1(study, served, "hybrid")
    return Figure(pv / energy) if energy > 0 else Figure(None, "no_energy")


def _ride_through(study: Study, settings: Mapping[str, float]) -> Figure:
    """Hours the charge kept for outages carries the critical load, when new times `health`, at the battery's power."""
    storage, kept = study.scenario.storage, study.scenario.dispatch.reserve_fraction
    critical_kw = settings["critical_kw"]
    if not storage.exists or available(storage)[0] < critical_kw:
        return Figure(0.0)
    return Figure(usable_kwh(storage, kept) * settings.get("health", 1.0) / critical_kw)


def _battery_share(study: Study, _: Mapping[str, float]) -> Figure:
    found = attribute(study)
    return Figure(found.parts["battery"] / found.saving) if found.saving else Figure(None, "no_energy")


def _gpu_load(study: Study, settings: Mapping[str, float]) -> Figure:
    return Figure(settings["gpus"] * site_kw_per_gpu(study.scenario.load))


def _interruption_cost(study: Study, settings: Mapping[str, float]) -> Figure:
    """USD of one blackout of `hours` at the world's prices of an H100 (`loads.yaml: outage_cost`), as many of them as
    the site's peak can feed."""

    def usual(name: str) -> float:
        return library.record("loads", name).value

    h100 = Interruption(
        gpus=peak_kw(study.scenario.load) / usual("cluster.site_kw_per_h100_all_in"),
        gpu_hour_price=usual("outage_cost.gpu_hour_price_usd_h100"),
        checkpoint_interval_h=usual("outage_cost.checkpoint_interval_h"),
        restart_h=usual("outage_cost.restart_after_site_blackout_h"),
        hardware_failure_fraction=usual("outage_cost.hardware_failure_fraction_per_hard_power_loss"),
        hardware_repair_cost=usual("outage_cost.hardware_repair_cost_usd"),
    )
    return Figure(float(interruption_cost(h100, settings["hours"])))


SHARE, TONNES = KeyFigure("share"), KeyFigure("plain", unit="t")


def _of(alternative: str, key: str) -> Callable[[Study, Mapping[str, float]], Figure]:
    """A key figure of an alternative."""
    return lambda study, _: study.kpis[alternative].figure(key)


METRICS: dict[str, Metric] = {
    "cost_saving_fraction": Metric(_cost_saving, SHARE),
    "baseline_premium_fraction": Metric(_premium, SHARE),
    "co2_saving_t": Metric(lambda study, _: Figure(study.savings["hybrid"].co2_t), TONNES),
    "diesel_plan_l": Metric(_of("diesel", "diesel_l"), FIGURES["diesel_l"]),
    "hybrid_genset_h": Metric(_of("hybrid", "genset_run_h"), FIGURES["genset_run_h"]),
    "battery_share_of_saving": Metric(_battery_share, SHARE, slow=True),
    "grid_energy_charge_year1": Metric(
        lambda study, _: Figure(_year1(study, study.bill.energy_charge, "grid")), KeyFigure("money"), True
    ),
    "bill_saving_fraction_year1": Metric(_bill_saving, SHARE, True),
    "demand_saving_fraction_year1": Metric(_demand_saving, SHARE, True),
    "demand_cut_kw_year1": Metric(_demand_cut, KeyFigure("power"), True),
    "clean_share_year1": Metric(_clean_share, SHARE, True),
    "ride_through_h": Metric(_ride_through, KeyFigure("duration"), True, ("critical_kw",)),
    **{row.key: Metric(_of("hybrid", row.key), row) for row in figures_on("claims")},
    "gpu_load_kw": Metric(_gpu_load, KeyFigure("power"), True, ("gpus",)),
    "interruption_cost_usd": Metric(_interruption_cost, KeyFigure("plain", unit="USD"), True, ("hours",)),
}


# --- inside -----------------------------------------------------------------------------------------------------------


def _margin(claim: Claim, value: Figure) -> float:
    if value.value is None:
        return -inf
    if claim.comparator == "at_least":
        return value.value - claim.threshold
    if claim.comparator == "at_most":
        return claim.threshold - value.value
    return min(value.value - claim.threshold, there(claim.upper, "the upper bound of the claim") - value.value)


def _changed(study: Study, changes: Mapping[str, Any]) -> Study:
    return _study_of(study, study.scenario.with_(changes)) if changes else study


def _study_of(study: Study, scenario: Scenario) -> Study:
    """The study of a variant, with the dispatch at hand where only money changed."""
    same = scenario.dispatch_key == study.dispatch.key
    return evaluate(scenario, study.dispatch if same else simulate(scenario))


def _can_move(scenario: Scenario, path: str) -> bool:
    entry = register().get(path)
    return entry is not None and entry.kind in ("number", "integer") and scenario.get(path) is not None


def _root(margin: Callable[[float], float], a: float, b: float) -> float:
    """Where the margin changes its sign between a and b: regula falsi with halving, which no jump can mislead."""
    at_a, at_b = margin(a), margin(b)
    span = abs(b - a)
    for step in range(MOST_STEPS):
        straight = isfinite(at_a) and isfinite(at_b) and at_a != at_b and step % 3 < 2
        x = (a * at_b - b * at_a) / (at_b - at_a) if straight else (a + b) / 2
        at_x = margin(x)
        if (at_x >= 0) == (at_a >= 0):
            a, at_a = x, at_x
        else:
            b, at_b = x, at_x
        if at_x == 0 or abs(b - a) <= CLOSE * max(abs(a), abs(b), 1e-3 * span):
            break
    return b if at_b >= 0 else a


def _hold(scenario: Scenario, claims: Sequence[Claim], changes: Mapping[str, float]) -> list[bool]:
    try:
        study = evaluate(scenario.with_(changes))
    except InputError:
        return [False] * len(claims)
    return [check(study, claim, with_break_even=False).held for claim in claims]


def _smallest_conflicts(holds: np.ndarray, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Sets of claims that hold at no combination, none of which contains another."""
    found: list[frozenset[int]] = []
    for size in range(1, len(names) + 1):
        for group in combinations(range(len(names)), size):
            known = any(smaller <= set(group) for smaller in found)
            if not known and not holds[:, list(group)].all(axis=1).any():
                found.append(frozenset(group))
    return tuple(tuple(names[at] for at in sorted(group)) for group in found)


@cache
def _preset_file(preset_id: str) -> dict[str, Any]:
    path = CLAIM_DIR / f"{preset_id}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
