"""The key figures: one row a figure, and every screen, paper, sheet and file asks this table for it.

A row says what kind of number a figure is (its unit and how it is written follow, never from its name), how it is found
for one alternative, which direction is better, and where it is shown. The order of the rows is the order everywhere.
Money's table, the CSV summary and the command line's JSON show every figure; `figures_on(place)` asks for those of the
other places. Names and meanings stand in the catalogues as `figures.<key>` and `figures.<key>.meaning`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from finance import metrics
from finance.ledger import CAPEX_LINES, Ledger
from finance.lines import PRICED
from finance.metrics import Figure, FigureRows
from sim.arrays import Floats, sum_of, there
from sim.dispatch.result import Dispatch
from sim.inputs.scenario import Scenario
from sim.plant.ratings import POLLUTANT_G_PER_KWH, pollutants_kg

Direction = Literal["less", "more"]
# What a figure is made of, and its unit in a file; a "plain" one brings a unit of its own.
KINDS = {
    "money": "{currency}",
    "money_per_kwh": "{currency}/kWh",
    "rate": "fraction/year",
    "share": "fraction",
    "years": "years",
    "energy": "kWh",
    "power": "kW",
    "duration": "h",
    "count": "",
    "ratio": "",
}
# "short", "long": cards of the overview, by the term; "decision": cards of the paper's first page; "lead": the sentence
# above the money, and what cases are compared by; "paper": its table of the alternatives; "defined": its list of
# definitions; "losses": what a loss of power costs; "storage": the battery's own; "book": the workbook's summary.
Place = Literal["short", "long", "decision", "lead", "paper", "defined", "losses", "storage", "book", "cli", "claims"]
IS_BASELINE = Figure(None, "is_baseline")
WORTH = "npv"  # the figure that ranks sizes, prices and rules


@dataclass(frozen=True, eq=False)
class Flow:
    """A net flow (..., periods + 1) of money, the start first; `rate` a year, a number or one for each row."""

    flows: ArrayLike
    rate: Any
    per_year: int = 1


@dataclass(frozen=True, eq=False)
class Alternatives:
    """All alternatives (A,) as their figures see them. `served` (A, months + 1): kWh the site got."""

    scenario: Scenario
    dispatch: Dispatch
    book: Ledger
    served: Floats

    def sum(self, name: str) -> Floats:
        """A monthly quantity of the dispatch over the term (A,)."""
        return self.dispatch.monthly[name].sum(axis=1)

    def paid(self, by_month: Floats) -> Floats:
        """What lines (A, months + 1) cost over the term (A,), positive; undiscounted."""
        return 0.0 - by_month.sum(axis=1)

    @cached_property
    def paid_total(self) -> Floats:
        """Net flows without what is priced and paid by nobody (A, months + 1)."""
        return self.book.total - sum_of(self.book.lines[name] for name in PRICED)

    @property
    def rate(self) -> float:
        return self.scenario.finance.discount_rate

    @cached_property
    def tonnes(self) -> dict[str, Floats]:
        """What the sets emit: NOx, soot and CO by output, SO2 by the fuel's sulphur."""
        genset = self.scenario.genset
        rates = {"NOx": genset.nox_g_per_kwh, "PM": genset.pm_g_per_kwh, "CO": POLLUTANT_G_PER_KWH["CO"]}
        kg = pollutants_kg(self.sum("genset_kwh"), self.sum("fuel_l"), rates)
        return {name: mass / 1000 for name, mass in kg.items()}


@dataclass(frozen=True, eq=False)
class KeyFigure:
    """One row of the table.

    kind: how it is written, a key of `KINDS`, or "plain" with a unit of its own. value: from what its table looks at;
    those of a study from `Alternatives`, an array or `FigureRows` for all of them. better: the good direction, where
    there is one. shown: places, apart by blanks; card: its position among the overview's cards. formula: what the
    workbook's summary calculates, with cells in braces (`book.flows.kpi_formula`); without one it holds the value.
    flow: for a figure of the difference to the baseline, how it is found for rows of flows; the baseline has none.

    Raises ValueError for a kind or place that is not known, and for a plain figure without its unit.
    """

    kind: str
    value: Callable[[Any], Any] | None = None
    better: Direction | None = None
    shown: str = ""
    formula: str = ""
    unit: str = ""
    card: int = 0
    flow: Callable[[Flow], FigureRows] | None = None
    key: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS and (self.kind != "plain" or not self.unit):
            raise ValueError(f"figure kind '{self.kind}': use one of {', '.join(KINDS)}, or 'plain' with a unit")
        if unknown := sorted(set(self.shown.split()) - set(get_args(Place))):
            raise ValueError(f"there is no place '{unknown[0]}'; figures are shown in {', '.join(get_args(Place))}")

    @property
    def is_money(self) -> bool:
        return self.kind in ("money", "money_per_kwh")

    def unit_in(self, currency: str) -> str:
        """The unit as files name it."""
        return self.unit or KINDS[self.kind].format(currency=currency)

    def found(self, source: Any) -> Any:
        """The figure of what its table looks at. Raises ValueError for one of a flow."""
        return there(self.value, f"the way to find '{self.key}'")(source)

    def of_flow(self, flow: Flow) -> Figure:
        """The figure of one flow (T,). Raises ValueError for one that is of none."""
        return self.of_flows(replace(flow, flows=np.atleast_2d(flow.flows))).figures()[0]

    def of_flows(self, flows: Flow) -> FigureRows:
        """The figure of rows of flows (N, T). Raises ValueError for one that is of none."""
        return there(self.flow, f"the way to find '{self.key}' of flows")(flows)


def row(*given: Any, **named: Any) -> Any:
    """A field of `Kpis`, and with it the row of the table (`KeyFigure`)."""
    return field(metadata={"row": KeyFigure(*given, **named)})


@dataclass(frozen=True)
class Kpis:
    """One alternative over the term. Energies kWh at the bus; money positive = cost; see `finance.kpis`."""

    present_cost: float = row(
        "money",
        lambda each: 0.0 - metrics.npv(each.rate, each.book.total, metrics.MONTHLY),
        "less",
        "short paper defined book cli",
        "-{present total}",
        card=1,
    )
    total_cost: float = row("money", lambda each: each.paid(each.book.total), "less", "paper book", "-{sum total}")
    cost_per_kwh: Figure = row(
        "money_per_kwh",
        lambda each: metrics.lcoe_rows(-each.paid_total, each.served, 0.0),
        "less",
        "short paper defined book cli",
        'IF({sum energy}>0,-{sum paid}/{sum energy},"{why no_energy}")',
        card=2,
    )
    lcoe_per_kwh: Figure = row(
        "money_per_kwh",
        lambda each: metrics.lcoe_rows(-each.paid_total, each.served, each.rate, metrics.MONTHLY),
        "less",
        "long paper defined book",
        'IF({present energy}>0,-{present paid}/{present energy},"{why no_energy}")',
        card=4,
    )
    capex: float = row(
        "money",
        lambda each: 0.0 - sum_of(each.book.lines[name].sum(axis=1) for name in CAPEX_LINES),
        "less",
        "decision paper book",
        "{capex}",
    )
    npv: Figure = row(
        "money",
        flow=lambda one: metrics.npv_rows(one.rate, one.flows, one.per_year),
        better="more",
        shown="long lead paper defined book claims",
        formula="{present difference}",
        card=3,
    )
    irr: Figure = row(
        "rate",
        flow=lambda one: metrics.irr_rows(one.flows, one.per_year),
        better="more",
        shown="long decision lead paper defined book claims",
        formula="{irr}",
        card=2,
    )
    payback_years: Figure = row(
        "years",
        flow=lambda one: metrics.payback_rows(one.flows, one.per_year),
        better="less",
        shown="long decision lead paper defined book claims",
        formula="{crossing running}",
        card=1,
    )
    discounted_payback_years: Figure = row(
        "years",
        flow=lambda one: metrics.discounted_payback_rows(one.rate, one.flows, one.per_year),
        better="less",
        shown="paper defined book",
        formula="{crossing running_discounted}",
    )
    unserved_kwh: float = row(
        "energy", lambda each: each.sum("unserved_kwh"), "less", "paper losses book cli claims", "{month unserved_kwh}"
    )
    unserved_value: float = row(
        "money",
        lambda each: each.paid(each.book.unserved_value),
        "less",
        "paper losses book",
        "{month unserved_value}",
    )
    shed_kwh: float = row("energy", lambda each: each.sum("shed_kwh"))
    interruptions: float = row("count", lambda each: each.sum("interruptions"), "less", "losses")
    interruption_value: float = row("money", lambda each: each.paid(each.book.interruption_value), "less", "losses")
    energy_served_kwh: float = row(
        "energy", lambda each: each.served.sum(axis=1), shown="book", formula="{month served_kwh}"
    )
    grid_kwh: float = row("energy", lambda each: each.dispatch.import_kwh.sum(axis=(1, 2)), shown="paper")
    pv_kwh: float = row("energy", lambda each: each.sum("pv_load_kwh") + each.sum("pv_charge_kwh"), shown="paper")
    battery_discharge_kwh: float = row("energy", lambda each: each.sum("discharge_kwh"))
    diesel_kwh: float = row("energy", lambda each: each.sum("genset_kwh"))
    diesel_l: float = row(
        "plain", lambda each: each.sum("fuel_l"), "less", "paper book cli", "{month fuel_l}", unit="L"
    )
    genset_run_h: float = row("plain", lambda each: each.sum("genset_hours"), "less", "paper", unit="h")
    genset_starts: float = row("count", lambda each: each.sum("starts"), "less")
    peak_import_kw: float = row("power", lambda each: each.dispatch.peak_kw.max(axis=(1, 2)), "less", "paper")
    co2_t: float = row(
        "plain",
        lambda each: each.book.co2_kg.sum(axis=1) / 1000,
        "less",
        "paper book cli",
        "({month imports}*in_grid_co2_kg_per_kwh+{month fuel_l}*in_genset_co2_kg_per_l)/1000",
        unit="t",
    )
    nox_t: float = row("plain", lambda each: each.tonnes["NOx"], "less", unit="t")
    pm_t: float = row("plain", lambda each: each.tonnes["PM"], "less", unit="t")
    co_t: float = row("plain", lambda each: each.tonnes["CO"], "less", unit="t")
    so2_t: float = row("plain", lambda each: each.tonnes["SO2"], "less", unit="t")

    @property
    def worth(self) -> float | None:
        """What the alternative is worth today against the baseline."""
        return self.figure(WORTH).value

    def figure(self, key: str) -> Figure:
        """One figure by its key, as a number that may not exist."""
        value = getattr(self, key)
        return value if isinstance(value, Figure) else Figure(float(value))


FIGURES: dict[str, KeyFigure] = {one.name: replace(one.metadata["row"], key=one.name) for one in fields(Kpis)}


def figures_on(place: Place, table: Mapping[str, KeyFigure] = FIGURES) -> tuple[KeyFigure, ...]:
    """The figures of a place in the table's order, cards in their own."""
    found = [one for one in table.values() if place in one.shown.split()]
    return tuple(sorted(found, key=lambda one: one.card) if place in ("short", "long") else found)


@dataclass(frozen=True)
class Appraisal:
    """The figures of one flow at one discount rate, by their keys in the table."""

    npv: Figure
    irr: Figure
    payback_years: metrics.Payback
    discounted_payback_years: metrics.Payback

    @property
    def worth(self) -> float:
        """What the flow is worth today."""
        return float(getattr(self, WORTH).value)


OF_FLOWS = tuple(one for one in FIGURES.values() if one.flow)


def appraise(flows: ArrayLike, rate: float, per_year: int = 1) -> Appraisal:
    """NPV, IRR and both paybacks of one flow (T,)."""
    found: dict[str, Any] = {one.key: one.of_flow(Flow(flows, rate, per_year)) for one in OF_FLOWS}
    return Appraisal(**found)
