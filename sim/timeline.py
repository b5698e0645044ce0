"""The clock of a study: one template year of equal steps, begun at the study's first month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, eq=False)
class Timeline:
    """Steps of the template year. All arrays have one entry per step; a step begins at its stamp.

    The year has 365 days (29 February is left out) and begins on the first of the start month; its weekdays are those
    of the start year. Project years repeat it. A term under a year keeps only its months.
    """

    start_year: int
    start_month: int
    step_minutes: int
    months: int
    calendar_month: NDArray[np.int64]
    day: NDArray[np.int64]
    minute_of_day: NDArray[np.int64]
    weekday: NDArray[np.int64]
    month_index: NDArray[np.int64]
    month_ends: NDArray[np.int64]

    @property
    def steps(self) -> int:
        return int(self.month_ends[-1])

    @property
    def step_h(self) -> float:
        return self.step_minutes / 60.0

    @property
    def hour(self) -> NDArray[np.int64]:
        return self.minute_of_day // 60

    @property
    def is_weekend(self) -> NDArray[np.bool_]:
        return self.weekday >= 5

    def calendar_months(self) -> tuple[int, ...]:
        """Calendar month (1..12) of each template month."""
        return tuple((self.start_month - 1 + k) % 12 + 1 for k in range(self.months))

    def stamps(self, project_year: int = 1) -> NDArray[np.datetime64]:
        """Local time at which each step begins, in project year 1, 2, ... (29 February does not occur)."""
        calendar_year = self.start_year + project_year - 1 + (self.calendar_month < self.start_month)
        days = _dates(calendar_year, self.calendar_month, self.day)
        return days.astype("datetime64[m]") + self.minute_of_day.astype("timedelta64[m]")

    def step_at(self, month: int, day: int, hour: float) -> int | None:
        """The step that begins at or before this local time, or None where the term has no such day."""
        hit = (self.calendar_month == month) & (self.day == day) & (self.minute_of_day <= hour * 60)
        found = np.flatnonzero(hit)
        return int(found[-1]) if found.size else None


def _dates(year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.datetime64]:
    months = (year - 1970).astype("timedelta64[Y]") + np.datetime64("1970", "Y")
    first = months.astype("datetime64[M]") + (month - 1).astype("timedelta64[M]")
    return first.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")


def _weekdays(dates: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """0 = Monday. 1 January 1970 was a Thursday."""
    return (dates.astype(np.int64) + 3) % 7


def timeline(start: str, term_months: int, step_minutes: int) -> Timeline:
    """The template year for a study that starts in `start` ("YYYY-MM") and runs `term_months` months."""
    start_year, start_month = (int(part) for part in start.split("-"))
    months = min(term_months, 12)
    order = [(start_month - 1 + k) % 12 + 1 for k in range(months)]
    days = np.array([MONTH_DAYS[m - 1] for m in order])
    per_day = 24 * 60 // step_minutes
    calendar_month = np.repeat(order, days * per_day)
    day = np.concatenate([np.repeat(np.arange(1, n + 1), per_day) for n in days])
    dates = _dates(start_year + (calendar_month < start_month), calendar_month, day)
    return Timeline(
        start_year=start_year,
        start_month=start_month,
        step_minutes=step_minutes,
        months=months,
        calendar_month=calendar_month,
        day=day,
        minute_of_day=np.tile(np.arange(per_day) * step_minutes, days.sum()),
        weekday=_weekdays(dates),
        month_index=np.repeat(np.arange(months), days * per_day),
        month_ends=np.cumsum(days * per_day),
    )
