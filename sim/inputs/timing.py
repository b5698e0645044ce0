"""Inputs of lead times: from order or application to the month in which a part is there."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from sim.inputs.base import Closed
from sim.inputs.field import always, given
from sim.problem import Refusal

Part = Literal["grid", "battery", "pv", "sets"]
StepName = Literal["apply", "permit", "order", "deliver", "works", "connect", "commission"]


def counts_months(s: Any) -> bool:
    return s.timing.by_month


class LeadStep(Closed):
    """Months of one step of a part's chain in place of the usual ones; empty months = it never ends. low and high: the
    range of the draws, both or neither."""

    part: Part
    step: StepName
    months: float | None = Field(default=None, ge=0, le=240)
    low: float | None = Field(default=None, ge=0, le=240)
    high: float | None = Field(default=None, ge=0, le=240)

    @model_validator(mode="after")
    def _range_is_whole(self) -> LeadStep:
        if (self.low is None) != (self.high is None):
            raise Refusal("the range of a lead time needs its shortest and its longest months; give both, or neither")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise Refusal(
                "the shortest lead time, {low} months, is above the longest, {high}; swap the two",
                low=self.low,
                high=self.high,
            )
        return self


class Timing(Closed, card="timing", when=counts_months):
    """When what is ordered at the start is there."""

    by_month: bool = given(
        False,
        "Lead times count",
        "Grid, battery, PV and sets stand from the month in which they can be there; until then they carry nothing, "
        "cost no rent and are no backup. Without it all stands from the start, and the grid as its own month says.",
        when=always,
    )
    grid_works: Literal["auto", "10kv", "110kv", "132kv_my", "20mw_th", "distribution_us", "large_us"] = given(
        "auto",
        "Works of the connection",
        "Which usual chain its steps are from; by country and size where none is chosen.",
        when=lambda s: s.timing.by_month and s.grid.new_share > 0,
    )
    steps: tuple[LeadStep, ...] = given(
        (), "Own lead times", "Months of single steps in place of the usual ones.", card="timing.steps", max_length=40
    )
    sets_come: Literal["rented", "bought"] = given(
        "rented",
        "Sets come",
        "From a hire fleet within weeks, or new from the works.",
        when=lambda s: s.timing.by_month and s.genset.sets + s.genset.backup_sets + s.genset.last_resort_sets > 0,
    )

    @model_validator(mode="after")
    def _steps_differ(self) -> Timing:
        seen = [(row.part, row.step) for row in self.steps]
        twice = next((key for key in seen if seen.count(key) > 1), None)
        if twice:
            raise Refusal(
                "the lead time of step '{step}' of '{part}' is given twice; keep one", part=twice[0], step=twice[1]
            )
        return self
