"""The site the optimum was first measured on: 10 MW of GPUs on 8.5 MW of grid, 6 MWp, 4 MW / 16 MWh, three price bands,
a demand charge, six outages. Synthetic, fixed seed. Least cost with perfect foresight (HiGHS, PyPSA): 6,970,661.487.
"""

import numpy as np

from sim.dispatch.batch import MONTHLY_FIELDS, SCALAR_FIELDS, Aggregates, Lanes, Series
from sim.dispatch.control import NO_THRESHOLD_KW
from sim.dispatch.rates import PeakRate, Rates
from sim.optimum.model import Programme, ShedTier, monthly_windows
from sim.timeline import MONTH_DAYS, timeline

LEAST_COST = 6_970_661.487
PER_KW, FUEL, LOST, WEAR = 12.0, 0.26, 3.0, 0.008
GRID_KW, BATTERY_KW, BATTERY_KWH, SETS_KW, PV_KWP = 8500.0, 4000.0, 16_000.0, 6000.0, 6000.0
CLOCK = timeline("2026-01", 12, 60)
RECOVERY_H = 12


def site(seed: int = 0) -> dict[str, np.ndarray]:
    """Load and PV in kW, price per kWh, and 1 or, in an outage, 0, of each hour."""
    r = np.random.default_rng(seed)
    hours = np.arange(8760.0)
    hour, day = hours % 24, hours // 24
    plateau = 8.2 + 0.36 * np.sin(2 * np.pi * (hour - 9) / 24)
    jobs = np.repeat(r.random(int(np.ceil(hours[-1] / 6)) + 2), 6)[:8760]
    load = np.clip(plateau * (0.80 + 0.35 * jobs) + r.normal(0, 0.15, 8760), 2, 12)
    declination = np.deg2rad(-23.44 * np.cos(2 * np.pi * (day + 10) / 365))
    latitude, angle = np.deg2rad(23), np.deg2rad(15 * (hour - 11.5))
    sun = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(angle)
    cloud = np.clip(np.repeat(r.beta(4, 1.6, int(hours[-1] / 3) + 2), 3)[:8760], 0, 1)
    dear = (hour >= 10) & (hour < 12) | (hour >= 15) & (hour < 21)
    price = np.round(np.select([hour < 8, dear], [0.35, 1.20], 0.75) * 1000 / 7.2, 4) / 1000
    up = np.ones(8760)
    for start in r.integers(0, 8752, 6):
        up[start : start + int(r.integers(1, 5))] = 0
    pv = 6 * np.clip(np.clip(sun, 0, None) * 1.05 * cloud, 0, 1)
    return {"load_kw": load * 1000, "pv_kw": pv * 1000, "price": price, "up": up}


def programme(year: dict[str, np.ndarray]) -> Programme:
    """The least-cost programme; the reserve may be used in an outage and for twelve hours after it."""
    reserve = np.ones(8760, bool)
    for hour in np.flatnonzero(year["up"] == 0):
        reserve[hour : hour + RECOVERY_H + 1] = False
    month = CLOCK.month_index
    return Programme(
        step_h=1.0,
        month=month,
        load_kw=year["load_kw"],
        pv_kw=year["pv_kw"],
        buy_per_kwh=year["price"],
        credit_per_kwh=np.zeros(8760),
        import_limit_kw=GRID_KW * year["up"],
        export_limit_kw=np.zeros(8760),
        soc_min=np.where(reserve, 0.2, 0.05),
        soc_max=np.ones(8760),
        windows=monthly_windows(month, [np.ones(8760, bool)], [PER_KW]),
        shed=(ShedTier(year["load_kw"], LOST),),
        battery_kw=BATTERY_KW,
        battery_kwh=BATTERY_KWH,
        wear_per_kwh=WEAR,
        genset_kw=SETS_KW,
        genset_per_kwh=FUEL,
        soc_start=None,
    )


def series(year: dict[str, np.ndarray]) -> Series:
    """With the plain rule's orders: charge in the cheapest band, discharge in the dearest, hold the one threshold."""
    band = np.unique(year["price"], return_inverse=True)[1]
    return Series(
        load_kw=year["load_kw"],
        pv_kw_per_kwp=year["pv_kw"] / PV_KWP,
        grid_up=year["up"],
        action=band - 1.0,
        above_shave_kw=np.zeros(8760),
        period=band,
        month_ends=np.cumsum(MONTH_DAYS) * 24,
        step_h=1.0,
        refill_share=0.6,
    )


def lane(shave_kw: float = NO_THRESHOLD_KW) -> Lanes:
    values = {
        "pv_kwp": PV_KWP,
        "battery_kw": BATTERY_KW,
        "charge_set_kw": BATTERY_KW,
        "discharge_set_kw": BATTERY_KW,
        "energy_max_kwh": BATTERY_KWH,
        "energy_min_kwh": 800,
        "energy_reserve_kwh": 3200,
        "energy_start_kwh": 8000,
        "charge_efficiency": 0.95,
        "discharge_efficiency": 0.95,
        "auxiliary_kw": 0,
        "export_limit_kw": 0,
        "set_kw": SETS_KW,
        "set_min_fraction": 0,
        "set_max_fraction": 1,
        "genset_first_below_kwh": 0,
        "fuel_base_l_per_h": 0,
        "fuel_slope_0_50_l_per_h": SETS_KW,
        "fuel_slope_50_75_l_per_h": SETS_KW,
        "fuel_slope_75_100_l_per_h": SETS_KW,
        "load_scale": 1,
        "import_limit_kw": GRID_KW,
        "shave_kw": shave_kw,
        "sets": 1,
        "pv_share": 1,
        "battery_share": 1,
    }
    months = {name: np.full((1, 12), float(values[name])) for name in MONTHLY_FIELDS}
    return Lanes(**{name: np.array([float(values[name])]) for name in SCALAR_FIELDS}, **months)


def cost(sums: Aggregates, money: Rates) -> float:
    """What a year's sums cost, wear included."""
    month_peaks_kw = sums.peak_kw[0].max(axis=1)
    energy = float((sums.import_kwh[0] * money.energy_per_kwh).sum()) + PER_KW * float(month_peaks_kw.sum())
    other = sums.fuel_l.sum() * money.per_litre + sums.unserved_kwh.sum() * money.unserved_per_kwh
    return float(energy + other + sums.discharge_kwh.sum() * WEAR)


def rates(year: dict[str, np.ndarray]) -> Rates:
    energy = np.tile(np.unique(year["price"]), (12, 1))
    charge = PeakRate(np.ones(3, bool), np.full(12, PER_KW))
    return Rates(energy, np.zeros((12, 3)), (charge,), FUEL, LOST)
