"""The bill explained: components with and without the project, and a waterfall of the saving that sums exactly.

The energy charge is split step by step at the price of the step, from the balance every lane keeps:
    import = load + auxiliaries - PV to load - discharge - sets to load - unserved + grid charge.
A price therefore meets the kWh of its own hour; no mean price is multiplied by a yearly sum. The load is the same but
for what the hybrid's control holds back or puts off: `load_given_way`. What the battery gives
back is ascribed to PV in the share PV had in the month's charging, the rest to what was bought (or made) for it:
    energy_shifted = (price when discharged - price when charged) x kWh given back,
    losses = - price when charged x (kWh bought for charging - kWh given back), which holds the change of charge too.
All amounts are savings against the reference, positive = less is paid; column 0 is the start, column m project month m.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finance import metrics
from finance.baseline import baseline_of
from finance.bill import Bill, ContractRate, high_use_share
from finance.demand_contract import overrun_kw
from finance.ledger import Ledger
from finance.lines import by, proportional
from finance.rates import bill_rates, connected, declared_kw, step_prices
from sim.arrays import Floats
from sim.dispatch.batch import Trace
from sim.dispatch.result import ALTERNATIVES, Dispatch
from sim.inputs.scenario import Scenario

# The steps of the waterfall in their order: those of the bill, then plain differences of cost lines.
BILL_STEPS = (
    "energy_shifted",
    "losses",
    "auxiliaries",
    "transformer",
    "pv_used",
    "instead_of_sets",
    "left_unserved",
    "tiers",
    "redeclared",
    "load_given_way",
    "demand_cut",
    "fixed_charge",
    "power_factor",
    "minimum_bill",
    "pv_exported",
)
LINE_STEPS = by(
    "step",
    (
        "diesel_avoided",
        "sets_and_crew",
        "grid_works",
        "battery_cost",
        "pv_cost",
        "control_cost",
        "carbon",
        "lost_compute",
        "restarts",
        "compute_given_up",
    ),
)
STEPS = (*BILL_STEPS, *LINE_STEPS)


@dataclass(frozen=True, eq=False)
class Waterfall:
    """From what the reference costs to what the alternative costs.

    steps[name] (months + 1,): saving of each step in the order of `STEPS`; before, after (months + 1,): cost of the
    reference and of the alternative. before - sum of steps = after, in every month. rate: yearly discount rate.
    """

    reference: str
    alternative: str
    steps: Mapping[str, Floats]
    before: Floats
    after: Floats
    rate: float

    @property
    def totals(self) -> dict[str, float]:
        """Saving of each step over the term, in present value."""
        return {name: self._present(values) for name, values in self.steps.items()}

    @property
    def ends(self) -> tuple[float, float]:
        """What the reference and the alternative cost over the term, in present value."""
        return self._present(self.before), self._present(self.after)

    def _present(self, flow: Floats) -> float:
        return float(metrics.npv(self.rate, flow, metrics.MONTHLY))


def bill_components(bill: Bill, row: int) -> dict[str, Floats]:
    """The bill of one alternative by component (months,): energy by class index and at the market's prices, tiers,
    energy tax, each demand charge (of a declared demand the declared part and "..._overrun"), capacity, fixed,
    power-factor adjustment, what is missing to the minimum bill, and the export credit as a negative amount. They sum
    to the bill's total."""
    by_class = bill.energy_charge_by_class[row]
    return {
        **{f"energy_{at}": by_class[:, at] for at in range(by_class.shape[-1])},
        "energy_market": bill.market[row],
        "tiers": bill.tiers[row],
        "energy_tax": bill.tax[row],
        **{f"demand_{name}": charge[row] for name, charge in bill.demand_charges.items()},
        "capacity": bill.capacity_charge[row],
        "fixed": bill.fixed[row],
        "power_factor": bill.power_factor[row],
        "minimum": bill.minimum[row],
        "export_credit": 0.0 - bill.export_credit[row],
    }


def waterfall(
    scenario: Scenario,
    dispatch: Dispatch,
    bill: Bill,
    book: Ledger,
    alternative: str = "hybrid",
    reference: str | None = None,
) -> Waterfall:
    """The saving of an alternative against a reference (the study's baseline if none is named), month by month."""
    reference = reference or baseline_of(scenario)
    if alternative == reference:
        raise ValueError(f"'{alternative}' cannot be explained against itself; choose another reference")
    own, base = dispatch.row(alternative), dispatch.row(reference)
    steps = {name: np.append(0.0, values) for name, values in _energy_steps(scenario, dispatch, own, base).items()}
    steps["transformer"] = np.append(0.0, _transformer_step(scenario, dispatch, own, base))
    lines = {name: values[own] - values[base] for name, values in book.lines.items()}
    steps |= _bill_differences(scenario, bill, own, base)
    anew = np.append(0.0, redeclaring(scenario, dispatch, alternative, reference))
    demand, export = (sum(lines[key] for key in proportional(part)) for part in ("bill_demand", "bill_export"))
    steps |= {"redeclared": anew, "demand_cut": demand - anew, "pv_exported": export}
    steps |= {name: sum(lines[line] for line in parts) for name, parts in LINE_STEPS.items()}
    total = book.total
    ordered = {name: steps[name] for name in STEPS}
    return Waterfall(reference, alternative, ordered, -total[base], -total[own], scenario.finance.discount_rate)


def redeclaring(scenario: Scenario, dispatch: Dispatch, alternative: str, reference: str) -> Floats:
    """What the reference itself would save by declaring what suits its peaks (months,): no equipment is needed for it.

    0 where the bill has no declared demand, the alternative keeps today's declaration, or the reference has the best.
    """
    rates, base = bill_rates(scenario, dispatch), dispatch.row(reference)
    declared, there = declared_kw(scenario), connected(scenario, dispatch.months)[base]
    saved = np.zeros(dispatch.months)
    if np.isnan(declared[base]) or not np.isnan(declared[dispatch.row(alternative)]):
        return saved
    for rate in rates.demand:
        if isinstance(rate, ContractRate):
            peaks = np.max(dispatch.peak_kw[base], axis=-1, where=rate.measured, initial=0.0)
            today, anew = (_billed_kw(rate, kw, peaks) for kw in (declared[base], rate.best_kw(peaks)))
            saved += (today - anew) * rate.per_kw_month * there
    return saved * rates.vat_factor * high_use_share(rates, dispatch.import_kwh[base])


def _bill_differences(scenario: Scenario, bill: Bill, own: int, base: int) -> dict[str, Floats]:
    """Steps that are a plain difference of one component of the bill, with the energy tax on the tiers in it."""
    parts = {
        "tiers": bill.tiers * (1.0 + scenario.tariff.energy_tax_rate),
        "fixed_charge": bill.fixed,
        "power_factor": bill.power_factor,
        "minimum_bill": bill.minimum,
    }
    return {name: np.append(0.0, values[base] - values[own]) for name, values in parts.items()}


def _billed_kw(rate: ContractRate, declared_kw: Floats, peaks_kw: Floats) -> Floats:
    """The declared kW, and what goes beyond it times its factor (months,)."""
    return declared_kw + rate.overrun_factor * overrun_kw(rate, declared_kw, peaks_kw)


def charging_money(scenario: Scenario, dispatch: Dispatch, alternative: str = "hybrid") -> Floats:
    """What the battery takes from the grid costs in each month (months,), each kWh at the price of its hour."""
    rates = bill_rates(scenario, dispatch)
    years = [
        _by_month(dispatch.trace(alternative, year).grid_charge_kw * step_prices(rates, dispatch, year), dispatch)
        for year in range(1, dispatch.years + 1)
    ]
    return np.concatenate(years)[: dispatch.months]


def _energy_steps(scenario: Scenario, dispatch: Dispatch, own: int, base: int) -> dict[str, Floats]:
    """The steps of the energy charge, tax included (months,). Their sum is the difference of the energy charges."""
    rates = bill_rates(scenario, dispatch)
    years = []
    for year in range(1, dispatch.years + 1):
        ours, theirs = (dispatch.trace(ALTERNATIVES[row], year) for row in (own, base))
        price = step_prices(rates, dispatch, year)
        held_back = _given_way(dispatch, own, year) - _given_way(dispatch, base, year)
        given_way = {"load_given_way": _by_month(held_back * price, dispatch)}
        years.append(_year_steps(ours, theirs, price, dispatch) | given_way)
    # Where neither is connected every import is 0, and so is the sum of the steps: nothing is priced there.
    priced = connected(scenario, dispatch.months)[[own, base]].any(axis=0)
    joined = {name: np.concatenate([part[name] for part in years])[: dispatch.months] for name in years[0]}
    return {name: values * priced for name, values in joined.items()}


def _transformer_step(scenario: Scenario, dispatch: Dispatch, own: int, base: int) -> Floats:
    """What the transformers lose less in the alternative than in the reference, at each class's price (months,)."""
    rates, lost = bill_rates(scenario, dispatch), dispatch.transformer_kwh
    market = dispatch.classes.mean_market_per_kwh(dispatch.clock)[np.arange(dispatch.months) % dispatch.clock.months]
    energy = rates.energy_per_kwh + rates.market_factor[:, None] * market
    price = (energy + rates.adders_per_kwh) * (1.0 + rates.tax_rate) * rates.vat_factor
    return ((lost[base] - lost[own]) * np.where(lost[base] == lost[own], 0.0, price)).sum(axis=-1)


def _year_steps(own: Trace, base: Trace, price: Floats, dispatch: Dispatch) -> dict[str, Floats]:
    def money(kw: Floats) -> Floats:
        return _by_month(kw * price, dispatch)

    def energy(kw: Floats) -> Floats:
        return _by_month(kw, dispatch)

    given, bought = energy(own.discharge_kw), energy(own.grid_charge_kw)
    charged = energy(own.charge_kw)
    from_pv = given * _share(energy(own.pv_charge_kw), charged)
    paid_per_kwh = _share(money(own.grid_charge_kw), bought)
    worth_per_kwh = _share(money(own.discharge_kw), given)
    others = given - from_pv
    return {
        "energy_shifted": (worth_per_kwh - paid_per_kwh) * others,
        "losses": -paid_per_kwh * (bought - others),
        "auxiliaries": -money(own.auxiliary_kw - base.auxiliary_kw),
        "pv_used": money(own.pv_load_kw) + worth_per_kwh * from_pv,
        "instead_of_sets": money(_sets_to_load(own) - _sets_to_load(base)),
        "left_unserved": money(own.unserved_kw - base.unserved_kw),
    }


def _given_way(dispatch: Dispatch, row: int, year: int) -> Floats:
    """Load the alternative's control holds back in each step of a project year (steps,), kW; below 0 where made up."""
    flexed = ALTERNATIVES[row] == "hybrid" and dispatch.flex
    return -dispatch.flex[year - 1].change_kw if flexed else np.zeros(dispatch.clock.steps)


def _sets_to_load(trace: Trace) -> Floats:
    return trace.genset_kw - trace.genset_charge_kw - trace.dumped_kw


def _by_month(values: Floats, dispatch: Dispatch) -> Floats:
    starts = np.concatenate([[0], dispatch.clock.month_ends[:-1]])
    return np.add.reduceat(values, starts) * dispatch.clock.step_h


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 1e-9)
