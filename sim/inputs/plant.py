"""Inputs of the plant: PV, diesel sets, and how battery and sets are run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from sim.inputs import library
from sim.inputs.base import MOST_STAGES, Closed, require_order
from sim.inputs.field import GENERAL, POWER_MAX_KW, Fraction, Kw, Seed, always, derived, estimate, given, seen, sourced
from sim.inputs.storage import has_battery
from sim.inputs.tariff import EVERY_MONTH, Months, Periods
from sim.inputs.text import Name
from sim.problem import Named, Refusal


def has_pv(s: Any) -> bool:
    return s.pv.exists


def has_sets(s: Any) -> bool:
    return s.genset.sets + s.genset.backup_sets + s.genset.last_resort_sets > 0


OfYear = Field(max_length=8760, fail_fast=True)
MOST_ARRAYS = 60
MOST_SETS = 400


def has_own_curve(s: Any) -> bool:
    return s.genset.engine_family == "own"


def _own_point(load_percent: int) -> Any:
    """A point of the user's own fuel curve; it starts from the makers' median."""
    median = library.fuel_table("median")[0][f"load_{load_percent}"] / load_percent * 100
    return given(
        derived(round(median, 3), MAKERS),
        f"Fuel at {load_percent} % load [L/kWh 0.1..1]",
        "Of the maker's sheet, per kWh of electricity.",
        when=has_own_curve,
        after="engine_family" if load_percent == 25 else f"own_{load_percent - 25}_l_per_kwh",
    )


class WeatherYear(Closed):
    """An uploaded weather year, 8760 hours from 1 January 00:00 local standard time, mean of each hour.

    Irradiance W/m2, air degrees C, wind m/s; `sun_minutes`: how far past its stamp the sun of a row stands.
    """

    name: Name
    latitude_deg: float = Field(ge=-90, le=90)
    longitude_deg: float = Field(ge=-180, le=180)
    utc_offset_h: float = Field(ge=-12, le=14)
    altitude_m: float = Field(ge=-500, le=9000)
    sun_minutes: float = Field(default=30.0, ge=-720, le=720)
    ghi: Annotated[tuple[Annotated[float, Field(ge=0, le=2000)], ...], OfYear]
    dni: Annotated[tuple[Annotated[float, Field(ge=0, le=2000)], ...], OfYear]
    dhi: Annotated[tuple[Annotated[float, Field(ge=0, le=2000)], ...], OfYear]
    air_c: Annotated[tuple[Annotated[float, Field(ge=-90, le=70)], ...], OfYear]
    wind_m_s: Annotated[tuple[Annotated[float, Field(ge=0, le=100)], ...], OfYear]

    def __str__(self) -> str:
        return self.name

    @model_validator(mode="after")
    def _is_one_year(self) -> WeatherYear:
        for name in ("ghi", "dni", "dhi", "air_c", "wind_m_s"):
            count = len(getattr(self, name))
            if count != 8760:
                raise Refusal(
                    "a weather year has 8760 hours, but {name} has {count}; give a whole year", name=name, count=count
                )
        return self


class PvField(Closed):
    """Panels of one orientation; azimuth clockwise from north."""

    kwp: Annotated[float, Field(gt=0, le=POWER_MAX_KW)]
    tilt_deg: float = Field(ge=0, le=90)
    azimuth_deg: float = Field(ge=0, le=360)


class PvStage(Closed):
    """From this project month on (1 is the first) this much more PV stands."""

    month: int = Field(ge=1, le=360)
    kwp: Annotated[float, Field(gt=0, le=POWER_MAX_KW)]


class Pv(Closed, card="pv", when=has_pv):
    """Photovoltaics on site. AC output by pvlib from a drawn year that keeps the place's monthly record, or a file."""

    dc_kwp: Annotated[float, Field(ge=0, le=POWER_MAX_KW)] = given(
        0.0, "PV size [kWp]", "DC nameplate.", varies="plant", when=always, everyday=True
    )
    stages: tuple[PvStage, ...] = given(
        (),
        "PV in stages",
        "By project month; they share the PV size in proportion. All of it from the start where none is listed.",
        card="timing.stages",
        max_length=MOST_STAGES,
    )
    tilt_deg: float = given(
        estimate(10.0, "Usual mounting on flat roofs, general knowledge", 0, 35),
        "Tilt [° 0..90]",
        "From the horizontal; 10 suits a flat roof.",
        when=lambda s: not s.pv.arrays,
        everyday=True,
    )
    azimuth_deg: float | None = given(
        None,
        "Azimuth [° 0..360]",
        "Clockwise from north, 180 = south; empty = towards the equator.",
        when=lambda s: not s.pv.arrays,
    )
    arrays: tuple[PvField, ...] = given(
        (),
        "Several arrays",
        "Roofs and ground of different tilt and azimuth; they share the PV size in proportion.",
        max_length=MOST_ARRAYS,
    )
    shared_inverters: bool = given(
        False,
        "Arrays share inverters",
        "The sum of the arrays is clipped at the inverters' rating; otherwise each array has inverters of its own.",
        when=lambda s: len(s.pv.arrays) > 1,
    )
    yield_kwh_per_kwp: float | None = given(
        None,
        "First-year yield [kWh/kWp 100..3000]",
        "Scales the hourly year; empty = what the weather gives.",
        after="losses_fraction",
        everyday=True,
    )
    losses_fraction: float = given(
        sourced("pv.system_losses_fraction"), "System losses [fraction 0..0.9]", "Soiling, wiring, mismatch, downtime."
    )
    dc_ac_ratio: float = given(
        sourced("pv.dc_ac_ratio"), "DC/AC ratio [0.5..3]", "Output is clipped at DC/ratio.", after="shared_inverters"
    )
    degradation_per_year: float = given(
        sourced("pv.degradation_fraction_per_year"), "PV degradation [fraction/year 0..0.1]", "Compound, from year 2."
    )
    area_m2_per_mwp: float = given(
        sourced("pv.area_flat_roof_m2_per_mwp"), "Area [m2/MWp 3000..50_000]", "Roof or ground the modules take."
    )
    seed: Seed = given(
        1,
        "Weather seed",
        "The same seed gives the same drawn year; not used with a file.",
        when=lambda s: not s.pv.weather,
    )
    weather: WeatherYear | None = given(
        None, "Weather file", "An uploaded year; its temperatures serve load and battery."
    )

    @model_validator(mode="after")
    def _stages_rise(self) -> Pv:
        require_order("pv.stages", self.stages)
        return self

    @property
    def exists(self) -> bool:
        """Whether there are any panels."""
        return self.dc_kwp > 0

    @property
    def hectares(self) -> float:
        """Roof or ground the modules take."""
        return self.dc_kwp / 1000 * self.area_m2_per_mwp / 10_000


MAKERS = "Median of eleven makers' curves, 2004-2022: Cummins, Caterpillar, Kohler, Mitsubishi"


class SetStage(Closed):
    """From this project month on (1 is the first) so many sets more stand on site, or fewer where below 0."""

    month: int = Field(ge=1, le=360)
    sets: int = Field(ge=-400, le=400)


class Genset(Closed, card="sets", when=has_sets):
    """Diesel sets of one size. How many stand on site depends on the alternative."""

    set_kw: float = given(
        1500.0, "Rating of one set [kW >0..10_000]", "As the sheet says, of the kind below.", everyday=True
    )
    rating: Literal["PRP", "COP", "LTP", "ESP", "DCC"] = given(
        seen("PRP", "ISO 8528-1, Cummins QSK23 sheet"),
        "Kind of rating",
        "ISO 8528-1: what the duty is checked against. Prime (PRP) allows a mean of 70 % over 24 h, standby (ESP) "
        "200 h a year, continuous (COP) everything.",
        everyday=True,
    )
    rating_at: Literal["site", "standard"] = given(
        "site",
        "Rating holds",
        "At the site's own conditions, or up to 1000 m and 40 °C: then altitude and heat reduce it.",
    )
    spinning_reserve_fraction: float = given(
        derived(0.0, "REopt.jl off grid: 10 % of load, 25 % of PV; general knowledge", 0, 0.4),
        "Spinning reserve [fraction 0..1]",
        "Of the load, running ready beside it while sets carry the load; the battery's power counts. 25 % suits "
        "steps of GPU load.",
        after="max_load_fraction",
    )
    sets: int = given(
        8,
        "Sets, diesel plan [0..400]",
        "In the diesel plan; and in every plan with sets until the grid is ready.",
        when=always,
        everyday=True,
    )
    stages: tuple[SetStage, ...] = given(
        (),
        "Sets of the diesel plan in stages",
        "Sets that come and go by project month, in place of the one number; also in every plan with sets until the "
        "grid is ready.",
        card="timing.stages",
        max_length=MOST_STAGES,
    )
    backup_sets: int = given(7, "Sets, grid + diesel [0..400]", "Backup once the grid is there.", when=always)
    last_resort_sets: int = given(
        2, "Sets, hybrid [0..400]", "Last resort once the grid is there.", when=always, everyday=True
    )
    bridge_sets: int | None = given(
        None,
        "Sets, hybrid before the grid [0..400]",
        "Empty = the diesel plan's fleet. Where the battery stands in for the spare, fewer may do.",
        when=lambda s: s.grid.ready_month > 0,
    )
    min_load_fraction: float = given(
        sourced("diesel.min_load_fraction"),
        "Minimum load [fraction 0..1]",
        "Of one set; the surplus charges or is dumped.",
    )
    max_load_fraction: float = given(
        1.0, "Load per set before the next starts [fraction >0.1..1]", "1 = as few sets as can carry it."
    )
    engine_family: Literal["median", "cummins_50hz", "caterpillar_tier2", "own"] = given(
        derived("median", MAKERS),
        "Fuel curve",
        "Ask which engine: from a fuel-optimised 50 Hz Cummins (QSK) to a Caterpillar built for low emissions (EPA "
        "Tier 2) fuel rises by an eighth at full load and by a fifth at half load. The median of the makers stands "
        "where the engine is not known. Own: four points of the maker's sheet.",
        everyday=True,
    )
    own_25_l_per_kwh: float = _own_point(25)
    own_50_l_per_kwh: float = _own_point(50)
    own_75_l_per_kwh: float = _own_point(75)
    own_100_l_per_kwh: float = _own_point(100)
    fuel_factor: float = given(1.0, "Fuel against the curve [0.5..2]", "More than 1 for a worn engine.", varies="plant")
    co2_kg_per_l: float = given(
        sourced("diesel.co2e_kg_per_l"), "Diesel CO2e [kg/L 0..5]", "Tank to stack.", after="mean_time_to_failure_h"
    )
    tank_h: float = given(
        estimate(12.0, "12 to 24 h for class A halls (GB 50174), general knowledge", 8, 24),
        "Fuel on site [h >0..720]",
        "Full tanks last so long with every set of the plan at full load.",
        card=("sets", "autonomy.carbon"),
        after="finance.carbon_price_per_t",
    )
    truck_l: float = given(
        estimate(10_000.0, "General knowledge", 5_000, 30_000), "Fuel truck [L >0..60_000]", "What one delivery brings."
    )
    overhaul_interval_h: float = given(
        sourced("diesel.overhaul_interval_h"),
        "Overhaul every [h >0..100_000]",
        "Running hours of a set; its cost is in the set O&M.",
    )
    failure_to_start: Fraction = given(
        sourced("diesel.failure_to_start_fraction"), "Failure to start [fraction]", "Per start of one set."
    )
    mean_time_to_failure_h: float = given(
        sourced("diesel.mean_time_to_failure_running_h"), "Mean time to failure [h >24..1e6]", "Of a running set."
    )
    repair_h: float = given(
        estimate(24.0, GENERAL, 8, 72),
        "Repair of a failed set [h >0..2000]",
        "From its failure to carrying load again.",
    )
    count_failures: bool = given(
        False,
        "Failures of sets count",
        "Whether stops by failing sets, in the months in which they carry the load alone, are interruptions with their "
        "restart. Page When shows them in any case.",
    )
    availability_fraction: Fraction = given(
        sourced("diesel.operational_availability_fraction"),
        "Set availability [fraction]",
        "Not out for maintenance.",
        after="overhaul_interval_h",
    )
    nox_g_per_kwh: float = given(
        sourced("diesel.nox_g_per_kwh_uncontrolled"), "NOx [g/kWh 0..30]", "Per kWh generated."
    )
    pm_g_per_kwh: float = given(sourced("diesel.pm_g_per_kwh"), "Soot (PM) [g/kWh 0..5]", "Per kWh generated.")

    noise_db_a_at_7m: float = given(sourced("diesel.noise_db_a_at_7m"), "Noise at 7 m [dB(A) 40..130]", "Of one set.")
    neighbour_m: float = given(100.0, "Nearest neighbour [m >1..20_000]", "Where the noise is judged.")
    start_s: float = given(
        estimate(15.0, "NFPA 110 type 10: 10 s; usual 10 to 60 s, general knowledge", 10, 60),
        "Start time [s 0..600]",
        "From the call to carrying load; the battery or a UPS has to bridge it.",
    )

    @property
    def own_l_per_kwh(self) -> dict[int, float]:
        """The user's own fuel curve by load in percent."""
        return {load: getattr(self, f"own_{load}_l_per_kwh") for load in (25, 50, 75, 100)}

    @model_validator(mode="after")
    def _own_curve_can_be(self) -> Genset:
        per_kwh = self.own_l_per_kwh
        l_per_h = [load * at for load, at in per_kwh.items()]
        if self.engine_family != "own" or (per_kwh[25] >= per_kwh[50] and l_per_h == sorted(set(l_per_h))):
            return self
        raise Refusal(
            "the fuel curve must burn more each hour at a higher load, and at 25 % load no less for each kWh than at "
            "50 %; check the four points, {first} to {last}",
            first=Named("genset.own_25_l_per_kwh"),
            last=Named("genset.own_100_l_per_kwh"),
        )

    @model_validator(mode="after")
    def _stages_can_be(self) -> Genset:
        require_order("genset.stages", self.stages)
        there = 0
        for stage in self.stages:
            there += stage.sets
            if not 0 <= there <= MOST_SETS:
                raise Refusal(
                    "{input}: in month {month} there would be {count} sets; keep them between 0 and {most}",
                    input=Named("genset.stages"),
                    month=stage.month,
                    count=there,
                    most=MOST_SETS,
                )
        return self

    @model_validator(mode="after")
    def _loads_are_ordered(self) -> Genset:
        if self.min_load_fraction > self.max_load_fraction:
            raise Refusal(
                "minimum load must not exceed the load at which the next set starts: a set would be smaller than its "
                "own minimum load; lower {low} or raise {high}",
                low=Named("genset.min_load_fraction"),
                high=Named("genset.max_load_fraction"),
            )
        return self


ControlDays = Literal["every_day", "workday", "weekend", "saturday", "sunday"]


class ControlWindow(Closed):
    """Hours in which the battery charges or discharges, in these months, on these days.

    `power_fraction` is the share of battery power; empty spreads the energy evenly over the window.
    """

    start_hour: float = Field(ge=0, le=24)
    end_hour: float = Field(ge=0, le=24)
    action: Literal["charge", "discharge"]
    months: Months = EVERY_MONTH
    days: ControlDays = "every_day"
    power_fraction: Annotated[float, Field(gt=0, le=1)] | None = None

    @model_validator(mode="after")
    def _runs_forward(self) -> ControlWindow:
        if self.end_hour <= self.start_hour:
            raise Refusal("a control window must end after it starts; split it at midnight")
        return self


class ShaveLimit(Closed):
    """The kW at or below which the battery holds billed imports, in these months and price periods (empty = all).

    In the project year of `shave_limits_year`; in others it moves with the load's peak and the battery's health.
    """

    threshold_kw: Kw
    months: Months = EVERY_MONTH
    periods: Periods = ()

    def holds_in(self, class_name: str) -> bool:
        """Whether it holds in a billing class, which may mix several price periods ("flat/peak")."""
        return not self.periods or bool(set(self.periods) & set(class_name.split("/")))


RETIRED = ("second_charge",)


class Control(Closed, card="control", when=has_battery):
    """How a plain energy management system runs the ladder."""

    model_config = ConfigDict(title="Dispatch")  # the name of its section

    arbitrage: Literal["tariff", "windows", "off"] = given(
        "tariff",
        "Charge and discharge",
        "By the tariff: a plan of its prices, the usual load and sun, and the peak billed so far. By own windows. Off: "
        "nothing is bought to store; only PV surplus is stored and given back.",
        everyday=True,
    )
    windows: tuple[ControlWindow, ...] = given(
        (), "Own windows", "Several a day for several cycles.", when=lambda s: s.dispatch.arbitrage == "windows"
    )
    charge_limit_kw: Kw | None = given(None, "Charging power limit [kW]", "Empty = battery power.")
    discharge_limit_kw: Kw | None = given(None, "Discharging power limit [kW]", "Empty = battery power.")
    peak_shave_kw: Kw | None = given(
        None,
        "Peak-shave threshold [kW]",
        "The battery holds billed imports at or below it; empty = found each month from the tariff's demand charge.",
        everyday=True,
    )
    shave_limits: tuple[ShaveLimit, ...] = given(
        (), "Peak-shave thresholds by month", "Go before the one threshold, in their months and price periods."
    )
    shave_limits_year: int = given(
        1,
        "Year of the thresholds by month [1..30]",
        "In other project years they move with the load's peak and the battery's health.",
        card="control.thresholds",
        when=lambda s: bool(s.dispatch.shave_limits),
    )
    reserve_fraction: Fraction = given(
        0.2,
        "Charge kept for outages [fraction]",
        "Of a full battery; used only when the grid is gone.",
        after="arbitrage",
        varies="plant",
        everyday=True,
    )
    genset_start_fraction: Fraction | None = given(
        None,
        "Start sets below [fraction]",
        "Battery charge at which sets start in an outage; empty = when it is empty, or at once where the sets "
        "alone cannot carry the load.",
    )

    @model_validator(mode="before")
    @classmethod
    def _without_retired(cls, data: Any) -> Any:
        """Files of before may still order a second charge; the plan now finds every cycle that pays."""
        return {name: data[name] for name in data if name not in RETIRED} if isinstance(data, Mapping) else data
