"""Readings that look wrong, each with what was done about it: spikes, and hours of zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.meter.findings import MeterFinding, finding, listing, stamp_of
from sim.meter.series import Readings, runs_of
from sim.problem import Problem, one_or_many

Action = Literal["keep", "missing", "cut"]
SPIKE_TIMES = 5
# Share of readings up to which one number far above all others stands for "no reading".
MOST_MARKED = 0.05
MOST_SUSPECTS = 60


@dataclass(frozen=True)
class Suspect:
    """One reading or one run of readings that looks wrong. `row` is its first row of the file, `kw` its highest value,
    `action` what was done: kept, treated as missing, or cut to the highest of the others."""

    kind: Literal["spike", "zero"]
    row: int
    count: int
    at: datetime
    kw: float
    action: Action


def all_zero(series: Sequence[Readings]) -> NDArray[np.int64]:
    """Minutes at which no series reads anything but 0: one register of several may rest while another counts."""
    minutes = np.concatenate([one.minutes for one in series])
    size = np.concatenate([np.abs(np.nan_to_num(one.values)) + np.isnan(one.values) for one in series])
    known, place = np.unique(minutes, return_inverse=True)
    return known[np.bincount(place, weights=size, minlength=len(known)) == 0]


def mend(
    readings: Readings, actions: Mapping[int, Action], dead: NDArray[np.int64]
) -> tuple[Readings, tuple[Suspect, ...], list[MeterFinding]]:
    """(readings after the actions, suspects, findings). `actions` by a suspect's row; else a spike counts as missing,
    so that it does not set the peak unasked, and a zero is kept. `dead`: minutes at which the whole site reads 0."""
    finite = readings.values[np.isfinite(readings.values)]
    # "lower" keeps a lone spike out of its own yardstick in short files.
    limit = SPIKE_TIMES * float(np.percentile(finite, 99.9, method="lower"))
    is_spike = readings.values > limit if limit else np.zeros(len(readings), bool)
    is_spike |= _is_mark(readings.values, finite)
    is_zero = (readings.values == 0) & np.isin(readings.minutes, dead) & bool(np.median(finite) != 0)
    suspects = [_suspect("spike", readings, run, actions) for run in runs_of(is_spike)]
    suspects += [_suspect("zero", readings, run, actions) for run in runs_of(is_zero)]
    usual = readings.values[np.isfinite(readings.values) & ~is_spike]
    ceiling = float(usual.max()) if len(usual) else 0.0
    values = readings.values.copy()
    runs = [*runs_of(is_spike), *runs_of(is_zero)]
    for suspect, (begin, end) in zip(suspects, runs, strict=True):
        if suspect.action != "keep":
            values[begin:end] = ceiling if suspect.action == "cut" and suspect.kind == "spike" else np.nan
    mended = replace(readings, values=values)
    findings = _spike_findings(readings, is_spike, suspects) + _zero_findings(readings, is_zero, suspects)
    return mended, tuple(suspects[:MOST_SUSPECTS]), findings


def _is_mark(values: np.ndarray, finite: np.ndarray) -> np.ndarray:
    """Readings of one and the same number far above all others, as 9999999 where a logger has none (steps,)."""
    top, others = finite.max(), finite[finite < finite.max()]
    is_top = values == top
    stands_out = bool(len(others)) and np.median(finite) > 0 and top > SPIKE_TIMES * others.max()
    return is_top if stands_out and is_top.sum() <= MOST_MARKED * len(finite) else np.zeros(len(values), bool)


def _suspect(
    kind: Literal["spike", "zero"], readings: Readings, run: tuple[int, int], actions: Mapping[int, Action]
) -> Suspect:
    begin, end = run
    row = int(readings.rows[begin])
    action = actions.get(row, "missing" if kind == "spike" else "keep")
    highest = float(readings.values[begin:end].max())
    return Suspect(kind, row, end - begin, stamp_of(readings.minutes[begin]), highest, action)


def _spike_findings(readings: Readings, is_spike: np.ndarray, suspects: list[Suspect]) -> list[MeterFinding]:
    if not is_spike.any():
        return []
    rows = readings.rows[is_spike]
    spikes = [suspect for suspect in suspects if suspect.kind == "spike"]
    highest = max(suspect.kw for suspect in spikes)
    text = Problem(
        "{what} more than 5 times nearly all others ({rows}), the highest {highest:,.6g} kW. A single spike decides "
        "the peak and the demand charge: {done}.",
        what=one_or_many(len(rows), "{count:,} value was", "{count:,} values were"),
        rows=listing(rows),
        highest=highest,
        done=_done({suspect.action for suspect in spikes}),
    )
    return [finding("spikes", "question", text, rows)]


def _done(actions: set[Action]) -> Problem:
    if len(actions) > 1:
        return Problem("each was treated as chosen in the table")
    return {
        "keep": Problem("it was kept"),
        "missing": Problem("it was treated as missing"),
        "cut": Problem("it was cut to the highest of the others"),
    }[next(iter(actions))]


def _zero_findings(readings: Readings, is_zero: np.ndarray, suspects: list[Suspect]) -> list[MeterFinding]:
    zeros = [suspect for suspect in suspects if suspect.kind == "zero"]
    if not zeros:
        return []
    rows = readings.rows[is_zero]
    what = one_or_many(len(rows), "{count:,} value was", "{count:,} values were")
    if all(suspect.action == "keep" for suspect in zeros):
        text = Problem(
            "{what} exactly 0 ({rows}) and kept. If the site was not off, the meter was, and energy and peak are too "
            "low.",
            what=what,
            rows=listing(rows),
        )
        return [finding("zeros", "warning", text, rows)]
    lost = sum(suspect.count for suspect in zeros if suspect.action != "keep")
    text = Problem(
        "{what} exactly 0 ({rows}); {lost:,} of them were treated as missing.", what=what, rows=listing(rows), lost=lost
    )
    return [finding("zeros", "repaired", text, rows)]
