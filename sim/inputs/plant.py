"""Inputs of the plant: grid connection, PV, battery, diesel sets, and how they are run."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.inputs.base import Closed
from sim.inputs.field import POWER_MAX_KW, Fraction, Kw, given, sourced
from sim.problem import Named, Refusal

LONGEST_LISTED_H = 744


class GridStage(Closed):
    """From this project month on (1 is the first), the grid can give this much."""

    month: int = Field(ge=1, le=360)
    import_limit_kw: float = Field(ge=0, le=POWER_MAX_KW)


class Outage(Closed):
    """A grid outage that returns every project year."""

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    hour: float = Field(ge=0, lt=24)
    duration_h: float = Field(gt=0, le=LONGEST_LISTED_H)


class Grid(Closed):
    """The connection: what it can give, from when, and when it fails."""

    existing_kw: Kw = given(0.0, "Grid already there", "kW", "Import limit before the works are done.")
    import_limit_kw: Kw = given(12_500.0, "Import limit after the works", "kW", "Greatest import the grid allows.")
    ready_month: int = given(
        0, "Grid ready after", "months", "Months until the works are done; 0 = from the start.", ge=0, le=360
    )
    stages: tuple[GridStage, ...] = given((), "Later stages", "", "Further limits by project month.")
    transformer_kva: Annotated[float, Field(ge=0, le=POWER_MAX_KW)] = given(
        12_500.0, "Transformers", "kVA", "Connected capacity; the base of a kVA charge and of the works' cost."
    )
    declared_kw: Kw | None = given(
        None, "Declared demand today", "kW",
        "Of a tariff billed by contract demand. Empty = every alternative declares what is cheapest for it: that needs "
        "no equipment.",
    )  # fmt: skip
    hybrid_redeclares: bool = given(
        True, "Hybrid declares anew", "",
        "Whether the hybrid changes today's declaration to what suits its own peaks. Without it a cut peak saves "
        "nothing.",
    )  # fmt: skip
    declaration_hold_months: int | None = given(
        None, "A declaration holds", "months", "Empty = as the tariff says: one month in China.", ge=1, le=12
    )
    power_factor: float | None = given(
        None, "Power factor of the load", "",
        "Empty = no power-factor adjustment on the bill. Reactive energy is that of the load; PV and battery run at 1, "
        "so PV lowers the power factor at the meter.",
        ge=0.3, le=1, low=0.95, high=0.99,
    )  # fmt: skip
    transformer_no_load_loss_fraction: float = given(
        0.0, "Transformer loss without load", "fraction",
        "Of its kVA, all year; about 0.1 %. 0 = the meter stands behind the transformer.",
        ge=0, le=0.02,
    )  # fmt: skip
    transformer_load_loss_fraction: float = given(
        0.0, "Transformer loss at full load", "fraction",
        "Of its kVA, by the square of the loading; 0.6 to 1 %. 0 = the meter stands behind the transformer.",
        ge=0, le=0.05,
    )  # fmt: skip
    export_limit_kw: Kw = given(0.0, "Export limit", "kW", "PV surplus the grid takes; 0 = none.")
    outage_source: Literal["list", "statistics"] = given(
        "list", "Outages from", "", "A list that returns every project year, or drawn from SAIFI and SAIDI."
    )
    outages: tuple[Outage, ...] = given((), "Outages", "", "A list; each returns every project year.")
    saifi_per_year: float | None = given(
        None, "SAIFI", "/year", "Sustained interruptions a customer sees in a year; needs SAIDI.", ge=0, le=500,
        low=0.2, high=30, source="City 10 kV about 0.6, weak grids 2 to 30, general knowledge", confidence="unverified",
    )  # fmt: skip
    saidi_h_per_year: float | None = given(
        None, "SAIDI", "h/year", "Hours without supply in a year; needs SAIFI.", ge=0, le=8760,
        source="Of the utility; a mean outage lasts 1 to 2 h in cities, general knowledge", confidence="unverified",
    )  # fmt: skip
    outage_spread: float = given(
        0.0, "Spread of lengths", "σ", "0 = exponential; 1 to 1.5 gives the long tail of storm damage.", ge=0, le=3
    )
    outage_seed: int = given(1, "Outage seed", "", "The same seed gives the same outages.", ge=0, le=2**31 - 1)
    ups_bridges: bool = given(
        False, "UPS bridges to the sets", "",
        "Whether a UPS carries the load until diesel sets have started; without one every outage is a restart unless "
        "the battery transfers seamlessly.",
    )  # fmt: skip
    co2_kg_per_kwh: float = sourced(
        "grid.co2_factor_kg_per_kwh.east_china", "Grid CO2 factor", "kg/kWh", "Location-based.", ge=0, le=3
    )

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


class WeatherYear(Closed):
    """An uploaded weather year, 8760 hours from 1 January 00:00 local standard time, mean of each hour.

    Irradiance W/m2, air degrees C, wind m/s; `sun_minutes`: how far past its stamp the sun of a row stands.
    """

    name: str = Field(max_length=200)
    latitude_deg: float = Field(ge=-90, le=90)
    longitude_deg: float = Field(ge=-180, le=180)
    utc_offset_h: float = Field(ge=-12, le=14)
    altitude_m: float = Field(ge=-500, le=9000)
    sun_minutes: float = Field(30.0, ge=-720, le=720)
    ghi: tuple[Annotated[float, Field(ge=0, le=2000)], ...]
    dni: tuple[Annotated[float, Field(ge=0, le=2000)], ...]
    dhi: tuple[Annotated[float, Field(ge=0, le=2000)], ...]
    air_c: tuple[Annotated[float, Field(ge=-90, le=70)], ...]
    wind_m_s: tuple[Annotated[float, Field(ge=0, le=100)], ...]

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


class Pv(Closed):
    """Photovoltaics on site. AC output by pvlib from a drawn year that keeps the place's monthly record, or a file."""

    dc_kwp: Annotated[float, Field(ge=0, le=POWER_MAX_KW)] = given(0.0, "PV size", "kWp", "DC nameplate.")
    tilt_deg: float = given(
        10.0, "Tilt", "°", "From the horizontal; 10 suits a flat roof.", ge=0, le=90, low=0, high=35,
        source="Usual mounting on flat roofs, general knowledge", confidence="unverified",
    )  # fmt: skip
    azimuth_deg: float | None = given(
        None, "Azimuth", "°", "Clockwise from north, 180 = south; empty = towards the equator.", ge=0, le=360
    )
    arrays: tuple[PvField, ...] = given(
        (),
        "Several arrays",
        "",
        "Roofs and ground of different tilt and azimuth; they share the PV size in proportion.",
    )
    shared_inverters: bool = given(
        False, "Arrays share inverters", "",
        "The sum of the arrays is clipped at the inverters' rating; otherwise each array has inverters of its own.",
    )  # fmt: skip
    yield_kwh_per_kwp: float | None = given(
        None, "First-year yield", "kWh/kWp", "Scales the hourly year; empty = what the weather gives.", ge=100, le=3000
    )
    losses_fraction: float = sourced(
        "pv.system_losses_fraction", "System losses", "fraction", "Soiling, wiring, mismatch, downtime.", ge=0, le=0.9
    )
    dc_ac_ratio: float = sourced("pv.dc_ac_ratio", "DC/AC ratio", "", "Output is clipped at DC/ratio.", ge=0.5, le=3)
    degradation_per_year: float = sourced(
        "pv.degradation_fraction_per_year", "PV degradation", "fraction/year", "Compound, from year 2.", ge=0, le=0.1
    )
    area_m2_per_mwp: float = sourced(
        "pv.area_flat_roof_m2_per_mwp", "Area", "m2/MWp", "Roof or ground the modules take.", ge=3000, le=50_000
    )
    seed: int = given(
        1, "Weather seed", "", "The same seed gives the same drawn year; not used with a file.", ge=0, le=2**31 - 1
    )
    weather: WeatherYear | None = given(
        None, "Weather file", "", "An uploaded year; its temperatures serve load and battery."
    )


# Usual container and cabinet sizes, nameplate: (battery from this size on, kWh of one); equipment.yaml: bess.classes.
CABINET_SIZES_KWH = ((10_000.0, 5016.0), (1_000.0, 1600.0), (0.0, 261.0))
SMALLER_CABINET = 0.05  # of a cabinet, which the others are taken to hold besides


class AugmentYear(Closed):
    """A project year at whose start cells are added."""

    year: int = Field(ge=2, le=30)


class Storage(Closed):
    """An LFP battery. Energy is nameplate, inside the battery; power is AC at the bus, the same both ways."""

    energy_kwh: Annotated[float, Field(ge=0, le=10_000_000)] = given(20_000.0, "Battery energy", "kWh", "Nameplate.")
    power_kw: Kw = given(10_000.0, "Battery power", "kW", "AC, charge and discharge.")
    soc_min_fraction: Fraction = sourced(
        "bess.performance.soc_min_fraction", "Lowest charge", "fraction", "Of nameplate."
    )
    soc_max_fraction: Fraction = sourced(
        "bess.performance.soc_max_fraction", "Highest charge", "fraction", "Of nameplate."
    )
    soc_start_fraction: Fraction = given(0.5, "Charge at the start", "fraction", "Of nameplate, every project year.")
    charge_efficiency: float = sourced(
        "bess.performance.charge_efficiency_ac_to_dc_fraction",
        "Charge efficiency",
        "fraction",
        "One way.",
        gt=0.5,
        le=1,
    )
    discharge_efficiency: float = sourced(
        "bess.performance.discharge_efficiency_dc_to_ac_fraction", "Discharge efficiency", "fraction", "One way.",
        gt=0.5, le=1,
    )  # fmt: skip
    auxiliary_kw_per_mwh: float = given(
        1.0, "Auxiliaries", "kW/MWh", "Thermal management at 25 °C, a load beside the site's.", ge=0, le=20, low=0.8,
        high=2.8, source="Studies of cabinets (voltcoffer.com), general knowledge; at 25 C", confidence="unverified",
    )  # fmt: skip
    auxiliary_by_temperature: bool = given(
        True, "Auxiliaries follow the temperature", "",
        "0.8 times the figure at 10 to 20 °C, 2.8 times at 40 °C, 5 times at −30 °C; its mean over the year is used.",
    )  # fmt: skip
    cell_temperature: Literal["held", "ambient"] = given(
        "held", "Cells are kept", "",
        "At 15 to 35 °C by liquid cooling and heating; or at 5 °C above the air, which slows charging below 5 °C air "
        "temperature and stops it below −5 °C. Below −30 and above 50 °C nothing runs; from 45 °C on power falls.",
        source="Paneco 20C1600K datasheet: charging by cell temperature",
        confidence="derived",
    )  # fmt: skip
    cabinet_kwh: float | None = given(
        None, "Energy of one cabinet", "kWh", "Container or cabinet; empty = a usual size.", ge=10, le=20_000
    )
    cabinet_kw: float | None = given(
        None, "Power of one cabinet", "kW", "Empty = the battery's power over the number of cabinets.", ge=5, le=20_000
    )
    spare_cabinets: int = given(
        0, "Spare cabinets", "",
        "Of those that are paid for: they stand in for failed ones and are not counted on. At least one cabinet always "
        "is.", ge=0, le=1000,
    )  # fmt: skip
    cabinet_mtbf_h: float | None = given(
        None, "Mean time between failures", "h", "Of one cabinet, from its maker; empty = failures are not counted.",
        ge=24, le=1e6,
    )  # fmt: skip
    cabinet_repair_h: float = given(
        72.0, "Time to repair a cabinet", "h", "2 to 4 h where a spare is swapped in hot, days where it is not.",
        ge=0, le=8760, low=2, high=168, source="Engineering general knowledge", confidence="unverified",
    )  # fmt: skip
    near_load_loss_gain_fraction: float = given(
        0.0, "Line losses spared near the load", "fraction",
        "Of what the battery gives, where its cabinets stand beside the load, net of what charging adds; 0 = beside "
        "the transformer. Low-voltage feeders lose 1 to 3 % at full load.", ge=0, le=0.05,
    )  # fmt: skip
    seamless_transfer: bool = given(
        True, "Seamless transfer", "",
        "Grid-forming converter with a static switch: the load does not notice an outage. Without it each outage is a "
        "restart.", source="Static switch 2-10 ms, IT rides through 20 ms (ITIC)", confidence="seen_in_source",
    )  # fmt: skip
    fade_model: Literal["lfp", "line"] = given(
        "lfp", "Ageing", "",
        "A straight line, or LFP cells by temperature, charge, depth and cycles, the aged battery dispatched again.",
    )  # fmt: skip
    cycle_margin: float = given(
        1.25, "Margin on cycle ageing", "×", "Times the cells' cycle ageing: spread in a pack, 0.5 C.", ge=0.5, le=3,
        low=1, high=1.5, source="BLAST-Lite, +25 % for pack spread and 0.5C", confidence="derived",
    )  # fmt: skip
    fade_first_year: float = given(
        0.02, "Extra fade in year 1", "fraction", "On top of the yearly fade.", ge=0, le=0.2,
        source="Ember 2025-12, BLAST-Lite: an extra 2 % in year 1", confidence="derived",
    )  # fmt: skip
    fade_per_year: float = sourced(
        "bess.life.simple_fade_fraction_per_year", "Fade", "fraction/year", "Capacity lost a year.", ge=0, le=0.2
    )
    end_of_life_fraction: float = sourced(
        "bess.life.end_of_life_soh_fraction_arbitrage",
        "Replace below",
        "fraction",
        "Of nameplate capacity.",
        ge=0.3,
        le=1,
    )
    renewal: Literal["replace", "augment", "none"] = given(
        "replace", "Against ageing", "",
        "All cells new below the limit; or cells added (LFP ageing only); or nothing. Only one of them is paid for.",
    )  # fmt: skip
    augment_by: Literal["threshold", "periodic", "years"] = given(
        "threshold",
        "Cells are added",
        "",
        "In a year that would begin below a limit, every so many years, or as listed.",
    )
    augment_below_fraction: float = given(
        0.85, "Add cells below", "fraction", "Of nameplate capacity.", ge=0.3, le=0.99, low=0.8, high=0.9,
        source="Usual practice: 5-8 % added in years 4-5 and 8-9, general knowledge", confidence="unverified",
    )  # fmt: skip
    augment_every_years: int = given(5, "Add cells every", "years", "In years 1 + n, 1 + 2 n, ...", ge=1, le=30)
    augment_to_fraction: float = given(1.0, "Fill up to", "fraction", "Of nameplate capacity.", gt=0.3, le=1)
    augment_years: tuple[AugmentYear, ...] = given((), "Years of adding cells", "", "From project year 2 on.")
    warranty_years: float | None = given(
        None, "Warranty", "years", "Empty = not checked. The next four hold within it.", ge=1, le=30
    )
    warranty_cycles_per_year: float | None = given(
        None, "Warranted cycles", "/year", "Energy taken from the cells over nameplate.", ge=1, le=2000
    )
    warranty_throughput_kwh_per_kwh: float | None = given(
        None, "Warranted throughput", "kWh/kWh", "Discharged at the bus over nameplate, in all.", ge=1, le=100_000
    )
    warranty_end_fraction: float | None = given(
        None, "Warranted capacity", "fraction", "Left at the warranty's end, of nameplate.", ge=0.3, le=1
    )

    @property
    def cabinets(self) -> int:
        """How many equal cabinets or containers make up the battery; 0 without one."""
        usual_kwh = next(kwh for least_kwh, kwh in CABINET_SIZES_KWH if self.energy_kwh >= least_kwh)
        by_energy = ceil(self.energy_kwh / (self.cabinet_kwh or usual_kwh) - SMALLER_CABINET)
        by_power = ceil(self.power_kw / self.cabinet_kw - SMALLER_CABINET) if self.cabinet_kw else 0
        return max(1, by_energy, by_power) if self.energy_kwh > 0 else 0

    @model_validator(mode="after")
    def _window_is_open(self) -> Storage:
        if self.soc_min_fraction >= self.soc_max_fraction:
            raise Refusal("lowest charge must be below highest charge")
        if not self.soc_min_fraction <= self.soc_start_fraction <= self.soc_max_fraction:
            raise Refusal("charge at the start must lie between lowest and highest charge")
        if self.energy_kwh > 0 and self.power_kw == 0:
            inputs = {"power": Named("storage.power_kw"), "energy": Named("storage.energy_kwh")}
            raise Refusal("a battery with energy needs power; give {power}, or set {energy} to 0 for none", **inputs)
        return self

    @model_validator(mode="after")
    def _renewal_can_be_followed(self) -> Storage:
        if self.renewal != "augment":
            return self
        if self.fade_model == "line":
            raise Refusal(
                "adding cells needs the LFP ageing; set {fade} to '{lfp}', or {renewal} to '{replace}'",
                fade=Named("storage.fade_model"),
                lfp=Named("storage.fade_model", "lfp"),
                renewal=Named("storage.renewal"),
                replace=Named("storage.renewal", "replace"),
            )
        if self.augment_by == "years" and not self.augment_years:
            raise Refusal(
                "no year is listed in which cells are added; list one, or set {input} to '{choice}'",
                input=Named("storage.augment_by"),
                choice=Named("storage.augment_by", "threshold"),
            )
        if self.augment_by == "threshold" and self.augment_to_fraction <= self.augment_below_fraction:
            raise Refusal("cells must be filled up to more than the limit below which they are added")
        return self


class Genset(Closed):
    """Diesel sets of one size. How many stand on site depends on the alternative."""

    set_kw: float = given(1500.0, "Rating of one set", "kW", "As the sheet says, of the kind below.", gt=0, le=10_000)
    rating: Literal["PRP", "COP", "LTP", "ESP", "DCC"] = given(
        "PRP", "Kind of rating", "",
        "ISO 8528-1: what the duty is checked against. Prime (PRP) allows a mean of 70 % over 24 h, standby (ESP) "
        "200 h a year, continuous (COP) everything.", source="ISO 8528-1, Cummins QSK23 sheet",
        confidence="seen_in_source",
    )  # fmt: skip
    rating_at: Literal["site", "standard"] = given(
        "site", "Rating holds", "",
        "At the site's own conditions, or up to 1000 m and 40 °C: then altitude and heat reduce it.",
    )  # fmt: skip
    spinning_reserve_fraction: float = given(
        0.0, "Spinning reserve", "fraction",
        "Of the load, running ready beside it while sets carry the load; the battery's power counts. 25 % suits steps "
        "of GPU load.", ge=0, le=1, low=0, high=0.4,
        source="REopt.jl off grid: 10 % of load, 25 % of PV; general knowledge", confidence="derived",
    )  # fmt: skip
    sets: int = given(
        8,
        "Sets, diesel plan",
        "",
        "In the diesel plan; and in every plan with sets until the grid is ready.",
        ge=0,
        le=400,
    )
    backup_sets: int = given(7, "Sets, grid + diesel", "", "Backup once the grid is there.", ge=0, le=400)
    last_resort_sets: int = given(2, "Sets, hybrid", "", "Last resort once the grid is there.", ge=0, le=400)
    min_load_fraction: float = sourced(
        "diesel.min_load_fraction", "Minimum load", "fraction", "Of one set; the surplus charges or is dumped.",
        ge=0, le=1,
    )  # fmt: skip
    max_load_fraction: float = given(
        1.0, "Load per set before the next starts", "fraction", "1 = as few sets as can carry it.", gt=0.1, le=1
    )
    fuel_factor: float = given(1.0, "Fuel against the table", "", "0.93 for a newer engine.", ge=0.5, le=2)
    co2_kg_per_l: float = sourced("diesel.co2e_kg_per_l", "Diesel CO2e", "kg/L", "Tank to stack.", ge=0, le=5)
    tank_h: float = given(
        12.0, "Fuel on site", "h", "Full tanks last so long with every set of the plan at full load.", gt=0, le=720,
        low=8, high=24, source="12 to 24 h for class A halls (GB 50174), general knowledge", confidence="unverified",
    )  # fmt: skip
    truck_l: float = given(
        10_000.0, "Fuel truck", "L", "What one delivery brings.", gt=0, le=60_000, low=5_000, high=30_000,
        source="General knowledge", confidence="unverified",
    )  # fmt: skip
    overhaul_interval_h: float = sourced(
        "diesel.overhaul_interval_h", "Overhaul every", "h", "Running hours of a set; its cost is in the set O&M.",
        gt=0, le=100_000,
    )  # fmt: skip
    failure_to_start: Fraction = sourced(
        "diesel.failure_to_start_fraction", "Failure to start", "fraction", "Per start of one set."
    )
    mean_time_to_failure_h: float = sourced(
        "diesel.mean_time_to_failure_running_h", "Mean time to failure", "h", "Of a running set.", gt=24, le=1e6
    )
    availability_fraction: Fraction = sourced(
        "diesel.operational_availability_fraction", "Set availability", "fraction", "Not out for maintenance."
    )
    nox_g_per_kwh: float = sourced(
        "diesel.nox_g_per_kwh_uncontrolled", "NOx", "g/kWh", "Per kWh generated.", ge=0, le=30
    )
    pm_g_per_kwh: float = sourced("diesel.pm_g_per_kwh", "Soot (PM)", "g/kWh", "Per kWh generated.", ge=0, le=5)

    noise_db_a_at_7m: float = sourced("diesel.noise_db_a_at_7m", "Noise at 7 m", "dB(A)", "Of one set.", ge=40, le=130)
    neighbour_m: float = given(100.0, "Nearest neighbour", "m", "Where the noise is judged.", gt=1, le=20_000)
    start_s: float = given(
        15.0, "Start time", "s", "From the call to carrying load; the battery or a UPS has to bridge it.", ge=0, le=600,
        low=10, high=60, source="NFPA 110 type 10: 10 s; usual 10 to 60 s, general knowledge", confidence="unverified",
    )  # fmt: skip

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


CalendarMonth = Annotated[int, Field(ge=1, le=12)]
EVERY_MONTH: tuple[int, ...] = tuple(range(1, 13))
ControlDays = Literal["every_day", "workday", "weekend", "saturday", "sunday"]


class ControlWindow(Closed):
    """Hours in which the battery charges or discharges, in these months, on these days.

    `power_fraction` is the share of battery power; empty spreads the energy evenly over the window.
    """

    start_hour: float = Field(ge=0, le=24)
    end_hour: float = Field(ge=0, le=24)
    action: Literal["charge", "discharge"]
    months: tuple[CalendarMonth, ...] = EVERY_MONTH
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
    months: tuple[CalendarMonth, ...] = EVERY_MONTH
    periods: tuple[str, ...] = ()

    def holds_in(self, class_name: str) -> bool:
        """Whether it holds in a billing class, which may mix several price periods ("flat/peak")."""
        return not self.periods or bool(set(self.periods) & set(class_name.split("/")))


class Dispatch(Closed):
    """How a plain energy management system runs the ladder."""

    arbitrage: Literal["tariff", "windows", "off"] = given(
        "tariff", "Charge and discharge", "", "By the tariff's periods, by own windows, or not at all."
    )
    second_charge: bool = given(
        True, "Second charge between two peaks", "", "Two cycles a day where the flat hours between two peaks allow it."
    )
    windows: tuple[ControlWindow, ...] = given((), "Own windows", "", "Several a day for several cycles.")
    charge_limit_kw: Kw | None = given(None, "Charging power limit", "kW", "Empty = battery power.")
    discharge_limit_kw: Kw | None = given(None, "Discharging power limit", "kW", "Empty = battery power.")
    peak_shave_kw: Kw | None = given(
        None, "Peak-shave threshold", "kW", "The battery holds billed imports at or below it; empty = off."
    )
    shave_limits: tuple[ShaveLimit, ...] = given(
        (), "Peak-shave thresholds by month", "", "Go before the one threshold, in their months and price periods."
    )
    shave_limits_year: int = given(
        1, "Year of the thresholds by month", "",
        "In other project years they move with the load's peak and the battery's health.", ge=1, le=30,
    )  # fmt: skip
    reserve_fraction: Fraction = given(
        0.2, "Charge kept for outages", "fraction", "Of nameplate; used only when the grid is gone."
    )
    genset_start_fraction: Fraction | None = given(
        None, "Start sets below", "fraction",
        "Battery charge at which sets start in an outage; empty = when it is empty, or at once where the "
        "sets alone cannot carry the load.",
    )  # fmt: skip
