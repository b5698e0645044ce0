"""The CSV files: complete, exact, recomputable by hand, and adding up to the figures on screen."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from finance.figures import FIGURES
from finance.lines import LINES, PRICED
from report import files
from report.archive import data_zip
from report.carry.reading import read
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.scenario import scenario_from_json
from study.evaluate import evaluate
from study.financing import returns
from study.presets import presets
from study.study import Study
from tests.studies import study_of

ROUNDING = 1e-9


@pytest.fixture(scope="module", params=list(presets()))
def study(request: pytest.FixtureRequest) -> Study:
    return evaluate(presets()[request.param].scenario)


@pytest.fixture(scope="module")
def part_year_study() -> Study:
    """30 months: the third project year has six of them."""
    changes = {"site.term_months": 30, "finance.energy_escalation": 0.05, "finance.energy_price_factor": 1.7}
    return evaluate(presets()["case_c"].scenario.with_(changes))


def rows_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def numbers(rows: list[dict[str, str]], column: str) -> np.ndarray:
    return np.array([float(row[column]) for row in rows])


def money_column(rows: list[dict[str, str]], beginning: str) -> str:
    return next(name for name in rows[0] if name.startswith(beginning))


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_hourly_rows_can_be_worked_out_by_hand(study: Study, alternative: str) -> None:
    rows = rows_of(files.hourly_csv(study, alternative, 1))
    assert len(rows) == study.dispatch.clock.steps
    step_h, price = study.dispatch.clock.step_h, money_column(rows, "energy_price")
    cost = money_column(rows, "energy_cost")
    scale = study.scenario.load.peak_kw
    for row in rows[:: max(1, len(rows) // 400)]:
        value = {name: float(text) for name, text in row.items() if name not in ("time", "price_period")}
        supply = (
            value["pv_load_kw"]
            + value["pv_charge_kw"]
            + value["grid_load_kw"]
            + value["grid_charge_kw"]
            + value["discharge_kw"]
            + value["genset_kw"]
            + value["unserved_kw"]
        )
        use = value["load_kw"] + value["charge_kw"] + value["dumped_kw"]
        assert supply == pytest.approx(use, abs=scale * ROUNDING)
        assert value["balance_kw"] == pytest.approx(supply - use, abs=scale * ROUNDING)
        imported = value["grid_load_kw"] + value["grid_charge_kw"]
        assert value["import_kw"] == pytest.approx(imported, abs=scale * ROUNDING)
        assert value[cost] == value["import_kw"] * step_h * value[price]


def test_battery_energy_follows_the_flows(study: Study) -> None:
    storage = study.scenario.storage
    rows = rows_of(files.hourly_csv(study, "hybrid", 1))
    energy, step_h = numbers(rows, "energy_kwh"), study.dispatch.clock.step_h
    taken_in = numbers(rows, "charge_kw") * storage.charge_efficiency
    given_out = numbers(rows, "discharge_kw") / storage.discharge_efficiency
    change = (taken_in - given_out) * step_h
    assert np.diff(energy) == pytest.approx(change[1:], abs=max(storage.energy_kwh, 1) * ROUNDING)
    assert numbers(rows, "soc_fraction_of_nameplate") * storage.energy_kwh == pytest.approx(energy, rel=1e-12)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("year", (1, 2, 3))
def test_hourly_sums_are_the_bill_and_the_totals(part_year_study: Study, alternative: str, year: int) -> None:
    dispatch, row = part_year_study.dispatch, part_year_study.dispatch.row(alternative)
    rows = rows_of(files.hourly_csv(part_year_study, alternative, year))
    months = slice(12 * (year - 1), min(12 * year, dispatch.months))
    bill = part_year_study.bill
    energy_charge = (bill.energy_charge + bill.tax)[row, months].sum()
    assert numbers(rows, money_column(rows, "energy_cost")).sum() == pytest.approx(energy_charge, rel=ROUNDING)
    for name in ("load", "genset", "unserved", "discharge", "pv_load"):
        total = dispatch.monthly[f"{name}_kwh"][row, months].sum()
        assert numbers(rows, f"{name}_kw").sum() * dispatch.clock.step_h == pytest.approx(total, rel=ROUNDING, abs=1e-6)
    assert numbers(rows, "fuel_l").sum() == pytest.approx(dispatch.monthly["fuel_l"][row, months].sum(), rel=ROUNDING)


def test_hourly_times_are_iso_and_without_gaps(part_year_study: Study) -> None:
    rows = rows_of(files.hourly_csv(part_year_study, "grid", 3))
    assert (rows[0]["time"], rows[-1]["time"]) == ("2028-01-01T00:00+08:00", "2028-06-30T23:30+08:00")
    assert len(rows) == 181 * 48


def test_numbers_read_back_equal(study: Study) -> None:
    rows = rows_of(files.hourly_csv(study, "hybrid", 1))
    trace = study.dispatch.trace("hybrid", 1)
    assert (numbers(rows, "import_kw") == trace.import_kw).all()


def test_unknown_alternative_or_year_is_refused(study: Study) -> None:
    with pytest.raises(ValueError, match="there is no alternative 'wind'; choose one of diesel"):
        files.hourly_csv(study, "wind", 1)
    with pytest.raises(ValueError, match="year 99 is outside the term"):
        files.hourly_csv(study, "grid", 99)


def test_cost_lines_add_up_to_the_total_cost(study: Study) -> None:
    rows = rows_of(files.table_csv(study, "lines"))
    for name, kpis in study.kpis.items():
        own = [row for row in rows if row["alternative"] == name]
        assert len(own) == study.dispatch.months + 1
        lines = sum(numbers(own, money_column(own, f"{line}_")).sum() for line in LINES)
        total = numbers(own, money_column(own, "total_")).sum()
        assert total == pytest.approx(-kpis.total_cost, rel=ROUNDING)
        assert lines == pytest.approx(total, rel=ROUNDING)


def test_bill_adds_up_to_the_ledger(study: Study) -> None:
    rows = rows_of(files.table_csv(study, "bill"))
    grid_lines = ("grid_energy", "grid_demand", "grid_fixed", "export_credit")
    for name in ALTERNATIVES[1:]:
        own, row = [line for line in rows if line["alternative"] == name], study.dispatch.row(name)
        paid = -sum(study.ledger.lines[line][row].sum() for line in grid_lines)
        assert numbers(own, money_column(own, "total_")).sum() == pytest.approx(paid, rel=ROUNDING)
        assert numbers(own, "import_kwh").sum() == pytest.approx(study.kpis[name].grid_kwh, rel=ROUNDING)
        parts = [column for column in own[0] if column.endswith(study.scenario.site.currency.lower())]
        parts = [column for column in parts if not column.startswith("total_")]
        assert sum(numbers(own, part).sum() for part in parts) == pytest.approx(paid, rel=ROUNDING)


def test_the_cash_flow_adds_up_to_the_saving_and_the_returns(study: Study) -> None:
    loan = evaluate(study.scenario.with_({"finance.loan_share": 0.5}), study.dispatch)
    rows = rows_of(files.table_csv(loan, "cash-flow"))
    assert [int(row["project_year"]) for row in rows] == list(range(returns(loan).whole.after_tax.size))
    sums = {name: numbers(rows, money_column(rows, f"{name}_")) for name in ("before_tax", "after_tax", "equity")}
    assert sums["before_tax"].sum() == pytest.approx(loan.savings["hybrid"].total, rel=ROUNDING)
    for name, flow in sums.items():
        assert flow.sum() == pytest.approx(returns(loan).lines[name].sum(), rel=ROUNDING, abs=1e-6)
    assert rows[0]["dscr"] == "" and float(rows[1]["dscr"]) == returns(loan).coverage.dscr[1]


def test_summary_has_every_figure_or_its_reason(study: Study) -> None:
    rows = {row["figure"]: row for row in rows_of(files.table_csv(study, "summary"))}
    for name, kpis in study.kpis.items():
        for figure in FIGURES:
            value, cell = kpis.figure(figure), rows[figure][name]
            number = value.value
            if number is None:
                assert cell == ""
                assert f"{name}: {value.text}" in rows[figure]["why_empty"]
            else:
                assert float(cell) == number
    assert rows["fingerprint"]["diesel"] == study.fingerprint


def test_a_name_is_never_taken_for_a_formula() -> None:
    study = evaluate(presets()["case_a"].scenario.with_({"site.name": "=1+1"}))
    rows = {row["figure"]: row for row in rows_of(files.table_csv(study, "summary"))}
    assert rows["scenario"]["diesel"] == "'=1+1"


def test_all_files_are_written(study: Study, tmp_path: Path) -> None:
    paths = list(files.write_csv_files(study, tmp_path / "out"))
    assert len(paths) == len(files.TABLES) + len(ALTERNATIVES) + 1
    assert all(study.fingerprint in path.name and path.stat().st_size > 100 for path in paths)
    (scenario,) = (path for path in paths if path.suffix == ".json")
    assert scenario_from_json(scenario.read_bytes()) == study.scenario


def test_series_are_what_the_study_was_given() -> None:
    """Load of the template year, PV of the first year, air: energy of both as the study counts it."""
    study = evaluate(presets()["case_c"].scenario.with_({"site.term_months": 12}))
    rows = rows_of(files.table_csv(study, "series"))
    found = {name: np.array([float(row[name]) for row in rows]) for name in ("load_kw", "pv_kw", "temperature_c")}
    step_h, month = study.dispatch.clock.step_h, study.dispatch.monthly
    hybrid, grid = study.dispatch.row("hybrid"), study.dispatch.row("grid")
    assert found["load_kw"].sum() * step_h == pytest.approx(month["load_kwh"][grid].sum())
    used = sum(month[name][hybrid].sum() for name in ("pv_load_kwh", "pv_charge_kwh", "curtailed_kwh"))
    assert found["pv_kw"].sum() * step_h == pytest.approx(used)
    assert found["temperature_c"].mean() == pytest.approx(26.7, abs=1.0)  # Johor
    assert len(rows) == 17_520 and rows[0]["time"] == "2026-01-01T00:00+08:00"


@pytest.mark.parametrize("preset", ["case_b", "case_d"])
def test_a_months_energies_balance_and_are_those_of_its_steps(preset: str) -> None:
    study = study_of(preset)
    rows = rows_of(files.table_csv(study, "balance"))
    load = numbers(rows, "load_kwh").max()
    assert np.abs(numbers(rows, "balance_kwh")).max() <= load * ROUNDING
    first = [row for row in rows if row["alternative"] == "hybrid" and int(row["project_month"]) <= 12]
    steps = rows_of(files.hourly_csv(study, "hybrid", 1))
    hours = study.dispatch.clock.step_h
    for flow in ("load", "pv_load", "grid_load", "discharge", "genset", "curtailed", "import"):
        assert numbers(first, f"{flow}_kwh").sum() == pytest.approx(numbers(steps, f"{flow}_kw").sum() * hours), flow


def test_prices_of_the_clock_are_those_the_steps_are_billed_at() -> None:
    changes = {"pv.dc_kwp": 20_000, "grid.export_limit_kw": 8_000, "tariff.export_credit_per_kwh": 0.3}
    study = evaluate(presets()["case_b"].scenario.with_(changes))
    prices, steps = rows_of(files.table_csv(study, "prices")), rows_of(files.hourly_csv(study, "hybrid", 1))
    for column in ("time", "price_period", "energy_price_cny_per_kwh"):
        assert [row[column] for row in prices] == [row[column] for row in steps], column
    earned = numbers(prices, "export_price_cny_per_kwh") @ numbers(steps, "export_kw") * study.dispatch.clock.step_h
    credit = study.bill.export_credit[ALTERNATIVES.index("hybrid"), :12].sum()
    assert credit > 0 and earned == pytest.approx(credit)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_archive_tells_every_column_and_gives_the_scenario_back(language: str) -> None:
    study = study_of("case_d")
    content = data_zip(study, language, years=(1, 2))
    assert data_zip(study, language, years=(1, 2)) == content
    found = read(content)
    assert (found.kind, found.scenario, found.engine["form"]) == ("zip", study.scenario, "data")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = {name.removesuffix(".csv") for name in archive.namelist() if name.endswith(".csv")} - {"columns"}
        dictionary = rows_of(archive.read("columns.csv"))
        heads = {
            name: next(csv.reader([archive.read(f"{name}.csv").decode("utf-8-sig").partition("\r")[0]]))
            for name in names
        }
        readme = archive.read("README.txt").decode("utf-8-sig")
    assert names == {*files.TABLES, *(f"hourly-{name}-year-{year}" for name in ALTERNATIVES for year in (1, 2))}
    assert all(f"{name}.csv:" in readme for name in names)
    told = {(row["file"].partition("-year")[0].partition("-")[0], row["column"]): row for row in dictionary}
    shown = {(row["file"].partition("-")[0], row[f"name_{language}"]) for row in dictionary}
    for name, columns in heads.items():
        kind = name.partition("-")[0]
        assert all((kind, column) in (told if language == "en" else shown) for column in columns), name
    assert {row["column"] for row in dictionary if row["file"] == "summary"} >= set(FIGURES)
    assert told["lines", "fuel_cny"]["formula"] == "fuel = -fuel_l x finance.diesel_per_l x up.fuel x vat"
    assert not [
        row["column"] for row in dictionary if "" in (row["name_en"], row["name_zh"]) or row["name_zh"] == row["column"]
    ]


@pytest.mark.parametrize("preset", ["case_c", "case_d"])
def test_cost_per_kwh_follows_from_lines_and_balance(preset: str) -> None:
    """By what the files say alone: the load of the hybrid has its auxiliaries in it, which are no use to the site."""
    study = study_of(preset)
    lines, balance = (rows_of(files.table_csv(study, name)) for name in ("lines", "balance"))
    for name in ALTERNATIVES:
        paid, energy = ([row for row in rows if row["alternative"] == name] for rows in (lines, balance))
        priced = sum(numbers(paid, money_column(lines, f"{line}_")) for line in PRICED)
        cost = -(numbers(paid, money_column(lines, "total_")) - priced).sum()
        assert cost / numbers(energy, "served_kwh").sum() == pytest.approx(
            study.kpis[name].figure("cost_per_kwh").value
        )
