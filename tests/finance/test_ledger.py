"""Cost lines and key figures against a case worked by hand."""

import numpy as np
import pytest

from finance.ledger import from_inputs
from finance.lines import LINES
from sim.inputs.scenario import scenario_from_dict
from study.evaluate import evaluate
from study.presets import presets

FLAT = [{"start_hour": 0, "end_hour": 24, "period": "flat"}]
SEASON = {"name": "all", "months": list(range(1, 13)), "prices_per_kwh": {"flat": 0.5}, "weekday": FLAT}
SEASON |= {"saturday": FLAT, "sunday_holiday": FLAT}
TARIFF = {
    "name_en": "flat",
    "currency": "CNY",
    "seasons": [SEASON],
    "fixed_per_month": 100,
    "vat_rate": 0.13,
    "demand_charges": [{"name": "demand", "per_kw_month": 40}],
}


@pytest.fixture(scope="module")
def small():
    """1 MW flat for January and February 2026 (1416 h); two rented 1 MW sets; a rented 1 MWh battery without duty."""
    return evaluate(
        scenario_from_dict(
            {
                "site": {"start": "2026-01", "term_months": 2},
                "load": {"kind": "flat", "peak_kw": 1000},
                "grid": {"import_limit_kw": 2000, "transformer_kva": 2000},
                "tariff": TARIFF,
                "storage": {
                    "energy_kwh": 1000,
                    "power_kw": 500,
                    "soc_start_fraction": 0.2,
                    "auxiliary_by_temperature": False,
                },
                "dispatch": {"arbitrage": "off"},
                "genset": {"set_kw": 1000, "sets": 2, "backup_sets": 2, "last_resort_sets": 1},
                "finance": {
                    "baseline": "diesel",
                    "storage_ownership": "rent",
                    "genset_rent_per_set_month": 100_000,
                    "diesel_per_l": 7.5,
                    "delivery_per_l": 0.3,
                    "crew_per_month": 60_000,
                    "standby_crew_per_month": 10_000,
                    "genset_om_per_kwh": 0.08,
                    "genset_mobilisation_per_set": 30_000,
                    "grid_works_per_kva": 600,
                    "grid_line_per_km": 1_500_000,
                    "grid_line_km": 1,
                    "ems_cost": 600_000,
                    "storage_rent_per_kwh_month": 55,
                    "discount_rate": 0.08,
                    "carbon_price_per_t": 50,
                },
            }
        )
    )


def line(study, name, alternative):
    return study.ledger.lines[name][study.dispatch.row(alternative)]


def test_diesel_plan_by_hand(small):
    """One 1000 kW set at full load burns 254.93 L/h, as the median maker's 700 kW engine 178.45: 1416 h = 360,979 L."""
    litres = 178.45 / 0.7 * 1416
    assert small.kpis["diesel"].diesel_l == pytest.approx(litres)
    assert line(small, "fuel", "diesel").sum() == pytest.approx(-litres * 7.5)
    assert line(small, "fuel_delivery", "diesel").sum() == pytest.approx(-litres * 0.3)
    assert line(small, "genset_rent", "diesel").tolist() == [0, -200_000, -200_000]
    assert line(small, "genset_mobilisation", "diesel").tolist() == [-60_000, 0, 0]
    assert line(small, "crew", "diesel").tolist() == [0, -60_000, -60_000]
    assert line(small, "genset_om", "diesel").sum() == pytest.approx(-1_416_000 * 0.08)
    assert line(small, "carbon", "diesel").sum() == pytest.approx(-litres * 2.706 / 1000 * 50)
    expected = litres * 7.8 + 400_000 + 60_000 + 120_000 + 1_416_000 * 0.08 + litres * 2.706 / 1000 * 50
    assert small.kpis["diesel"].total_cost == pytest.approx(expected)


def test_grid_plan_by_hand(small):
    assert line(small, "grid_energy", "grid").tolist() == pytest.approx([0, -744_000 * 0.5, -672_000 * 0.5])
    assert line(small, "grid_demand", "grid").tolist() == [0, -40_000, -40_000]
    assert line(small, "grid_fixed", "grid").tolist() == [0, -100, -100]
    assert line(small, "grid_works", "grid")[0] == -(2000 * 600 + 1_500_000)
    assert line(small, "genset_rent", "grid").sum() == 0
    assert small.kpis["grid"].co2_t == pytest.approx(1_416_000 * 0.55 / 1000)


def test_hybrid_pays_for_its_battery_auxiliaries_and_standby(small):
    assert line(small, "storage_rent", "hybrid").tolist() == [0, -55_000, -55_000]
    assert line(small, "ems", "hybrid").tolist() == [-600_000, 0, 0]
    assert line(small, "crew", "hybrid").tolist() == [0, -10_000, -10_000]
    assert line(small, "grid_energy", "hybrid")[1] == pytest.approx(-(744_000 + 744) * 0.5)
    assert small.kpis["hybrid"].energy_served_kwh == pytest.approx(1_416_000)


def test_lines_sum_to_the_total_and_the_bill_to_its_lines(small):
    assert list(small.ledger.lines) == list(LINES)
    totals = sum(small.ledger.line_totals().values())
    for row, figures in enumerate(small.kpis.values()):
        assert figures.total_cost == pytest.approx(-totals[row])
    grid_lines = sum(small.ledger.lines[name] for name in ("grid_energy", "grid_demand", "grid_fixed", "export_credit"))
    assert -grid_lines[:, 1:] == pytest.approx(small.bill.total)
    assert (small.bill.total[small.dispatch.row("diesel")] == 0).all()


def test_monthly_npv_by_hand(small):
    """Month m is discounted by 1.08^(m/12); NPV is of the difference to the baseline, diesel."""
    difference = small.ledger.total[small.dispatch.row("grid")] - small.ledger.total[small.dispatch.row("diesel")]
    by_hand = difference[0] + difference[1] / 1.08 ** (1 / 12) + difference[2] / 1.08 ** (2 / 12)
    assert small.kpis["grid"].npv.value == pytest.approx(by_hand)
    assert small.kpis["diesel"].npv.value is None
    assert "baseline" in small.kpis["diesel"].npv.text


SERVICES = ("pv_om", "storage_om", "storage_power_om", "crew")


def test_vat_switch_divides_everything_once(small):
    excl = evaluate(small.scenario.with_({"finance.vat_basis": "excl"}), small.dispatch)
    for name in LINES:
        if name not in ("carbon", "unserved", "interruptions"):
            rate = 0.06 if name in SERVICES else 0.13
            assert excl.ledger.lines[name] == pytest.approx(small.ledger.lines[name] / (1 + rate)), name


def works(scenario) -> float:
    return from_inputs(scenario, "grid_works_cost")


def test_works_that_come_after_the_term_are_not_paid_for():
    """12.5 MVA for 12 MW: nothing is built for a connection of month 24 in two years, all of it for one of month 23; of
    a first stage of 3 MW with the rest in month 25 a quarter, and the whole cable."""
    base = presets()["blank"].scenario.with_({"site.term_months": 24, "grid.import_limit_kw": 12_000})
    full = 12_500 * 600 + 1_500_000
    assert works(base.with_({"grid.ready_month": 24})) == 0
    assert works(base.with_({"grid.ready_month": 23})) == pytest.approx(full)
    staged = {"grid.import_limit_kw": 3000, "grid.stages": [{"month": 25, "import_limit_kw": 12_000}]}
    assert works(base.with_(staged)) == pytest.approx(12_500 * 600 / 4 + 1_500_000)
    assert works(base.with_(staged | {"site.term_months": 25})) == pytest.approx(full)


def test_existing_grid_needs_no_works_and_half_of_it_half():
    base = presets()["blank"].scenario
    full = works(base)
    assert full == pytest.approx(12_500 * 600 + 1_500_000)
    assert works(base.with_({"grid.existing_kw": 12_500})) == 0
    assert works(base.with_({"grid.existing_kw": 6_250})) == pytest.approx(12_500 * 0.5 * 600 + 1_500_000)
    assert works(base.with_({"finance.grid_works_share": 0.25})) == pytest.approx(full / 4)


def test_owned_battery_is_bought_kept_replaced_and_resold():
    own = {"site.term_months": 240, "storage.seamless_transfer": False}
    base = presets()["blank"].scenario.with_(own)
    study = evaluate(base)
    assert study.dispatch.life.replaced_in == (16,)
    price = 20_000 * 1100
    assert line(study, "storage_capex", "hybrid")[0] == -price
    # New cells of year 16 have 10 of 15 years left after year 20; of the first purchase nothing is.
    assert line(study, "storage_residual", "hybrid")[-1] == pytest.approx(price * 0.42 * 0.95**15 * 10 / 15)
    replaced = line(study, "storage_replacement", "hybrid")
    assert np.flatnonzero(replaced).tolist() == [12 * 15 + 1]
    assert replaced.sum() == pytest.approx(-price * 0.42 * 0.95**15)
    assert line(study, "storage_om", "hybrid")[1] == pytest.approx(-price * 0.019 / 12)
    assert line(study, "storage_om", "hybrid")[13] == pytest.approx(-price * 0.019 / 12 * 1.02)


def test_power_beyond_the_hours_of_the_price_and_a_seamless_transfer_are_paid_for():
    """10 MW on 100 kWh: 100 x 1100 are for 50 kW; the other 9,950 kW cost 160 each, and 1.9 % of that a year. A static
    switch and grid-forming converters add 18 % to the price per kWh, not to new cells."""
    own = {"storage.seamless_transfer": False, "finance.prices_include_vat": True}
    base = presets()["blank"].scenario.with_(own)
    at_two_hours = evaluate(base)
    assert not line(at_two_hours, "storage_power", "hybrid").any()
    assert line(at_two_hours, "storage_capex", "hybrid")[0] == -20_000 * 1100
    small = evaluate(base.with_({"storage.energy_kwh": 100.0}))
    assert line(small, "storage_capex", "hybrid")[0] == -100 * 1100
    assert line(small, "storage_power", "hybrid")[0] == pytest.approx(-9_950 * 160)
    assert line(small, "storage_power_om", "hybrid")[1] == pytest.approx(-9_950 * 160 * 0.019 / 12)
    longer = from_inputs(base.with_({"storage.energy_kwh": 100.0, "finance.storage_price_hours": 0.01}), "kw_beyond")
    assert longer == 0
    seamless = evaluate(base.with_({"storage.seamless_transfer": True, "storage.end_of_life_fraction": 0.8}))
    assert line(seamless, "storage_capex", "hybrid")[0] == pytest.approx(-20_000 * 1100 * 1.18)
    year = seamless.dispatch.life.replaced_in[0]
    new_cells = 20_000 * 1100 * 0.42 * 0.95 ** (year - 1)
    assert line(seamless, "storage_replacement", "hybrid").sum() == pytest.approx(-new_cells)


def test_added_cells_cost_their_share_in_the_year_they_come():
    """Filled up to nameplate at the start of years 6 and 11: the share added, at the price less 5 % a year."""
    renewal = {"storage.renewal": "augment", "storage.augment_by": "periodic", "storage.augment_every_years": 5}
    study = evaluate(presets()["blank"].scenario.with_(renewal))
    life, price = study.dispatch.life, 20_000 * 1100 * 0.42
    assert life.added_in == (6, 11) and life.replaced_in == ()
    paid = line(study, "storage_replacement", "hybrid")
    assert np.flatnonzero(paid).tolist() == [61, 121]
    assert paid[61] == pytest.approx(-price * life.added[5] * 0.95**5)
    assert life.added[5] == pytest.approx(1 - life.at_end[4])
    assert life.health[5] > life.health[4] + 0.08


def test_a_restart_costs_lost_work_and_hardware_but_not_the_hours_off():
    """1000 GPUs x 12 x (2 h restart + half of a 1 h checkpoint interval) + 0.2 % of them x 21,300 + 5,000 =
    77,600 in year 1, beside the load not served; in year 2 all but the penalty is worth a tenth less:
    72,600 x 0.9 + 5,000 = 70,340."""
    case = presets()["blank"].scenario.with_(
        {
            "site.term_months": 24,
            "load.size_by": "gpus",
            "load.gpu_count": 1000,
            "grid.outages": [{"month": 7, "day": 3, "hour": 5, "duration_h": 2}],
            "storage.seamless_transfer": False,
            "finance.interruption_penalty": 5000,
        }
    )
    apart = evaluate(case)
    assert apart.kpis["grid"].interruptions == 2 and apart.kpis["diesel"].interruptions == 0
    assert apart.kpis["hybrid"].interruption_value == pytest.approx(77_600 + 70_340)
    assert apart.kpis["hybrid"].unserved_value == 0
    counted = evaluate(case.with_({"finance.count_interruptions": True}), apart.dispatch)
    for name, cost in (("grid", 147_940), ("grid_diesel", 147_940), ("hybrid", 147_940), ("diesel", 0)):
        more = counted.kpis[name].total_cost - apart.kpis[name].total_cost
        assert more == pytest.approx(cost, abs=1e-3)
    assert line(counted, "interruptions", "hybrid")[[2, 14]] == pytest.approx([-77_600, -70_340])
    assert not line(counted, "unserved", "hybrid").any() and not line(apart, "interruptions", "hybrid").any()
    seamless = evaluate(case.with_({"storage.seamless_transfer": True}))
    assert seamless.kpis["hybrid"].interruptions == 0


def test_lost_compute_follows_the_price_path_of_compute():
    """An hour lost in the third year is worth 0.9 x 0.9 of today's, a shock on top; what is paid is not moved."""
    outage = {"grid.outages": [{"month": 7, "day": 3, "hour": 5, "duration_h": 2}], "site.term_months": 36}
    shock = [{"component": "compute", "first_year": 3, "last_year": 3, "factor": 2.0}]
    study = evaluate(presets()["blank"].scenario.with_(outage))
    lost = line(study, "unserved", "grid")
    months = np.flatnonzero(lost)
    assert len(months) == 3
    kwh = study.dispatch.monthly["unserved_kwh"][1, months - 1]
    assert lost[months] == pytest.approx(-8.57 * kwh * [1.0, 0.9, 0.81])
    shocked = evaluate(study.scenario.with_({"finance.price_shocks": shock}), study.dispatch)
    assert line(shocked, "unserved", "grid")[months] == pytest.approx(-8.57 * kwh * [1.0, 0.9, 1.62])
    assert (line(shocked, "grid_energy", "grid") == line(study, "grid_energy", "grid")).all()
    assert study.kpis["grid"].unserved_value == pytest.approx(-lost.sum())


def test_pollutants_by_hand(small):
    """9 g NOx and 0.2 g soot a kWh; 10 ppm of sulphur in 0.84 kg/L, each gram of it two of SO2."""
    own = small.kpis["diesel"]
    assert own.nox_t == pytest.approx(own.diesel_kwh * 9e-6)
    assert own.pm_t == pytest.approx(own.diesel_kwh * 0.2e-6)
    assert own.so2_t == pytest.approx(own.diesel_l * 0.84 * 10e-6 * 64.07 / 32.07 / 1000)
    assert small.kpis["grid"].nox_t == 0


def test_escalation_steps_once_a_year():
    study = evaluate(presets()["blank"].scenario.with_({"finance.energy_escalation": 0.03}))
    grid = line(study, "grid_energy", "grid")
    assert grid[13] / grid[1] == pytest.approx(1.03)
    assert grid[25] / grid[1] == pytest.approx(1.03**2)


def test_lost_compute_is_shown_apart_and_counted_only_when_asked():
    case = presets()["case_d"].scenario
    counted, apart = evaluate(case), evaluate(case.with_({"finance.count_unserved": False}))
    lost = counted.dispatch.by_year("unserved_kwh")[1] @ (20 * 0.9 ** np.arange(10))  # 10 % less a year
    assert counted.kpis["grid"].unserved_value == pytest.approx(lost)
    assert apart.kpis["grid"].unserved_value == pytest.approx(lost)
    assert counted.kpis["grid"].total_cost - apart.kpis["grid"].total_cost == pytest.approx(lost)


def test_a_site_without_load_has_no_cost_of_a_kwh():
    """Its battery's auxiliaries are no load: what is left of their sum is rounding, which gave 10^15 a kWh."""
    empty = {"load.kind": "flat", "load.size_by": "peak", "load.peak_kw": 0.0}
    study = evaluate(presets()["blank"].scenario.with_(empty))
    for figures in study.kpis.values():
        assert figures.energy_served_kwh == 0
        assert figures.cost_per_kwh.reason == figures.lcoe_per_kwh.reason == "no_energy"


def test_each_month_is_discounted_by_itself():
    study = evaluate(presets()["case_b"].scenario)
    row, base = study.dispatch.row("hybrid"), study.dispatch.row("grid")
    difference = study.ledger.total[row] - study.ledger.total[base]
    by_hand = sum(flow / 1.08 ** (month / 12) for month, flow in enumerate(difference))
    assert study.kpis["hybrid"].npv.value == pytest.approx(by_hand)
