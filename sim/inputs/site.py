"""Inputs of the site and its load: where, when, what has to be supplied."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.inputs import library
from sim.inputs.base import Closed
from sim.inputs.field import POWER_MAX_KW, Fraction, Kw, given, sourced
from sim.problem import Refusal


class Site(Closed):
    """Where, when, for how long."""

    name: str = given("New site", "Project name", "", "Shown on every page and document.", max_length=200)
    country: str = given("CN", "Country", "", "Two-letter code.", pattern="^[A-Z]{2}$")
    currency: str = given(
        "CNY",
        "Currency",
        "",
        "Three-letter code; prices are entered in it and nothing is converted.",
        pattern="^[A-Z]{3}$",
    )
    place: str = given("shanghai", "Place", "", "Where the sun and temperature records come from.")
    start: str = given("2026-06", "First month", "", "YYYY-MM.", pattern=r"^20\d\d-(0[1-9]|1[0-2])$")
    term_months: int = given(180, "Term", "months", "A 4-month job or a 15-year plant.", ge=1, le=360)
    step_minutes: Literal[15, 30, 60] = given(60, "Time step", "min", "15 min shows demand peaks that an hour hides.")

    @model_validator(mode="after")
    def _currency_is_known(self) -> Site:
        if self.currency not in library.currencies():
            raise Refusal("'{code}' is not the code of a currency in use (ISO 4217), such as CNY or USD; correct it",
                          code=self.currency)  # fmt: skip
        return self

    @model_validator(mode="after")
    def _place_is_known(self) -> Site:
        known = tuple(library.sites())
        if self.place not in known:
            raise Refusal("place '{place}' is not in the list; known: {known}", place=self.place, known=known)
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
            counts = {"minutes": self.step_minutes, "due": due, "count": len(self.kw)}
            raise Refusal("a year of {minutes} min steps has {due} values, this has {count}", **counts)
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
    inference_shape: Literal["country", "chat", "coding"] = given(
        "country", "Inference users", "",
        "One country by its own clock; or a public trace of requests: chat from all the world, or coding in American "
        "and European office hours. Power follows requests above the 40 % of an idle cluster.",
        source="Azure LLM inference trace 2024, hours read by eye", confidence="derived",
    )  # fmt: skip
    utc_offset_h: float = given(
        8.0,
        "Site clock ahead of UTC",
        "h",
        "Lays the trace's hours, which are UTC, on the site's clock.",
        ge=-12,
        le=14,
    )
    growth_per_year: float = given(0.0, "Load growth", "fraction/year", "Compound, from year 2.", ge=-0.5, le=1)
    ramp: tuple[RampStep, ...] = given((), "Ramp-up", "", "Steps by project month; full size where none.")
    seed: int = given(1, "Seed", "", "The same seed gives the same year.", ge=0, le=2**31 - 1)
    meter: Meter | None = given(None, "Meter file", "", "An uploaded load curve.")

    @model_validator(mode="after")
    def _meter_is_there(self) -> Load:
        if self.kind == "meter" and self.meter is None:
            raise Refusal("load shape 'meter' needs an uploaded meter file; upload one or choose another shape")
        return self
