"""Inputs of the battery: size, cabinets, ageing, warranty."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sim.inputs.base import MOST_STAGES, Closed, require_order
from sim.inputs.field import Fraction, Kw, When, always, derived, estimate, given, seen, sourced
from sim.problem import Named, Refusal

# Usual container and cabinet sizes, nameplate: (battery from this size on, kWh of one); equipment.yaml: bess.classes.
CABINET_SIZES_KWH = ((10_000.0, 5016.0), (1_000.0, 1600.0), (0.0, 261.0))
SMALLER_CABINET = 0.05  # of a cabinet, which the others are taken to hold besides


def has_battery(s: Any) -> bool:
    return s.storage.exists


def has_warranty(s: Any) -> bool:
    return s.storage.warranty_years is not None


def adds_cells(by: str = "") -> When:
    """Cells are added, in the way named, or in any."""
    return lambda s: s.storage.renewal == "augment" and by in ("", s.storage.augment_by)


class AugmentYear(Closed):
    """A project year at whose start cells are added."""

    year: int = Field(ge=2, le=30)


class BatteryStage(Closed):
    """From this project month on (1 is the first) this much more of the battery stands."""

    month: int = Field(ge=1, le=360)
    energy_kwh: float = Field(gt=0, le=10_000_000)


class Storage(Closed, card="battery", when=has_battery):
    """An LFP battery. Energy is nameplate, inside the battery; power is AC at the bus, the same both ways."""

    energy_kwh: Annotated[float, Field(ge=0, le=10_000_000)] = given(
        20_000.0, "Battery energy [kWh]", "Nameplate.", varies="plant", when=always, everyday=True
    )
    power_kw: Kw = given(
        10_000.0, "Battery power [kW]", "AC, charge and discharge.", varies="plant", when=always, everyday=True
    )
    stages: tuple[BatteryStage, ...] = given(
        (),
        "Battery in stages",
        "By project month; they share battery energy and power in proportion. All of it from the start where none is "
        "listed.",
        card="timing.stages",
        max_length=MOST_STAGES,
    )
    soc_min_fraction: Fraction = given(
        sourced("bess.performance.soc_min_fraction"), "Lowest charge [fraction]", "Of nameplate."
    )
    soc_max_fraction: Fraction = given(
        sourced("bess.performance.soc_max_fraction"), "Highest charge [fraction]", "Of nameplate."
    )
    soc_start_fraction: Fraction = given(0.5, "Charge at the start [fraction]", "Of nameplate, every project year.")
    charge_efficiency: float = given(
        sourced("bess.performance.charge_efficiency_ac_to_dc_fraction"),
        "Charge efficiency [fraction >0.5..1]",
        "One way.",
        varies="plant",
    )
    discharge_efficiency: float = given(
        sourced("bess.performance.discharge_efficiency_dc_to_ac_fraction"),
        "Discharge efficiency [fraction >0.5..1]",
        "One way.",
        varies="plant",
    )
    auxiliary_kw_per_mwh: float = given(
        estimate(1.0, "Studies of cabinets (voltcoffer.com), general knowledge; at 25 C", 0.8, 2.8),
        "Auxiliaries [kW/MWh 0..20]",
        "Thermal management at 25 °C, a load beside the site's.",
        varies="plant",
    )
    auxiliary_by_temperature: bool = given(
        True,
        "Auxiliaries follow the temperature",
        "0.8 times the figure at 10 to 20 °C, 2.8 times at 40 °C, 5 times at −30 °C; its mean over the year is used.",
    )
    cell_temperature: Literal["held", "ambient"] = given(
        derived("held", "Paneco 20C1600K datasheet: charging by cell temperature"),
        "Cells are kept",
        "At 15 to 35 °C by liquid cooling and heating; or at 5 °C above the air, which slows charging below 5 °C "
        "air temperature and stops it below −5 °C. Below −30 and above 50 °C nothing runs; from 45 °C on power "
        "falls.",
    )
    cabinet_kwh: float | None = given(
        None,
        "Energy of one cabinet [kWh 10..20_000]",
        "Container or cabinet; empty = a usual size.",
        card="battery.cabinets",
        everyday=True,
    )
    cabinet_kw: float | None = given(
        None,
        "Power of one cabinet [kW 5..20_000]",
        "Empty = the battery's power over the number of cabinets.",
        card="battery.cabinets",
    )
    spare_cabinets: int = given(
        0,
        "Spare cabinets [0..1000]",
        "Of those that are paid for: they stand in for failed ones and are not counted on. At least one cabinet "
        "always is.",
        card="battery.cabinets",
    )
    cabinet_mtbf_h: float | None = given(
        None,
        "Mean time between failures [h 24..1e6]",
        "Of one cabinet, from its maker; empty = failures are not counted.",
        card="battery.cabinets",
    )
    cabinet_repair_h: float = given(
        estimate(72.0, "Engineering general knowledge", 2, 168),
        "Time to repair a cabinet [h 0..8760]",
        "2 to 4 h where a spare is swapped in hot, days where it is not.",
        card="battery.cabinets",
        when=lambda s: s.storage.cabinet_mtbf_h is not None,
    )
    near_load_loss_gain_fraction: float = given(
        0.0,
        "Line losses spared near the load [fraction 0..0.05]",
        "Of what the battery gives, where its cabinets stand beside the load, net of what charging adds; 0 = "
        "beside the transformer. Low-voltage feeders lose 1 to 3 % at full load.",
        card="battery.cabinets",
    )
    seamless_transfer: bool = given(
        seen(True, "Static switch 2-10 ms, IT rides through 20 ms (ITIC)"),
        "Seamless transfer",
        "Grid-forming converter with a static switch: the load does not notice an outage. Without it each outage "
        "is a restart.",
        everyday=True,
    )
    fade_model: Literal["lfp", "line"] = given(
        derived("line", "Ember 2025-12: 2 % a year, 2 % more in year 1; near the usual warranty, 70 % after 15 years"),
        "Ageing",
        "A straight line, near what makers warrant; or the laboratory curve of LFP cells by temperature, charge, depth "
        "and cycles, which no maker warrants: the optimistic case.",
        card="battery.ageing",
        everyday=True,
    )
    cycle_margin: float = given(
        derived(1.25, "BLAST-Lite, +25 % for pack spread and 0.5C", 1, 1.5),
        "Margin on cycle ageing [× 0.5..3]",
        "Times the cells' cycle ageing: spread in a pack, 0.5 C.",
        card="battery.ageing",
        when=lambda s: s.storage.fade_model == "lfp",
    )
    fade_first_year: float = given(
        derived(0.02, "Ember 2025-12, BLAST-Lite: an extra 2 % in year 1"),
        "Extra fade in year 1 [fraction 0..0.2]",
        "On top of the yearly fade.",
        card="battery.ageing",
        when=lambda s: s.storage.fade_model == "line",
        varies="plant",
    )
    fade_per_year: float = given(
        sourced("bess.life.simple_fade_fraction_per_year"),
        "Fade [fraction/year 0..0.2]",
        "Capacity lost a year.",
        card="battery.ageing",
        when=lambda s: s.storage.fade_model == "line",
        varies="plant",
    )
    end_of_life_fraction: float = given(
        sourced("bess.life.end_of_life_soh_fraction_arbitrage"),
        "Replace below [fraction 0.3..1]",
        "Of nameplate capacity.",
        card="battery.ageing",
        after="renewal",
        when=lambda s: s.storage.renewal == "replace",
        varies="plant",
        everyday=True,
    )
    renewal: Literal["replace", "augment", "none"] = given(
        "replace",
        "Against ageing",
        "All cells new below the limit; or cells added; or nothing. Only one of them is paid for, and not for "
        "the last project year.",
        card="battery.ageing",
        everyday=True,
    )
    augment_by: Literal["threshold", "periodic", "years"] = given(
        "threshold",
        "Cells are added",
        "In a year that would begin below a limit, every so many years, or as listed.",
        card="battery.ageing",
        when=adds_cells(),
    )
    augment_below_fraction: float = given(
        estimate(0.85, "Usual practice: 5-8 % added in years 4-5 and 8-9, general knowledge", 0.8, 0.9),
        "Add cells below [fraction 0.3..0.99]",
        "Of nameplate capacity.",
        card="battery.ageing",
        when=adds_cells("threshold"),
    )
    augment_every_years: int = given(
        5,
        "Add cells every [years 1..30]",
        "In years 1 + n, 1 + 2 n, ...",
        card="battery.ageing",
        when=adds_cells("periodic"),
    )
    augment_to_fraction: float = given(
        1.0, "Fill up to [fraction >0.3..1]", "Of nameplate capacity.", card="battery.ageing", when=adds_cells()
    )
    augment_years: tuple[AugmentYear, ...] = given(
        (), "Years of adding cells", "From project year 2 on.", card="battery.ageing", when=adds_cells("years")
    )
    warranty_years: float | None = given(
        None, "Warranty [years 1..30]", "Empty = not checked. The next four hold within it.", card="battery.ageing"
    )
    warranty_cycles_per_year: float | None = given(
        None,
        "Warranted cycles [/year 1..2000]",
        "Energy taken from the cells over nameplate.",
        card="battery.ageing",
        when=has_warranty,
    )
    warranty_throughput_kwh_per_kwh: float | None = given(
        None,
        "Warranted throughput [kWh/kWh 1..100_000]",
        "Discharged at the bus over nameplate, in all.",
        card="battery.ageing",
        when=has_warranty,
    )
    warranty_end_fraction: float | None = given(
        None,
        "Warranted capacity [fraction 0.3..1]",
        "Left at the warranty's end, of nameplate.",
        card="battery.ageing",
        when=has_warranty,
    )

    @property
    def exists(self) -> bool:
        """Whether there is a battery."""
        return self.energy_kwh > 0

    @property
    def cabinets(self) -> int:
        """How many equal cabinets or containers make up the battery; 0 without one."""
        usual_kwh = next(kwh for least_kwh, kwh in CABINET_SIZES_KWH if self.energy_kwh >= least_kwh)
        by_energy = ceil(self.energy_kwh / (self.cabinet_kwh or usual_kwh) - SMALLER_CABINET)
        by_power = ceil(self.power_kw / self.cabinet_kw - SMALLER_CABINET) if self.cabinet_kw else 0
        return max(1, by_energy, by_power) if self.exists else 0

    @model_validator(mode="after")
    def _stages_rise(self) -> Storage:
        require_order("storage.stages", self.stages)
        return self

    @model_validator(mode="after")
    def _window_is_open(self) -> Storage:
        if self.soc_min_fraction >= self.soc_max_fraction:
            raise Refusal("lowest charge must be below highest charge")
        if not self.soc_min_fraction <= self.soc_start_fraction <= self.soc_max_fraction:
            raise Refusal("charge at the start must lie between lowest and highest charge")
        if self.exists and self.power_kw == 0:
            inputs = {"power": Named("storage.power_kw"), "energy": Named("storage.energy_kwh")}
            raise Refusal("a battery with energy needs power; give {power}, or set {energy} to 0 for none", **inputs)
        return self

    @model_validator(mode="after")
    def _renewal_can_be_followed(self) -> Storage:
        if self.renewal != "augment":
            return self
        if self.augment_by == "years" and not self.augment_years:
            raise Refusal(
                "no year is listed in which cells are added; list one, or set {input} to '{choice}'",
                input=Named("storage.augment_by"),
                choice=Named("storage.augment_by", "threshold"),
            )
        if self.augment_by == "threshold" and self.augment_to_fraction <= self.augment_below_fraction:
            raise Refusal("cells must be filled up to more than the limit below which they are added")
        return self
