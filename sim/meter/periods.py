"""Numbered hours or periods of a day, which count on across a change of clocks: hour 25, period 50."""

import numpy as np
from numpy.typing import NDArray

from sim.meter.series import AUTUMN_MONTHS, SPRING_MONTHS, SUNDAY
from sim.meter.stamps import DAY


def across_changes(
    days: NDArray[np.int64], numbers: NDArray[np.float64], period: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
    """(begin in minutes since 1970, minutes ahead of standard time) of periods; None without a change of clocks.

    A Sunday with an hour more than usual ends summer time, one with an hour less begins it; its periods count elapsed
    time from midnight. `days` (rows,) are minutes since 1970 of each row's midnight.
    """
    usual, hour = DAY // period, 60 // period
    known, place = np.unique(days, return_inverse=True)
    last = np.zeros(len(known))
    np.maximum.at(last, place, np.nan_to_num(numbers))
    count = np.bincount(place)
    month = (known // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12 + 1
    is_sunday = known // DAY % 7 == SUNDAY
    ends = is_sunday & (last == usual + hour) & np.isin(month, AUTUMN_MONTHS)
    begins = is_sunday & (last == usual - hour) & (count % (usual - hour) == 0) & np.isin(month, SPRING_MONTHS)
    # A file that merely stops early on such a Sunday has no day after it.
    begins &= np.arange(len(known)) < len(known) - 1
    changes = np.flatnonzero(ends | begins)
    if not len(changes):
        return None
    is_summer = np.zeros(len(known), bool)
    state, at = bool(ends[changes[0]]), 0
    for change in changes.tolist():
        is_summer[at:change] = state
        # The day that ends summer time begins in it; the day that begins it begins in standard time.
        is_summer[change] = bool(ends[change])
        state, at = bool(begins[change]), change + 1
    is_summer[at:] = state
    begin = days + np.nan_to_num((numbers - 1) * period).astype(np.int64)
    return begin, np.where(is_summer[place], 60.0, 0.0)
