"""The Scenario: every input of a study, each defined once. Widgets, CLI, files and documents derive from it.

Physics reads `site, load, grid, tariff, pv, storage, genset, dispatch`; what is only money sits in `finance`, which
`sim/` never reads, so a price change needs no new simulation. Fractions are 0..1, powers kW, energies kWh, money in
`site.currency`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from sim import library
from sim.inputs import given, sourced
from sim.model import Closed, InputError, input_error
from sim.tariff import Tariff, library_tariff

ENGINE_VERSION = "0.1.0"
POWER_MAX_KW = 2_000_000
MONEY_MAX = 1e13
Fraction = Annotated[float, Field(ge=0, le=1)]
Money = Annotated[float, Field(ge=0, le=MONEY_MAX)]
Kw = Annotated[float, Field(ge=0, le=POWER_MAX_KW)]


class Site(Closed):
    """Where, when, for how long."""

    name: str = given("New site", "Project name", "", "Shown on every page and document.", max_length=200)
    country: str = given("CN", "Country", "", "Two-letter code.", pattern="^[A-Z]{2}$")
    currency: str = given(
        "CNY", "Currency", "", "Three-letter code; a label, nothing is converted.", pattern="^[A-Z]{3}$"
    )
    place: str = given("shanghai", "Place", "", "Where the sun and temperature records come from.")
    start: str = given("2026-06", "First month", "", "YYYY-MM.", pattern=r"^20\d\d-(0[1-9]|1[0-2])$")
    term_months: int = given(180, "Term", "months", "A 4-month job or a 15-year plant.", ge=1, le=360)
    step_minutes: Literal[15, 30, 60] = given(60, "Time step", "min", "15 min shows demand peaks that an hour hides.")

    @model_validator(mode="after")
    def _place_is_known(self) -> Site:
        if self.place not in library.sites():
            raise ValueError(f"place '{self.place}' is not in the list; known: {', '.join(library.sites())}")
        return self


class RampStep(Closed):
    """From this project month on (1 is the first), the load is this fraction of its full size."""

    month: int = Field(ge=1, le=360)
    fraction: float = Field(ge=0, le=5)


class Meter(Closed):
    """A measured year from 1 January 00:00 local standard time, 365 days, mean kW of each step."""

    file_name: str = Field(max_length=200)
    year: int = Field(ge=1990, le=2100)
    step_minutes: Literal[15, 30, 60]
    kw: tuple[Annotated[float, Field(ge=0, le=POWER_MAX_KW)], ...]

    @model_validator(mode="after")
    def _is_one_year(self) -> Meter:
        due = 365 * 24 * 60 // self.step_minutes
        if len(self.kw) != due:
            raise ValueError(f"a year of {self.step_minutes} min steps has {due} values, this has {len(self.kw)}")
        return self


class Load(Closed):
    """What has to be supplied, before the battery's own auxiliaries."""

    kind: Literal["flat", "training", "inference", "mixed", "meter"] = given(
        "training", "Load shape", "", "Flat, a GPU cluster by its work, or an uploaded meter file."
    )
    size_by: Literal["peak", "gpus"] = given("peak", "Size given by", "", "A peak in kW, or GPUs times their power.")
    peak_kw: Kw = given(10_000.0, "Peak load", "kW", "Greatest step mean at the connection point.")
    gpu_count: int = given(8000, "GPUs", "", "Accelerators installed.", ge=0, le=2_000_000)
    gpu_model: Literal[
        "custom", "dgx_h100", "dgx_h200", "dgx_b200", "gb200_nvl72", "gb300_nvl72", "ascend_910b_8", "cloudmatrix_384"
    ] = given("custom", "GPU system", "", "Gives the power per GPU: peak of the node or rack over its accelerators.")
    watt_per_gpu: float = given(
        1050.0, "Power per GPU, server input", "W", "Peak of the node over its GPUs.", ge=50, le=10_000, low=650,
        high=1900, source="Latif et al. 2025: 8.4 kW for a node of 8 H100", confidence="derived",
    )  # fmt: skip
    network_overhead_fraction: float = sourced(
        "cluster.network_storage_overhead_fraction", "Network and storage overhead", "fraction",
        "On top of the GPU nodes.", file="loads", ge=0, le=1,
    )  # fmt: skip
    pue_model: Literal["constant", "air_chiller", "air_free_cooling", "liquid_direct_to_chip", "immersion"] = given(
        "constant", "Cooling", "",
        "Constant PUE, or a PUE that follows the hourly temperature and the IT load (part of it is always on).",
    )  # fmt: skip
    pue: float = given(
        1.2, "PUE", "", "Site power over IT power, constant over the year.", ge=1, le=3, low=1.1, high=1.5,
        source="Uptime Institute 2024: mean 1.56, leaders 1.1-1.2", confidence="derived",
    )  # fmt: skip
    design_ambient_c: float = given(
        35.0, "Design temperature", "°C", "Outdoor temperature at which the site has its peak load.", ge=0, le=50,
        low=30, high=42, source="Engineering general knowledge", confidence="unverified",
    )  # fmt: skip
    critical_fraction: Fraction = given(
        1.0, "Critical share", "fraction",
        "Carried in a grid outage; the rest is shed at once and counted as unserved, apart. Pumps and cooling belong "
        "to the critical load.",
    )  # fmt: skip
    load_factor: float = sourced(
        "workloads.training.load_factor_annual",
        "Load factor",
        "fraction",
        "Mean over peak.",
        file="loads",
        ge=0.2,
        le=1,
    )
    training_share: Fraction = given(0.5, "Training share", "fraction", "Of a mixed cluster; the rest is inference.")
    growth_per_year: float = given(0.0, "Load growth", "fraction/year", "Compound, from year 2.", ge=-0.5, le=1)
    ramp: tuple[RampStep, ...] = given((), "Ramp-up", "", "Steps by project month; full size where none.")
    seed: int = given(1, "Seed", "", "The same seed gives the same year.", ge=0, le=2**31 - 1)
    meter: Meter | None = given(None, "Meter file", "", "An uploaded load curve.")

    @model_validator(mode="after")
    def _meter_is_there(self) -> Load:
        if self.kind == "meter" and self.meter is None:
            raise ValueError("load shape 'meter' needs an uploaded meter file; upload one or choose another shape")
        return self


class GridStage(Closed):
    """From this project month on (1 is the first), the grid can give this much."""

    month: int = Field(ge=1, le=360)
    import_limit_kw: float = Field(ge=0, le=POWER_MAX_KW)


class Outage(Closed):
    """A grid outage that returns every project year."""

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    hour: float = Field(ge=0, lt=24)
    duration_h: float = Field(gt=0, le=744)


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
            raise ValueError(
                "SAIDI is given without SAIFI: hours do not say how many outages there are; give saifi_per_year"
            )
        if self.outage_source == "statistics" and (saifi is None or saidi is None):
            raise ValueError(
                "outages from statistics need how many and how long: give both saifi_per_year and saidi_h_per_year, "
                "then choose statistics"
            )
        if not saifi and saidi:
            raise ValueError("SAIFI is 0 but SAIDI is not: outages that never happen cannot last")
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
                raise ValueError(f"a weather year has 8760 hours, but {name} has {count}; give a whole year")
        return self


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
        None, "Warranted cycles", "/year", "Equivalent full cycles of the capacity that is left.", ge=1, le=2000
    )
    warranty_throughput_kwh_per_kwh: float | None = given(
        None, "Warranted throughput", "kWh/kWh", "Discharged at the bus over nameplate, in all.", ge=1, le=100_000
    )
    warranty_end_fraction: float | None = given(
        None, "Warranted capacity", "fraction", "Left at the warranty's end, of nameplate.", ge=0.3, le=1
    )

    @model_validator(mode="after")
    def _window_is_open(self) -> Storage:
        if self.soc_min_fraction >= self.soc_max_fraction:
            raise ValueError("lowest charge must be below highest charge")
        if not self.soc_min_fraction <= self.soc_start_fraction <= self.soc_max_fraction:
            raise ValueError("charge at the start must lie between lowest and highest charge")
        if self.energy_kwh > 0 and self.power_kw == 0:
            raise ValueError("a battery with energy needs power; give power_kw, or set energy_kwh to 0 for none")
        return self

    @model_validator(mode="after")
    def _renewal_can_be_followed(self) -> Storage:
        if self.renewal != "augment":
            return self
        if self.fade_model == "line":
            raise ValueError("adding cells needs the LFP ageing; set fade_model to 'lfp', or renewal to 'replace'")
        if self.augment_by == "years" and not self.augment_years:
            raise ValueError("no year is listed in which cells are added; list one, or set augment_by to 'threshold'")
        if self.augment_by == "threshold" and self.augment_to_fraction <= self.augment_below_fraction:
            raise ValueError("cells must be filled up to more than the limit below which they are added")
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

    @model_validator(mode="after")
    def _loads_are_ordered(self) -> Genset:
        if self.min_load_fraction > self.max_load_fraction:
            raise ValueError(
                "minimum load must not exceed the load at which the next set starts: a set would be smaller than its "
                "own minimum load; lower min_load_fraction or raise max_load_fraction"
            )
        return self


class ControlWindow(Closed):
    """Hours in which the battery charges or discharges, in these months, on every day."""

    start_hour: float = Field(ge=0, le=24)
    end_hour: float = Field(ge=0, le=24)
    action: Literal["charge", "discharge"]
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = tuple(range(1, 13))

    @model_validator(mode="after")
    def _runs_forward(self) -> ControlWindow:
        if self.end_hour <= self.start_hour:
            raise ValueError("a control window must end after it starts; split it at midnight")
        return self


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
    reserve_fraction: Fraction = given(
        0.2, "Charge kept for outages", "fraction", "Of nameplate; used only when the grid is gone."
    )
    genset_start_fraction: Fraction | None = given(
        None, "Start sets below", "fraction",
        "Battery charge at which sets start in an outage; empty = when it is empty, or at once where the "
        "sets alone cannot carry the load.",
    )  # fmt: skip


class Finance(Closed):
    """Money only. Prices are on one VAT basis, `prices_include_vat`; the study shows the basis `vat_basis`."""

    baseline: Literal["diesel", "grid", "grid_diesel"] = given(
        "diesel", "Compared with", "", "The alternative that savings, NPV, IRR and payback are measured against."
    )
    discount_rate: float = sourced(
        "finance_reference.discount_rate_nominal_fraction", "Discount rate", "fraction/year", "Nominal.", ge=-0.5, le=1
    )
    vat_basis: Literal["incl", "excl"] = given("incl", "Show prices", "", "Including or excluding VAT, everywhere.")
    prices_include_vat: bool = given(True, "Prices below include VAT", "", "The basis the prices were entered on.")
    vat_rate: Fraction = given(
        0.13, "VAT rate", "fraction", "Of equipment, fuel and services.", source="general knowledge",
        confidence="unverified",
    )  # fmt: skip
    energy_price_factor: float = given(
        1.0, "Grid energy price factor", "", "Times the tariff's energy prices.", ge=0, le=20
    )
    energy_escalation: float = sourced(
        "finance_reference.elec_price_escalation_fraction_per_year", "Grid price escalation", "fraction/year",
        "Nominal.",
        ge=-0.5, le=0.5,
    )  # fmt: skip
    diesel_escalation: float = sourced(
        "diesel.price_escalation_fraction_per_year",
        "Diesel price escalation",
        "fraction/year",
        "Nominal.",
        ge=-0.5,
        le=0.5,
    )
    om_escalation: float = sourced(
        "finance_reference.om_escalation_fraction_per_year", "O&M and rent escalation", "fraction/year", "Nominal.",
        ge=-0.5, le=0.5,
    )  # fmt: skip

    diesel_per_l: Money = sourced("diesel.price_cn_cny_per_l", "Diesel price", "/L", "At the pump or depot.")
    delivery_per_l: Money = sourced("diesel.delivery_premium_cny_per_l", "Diesel delivery", "/L", "Tanker to the site.")
    genset_ownership: Literal["rent", "buy"] = given("rent", "Sets are", "", "Rented by month, or bought.")
    genset_rent_per_set_month: Money = sourced(
        "diesel.rental_1500kw_truck_cny_per_month", "Set rent", "/set/month", "Without fuel."
    )
    genset_capex_per_kw: Money = sourced("diesel.capex_cn_cny_per_kw", "Set price", "/kW", "Installed, when bought.")
    genset_mobilisation_per_set: Money = given(
        30_000.0, "Mobilisation", "/set", "Bringing, cabling, commissioning and taking away one set.",
        source="estimate", confidence="unverified", low=10_000, high=80_000,
    )  # fmt: skip
    genset_residual_fraction: Fraction = given(
        0.2,
        "Set resale",
        "fraction",
        "Of its price, at the end of the term.",
        source="estimate",
        confidence="unverified",
    )
    genset_om_per_kwh: Money = sourced("diesel.om_variable_cny_per_kwh", "Set O&M", "/kWh", "Per kWh generated.")
    crew_per_month: Money = sourced(
        "diesel.operators_cny_per_site_month", "Crew, diesel as main source", "/month", "Round the clock."
    )
    standby_crew_per_month: Money = given(
        10_000.0, "Crew, diesel on standby", "/month", "Monthly test runs and a call-out contract.", source="estimate",
        confidence="unverified", low=0, high=30_000,
    )  # fmt: skip

    storage_ownership: Literal["rent", "buy"] = given("buy", "The battery is", "", "Rented by month, or bought.")
    storage_capex_per_kwh: Money = sourced(
        "bess.cost.turnkey_behind_the_meter_cn_cny_per_wh", "Battery price", "/kWh", "Turnkey, per nameplate kWh.",
        scale=1000,
    )  # fmt: skip
    storage_rent_per_kwh_month: Money = sourced(
        "bess.cost.rental_containers_cny_per_kwh_month", "Battery rent", "/kWh/month", "Per nameplate kWh."
    )
    storage_om_fraction: Fraction = sourced(
        "bess.cost.om_fraction_of_capex_per_year", "Battery O&M", "fraction/year", "Of its price."
    )
    storage_insurance_fraction: Fraction = sourced(
        "bess.cost.insurance_fraction_of_capex_per_year", "Battery insurance", "fraction/year", "Of its price."
    )
    storage_residual_fraction: Fraction = sourced(
        "bess.cost.residual_fraction_of_capex", "Battery resale", "fraction", "Of its price, at the end of the term."
    )
    storage_replacement_fraction: Fraction = given(
        0.42, "Replacing the cells", "fraction", "Of the turnkey price, in today's money.", low=0.35, high=0.6,
        source="DC container 0.46 over turnkey 1.10 CNY/Wh", confidence="derived",
    )  # fmt: skip
    storage_cost_decline: float = sourced(
        "bess.cost.cost_decline_fraction_per_year", "Battery price decline", "fraction/year", "Until the replacement.",
        ge=-0.2, le=0.5,
    )  # fmt: skip

    pv_capex_per_kwp: Money = sourced("pv.capex_rooftop_cn_cny_per_wp", "PV price", "/kWp", "Turnkey.", scale=1000)
    pv_om_per_kwp_year: Money = sourced(
        "pv.om_cn_cny_per_wp_year", "PV O&M", "/kWp/year", "Cleaning, spares.", scale=1000
    )
    pv_residual_fraction: Fraction = given(
        0.05,
        "PV resale",
        "fraction",
        "Of its price, at the end of the term.",
        source="estimate",
        confidence="unverified",
    )

    grid_works_per_kva: Money = sourced(
        "grid.substation_10kv_cny_per_kva", "Substation", "/kVA", "Transformers and switchgear, installed."
    )
    grid_line_per_km: Money = sourced("grid.line_10kv_cable_cny_per_km", "Cable", "/km", "Installed.")
    grid_line_km: float = given(1.0, "Cable length", "km", "From the utility's point of supply.", ge=0, le=500)
    grid_works_share: Fraction = given(
        1.0, "Grid works charged here", "fraction", "The rest serves later use of the connection.",
    )  # fmt: skip
    ems_cost: Money = sourced(
        "grid.ems_cost_cny_per_site", "Control system (EMS)", "", "Hardware and set-up, hybrid only."
    )
    ems_share: Fraction = given(1.0, "Control system charged here", "fraction", "The rest is reused elsewhere.")

    unserved_per_kwh: Money = given(
        8.57, "Value of lost compute", "/kWh", "Price of a kWh the site should have had; priced, not paid.", low=5.7,
        high=14.3, source="12 CNY per GPU-hour (8-20) over 1.40 kW per GPU, general knowledge", confidence="unverified",
    )  # fmt: skip
    count_unserved: bool = given(
        True, "Count lost compute", "", "Whether it enters cost, NPV and the ranking. It is always shown apart."
    )
    gpu_price_per_h: Money = sourced(
        "outage_cost.gpu_hour_price_cny_cn_h100_class", "GPU price", "/GPU-hour", "What an hour of one GPU earns.",
        file="loads",
    )  # fmt: skip
    checkpoint_interval_h: float = sourced(
        "outage_cost.checkpoint_interval_h", "Checkpoint every", "h", "Half of it is lost in a restart.", file="loads",
        ge=0, le=168,
    )  # fmt: skip
    restart_h: float = sourced(
        "outage_cost.restart_after_site_blackout_h", "Restart", "h", "Until the cluster works again after a blackout.",
        file="loads", ge=0, le=336,
    )  # fmt: skip
    hardware_failure_fraction: Fraction = sourced(
        "outage_cost.hardware_failure_fraction_per_hard_power_loss", "Hardware failures", "fraction",
        "GPUs that do not come back from a hard loss of power.", file="loads",
    )  # fmt: skip
    hardware_repair_cost: Money = given(
        21_300.0, "Repair of one GPU", "/GPU", "Mean over those in and out of warranty.", low=3500, high=213_000,
        source="3000 USD (500-30,000) at 7.1 CNY/USD, general knowledge", confidence="unverified",
    )  # fmt: skip
    interruption_penalty: Money = given(0.0, "Penalty for an interruption", "/event", "Owed to customers.")
    count_interruptions: bool = given(
        False, "Count interruptions", "",
        "Whether lost work, restart and damaged hardware enter cost, NPV and the ranking, in the line of lost compute. "
        "The hours off are in that line already.",
    )  # fmt: skip
    carbon_price_per_t: Money = given(0.0, "Carbon price", "/t", "Only if it is really paid.")


class Provenance(Closed):
    """Where a value that replaces a default comes from."""

    source: str = Field(max_length=500)
    confidence: library.Confidence
    as_of: str = Field("", max_length=40)


class Scenario(Closed):
    """All inputs of a study. `Scenario()` is a 10 MW training cluster in Shanghai for 15 years."""

    version: Literal[1] = 1
    site: Site = Site()
    load: Load = Load()
    grid: Grid = Grid()
    tariff: Tariff = Field(default_factory=lambda: library_tariff("cn_shanghai_35kv"))
    pv: Pv = Pv()
    storage: Storage = Storage()
    genset: Genset = Genset()
    dispatch: Dispatch = Dispatch()
    finance: Finance = Finance()
    provenance: dict[str, Provenance] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sections_agree(self) -> Scenario:
        problems = list(_conflicts(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def with_(self, changes: Mapping[str, Any]) -> Scenario:
        """A variant with values changed by dotted path, e.g. `with_({"storage.energy_kwh": 0, "storage.power_kw": 0})`.

        A changed value loses its provenance note: it is now the caller's own. Raises InputError.
        """
        tree = self.model_dump()
        for path, value in changes.items():
            _put(tree, path, value)
        tree["provenance"] = {path: note for path, note in tree["provenance"].items() if path not in changes}
        return scenario_from_dict(tree)

    def get(self, path: str) -> Any:
        """The value at a dotted path such as "finance.diesel_per_l"."""
        node: Any = self
        for part in path.split("."):
            node = getattr(node, part)
        return node

    def to_json(self) -> str:
        """The scenario as JSON text, complete: it reads back equal."""
        return self.model_dump_json(indent=2)

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that stand for all inputs and the engine's version, shown on every output."""
        return _digest(self.model_dump_json() + ENGINE_VERSION)

    @property
    def dispatch_key(self) -> str:
        """Changes only when the simulation would: finance, names and provenance play no part."""
        kept = self.model_dump_json(exclude={"finance": True, "provenance": True, "site": {"name", "currency"}})
        return _digest(kept + ENGINE_VERSION)


def scenario_from_dict(tree: Mapping[str, Any]) -> Scenario:
    """Validate a nested mapping. Raises InputError with a sentence a field."""
    try:
        return Scenario.model_validate(tree)
    except ValidationError as error:
        raise input_error(error, _known_names()) from error


def scenario_from_json(text: str | bytes) -> Scenario:
    """Read a scenario file. Raises InputError with a sentence a field."""
    try:
        tree = json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError([f"this is not a scenario file: not valid JSON ({error})"]) from error
    if not isinstance(tree, dict):
        raise InputError(["this is not a scenario file: it must hold one JSON object with sections such as 'site'"])
    return scenario_from_dict(tree)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file, with title, unit, help, source and limits of each input."""
    return Scenario.model_json_schema()


def _conflicts(s: Scenario):
    if s.tariff.currency != s.site.currency:
        yield (
            f"the tariff is in {s.tariff.currency} but the site in {s.site.currency}; choose a tariff of the site's "
            "country or change site.currency"
        )
    if s.tariff.demand_basis == "transformer_kva" and s.grid.transformer_kva <= 0:
        yield "a kVA-based charge needs grid.transformer_kva above 0"
    if s.grid.import_limit_kw < s.grid.existing_kw:
        yield "grid.import_limit_kw (after the works) is below grid.existing_kw (before them); raise it"
    if s.storage.energy_kwh > 0 and not (
        s.storage.soc_min_fraction <= s.dispatch.reserve_fraction <= s.storage.soc_max_fraction
    ):
        yield (
            f"dispatch.reserve_fraction {s.dispatch.reserve_fraction} must lie between the battery's lowest "
            f"({s.storage.soc_min_fraction}) and highest charge ({s.storage.soc_max_fraction})"
        )
    if s.tariff.demand_window_minutes % s.site.step_minutes and s.site.step_minutes < s.tariff.demand_window_minutes:
        yield "site.step_minutes must divide the tariff's demand window"


def _put(tree: dict[str, Any], path: str, value: Any) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        if not isinstance(tree.get(parent), dict):
            raise InputError([f"{path}: there is no section '{parent}'"])
        tree = tree[parent]
    tree[name] = value


def _known_names() -> dict[str, list[str]]:
    sections = {name: field.annotation for name, field in Scenario.model_fields.items()}
    names = {name: list(model.model_fields) for name, model in sections.items() if hasattr(model, "model_fields")}
    return {"": list(sections), **names}


def _digest(text: str) -> str:
    digits = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{digits[:4]}-{digits[4:]}"
