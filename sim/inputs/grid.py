"""Inputs of the grid connection: what it can give, from when, and when it fails."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sim.inputs.base import Closed, require_day
from sim.inputs.field import POWER_MAX_KW, Kw, Seed, estimate, given, sourced, usual
from sim.problem import Named, Refusal

LONGEST_LISTED_H = 744


def by_contract(s: Any) -> bool:
    return s.tariff.demand_basis == "contract_demand"


def by_statistics(s: Any) -> bool:
    return s.grid.outage_source == "statistics"


def has_works(s: Any) -> bool:
    return s.grid.new_share > 0


class GridStage(Closed):
    """From this project month on (1 is the first), the grid can give this much."""

    month: int = Field(ge=1, le=360)
    import_limit_kw: float = Field(ge=0, le=POWER_MAX_KW)


class Outage(Closed):
    """A grid outage that returns every project year; announced: the control knows of it the day before."""

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    hour: float = Field(ge=0, lt=24)
    duration_h: float = Field(gt=0, le=LONGEST_LISTED_H)
    announced: bool = False

    _day_exists = model_validator(mode="after")(require_day)


class Grid(Closed, card="grid.connection"):
    """The connection: what it can give, from when, and when it fails."""

    existing_kw: Kw = given(0.0, "Grid already there [kW]", "Import limit before the works are done.", everyday=True)
    import_limit_kw: Kw = given(
        12_500.0, "Import limit after the works [kW]", "Greatest import the grid allows.", everyday=True
    )
    ready_month: int = given(
        0,
        "Grid ready after [months 0..360]",
        "Months until the works are done; 0 = from the start. Where lead times count it is what their chain comes to.",
        when=lambda s: not (s.timing.by_month and s.grid.new_share > 0),
        everyday=True,
    )
    stages: tuple[GridStage, ...] = given((), "Later stages", "Further limits by project month.", card="grid.stages")
    transformer_kva: Annotated[float, Field(ge=0, le=POWER_MAX_KW)] = given(
        12_500.0, "Transformers [kVA]", "Connected capacity; the base of a kVA charge and of the works' cost."
    )
    declared_kw: Kw | None = given(
        None,
        "Declared demand today [kW]",
        "Of a tariff billed by contract demand. Empty = every alternative declares what is cheapest for it: that "
        "needs no equipment.",
        card="tariff.declaration",
        when=by_contract,
    )
    hybrid_redeclares: bool = given(
        True,
        "Hybrid declares anew",
        "Whether the hybrid changes today's declaration to what suits its own peaks. Without it a cut peak saves "
        "nothing.",
        card="tariff.declaration",
        when=lambda s: by_contract(s) and s.grid.declared_kw is not None,
    )
    declaration_hold_months: int | None = given(
        None,
        "A declaration holds [months 1..12]",
        "Empty = as the tariff says: one month in China.",
        card="tariff.declaration",
        when=by_contract,
    )
    power_factor: float | None = given(
        usual(None, 0.95, 0.99),
        "Power factor of the load [0.3..1]",
        "Empty = no power-factor adjustment on the bill. Reactive energy is that of the load; PV and battery run "
        "at 1, so PV lowers the power factor at the meter.",
        card="tariff.declaration",
        when=lambda s: s.tariff.power_factor_rule != "none",
    )
    transformer_no_load_loss_fraction: float = given(
        0.0,
        "Transformer loss without load [fraction 0..0.02]",
        "Of its kVA, all year; about 0.1 %. 0 = the meter stands behind the transformer.",
    )
    transformer_load_loss_fraction: float = given(
        0.0,
        "Transformer loss at full load [fraction 0..0.05]",
        "Of its kVA, by the square of the loading; 0.6 to 1 %. 0 = the meter stands behind the transformer.",
    )
    export_limit_kw: Kw = given(0.0, "Export limit [kW]", "PV surplus the grid takes; 0 = none.")
    outage_source: Literal["list", "statistics"] = given(
        "list",
        "Outages from",
        "A list that returns every project year, or drawn from SAIFI and SAIDI.",
        card="grid.outages",
        everyday=True,
    )
    outages: tuple[Outage, ...] = given(
        (),
        "Outages",
        "A list; each returns every project year.",
        card="grid.outages",
        when=lambda s: s.grid.outage_source == "list",
    )
    saifi_per_year: float | None = given(
        estimate(None, "City 10 kV about 0.6, weak grids 2 to 30, general knowledge", 0.2, 30),
        "SAIFI [/year 0..500]",
        "Sustained interruptions a customer sees in a year; needs SAIDI.",
        card="grid.outages",
        when=by_statistics,
        everyday=True,
    )
    saidi_h_per_year: float | None = given(
        estimate(None, "Of the utility; a mean outage lasts 1 to 2 h in cities, general knowledge"),
        "SAIDI [h/year 0..8760]",
        "Hours without supply in a year; needs SAIFI.",
        card="grid.outages",
        when=by_statistics,
        everyday=True,
    )
    outage_spread: float = given(
        0.0,
        "Spread of lengths [σ 0..3]",
        "0 = exponential; 1 to 1.5 gives the long tail of storm damage.",
        card="grid.outages",
        when=by_statistics,
    )
    outage_seed: Seed = given(
        1, "Outage seed", "The same seed gives the same outages.", card="grid.outages", when=by_statistics
    )
    ups_bridges: bool = given(
        False,
        "UPS bridges to the sets",
        "Whether a UPS carries the load until diesel sets have started; without one every outage is a restart "
        "unless the battery transfers seamlessly.",
        card="grid.outages",
    )
    co2_kg_per_kwh: float = given(
        sourced("grid.co2_factor_kg_per_kwh.east_china"),
        "Grid CO2 factor [kg/kWh 0..3]",
        "Location-based.",
        card=("grid.connection", "autonomy.carbon"),
        varies="price",
    )

    @property
    def greatest_kw(self) -> float:
        """The most it gives once all works and stages are done."""
        return max([self.import_limit_kw, *(stage.import_limit_kw for stage in self.stages)])

    @property
    def new_share(self) -> float:
        """Share of the connection that is not there yet and has to be built."""
        return 0.0 if self.greatest_kw <= self.existing_kw else 1.0 - self.existing_kw / self.greatest_kw

    def reached_kw(self, months: int) -> float:
        """The most it gives within a term of so many months."""
        stages = [stage.import_limit_kw for stage in self.stages if stage.month <= months]
        return max([self.existing_kw, *[self.import_limit_kw] * (self.ready_month < months), *stages])

    def share_built(self, months: int) -> float:
        """Share of the whole connection that is built in a term of so many months: what comes later is not paid for."""
        reached = self.reached_kw(months)
        return 0.0 if reached <= self.existing_kw else self.new_share - (1.0 - reached / self.greatest_kw)

    @model_validator(mode="after")
    def _statistics_are_whole(self) -> Grid:
        saifi, saidi = self.saifi_per_year, self.saidi_h_per_year
        if saifi is None and saidi is not None:
            raise Refusal(
                "SAIDI is given without SAIFI: hours do not say how many outages there are; give {input}",
                input=Named("grid.saifi_per_year"),
            )
        if self.outage_source == "statistics" and (saifi is None or saidi is None):
            raise Refusal(
                "outages from statistics need how many and how long: give both {saifi} and {saidi}, then choose "
                "statistics",
                saifi=Named("grid.saifi_per_year"),
                saidi=Named("grid.saidi_h_per_year"),
            )
        if not saifi and saidi:
            raise Refusal("SAIFI is 0 but SAIDI is not: outages that never happen cannot last")
        return self
