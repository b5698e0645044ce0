"""Inputs of the computing work itself, as far as it can give way: power cap, work that waits, shedding in outages.

All switches are off by default: every alternative then gets the whole load. The depths are those of the page
"Compute", which works out what giving way would be worth whether it is switched on or not.
"""

from __future__ import annotations

from typing import Literal

from sim.inputs.base import Closed
from sim.inputs.field import Fraction, given, sourced


class Compute(Closed):
    """How far the hybrid's control may hold back computing work, and when the study lets it."""

    cap_rule: Literal["off", "dear_hours", "limit", "both"] = given(
        "off", "Cap GPU power", "",
        "In the study: never, in the hours of each day's highest price, as far as load less PV exceeds the import "
        "limit, or both.",
    )  # fmt: skip
    cap_lowest_fraction: float = given(
        0.86, "Lowest power cap", "fraction", "Of the GPUs' rated power; 600 of 700 W is 86 %.", ge=0.57, le=1,
        low=0.71, high=1.0, source="Power capping pages: an H100 at 600 W (2026)", confidence="derived",
    )  # fmt: skip
    cap_curve: Literal["dense_training", "memory_bound_inference", "mild_training"] = given(
        "dense_training", "Work under the cap", "",
        "Which curve of throughput over cap holds: dense training loses most, memory-bound inference about half.",
        source="Power capping pages; points below 600 W extrapolated (2026)", confidence="derived",
    )  # fmt: skip
    gpu_power_share: float = given(
        0.61, "Share of site power the cap acts on", "fraction",
        "A cap lowers the GPUs' power and its share of the cooling, not processors, memory and network.",
        ge=0.1, le=1, low=0.55, high=0.70,
        source="8 GPUs of 700 W in a node of 8.4 kW, with 10 % for network and storage", confidence="derived",
    )  # fmt: skip
    defer: bool = given(
        False,
        "Put work off",
        "",
        "In the study: out of the hours of each day's highest price into the cheapest ones that follow in the window.",
    )
    deferrable_fraction: Fraction = sourced(
        "flexibility.planning_default_fraction", "Work that may wait", "fraction", "Share of the load.", file="loads",
    )  # fmt: skip
    deferral_window_h: float = given(
        12.0, "Made up within", "h", "Every kWh put off is used within this time.", ge=0.25, le=168, low=6, high=24,
        source="Fine-tuning and batch jobs, general knowledge", confidence="unverified",
    )  # fmt: skip
    deferral_loss_fraction: Fraction = given(
        0.04, "Lost by waiting", "fraction", "Of a GPU-hour put off: stopping and starting a job.", low=0, high=0.2,
        source="A restart of 0.25 h for a job of 6 h, general knowledge", confidence="unverified",
    )  # fmt: skip
    shed_in_outages: bool = given(
        False, "Pause jobs in outages", "",
        "In the study: at the start of a grid outage this share of the jobs stops at a checkpoint until the grid is "
        "back.",
    )  # fmt: skip
    shed_fraction: Fraction = sourced(
        "flexibility.curtailable_fraction_3h", "Jobs that may be paused", "fraction", "Share of the load.",
        file="loads",
    )  # fmt: skip
    resume_h: float = sourced(
        "outage_cost.restart_after_job_fault_h", "Restart of a paused job", "h",
        "On top of half a checkpoint interval of lost work.", file="loads", ge=0, le=48,
    )  # fmt: skip
    recovered_fraction: Fraction = given(
        0.0,
        "Made up by idle GPUs",
        "fraction",
        "Of the work given up; 0 where the cluster is sold out, 1 where idle GPUs do it later at no loss.",
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
