"""Speed of the dispatch kernel: one year with all series, a batch, how it scales, and what memory a batch needs.

The peer is NREL's PySAM Battery with a custom schedule, the same battery (4 MW / 16 MWh) on the same 10 MW site, fed
with the schedule our rule finds. Its battery is modelled in more detail (voltage, heat, losses) and runs in one
thread, so the ratio compares what a user waits for, not equal physics. Peer and kernel take turns, and the ratio is
the median over the turns; for scaling, where single times are compared, the fastest of the turns counts, for other
work on the machine only adds.
"""

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np

from benchmarks import _bound
from sim.dispatch.batch import MONTHLY_FIELDS, SCALAR_FIELDS, Lanes, Series, Trace
from sim.dispatch.kernel import aggregate, trace, warm_up
from sim.dispatch.rule import NO_LIMIT_KW

HOURS = 8760
CLASSES = 3
MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
BATCH = 10_000
SINGLES = 20  # single runs in one turn
TURNS = 7
SLOPE_COUNTS = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000)
PEER = "PySAM Battery, custom schedule"
PLANT = {
    "pv_kwp": 6_000,
    "battery_kw": 4_000,
    "charge_set_kw": 4_000,
    "discharge_set_kw": 4_000,
    "energy_max_kwh": 16_000,
    "energy_min_kwh": 800,
    "energy_reserve_kwh": 4_000,
    "energy_start_kwh": 8_000,
    "charge_efficiency": 0.95,
    "discharge_efficiency": 0.95,
    "auxiliary_kw": 30,
    "export_limit_kw": NO_LIMIT_KW,
    "set_kw": 1_500,
    "set_min_fraction": 0.3,
    "set_max_fraction": 0.8,
    "genset_first_below_kwh": 4_000,
    "fuel_base_l_per_h": 38.2,
    "fuel_slope_0_50_l_per_h": 334.8,
    "fuel_slope_50_75_l_per_h": 356.0,
    "fuel_slope_75_100_l_per_h": 434.4,
    "load_scale": 1,
    "import_limit_kw": 11_000,
    "shave_kw": 10_500,
    "sets": 4,
    "pv_share": 1,
    "battery_share": 1,
}


def rows() -> list[dict]:
    """Measure everything once; see the module's text for what is compared."""
    warm_up()
    series, lanes = site_series(), site_lanes(BATCH)
    one, thousand = pick(lanes, slice(0, 1)), pick(lanes, slice(0, 1_000))
    peer, reason = peer_run(series, trace(series, one, 0))
    runs = {
        "single": lambda: [trace(series, one, 0) for _ in range(SINGLES)],
        "batch": lambda: aggregate(series, lanes, CLASSES),
        "lane": lambda: aggregate(series, thousand, CLASSES, threads=1),
    }
    turns = seconds(runs | ({"peer": peer} if peer else {}))
    peer_s = turns.get("peer")
    return [
        against_peer("hourly year with all series", turns["single"] / SINGLES, peer_s, reason, 250),
        against_peer("hourly year in a batch of 10,000, monthly sums", turns["batch"] / BATCH, peer_s, reason, 4_000),
        slope_row(series, lanes),
        quarter_hour_row(series, thousand),
        lane_row(turns["lane"] / thousand.count, turns["single"] / SINGLES),
        memory_row(series, lanes),
        bound_row(series, thousand),
        same_bits_row(series, thousand),
    ]


def site_series(steps_per_hour: int = 1) -> Series:
    """A year of a 10 MW site with PV, three price bands and six outages of two hours; synthetic, fixed seed."""
    r = np.random.default_rng(0)
    hours = np.arange(HOURS * steps_per_hour) / steps_per_hour
    hour = hours % 24
    jobs = np.repeat(r.uniform(0.85, 1.05, HOURS // 6), 6 * steps_per_hour)
    cloud = np.repeat(r.beta(4, 1.6, HOURS // 3), 3 * steps_per_hour)
    band = np.select([hour < 8, (hour >= 10) & (hour < 12) | (hour >= 15) & (hour < 21)], [-1, 1], 0)
    day = hours // 24
    return Series(
        load_kw=10_000 * jobs + 300 * np.sin((hour - 9) / 24 * 2 * np.pi),
        pv_kw_per_kwp=np.clip(np.sin((hour - 6) / 12 * np.pi), 0, 1) * cloud,
        grid_up=~(np.isin(day, r.choice(365, 6, replace=False)) & (hour >= 13) & (hour < 15)),
        action=band,
        above_shave_kw=np.zeros(len(hours)),
        period=band + 1,
        month_ends=np.cumsum(MONTH_DAYS) * 24 * steps_per_hour,
        step_h=1 / steps_per_hour,
    )


def site_lanes(count: int) -> Lanes:
    """`count` variants of the plant; the first is the plant itself, in the others sizes and load lie 20 % around it."""
    r = np.random.default_rng(1)
    values = {name: np.full(count, float(PLANT[name])) for name in SCALAR_FIELDS}
    values |= {name: np.full((count, 12), float(PLANT[name])) for name in MONTHLY_FIELDS}
    for name in ("pv_kwp", "battery_kw", "load_scale"):
        around = np.append(1.0, r.uniform(0.8, 1.2, count - 1))
        values[name] = values[name] * around.reshape(-1, *[1] * (values[name].ndim - 1))
    return Lanes(**values)


def pick(lanes: Lanes, rows: slice) -> Lanes:
    return replace(lanes, **{field.name: getattr(lanes, field.name)[rows] for field in fields(lanes)})


def seconds(runs: dict[str, Callable[[], object]]) -> dict[str, np.ndarray]:
    """Wall times (TURNS,) of each of `runs`, which take turns, after one turn that does not count."""
    times = {name: np.zeros(TURNS + 1) for name in runs}
    for turn in range(TURNS + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name][turn] = time.perf_counter() - start
    return {name: values[1:] for name, values in times.items()}


def peer_run(series: Series, schedule: Trace) -> tuple[Callable[[], object] | None, str]:
    """One year of PySAM's battery with our schedule, ready to run; or None and the reason."""
    try:
        from PySAM import Battery, BatteryTools
    except ImportError:
        return None, "PySAM is not installed (development requirement NREL-PySAM)"
    model = Battery.default("StandaloneBatteryCommercial")
    BatteryTools.battery_model_sizing(model, 4_000.0, 16_000.0, 500.0)
    model.Lifetime.system_use_lifetime_output = 0
    model.BatterySystem.batt_replacement_option = 0
    model.BatteryDispatch.batt_dispatch_choice = 2  # battery power as scheduled
    model.BatteryDispatch.batt_custom_dispatch = tuple(schedule.discharge_kw - schedule.charge_kw)
    model.Load.load = tuple(schedule.load_kw)
    model.SystemOutput.gen = tuple(series.pv_kw_per_kwp * PLANT["pv_kwp"])
    return lambda: model.execute(0), ""


def against_peer(name: str, own_s: np.ndarray, peer_s: np.ndarray | None, reason: str, goal: float) -> dict:
    value_ms = float(np.median(own_s)) * 1e3
    if peer_s is None:
        return row(name, value_ms, "ms", f"{PEER}: {reason}", None, f">= {goal}", False)
    ratio = float(np.median(peer_s / own_s))
    return row(name, value_ms, "ms", f"{PEER}: {np.median(peer_s) * 1e3:.1f} ms", ratio, f">= {goal}", ratio >= goal)


def slope_row(series: Series, lanes: Lanes) -> dict:
    """Growth of time with the number of lanes: 1 is proportional."""
    batches = {count: pick(lanes, np.arange(count) % lanes.count) for count in SLOPE_COUNTS}
    times = seconds({n: lambda some=some: aggregate(series, some, CLASSES) for n, some in batches.items()})
    fastest = [times[count].min() for count in SLOPE_COUNTS]
    slope = float(np.polyfit(np.log(SLOPE_COUNTS), np.log(fastest), 1)[0])
    name = "time against lanes, 1,000 to 32,000"
    return row(name, slope, "log-log slope", "proportional", slope, "<= 1.02", slope <= 1.02)


def quarter_hour_row(hourly: Series, lanes: Lanes) -> dict:
    """A year in quarter hours against one in hours: four times the steps."""
    sites = {"quarters": site_series(4), "hours": hourly}
    times = seconds({name: lambda site=site: aggregate(site, lanes, CLASSES) for name, site in sites.items()})
    quarter_s, hour_s = times["quarters"].min(), times["hours"].min()
    ratio = quarter_s / hour_s
    return row("year in quarter hours", quarter_s * 1e3, "ms / 1,000 lanes", "in hours", ratio, "<= 4.2", ratio <= 4.2)


def lane_row(lane_s: np.ndarray, single_s: np.ndarray) -> dict:
    """A lane among others against a lane alone, one thread: shows whether the loop over lanes is vectorised."""
    ratio = float(np.median(single_s / lane_s))
    value_us = float(np.median(lane_s)) * 1e6
    return row("lane in a batch, one thread", value_us, "us", "lane alone, with series", ratio, ">= 3", ratio >= 3)


def memory_row(series: Series, lanes: Lanes) -> dict:
    """Memory of a batch beyond its inputs' arrays and its results, packing included."""
    fresh = replace(lanes)
    tracemalloc.start()
    sums = aggregate(series, fresh, CLASSES)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    results = sum(getattr(sums, field.name).nbytes for field in fields(sums))
    extra_mb = (peak - results) / 1e6
    return row("memory of 10,000 lanes beyond results", extra_mb, "MB", "", None, "<= 40", extra_mb <= 40)


def bound_row(series: Series, lanes: Lanes) -> dict:
    """Additions a second of the kernel against those the processor can do, one thread and processor time; a grid
    without a limit leaves the sets out, but for a few hours of outage that are not counted."""
    unlimited = replace(lanes, import_limit_kw=np.full(lanes.import_limit_kw.shape, 1e6))
    steps, additions = lanes.count * len(series.load_kw), _bound.additions_a_step()
    shares = []
    for _ in range(TURNS + 1):
        start = time.thread_time()
        aggregate(series, unlimited, CLASSES, threads=1)
        reached = steps * additions / (time.thread_time() - start)
        shares.append(reached / _bound.additions_a_second())
    share = float(np.median(shares[1:]))
    peer = f"add pipe, {additions} additions a step"
    return row("share of the measured add-pipe bound", share * 100, "%", peer, share, ">= 0.6", share >= 0.6)


def same_bits_row(series: Series, lanes: Lanes) -> dict:
    """Whether one thread, two threads and odd splits of the lanes give the same bits."""
    whole = aggregate(series, lanes, CLASSES, threads=1)
    parts = [aggregate(series, pick(lanes, slice(*ends)), CLASSES) for ends in ((0, 7), (7, 500), (500, lanes.count))]
    joined = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(whole)}
    others = (joined, vars(aggregate(series, lanes, CLASSES, threads=2)))
    equal = sum(all(np.array_equal(getattr(whole, name), other[name]) for name in other) for other in others)
    return row("runs with the same bits", equal, "of 2", "one thread; against two, and in parts", None, "2", equal == 2)


def row(name: str, value: float, unit: str, peer: str, ratio: float | None, goal: str, met: bool) -> dict:
    ratio = None if ratio is None else float(ratio)
    return {
        "name": name,
        "value": float(value),
        "unit": unit,
        "peer": peer,
        "ratio": ratio,
        "goal": goal,
        "met": bool(met),
    }
