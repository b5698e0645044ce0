"""Inputs of the computing work itself, as far as it can give way: power cap, work that waits, shedding in outages.

All switches are off by default: every alternative then gets the whole load. The depths are those of the page
"Compute", which works out what giving way would be worth whether it is switched on or not.
"""

from __future__ import annotations

from typing import Any, Literal

from sim.inputs.base import Closed
from sim.inputs.field import Fraction, derived, estimate, given, sourced


def caps(s: Any) -> bool:
    return s.compute.cap_rule != "off"


class Compute(Closed):
    """How far the hybrid's control may hold back computing work, and when the study lets it."""

    cap_rule: Literal["off", "dear_hours", "limit", "both"] = given(
        "off",
        "Cap GPU power",
        "In the study: never, in the hours of each day's highest price, as far as load less PV exceeds the import "
        "limit, or both.",
        card="compute.cap",
    )
    cap_lowest_fraction: float = given(
        derived(0.86, "Power capping pages: an H100 at 600 W (2026)", 0.71, 1.0),
        "Lowest power cap [fraction 0.57..1]",
        "Of the GPUs' rated power; 600 of 700 W is 86 %.",
        card="compute.cap",
        when=caps,
    )
    cap_curve: Literal["dense_training", "memory_bound_inference", "mild_training"] = given(
        derived("dense_training", "Power capping pages; points below 600 W extrapolated (2026)"),
        "Work under the cap",
        "Which curve of throughput over cap holds: dense training loses most, memory-bound inference about half.",
        card="compute.cap",
        when=caps,
    )
    gpu_power_share: float = given(
        derived(0.61, "8 GPUs of 700 W in a node of 8.4 kW, with 10 % for network and storage", 0.55, 0.70),
        "Share of site power the cap acts on [fraction 0.1..1]",
        "A cap lowers the GPUs' power and its share of the cooling, not processors, memory and network.",
        card="compute.cap",
        when=caps,
    )
    defer: bool = given(
        False,
        "Put work off",
        "In the study: out of the hours of each day's highest price into the cheapest ones that follow in the window.",
        card="compute.defer",
    )
    deferrable_fraction: Fraction = given(
        sourced("flexibility.planning_default_fraction", "loads"),
        "Work that may wait [fraction]",
        "Share of the load.",
        card="compute.defer",
        when=lambda s: s.compute.defer,
    )
    deferral_window_h: float = given(
        estimate(12.0, "Fine-tuning and batch jobs, general knowledge", 6, 24),
        "Made up within [h 0.25..168]",
        "Every kWh put off is used within this time.",
        card="compute.defer",
        when=lambda s: s.compute.defer,
    )
    deferral_loss_fraction: Fraction = given(
        estimate(0.04, "A restart of 0.25 h for a job of 6 h, general knowledge", 0, 0.2),
        "Lost by waiting [fraction]",
        "Of a GPU-hour put off: stopping and starting a job.",
        card="compute.defer",
        when=lambda s: s.compute.defer,
    )
    shed_in_outages: bool = given(
        False,
        "Pause jobs in outages",
        "In the study: at the start of a grid outage this share of the jobs stops at a checkpoint until the grid "
        "is back.",
        card="compute.pause",
    )
    shed_fraction: Fraction = given(
        sourced("flexibility.curtailable_fraction_3h", "loads"),
        "Jobs that may be paused [fraction]",
        "Share of the load.",
        card="compute.pause",
        when=lambda s: s.compute.shed_in_outages,
    )
    resume_h: float = given(
        sourced("outage_cost.restart_after_job_fault_h", "loads"),
        "Restart of a paused job [h 0..48]",
        "On top of half a checkpoint interval of lost work.",
        card="compute.pause",
        when=lambda s: s.compute.shed_in_outages,
    )
    recovered_fraction: Fraction = given(
        0.0,
        "Made up by idle GPUs [fraction]",
        "Of the work given up; 0 where the cluster is sold out, 1 where idle GPUs do it later at no loss.",
        card="compute.worth",
        after="finance.gpu_price_per_h",
        when=lambda s: s.compute.in_use,
    )

    @property
    def caps_in_dear_hours(self) -> bool:
        return self.cap_rule in ("dear_hours", "both")

    @property
    def caps_at_limit(self) -> bool:
        return self.cap_rule in ("limit", "both")

    @property
    def in_use(self) -> bool:
        """Whether the study lets the load give way at all."""
        return self.cap_rule != "off" or self.defer or self.shed_in_outages
