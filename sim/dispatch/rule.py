"""The dispatch rule as it is compiled: who carries the load in every step, for many lanes at once.

The ladder of the rule: PV, grid, battery, and the diesel sets last.

Conventions: powers are means over the step (kW), energies are kWh, the battery's energy is inside the battery and
stands at the end of its step, efficiencies are one-way, imports and exports are both positive. In every step
    grid_load + grid_charge + pv_load + pv_charge + export + curtailed + discharge + genset + unserved
      = load + charge + export + curtailed + dumped,   charge = pv_charge + grid_charge + genset_charge.

`_supply`, `_run_sets` and `_charge` are the only statement of the rule. `_run_blocks` runs it over blocks of `WIDTH`
lanes side by side (one SIMD lane each) and keeps sums; `_run_trace` runs it over one lane and keeps every step. Neither
reassociates or fuses operations, so both give the same bits, whatever lanes share a block and whichever thread runs
it. Every constant of the compiled code stands in this file: compiled code on disk is taken for as old as its file.
"""

import numpy as np

from sim.compiled import Kernel, inlined

NO_LIMIT_KW = 1e30  # for "no threshold" and "no limit": finite, and beyond any load
WIDTH = 16  # lanes side by side: two AVX-512 registers or four AVX2 registers for a row of the work array
EPS_SETS = 1e-9  # float noise in the deficit, as a share of one set, that commits no further set
UNSERVED_FRACTION = 1e-6  # share of the load up to which an unserved remainder is float noise, not an unserved hour

N_SCALARS, N_MONTHLY, N_SUMS = 20, 6, 18  # of a lane, as `sim.dispatch.batch` names them in the same order

# Rows of the flat work array, each WIDTH wide. Offsets are compile-time constants, so the compiler sees that rows do
# not overlap. First the caller's scalars in the order of SCALAR_FIELDS (energy_start becomes the running energy, two
# fuel slopes become bends), then the month's values, the derived ones, what one part of the step hands to the next,
# the state, the meters and the sums.
(
    PV_KWP,
    BATTERY,
    CHARGE_SET,
    DISCHARGE_SET,
    ENERGY_MAX,
    ENERGY_MIN,
    RESERVE,
    ENERGY,
    ETA_CHARGE,
    ETA_DISCHARGE,
    AUXILIARY,
    EXPORT_LIMIT,
    SET_KW,
    SET_MIN,
    SET_MAX,
    GENSET_FIRST,
    FUEL_BASE,
    FUEL_SLOPE,
    FUEL_BEND_50,
    FUEL_BEND_75,
) = range(N_SCALARS)
LOAD_SCALE, IMPORT_LIMIT, SHAVE, SETS, PV_SHARE, BATTERY_SHARE = range(N_SCALARS, N_SCALARS + N_MONTHLY)
(
    SET_MIN_KW,
    SETS_PER_KW,
    PLANNED_SETS_PER_KW,
    KW_PER_ROOM,
    ROOM_PER_KW,
    KW_PER_STORED,
    STORED_PER_KW,
    SPAN,
    RESERVE_UP,
    EXPORT_UP,
    DISCHARGE_UP,
    GENSET_CAP,
    GENSET_CAP_UP,
    NEED,
    SURPLUS,
    THRESHOLD,
    DISCHARGE,
    GRID_LOAD,
    DEFICIT,
    GENSET_CHARGE,
    SETS_ON,
    WINDOW,
    HELD,
    IMPORT_SUM,
    EXPORT_SUM,
    PEAK,
    SUMS,
) = range(N_SCALARS + N_MONTHLY, N_SCALARS + N_MONTHLY + 27)
N_ROWS = SUMS + N_SUMS
N_METERED = 3  # IMPORT_SUM, EXPORT_SUM and PEAK of the class being metered; other classes wait in a second array

# Rows of the sums, in the order of SUM_FIELDS, counted from SUMS.
(
    LOAD,
    PV_LOAD,
    PV_TO_BATTERY,
    CURTAILED,
    GRID_TO_LOAD,
    GRID_TO_BATTERY,
    GENSET_TO_BATTERY,
    DISCHARGED,
    GENSET,
    DUMPED,
    UNSERVED,
    FUEL,
    SET_HOURS,
    GENSET_HOURS,
    UNSERVED_HOURS,
    STARTS,
    IMPORT_WORTH,
    EXPORT_WORTH,
) = range(N_SUMS)
ENERGY_LEFT, IMPORTED, EXPORTED = range(SET_HOURS + 1, SET_HOURS + 4)  # rows of a traced step behind those of the sums
# Columns of a step: what all lanes share.
(
    STEP_LOAD,
    STEP_PV,
    STEP_GRID_UP,
    STEP_CHARGE_TO,
    STEP_CHARGE_SHARE,
    STEP_DISCHARGING,
    STEP_GIVE_TO,
    STEP_SUN_TO,
    STEP_EXPORT,
    STEP_ABOVE_SHAVE,
    STEP_KEEP_WINDOW,
    STEP_CHARGE_POWER,
    STEP_DISCHARGE_POWER,
    STEP_REFILLS,
    STEP_MARKET,
    STEP_EXPORT_MARKET,
) = range(16)
N_COLUMNS = 16


@inlined
def _supply(
    w, j, looks, load_kw, pv_kw_per_kwp, grid_up, discharging, give_to, above_shave_kw, peak_share, power_share
):
    """PV, battery and grid of one step of lane `j`: who carries the load, and the deficit that is left to the sets.

    `discharging` is the share of discharge_set_kw ordered with the grid up, else 0, and `give_to` the level down to
    which it is given; imports may exceed the lane's threshold by `above_shave_kw`, or come up to the peak that is
    billed already (`peak_share` of a demand window's sum); `power_share` is the share of battery_kw that may be given.
    Without `looks` neither level nor billed peak is asked (the level is all or nothing, and no charge holds).
    Choices are made by products with 0 and 1, minima and maxima, never by branches, so that the loop over lanes
    vectorises; `looks` is a constant where it is called.
    """
    load = load_kw * w[LOAD_SCALE * WIDTH + j] + w[AUXILIARY * WIDTH + j]
    avail = w[IMPORT_LIMIT * WIDTH + j] * grid_up
    pv = pv_kw_per_kwp * w[PV_KWP * WIDTH + j]
    pv_load = min(pv, load)
    need = load - pv_load
    threshold = w[SHAVE * WIDTH + j] + above_shave_kw
    if looks:
        threshold = max(threshold, max(w[HELD * WIDTH + j], w[PEAK * WIDTH + j] * peak_share))
    threshold = min(avail, threshold)  # 0 in an island

    energy = w[ENERGY * WIDTH + j]
    genset_first_kw = w[GENSET_CAP * WIDTH + j] - grid_up * w[GENSET_CAP_UP * WIDTH + j]  # 0 while the grid is up
    low = 1.0 if energy < w[GENSET_FIRST * WIDTH + j] else 0.0
    beyond = need - (threshold + low * genset_first_kw)
    ordered = min(need, discharging * w[DISCHARGE_UP * WIDTH + j])
    if looks:
        kept = w[RESERVE * WIDTH + j] + give_to * w[SPAN * WIDTH + j]
        ordered = min(ordered, max(energy - kept, 0.0) * w[KW_PER_STORED * WIDTH + j])
    wish = max(beyond, ordered)
    floor = max(grid_up * w[RESERVE_UP * WIDTH + j], w[ENERGY_MIN * WIDTH + j])
    stored_kw = max(energy - floor, 0.0) * w[KW_PER_STORED * WIDTH + j]
    discharge = min(min(wish, w[BATTERY * WIDTH + j] * power_share), stored_kw)
    rest = need - discharge
    grid_load = min(rest, avail)

    w[NEED * WIDTH + j] = need
    w[SURPLUS * WIDTH + j] = pv - pv_load
    w[THRESHOLD * WIDTH + j] = threshold
    w[DISCHARGE * WIDTH + j] = discharge
    w[GRID_LOAD * WIDTH + j] = grid_load
    w[DEFICIT * WIDTH + j] = rest - grid_load
    w[(SUMS + LOAD) * WIDTH + j] += load
    w[(SUMS + PV_LOAD) * WIDTH + j] += pv_load
    w[(SUMS + GRID_TO_LOAD) * WIDTH + j] += grid_load


@inlined
def _looks(steps, t, peak_share):
    """Whether level or billed peak matter in a step."""
    return peak_share > 0.0 or 0.0 < steps[t, STEP_GIVE_TO] < 1.0


@inlined
def _supplied(steps, t, peak_share):
    """What `_supply` asks of a step."""
    orders = steps[t, STEP_DISCHARGING], steps[t, STEP_GIVE_TO], steps[t, STEP_ABOVE_SHAVE]
    return (
        steps[t, STEP_LOAD],
        steps[t, STEP_PV],
        steps[t, STEP_GRID_UP],
        *orders,
        peak_share,
        steps[t, STEP_DISCHARGE_POWER],
    )


@inlined
def _charged(steps, t):
    """What `_charge` asks of a step."""
    levels = steps[t, STEP_CHARGE_TO], steps[t, STEP_SUN_TO], steps[t, STEP_CHARGE_SHARE]
    return steps[t, STEP_EXPORT], *levels, steps[t, STEP_KEEP_WINDOW], steps[t, STEP_CHARGE_POWER]


@inlined
def _run_sets(w, j, load_kw, power_share):
    """The diesel sets of one step of lane `j`: as few as the planned loading allows, at equal shares.

    What their minimum load gives beyond the deficit first spares the battery's discharge, then charges it, at most with
    `power_share` of its power; the rest is dumped.
    """
    deficit = w[DEFICIT * WIDTH + j]
    planned = max(deficit * w[PLANNED_SETS_PER_KW * WIDTH + j] - EPS_SETS, 0.0)
    sets = min(np.ceil(planned), w[SETS * WIDTH + j])
    genset = min(max(deficit, sets * w[SET_MIN_KW * WIDTH + j]), sets * w[SET_KW * WIDTH + j])
    unserved = max(deficit - genset, 0.0)
    load = load_kw * w[LOAD_SCALE * WIDTH + j] + w[AUXILIARY * WIDTH + j]

    discharge = w[DISCHARGE * WIDTH + j]
    excess = max(genset - deficit, 0.0)
    spared = min(excess, discharge)
    room_kw = (w[ENERGY_MAX * WIDTH + j] - w[ENERGY * WIDTH + j]) * w[KW_PER_ROOM * WIDTH + j]
    genset_charge = min(excess - spared, min(w[BATTERY * WIDTH + j] * power_share, room_kw))
    w[DISCHARGE * WIDTH + j] = discharge - spared
    w[GENSET_CHARGE * WIDTH + j] = genset_charge

    load_sum = genset * w[SETS_PER_KW * WIDTH + j]  # the running sets' load fractions, added up
    fuel_l_per_h = (
        sets * w[FUEL_BASE * WIDTH + j]
        + load_sum * w[FUEL_SLOPE * WIDTH + j]
        + max(load_sum - 0.5 * sets, 0.0) * w[FUEL_BEND_50 * WIDTH + j]
        + max(load_sum - 0.75 * sets, 0.0) * w[FUEL_BEND_75 * WIDTH + j]
    )
    w[(SUMS + GENSET_TO_BATTERY) * WIDTH + j] += genset_charge
    w[(SUMS + GENSET) * WIDTH + j] += genset
    w[(SUMS + DUMPED) * WIDTH + j] += excess - spared - genset_charge
    w[(SUMS + UNSERVED) * WIDTH + j] += unserved
    w[(SUMS + FUEL) * WIDTH + j] += fuel_l_per_h
    w[(SUMS + SET_HOURS) * WIDTH + j] += sets
    w[(SUMS + GENSET_HOURS) * WIDTH + j] += min(sets, 1.0)
    w[(SUMS + UNSERVED_HOURS) * WIDTH + j] += 1.0 if unserved > UNSERVED_FRACTION * load else 0.0
    w[(SUMS + STARTS) * WIDTH + j] += max(sets - w[SETS_ON * WIDTH + j], 0.0)
    w[SETS_ON * WIDTH + j] = sets


@inlined
def _charge(w, j, sorts, export_up, charge_to, sun_to, charge_share, keep_window, power_share):
    """Charging, export and the state at the end of one step of lane `j`: PV surplus first, then the grid.

    `charge_to` is the level up to which the grid charges, `charge_share` the share of charge_set_kw that may be used;
    PV surplus is stored, but with `sorts` only up to the level `sun_to` if the rest can be exported (`export_up`: share
    of the export limit in use); `keep_window` is 0.0 in the first step of a demand window and 1.0 after it,
    `power_share` the share of battery_kw that may go in. A PV surplus and an excess of the sets never meet, for a
    surplus means there is no deficit. The grid's headroom is measured from the need before discharge, which keeps
    charge and discharge apart whatever the rounding.
    """
    energy = w[ENERGY * WIDTH + j]
    energy_max = w[ENERGY_MAX * WIDTH + j]
    kw_per_room = w[KW_PER_ROOM * WIDTH + j]
    surplus = w[SURPLUS * WIDTH + j]
    limit = min(w[BATTERY * WIDTH + j] * power_share, (energy_max - energy) * kw_per_room)
    reserve, span = w[RESERVE * WIDTH + j], w[SPAN * WIDTH + j]
    export_kw = export_up * w[EXPORT_UP * WIDTH + j]
    pv_charge = min(surplus, limit)
    if sorts:  # a constant where it is called: no branch in the loop over lanes
        sun_kw = max(reserve + sun_to * span - energy, 0.0) * kw_per_room
        pv_charge = min(pv_charge, max(surplus - export_kw, sun_kw))
    target = reserve + charge_to * span
    room_kw = min(limit, (target - energy) * kw_per_room) - pv_charge
    headroom = w[THRESHOLD * WIDTH + j] - w[NEED * WIDTH + j]
    grid_charge = max(min(min(w[CHARGE_SET * WIDTH + j] * charge_share, room_kw), headroom), 0.0)
    spill = surplus - pv_charge
    export = min(spill, export_kw)

    discharge = w[DISCHARGE * WIDTH + j]
    charge = pv_charge + grid_charge + w[GENSET_CHARGE * WIDTH + j]
    stored = energy + charge * w[ROOM_PER_KW * WIDTH + j] - discharge * w[STORED_PER_KW * WIDTH + j]
    w[ENERGY * WIDTH + j] = min(max(stored, w[ENERGY_MIN * WIDTH + j]), energy_max)
    w[(SUMS + PV_TO_BATTERY) * WIDTH + j] += pv_charge
    w[(SUMS + CURTAILED) * WIDTH + j] += spill - export
    w[(SUMS + GRID_TO_BATTERY) * WIDTH + j] += grid_charge
    w[(SUMS + DISCHARGED) * WIDTH + j] += discharge

    # Imports are never negative, so the greatest partial sum of a demand window is its whole sum.
    imported = w[GRID_LOAD * WIDTH + j] + grid_charge
    window_sum = w[WINDOW * WIDTH + j] * keep_window + imported
    w[WINDOW * WIDTH + j] = window_sum
    w[IMPORT_SUM * WIDTH + j] += imported
    w[EXPORT_SUM * WIDTH + j] += export
    w[NEED * WIDTH + j], w[SURPLUS * WIDTH + j] = imported, export  # free until the next step; `_price` reads them
    w[PEAK * WIDTH + j] = max(w[PEAK * WIDTH + j], window_sum)


@inlined
def _price(w, j, market, export_market):
    """What one step's imports cost and its exports earn at the market's prices of the step, lane `j`."""
    w[(SUMS + IMPORT_WORTH) * WIDTH + j] += w[NEED * WIDTH + j] * market
    w[(SUMS + EXPORT_WORTH) * WIDTH + j] += w[SURPLUS * WIDTH + j] * export_market


@inlined
def _load_lane(w, j, scalars, lane, step_h):
    """Copy the scalars of `lane` into column `j`, derive what the steps want ready-made, clear the state."""
    for row in range(N_SCALARS):
        w[row * WIDTH + j] = scalars[row, lane]
    set_kw = scalars[SET_KW, lane]
    planned_kw = set_kw * scalars[SET_MAX, lane]
    w[SET_MIN_KW * WIDTH + j] = set_kw * scalars[SET_MIN, lane]
    w[SETS_PER_KW * WIDTH + j] = 1.0 / set_kw if set_kw > 0.0 else 0.0
    w[PLANNED_SETS_PER_KW * WIDTH + j] = 1.0 / planned_kw if planned_kw > 0.0 else 0.0
    w[ROOM_PER_KW * WIDTH + j] = scalars[ETA_CHARGE, lane] * step_h
    w[KW_PER_ROOM * WIDTH + j] = 1.0 / (scalars[ETA_CHARGE, lane] * step_h)
    w[STORED_PER_KW * WIDTH + j] = step_h / scalars[ETA_DISCHARGE, lane]
    w[KW_PER_STORED * WIDTH + j] = scalars[ETA_DISCHARGE, lane] / step_h
    w[FUEL_BEND_50 * WIDTH + j] = scalars[FUEL_BEND_50, lane] - scalars[FUEL_SLOPE, lane]
    w[FUEL_BEND_75 * WIDTH + j] = scalars[FUEL_BEND_75, lane] - scalars[FUEL_BEND_50, lane]
    w[GENSET_CHARGE * WIDTH + j] = 0.0
    w[SETS_ON * WIDTH + j] = 0.0
    w[WINDOW * WIDTH + j] = 0.0


@inlined
def _load_month(w, j, scalars, monthly, lane, month):
    """Copy the month's values of `lane` into column `j`; what needs the grid is 0 in a month without connection.

    Of PV and battery a share is there in each month. Cells that come bring their lowest charge with them, cells that
    go leave with theirs; the charge at the start is that of the whole battery.
    """
    for row in range(N_MONTHLY):
        w[(N_SCALARS + row) * WIDTH + j] = monthly[row, lane, month]
    share, low = w[BATTERY_SHARE * WIDTH + j], w[ENERGY_MIN * WIDTH + j]
    w[PV_KWP * WIDTH + j] = scalars[PV_KWP, lane] * w[PV_SHARE * WIDTH + j]
    for row in (BATTERY, CHARGE_SET, DISCHARGE_SET, ENERGY_MAX, ENERGY_MIN, RESERVE, AUXILIARY, GENSET_FIRST):
        w[row * WIDTH + j] = scalars[row, lane] * share
    energy = w[ENERGY * WIDTH + j] + (w[ENERGY_MIN * WIDTH + j] - low)
    energy = scalars[ENERGY, lane] * share if month == 0 else energy
    w[ENERGY * WIDTH + j] = min(max(energy, w[ENERGY_MIN * WIDTH + j]), w[ENERGY_MAX * WIDTH + j])
    w[SPAN * WIDTH + j] = w[ENERGY_MAX * WIDTH + j] - w[RESERVE * WIDTH + j]
    connected = 1.0 if w[IMPORT_LIMIT * WIDTH + j] > 0.0 else 0.0
    w[RESERVE_UP * WIDTH + j] = connected * w[RESERVE * WIDTH + j]
    w[EXPORT_UP * WIDTH + j] = connected * w[EXPORT_LIMIT * WIDTH + j]
    w[DISCHARGE_UP * WIDTH + j] = connected * w[DISCHARGE_SET * WIDTH + j]
    w[GENSET_CAP * WIDTH + j] = w[SETS * WIDTH + j] * w[SET_KW * WIDTH + j]
    w[GENSET_CAP_UP * WIDTH + j] = connected * w[GENSET_CAP * WIDTH + j]


@inlined
def _swap_class(w, c, row, rows, old, new):
    """Park `rows` meter rows from `row` on for class `old` in `c` and go on with those of `new`."""
    for i in range((row - IMPORT_SUM) * WIDTH, (row - IMPORT_SUM + rows) * WIDTH):
        c[old * N_METERED * WIDTH + i] = w[IMPORT_SUM * WIDTH + i]
        w[IMPORT_SUM * WIDTH + i] = c[new * N_METERED * WIDTH + i]


@inlined
def _meter_demand(w, c, held, width, old, new, peak_share):
    """Go on with the demand meter of class `new`, and with the peak up to which its imports cost no more demand this
    month: the least over the charges that measure it of the greatest that each has billed so far. `held` (charges, K):
    which charges measure a class. Where none does, the peak is 0."""
    limit, alike = 0.0, True
    for charge in range(held.shape[0]):
        limit = NO_LIMIT_KW if held[charge, new] else limit
        alike = alike and held[charge, old] == held[charge, new]
    if alike:
        for j in range(width):
            w[HELD * WIDTH + j] = max(w[HELD * WIDTH + j], w[PEAK * WIDTH + j] * peak_share)
    _swap_class(w, c, PEAK, 1, old, new)
    if alike:
        return
    for j in range(width):
        w[HELD * WIDTH + j] = limit
    for charge in range(held.shape[0]):
        if held[charge, new]:
            for j in range(width):
                w[SURPLUS * WIDTH + j] = 0.0  # free between two steps
            for k in range(held.shape[1]):
                if held[charge, k]:
                    for j in range(width):
                        peak = c[(k * N_METERED + PEAK - IMPORT_SUM) * WIDTH + j] * peak_share
                        w[SURPLUS * WIDTH + j] = max(w[SURPLUS * WIDTH + j], peak)
            for j in range(width):
                w[HELD * WIDTH + j] = min(w[HELD * WIDTH + j], w[SURPLUS * WIDTH + j])


@inlined
def _run_month(steps, classes, held, peak_share, t, end, width, running, w, c):
    """The steps `t` ... `end - 1` of a block; returns whether sets run in its last step.

    `width` is always WIDTH: a trip count the compiler does not know keeps it from unrolling the loops over lanes,
    which would stop their vectorisation. Where no lane has a deficit and no set runs, the sets' part would add zeros
    and is left out.
    """
    energy_class, peak_class = classes[t, 0], classes[t, 1]
    while t < end:
        if classes[t, 0] != energy_class:
            _swap_class(w, c, IMPORT_SUM, 2, energy_class, classes[t, 0])
            energy_class = classes[t, 0]
        if classes[t, 1] != peak_class:
            _meter_demand(w, c, held, width, peak_class, classes[t, 1], peak_share)
            peak_class = classes[t, 1]
        supply, charge = _supplied(steps, t, peak_share), _charged(steps, t)
        if _looks(steps, t, peak_share):
            for j in range(width):
                _supply(w, j, True, *supply)
        else:
            for j in range(width):
                _supply(w, j, False, *supply)
        deficits = 0
        for j in range(width):
            deficits |= w[DEFICIT * WIDTH + j] > 0.0
        if deficits or running:
            for j in range(width):
                _run_sets(w, j, steps[t, STEP_LOAD], steps[t, STEP_CHARGE_POWER])
            running = deficits > 0
        if steps[t, STEP_SUN_TO] < 1.0:
            for j in range(width):
                _charge(w, j, True, *charge)
        else:
            for j in range(width):
                _charge(w, j, False, *charge)
        if steps[t, STEP_MARKET] != 0.0:
            for j in range(width):
                _price(w, j, steps[t, STEP_MARKET], steps[t, STEP_EXPORT_MARKET])
        t += 1
    _swap_class(w, c, IMPORT_SUM, 2, energy_class, energy_class)
    _swap_class(w, c, PEAK, 1, peak_class, peak_class)
    return running


@inlined
def _run_block(year, width, scalars, monthly, first, w, c, sums, metered, energy_end):
    """Lanes `first` ... `first + WIDTH - 1`; beyond the last lane the block repeats it and keeps only the real ones."""
    steps, classes, held, peak_share, month_ends, step_h = year
    last = scalars.shape[1] - 1
    kept = min(WIDTH, last + 1 - first)
    for j in range(WIDTH):
        _load_lane(w, j, scalars, min(first + j, last), step_h)
    t = 0
    running = False
    for month in range(month_ends.shape[0]):
        for j in range(WIDTH):
            _load_month(w, j, scalars, monthly, min(first + j, last), month)
        w[HELD * WIDTH :] = 0.0
        c[:] = 0.0
        running = _run_month(steps, classes, held[month], peak_share, t, month_ends[month], width, running, w, c)
        t = month_ends[month]
        for j in range(kept):
            for row in range(N_SUMS):
                sums[row, first + j, month] = w[(SUMS + row) * WIDTH + j] * (1.0 if row == STARTS else step_h)
            for row in range(N_METERED):
                for k in range(metered.shape[3]):
                    metered[row, first + j, month, k] = c[(k * N_METERED + row) * WIDTH + j]
    for j in range(kept):
        energy_end[first + j] = w[ENERGY * WIDTH + j]


@Kernel
def _run_blocks(year, width, scalars, monthly, start, stop, w, c, sums, metered, energy_end):
    """Blocks `start` ... `stop - 1`, one after the other, on the work arrays `w` and `c` of the calling thread."""
    for block in range(start, stop):
        _run_block(year, width, scalars, monthly, block * WIDTH, w, c, sums, metered, energy_end)


@inlined
def _run_step(steps, t, peak_share, running, w):
    """One step of the lane in column 0; whether sets run in it."""
    supply, charge = _supplied(steps, t, peak_share), _charged(steps, t)
    _supply(w, 0, True, *supply)  # to look where there is nothing to see changes no bit
    if w[DEFICIT * WIDTH] > 0.0 or running:
        _run_sets(w, 0, steps[t, STEP_LOAD], steps[t, STEP_CHARGE_POWER])
        running = w[DEFICIT * WIDTH] > 0.0
    if steps[t, STEP_SUN_TO] < 1.0:
        _charge(w, 0, True, *charge)
    else:
        _charge(w, 0, False, *charge)
    return running


@Kernel
def _run_trace(year, scalars, monthly, lane, w, c, out):
    """One lane in column 0; every step goes to `out` (row = STEP_FIELDS). Cleared sums hold one step's values; the
    demand meters run on through the month, by class, as in a batch."""
    steps, classes, held, peak_share, month_ends, step_h = year
    _load_lane(w, 0, scalars, lane, step_h)
    t = 0
    running = False
    for month in range(month_ends.shape[0]):
        _load_month(w, 0, scalars, monthly, lane, month)
        w[HELD * WIDTH :] = 0.0
        c[:] = 0.0
        peak_class = classes[t, 1]
        while t < month_ends[month]:
            if classes[t, 1] != peak_class:
                _meter_demand(w, c, held[month], 1, peak_class, classes[t, 1], peak_share)
                peak_class = classes[t, 1]
            for row in range(N_SUMS):
                w[(SUMS + row) * WIDTH] = 0.0
            w[IMPORT_SUM * WIDTH], w[EXPORT_SUM * WIDTH] = 0.0, 0.0
            running = _run_step(steps, t, peak_share, running, w)
            for row in range(FUEL):
                out[row, t] = w[(SUMS + row) * WIDTH]
            out[FUEL, t] = w[(SUMS + FUEL) * WIDTH] * step_h
            out[SET_HOURS, t] = w[(SUMS + SET_HOURS) * WIDTH]
            out[ENERGY_LEFT, t] = w[ENERGY * WIDTH]
            out[IMPORTED, t] = w[IMPORT_SUM * WIDTH]
            out[EXPORTED, t] = w[EXPORT_SUM * WIDTH]
            t += 1
