"""Bills the site really got: kept with the scenario, read by no formula of the study."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.inputs.base import MONTH, Closed
from sim.inputs.text import Name

MOST_BILLS = 36
MOST_PERIODS = 96
Quantity = Annotated[float, Field(ge=0, le=1e12)]
Amount = Annotated[float, Field(ge=-1e15, le=1e15)]


AMOUNTS = ("energy", "demand", "adjustment", "tax", "other", "total")


class RealBill(Closed):
    """One month's bill, in the site's currency. None = the bill does not say; that is never a zero."""

    month: str = Field(pattern=MONTH)
    kwh: Quantity | None = None
    kwh_by_period: dict[Name, Quantity] = Field(default_factory=dict, max_length=MOST_PERIODS)
    max_demand_kw: Quantity | None = None
    energy: Amount | None = None
    demand: Amount | None = None
    adjustment: Amount | None = None
    tax: Amount | None = None
    other: Amount | None = None
    total: Amount | None = None

    def at_rate(self, rate: float) -> RealBill:
        """The same bill in another currency, of which one of the site's is worth `rate`."""
        paid = {name: getattr(self, name) for name in AMOUNTS}
        return self.model_copy(update={name: value * rate for name, value in paid.items() if value is not None})

    @property
    def calendar_month(self) -> int:
        return int(self.month[5:])

    @property
    def taken_kwh(self) -> float | None:
        """Energy of the month: as billed, or the sum of the periods where only they are given."""
        return self.kwh if self.kwh is not None or not self.kwh_by_period else sum(self.kwh_by_period.values())
