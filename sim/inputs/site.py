"""Inputs of the site and its load: where, when, what has to be supplied."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sim.inputs import library
from sim.inputs.base import COUNTRY, CURRENCY, MONTH, Closed
from sim.inputs.field import POWER_MAX_KW, Fraction, Kw, Seed, derived, estimate, given, sourced
from sim.inputs.text import Line, Name
from sim.problem import Refusal


class Site(Closed, card="load.site"):
    """Where, when, for how long."""

    name: Line = given("New site", "Project name", "Shown on every page and document.", max_length=200, everyday=True)
    country: str = given("CN", "Country", "Two-letter code.", pattern=COUNTRY, after="place")
    currency: str = given(
        "CNY",
        "Currency",
        "Three-letter code; prices are entered in it and nothing is converted.",
        pattern=CURRENCY,
        card="terms.currency",
    )
    place: str = given(
        "shanghai", "Place", "Its sun, air, tariff, prices and CO2 factor.", max_length=60, everyday=True
    )
    start: str = given("2026-06", "First month", "YYYY-MM.", pattern=MONTH, everyday=True)
    term_months: int = given(180, "Term [months 1..360]", "A 4-month job or a 15-year plant.", everyday=True)
    step_minutes: Literal[15, 30, 60] = given(60, "Time step [min]", "15 min shows demand peaks that an hour hides.")

    @model_validator(mode="after")
    def _currency_is_known(self) -> Site:
        if self.currency not in library.currencies():
            raise Refusal(
                "'{code}' is not the code of a currency in use (ISO 4217), such as CNY or USD; correct it",
                code=self.currency,
            )
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


MOST_STEPS = 365 * 96


class Meter(Closed):
    """A measured year from 1 January 00:00 local standard time, 365 days, mean kW of each step.

    `done` says in sentences what was found in the file and done about it.
    """

    file_name: Name
    year: int = Field(ge=1990, le=2100)
    step_minutes: Literal[15, 30, 60]
    kw: tuple[Annotated[float, Field(ge=0, le=POWER_MAX_KW)], ...] = Field(max_length=MOST_STEPS, fail_fast=True)
    done: tuple[Annotated[Line, Field(max_length=1000)], ...] = Field(default=(), max_length=40)

    @model_validator(mode="after")
    def _is_one_year(self) -> Meter:
        due = 365 * 24 * 60 // self.step_minutes
        if len(self.kw) != due:
            counts = {"minutes": self.step_minutes, "due": due, "count": len(self.kw)}
            raise Refusal("a year of {minutes} min steps has {due} values, this has {count}", **counts)
        return self

    def __str__(self) -> str:
        return self.file_name


def is_cluster(s: Any) -> bool:
    return s.load.kind not in ("meter", "flat")


def by_gpus(s: Any) -> bool:
    return s.load.size_by == "gpus" and is_cluster(s)


def counts_gpus(s: Any) -> bool:
    """How many GPUs the load feeds plays a part: it is sized by them, or what they lose is counted."""
    return by_gpus(s) or s.compute.in_use or s.finance.count_interruptions


def serves_users(s: Any) -> bool:
    return s.load.kind in ("inference", "mixed")


class Load(Closed, card="load.size"):
    """What has to be supplied, before the battery's own auxiliaries."""

    kind: Literal["flat", "training", "inference", "mixed", "meter"] = given(
        "training",
        "Load shape",
        "Flat, a GPU cluster by its work, or an uploaded meter file.",
        card="load.shape",
        everyday=True,
    )
    size_by: Literal["peak", "gpus"] = given(
        "peak", "Size given by", "A peak in kW, or GPUs times their power.", when=is_cluster, everyday=True
    )
    peak_kw: Kw = given(
        10_000.0,
        "Peak load [kW]",
        "Greatest step mean at the connection point.",
        when=lambda s: s.load.kind != "meter" and not by_gpus(s),
        everyday=True,
    )
    gpu_count: int = given(8000, "GPUs [0..2_000_000]", "Accelerators installed.", when=by_gpus, everyday=True)
    gpu_model: Literal[
        "custom", "dgx_h100", "dgx_h200", "dgx_b200", "gb200_nvl72", "gb300_nvl72", "ascend_910b_8", "cloudmatrix_384"
    ] = given(
        "custom",
        "GPU system",
        "Gives the power per GPU: peak of the node or rack over its accelerators.",
        when=counts_gpus,
        everyday=True,
    )
    watt_per_gpu: float = given(
        derived(1050.0, "Latif et al. 2025: 8.4 kW for a node of 8 H100", 650, 1900),
        "Power per GPU, server input [W 50..10_000]",
        "Peak of the node over its GPUs.",
        when=lambda s: counts_gpus(s) and s.load.gpu_model == "custom",
    )
    network_overhead_fraction: float = given(
        sourced("cluster.network_storage_overhead_fraction", "loads"),
        "Network and storage overhead [fraction 0..1]",
        "On top of the GPU nodes.",
        when=counts_gpus,
    )
    pue_model: Literal["constant", "air_chiller", "air_free_cooling", "liquid_direct_to_chip", "immersion"] = given(
        "constant",
        "Cooling",
        "Constant PUE, or a PUE that follows the hourly temperature and the IT load (part of it is always on).",
        when=lambda s: is_cluster(s) or counts_gpus(s),
    )
    pue: float = given(
        derived(1.2, "Uptime Institute 2024: mean 1.56, leaders 1.1-1.2", 1.1, 1.5),
        "PUE [1..3]",
        "Site power over IT power, constant over the year.",
        when=lambda s: counts_gpus(s) and s.load.pue_model == "constant",
        everyday=True,
    )
    design_ambient_c: float = given(
        estimate(35.0, "Engineering general knowledge", 30, 42),
        "Design temperature [°C 0..50]",
        "Outdoor temperature at which the site has its peak load.",
        when=lambda s: (is_cluster(s) or counts_gpus(s)) and s.load.pue_model != "constant",
    )
    critical_fraction: Fraction = given(
        1.0,
        "Critical share [fraction]",
        "Carried in a grid outage; the rest is shed at once and counted as unserved, apart. Pumps and cooling "
        "belong to the critical load.",
        everyday=True,
    )
    load_factor: float = given(
        sourced("workloads.training.load_factor_annual", "loads"),
        "Load factor [fraction 0.2..1]",
        "Mean over peak.",
        card="load.shape",
        when=is_cluster,
        everyday=True,
    )
    training_share: Fraction = given(
        0.5,
        "Training share [fraction]",
        "Of a mixed cluster; the rest is inference.",
        card="load.shape",
        when=lambda s: s.load.kind == "mixed",
        everyday=True,
    )
    inference_shape: Literal["country", "chat", "coding"] = given(
        derived("country", "Azure LLM inference trace 2024, hours read by eye"),
        "Inference users",
        "One country by its own clock; or a public trace of requests: chat from all the world, or coding in "
        "American and European office hours. Power follows requests above the 40 % of an idle cluster.",
        card="load.shape",
        when=serves_users,
    )
    utc_offset_h: float = given(
        8.0,
        "Site clock ahead of UTC [h -12..14]",
        "Lays the trace's hours, which are UTC, on the site's clock.",
        card="load.shape",
        when=lambda s: serves_users(s) and s.load.inference_shape != "country",
    )
    growth_per_year: float = given(
        0.0, "Load growth [fraction/year -0.5..1]", "Compound, from year 2.", card="load.shape"
    )
    ramp: tuple[RampStep, ...] = given((), "Ramp-up", "Steps by project month; full size where none.", card="load.ramp")
    seed: Seed = given(1, "Seed", "The same seed gives the same year.", card="load.shape", when=is_cluster)
    meter: Meter | None = given(
        None, "Meter file", "An uploaded load curve.", card="load.meter", when=lambda s: s.load.kind == "meter"
    )

    @model_validator(mode="after")
    def _meter_is_there(self) -> Load:
        if self.kind == "meter" and self.meter is None:
            raise Refusal("load shape 'meter' needs an uploaded meter file; upload one or choose another shape")
        return self
