"""The battery's cabinets in words: how many, how many can be counted on, and where heat or cold holds the power."""

from __future__ import annotations

from report.text import say
from sim.inputs.storage import Storage
from sim.plant.ageing import availability
from sim.plant.battery import available_share
from ui import state
from ui.state import t


def text() -> str:
    """Number and size, and what failures and temperature leave of them."""
    storage, words = state.current().storage, state.words()
    n = storage.cabinets
    power_kw = storage.cabinet_kw or storage.power_kw / n
    sizes = {"energy": say.energy(storage.energy_kwh / n, words), "power": say.power(power_kw, words)}
    sentences = [t("inputs.equipment.cabinets", n=words.number(n, decimals=0), **sizes)]
    share = available_share(storage)
    if share < 1:
        spare = words.number(min(storage.spare_cabinets, n - 1), decimals=0)
        values = {"share": words.percent(share), "works": words.percent(_works(storage)), "spare": spare}
        sentences.append(t("inputs.equipment.cabinets_share", **values))
    return say.joined([*sentences, *_held()], state.words())


def starts() -> dict[str, float]:
    """What an empty field begins with."""
    storage = state.current().storage
    return {
        "storage.cabinet_kwh": round(storage.energy_kwh / storage.cabinets),
        "storage.cabinet_kw": round(storage.power_kw / storage.cabinets),
        "storage.cabinet_mtbf_h": 8760.0,
    }


def _works(storage: Storage) -> float:
    return 1.0 if storage.cabinet_mtbf_h is None else availability(storage.cabinet_mtbf_h, storage.cabinet_repair_h)


def _held() -> list[str]:
    series, words = state.study().dispatch.series, state.words()
    least = [float(share.min()) for share in (series.charge_power_share, series.discharge_power_share)]
    if min(least) >= 1:
        return []
    charge, discharge = (words.percent(share) for share in least)
    return [t("inputs.equipment.power_held", charge=charge, discharge=discharge)]
