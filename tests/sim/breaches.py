"""Whether a schedule keeps the limits of its programme, constraint by constraint."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from sim.optimum.model import Programme, Schedule


def breaches(p: Programme, d: Schedule) -> dict[str, float]:
    """Greatest breach of each kind of constraint by a schedule, kW or kWh; 0 or rounding where it is feasible."""
    start = d.stored_kwh[-1] if p.soc_start is None else p.soc_start * p.battery_kwh
    before = np.concatenate([[start], d.stored_kwh[:-1]])
    supply = d.import_kw + d.pv_kw + d.discharge_kw + d.genset_kw + d.shed_kw.sum(0) + d.deferred_kw
    use = p.load_kw + d.charge_kw + d.export_kw + d.caught_up_kw + d.dumped_kw
    stored = p.charge_efficiency * d.charge_kw - d.discharge_kw / p.discharge_efficiency
    found = {
        "balance": np.abs(supply - use).max(),
        "stored energy": np.abs(d.stored_kwh - before - p.step_h * stored).max(),
        "end level": abs(d.stored_kwh[-1] - start) * (p.end_worth_per_kwh is None),
        "import limit": (d.import_kw - p.import_limit_kw).max(),
        "pv": (d.pv_kw - p.pv_kw).max(),
        "export limit": (d.export_kw - p.export_room_kw).max(),
        "genset": (d.genset_kw - p.genset_kw).max(),
        "charge": (d.charge_kw - p.battery_kw).max(),
        "discharge": (d.discharge_kw - p.battery_kw).max(),
        "charge and discharge at once": np.minimum(d.charge_kw, d.discharge_kw).max(),
        "soc_max": (d.stored_kwh - p.soc_max * p.battery_kwh).max(),
        "soc_min": (p.soc_min * p.battery_kwh - d.stored_kwh).max(),
        "sign": max(-getattr(d, field.name).min(initial=0.0) for field in fields(d)),
    }
    for number, (tier, kw) in enumerate(zip(p.shed, d.shed_kw, strict=True)):
        found[f"shed tier {number}"] = (kw - tier.limit_kw).max()
    if p.one_meter:
        found["import and export at once"] = np.minimum(d.import_kw, d.export_kw).max()
    return {name: max(float(value), 0.0) for name, value in found.items()}
