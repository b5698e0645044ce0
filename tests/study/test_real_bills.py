"""Real bills: the table that is read, the comparison, what it says, and the load that fits."""

from __future__ import annotations

import numpy as np
import pytest

from sim.inputs.base import InputError
from sim.inputs.bills import RealBill
from sim.inputs.scenario import Scenario
from sim.inputs.tariff import library_tariff
from sim.problem import Refusal
from sim.tariff.bills_file import plain_name, read_bills_file
from study.real_bills import MONEY, compare, fitting_peak_kw, verdict
from study.site_year import full_year, under

FIELDS = {
    "month": "month",
    "月份": "month",
    "kwh": "kwh",
    "kwhpeak": "period:peak",
    "maximumdemand": "max_demand_kw",
    "energycharge": "energy",
    "电度电费": "energy",
    "total": "total",
}
FLAT = Scenario().with_({"load.kind": "flat", "load.peak_kw": 1000.0})
TARIFF = library_tariff("my_tnb_mv_general")
YEAR = under(full_year(FLAT), TARIFF)
JUNE = 720_000.0  # kWh of 1 MW in 30 days


def bills(**changed) -> list[RealBill]:
    """Twelve bills just as modelled, with some fields times a factor, or left out (None)."""
    row, made = YEAR.dispatch.row("grid"), []
    for at, month in enumerate(YEAR.dispatch.clock.calendar_months()):
        fields = {
            "kwh": YEAR.monthly_kwh("grid")[at],
            "max_demand_kw": 1000.0,
            "energy": YEAR.bill.energy_charge[row, at],
            "demand": sum(values[row, at] for values in YEAR.bill.demand_charges.values()),
            "total": YEAR.bill.total[row, at],
        }
        for name, factor in changed.items():
            fields[name] = None if factor is None else fields[name] * factor
        made.append(RealBill(month=f"2025-{month:02d}", **fields))
    return made


def test_a_bill_beside_the_model_by_hand() -> None:
    price = TARIFF.seasons[0].prices_per_kwh["flat"] + TARIFF.energy_adders_per_kwh
    per_kw = sum(charge.per_kw_month for charge in TARIFF.demand_charges)
    found = compare([RealBill(month="2025-06", kwh=700_000, energy=200_000, demand=100_000)], YEAR)
    assert found.months == ("2025-06",)
    assert found.lines["kwh"].difference() == pytest.approx(JUNE - 700_000)
    assert found.lines["energy"].difference() == pytest.approx(JUNE * price - 200_000)
    assert found.lines["demand"].difference() == pytest.approx(1000 * per_kw - 100_000)
    assert found.lines["kwh"].relative() == pytest.approx(20 / 700)
    assert not found.lines["total"].is_compared


def test_what_a_bill_does_not_say_is_in_no_sum() -> None:
    some = bills(energy=1.1)
    some[3] = some[3].model_copy(update={"energy": None})
    line = compare(some, YEAR).lines["energy"]
    assert np.isnan(line.real).sum() == 1
    assert line.both.sum() == 11
    assert line.relative() == pytest.approx(1 / 1.1 - 1)
    silent = compare([RealBill(month="2025-01")], YEAR)
    assert verdict(silent) is None
    assert all(not line.is_compared for line in silent.lines.values())


def test_components_and_the_rest_make_up_the_difference() -> None:
    found = compare(bills(energy=0.9, demand=1.2, total=0.97), YEAR)
    parts = sum(found.lines[name].difference() for name in MONEY) + found.unexplained()
    assert parts == pytest.approx(found.lines["total"].difference(), rel=1e-12)


@pytest.mark.parametrize(
    ("changed", "part", "cause"),
    [
        ({"kwh": 1.2, "energy": 1.2, "total": 1.15}, "energy", "load"),
        ({"energy": 1.2, "total": 1.15}, "energy", "price"),
        ({"max_demand_kw": 1.5, "demand": 1.5, "total": 1.1}, "demand", "peak"),
        ({"demand": 1.5, "total": 1.1}, "demand", "basis"),
        ({"total": 1.3}, "not_split", "not_split"),
        ({"total": None, "energy": 0.8}, "energy", "price"),
        ({"total": None, "energy": None, "demand": None, "kwh": 0.8}, "kwh", "load"),
    ],
)
def test_the_verdict_names_the_part_and_its_cause(changed, part, cause) -> None:
    found = verdict(compare(bills(**changed), YEAR))
    assert (found.part, found.cause) == (part, cause)
    assert found.share > 0


def test_parts_that_outweigh_each_other_are_both_named() -> None:
    """Energy is modelled 20 % too low and demand far too high: in sum the bill is a little low."""
    row = YEAR.dispatch.row("grid")
    energy = float(YEAR.bill.energy_charge[row].sum())
    demand = float(sum(values[row].sum() for values in YEAR.bill.demand_charges.values()))
    total = float(YEAR.bill.total[row].sum())
    factor = (total + 0.25 * energy - 0.5 * demand) / total
    found = verdict(compare(bills(energy=1.25, demand=0.5, total=factor), YEAR))
    low = factor > 1
    assert (found.part, found.against) == (("energy", "demand") if low else ("demand", "energy"))
    assert found.share > 1


def test_bills_as_modelled_fit() -> None:
    found = verdict(compare(bills(), YEAR))
    assert found.relative == pytest.approx(0, abs=1e-12)
    assert found.cause is None


def test_periods_are_compared_by_name() -> None:
    tariff = library_tariff("my_tnb_mv_tou")
    year = under(full_year(FLAT), tariff)
    found = compare([RealBill(month="2025-06", kwh_by_period={"peak": 100.0, "night": 5.0})], year)
    assert found.kwh_by_period["peak"].difference() > 0
    assert not found.kwh_by_period["night"].is_compared
    assert found.lines["kwh"].real[0] == 105


def test_the_fitting_peak_gives_the_billed_energy() -> None:
    scenario = Scenario().with_({"tariff": {"library_id": "cn_shanghai_35kv"}})
    year = under(full_year(scenario), scenario.tariff)
    found = compare([RealBill(month=f"2025-{m:02d}", kwh=4e6) for m in range(1, 13)], year)
    fitting = scenario.with_({"load.peak_kw": fitting_peak_kw(scenario, found)})
    assert under(full_year(fitting), scenario.tariff).import_kwh("grid") == pytest.approx(48e6, rel=1e-9)
    by_gpus = scenario.with_({"load.size_by": "gpus"})
    assert fitting_peak_kw(by_gpus, found) is None


def test_bills_travel_with_the_file_and_change_no_result() -> None:
    with_bills = FLAT.with_({"bills": [bill.model_dump() for bill in bills()]})
    assert with_bills.dispatch_key == FLAT.dispatch_key
    assert with_bills.fingerprint != FLAT.fingerprint
    assert Scenario.model_validate_json(with_bills.to_json()) == with_bills
    with pytest.raises(InputError, match="two bills of 2025-06"):
        FLAT.with_({"bills": [{"month": "2025-06"}, {"month": "2025-06"}]})


def test_a_table_is_read_with_empty_cells_and_sums_left_out() -> None:
    text = (
        "My site;;;\nMonth;kWh;Energy charge (MYR);kWh, peak;Note\n"
        "2025-06;720.000,5;;300.000;a\n2025/7;;1.234,50;;b\nTotal;9;9;9;\n"
    )
    assert read_bills_file(text.encode(), "b.csv", FIELDS).rows == [
        {"month": "2025-06", "kwh": 720_000.5, "kwh_by_period": {"peak": 300_000.0}},
        {"month": "2025-07", "energy": 1234.5},
    ]


@pytest.mark.parametrize(
    ("row", "kwh", "total"),
    [
        ("month,kwh,total\n01/01/2025 - 01/31/2025,100 MWh,5\n02/01/2025 - 02/28/2025,9,9", 100_000, 5),
        ("month,kwh (万千瓦·时),total (万元)\n2025-01,12.5,0.5", 125_000, 5000),
        ("month;kwh (MWh);total\n2025-01;1 250,5;-12 345,67 kr", 1_250_500, -12345.67),
    ],
)
def test_units_of_headings_and_cells_count(row, kwh, total):
    fields = {"month": "month", "kwh": "kwh", "total": "total"}
    found = read_bills_file(row.encode(), "b.csv", fields).rows[0]
    assert (found["month"], found["kwh"], found["total"]) == ("2025-01", kwh, total)


def test_a_chinese_table_is_read() -> None:
    text = "月份,电度电费(元)\n2025年6月,1000\n202507,-5\n"
    assert read_bills_file(text.encode("gb18030"), "b.csv", FIELDS).rows == [
        {"month": "2025-06", "energy": 1000.0},
        {"month": "2025-07", "energy": -5.0},
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\n1,2\n", "no column is headed as the month"),
        ("Month,kWh\n", "no bills below"),
        ("Month,kWh\nJune,5\n", "row 2: 'June' is not a month"),
        ("Month,kWh\n2025-06,5\n2025-07,about 7\n", "row 3, column kWh: 'about 7' is not a number"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        read_bills_file(text.encode(), "b.csv", FIELDS)


@pytest.mark.parametrize(("heading", "name"), [("Energy charge (CNY)", "energycharge"), ("电度电费（元）", "电度电费")])
def test_headings_are_compared_plain(heading: str, name: str) -> None:
    assert plain_name(heading) == name
