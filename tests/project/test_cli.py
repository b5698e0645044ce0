"""The command line: one object with the promised keys, the screen's digits, clear refusals."""

import json

import numpy as np
import pytest

import cli
from sim.inputs.scenario import scenario_from_json
from study.evaluate import evaluate
from study.financing import returns
from study.foresight import bound, cost_of_trace
from study.own_site import Start, diesel_at, scenario_of
from study.place import find_place
from study.presets import presets

ALTERNATIVE_KEYS = {
    "energy_served_kwh",
    "unserved_kwh",
    "grid_kwh",
    "pv_kwh",
    "battery_discharge_kwh",
    "diesel_kwh",
    "diesel_l",
    "genset_run_h",
    "peak_import_kw",
    "capex",
    "total_cost",
    "npv",
    "irr",
    "payback_years",
    "discounted_payback_years",
    "lcoe_per_kwh",
    "co2_t",
}


@pytest.fixture
def case_file(tmp_path):
    path = tmp_path / "case.json"
    path.write_text(presets()["case_a"].scenario.to_json(), encoding="utf-8")
    return path


def test_json_has_every_promised_key_and_the_studys_digits(case_file, capsys):
    assert cli.main(["run", str(case_file), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    study = evaluate(presets()["case_a"].scenario)
    assert printed["fingerprint"] == study.fingerprint
    assert {"scenario", "currency", "term_months", "baseline"} <= printed.keys()
    assert list(printed["alternatives"]) == ["diesel", "grid", "grid_diesel", "hybrid"]
    for name, figures in printed["alternatives"].items():
        assert figures.keys() >= ALTERNATIVE_KEYS
        assert figures["total_cost"] == study.kpis[name].total_cost
    assert printed["savings"].keys() == {"grid", "grid_diesel", "hybrid"}
    assert printed["savings"]["hybrid"]["fraction"] == study.savings["hybrid"].fraction


def test_returns_after_tax_are_in_the_object_and_in_the_table(case_file, capsys):
    cli.main(["run", str(case_file), "--json"])
    found, study = json.loads(capsys.readouterr().out)["returns"], evaluate(presets()["case_a"].scenario)
    assert found["after_tax"]["npv"] == returns(study).project_after_tax.npv.value
    assert found["after_tax"]["irr"] is None and "1000 %" in found["after_tax"]["irr_reason"]
    assert found["tax_rate"] == 0.25 and found["loan"]["why_none"] == "off"
    assert found["lcos_per_kwh"] > found["lcos_without_charging_per_kwh"] > 0
    cli.main(["run", str(case_file)])
    assert "Project after tax" in capsys.readouterr().out


def test_a_figure_that_does_not_exist_is_null_with_its_reason(case_file, capsys):
    cli.main(["run", str(case_file), "--json"])
    diesel = json.loads(capsys.readouterr().out)["alternatives"]["diesel"]
    assert diesel["npv"] is None and "baseline" in diesel["npv_reason"]


def test_table_and_csv_files(case_file, tmp_path, capsys):
    assert cli.main(["run", str(case_file), "--csv", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr()
    assert "Case A" in printed.out and "baseline" in printed.out
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert any("hourly" in name for name in written) and any("summary" in name for name in written)


def test_a_preset_by_name_the_list_and_the_schema(capsys):
    assert cli.main(["run", "case_d", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scenario"].startswith("Case D")
    assert cli.main(["presets"]) == 0
    assert "case_c" in capsys.readouterr().out
    assert cli.main(["schema"]) == 0
    assert "Storage" in json.loads(capsys.readouterr().out)["$defs"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"storage": {"enery_kwh": 1}}', "did you mean 'energy_kwh'"),
        ("{", "not valid JSON"),
        ('{"pv": {"dc_kwp": -1}}', "pv.dc_kwp: -1 is out of range"),
    ],
)
def test_bad_files_give_a_sentence_and_exit_code_2(tmp_path, capsys, text, sentence):
    path = tmp_path / "bad.json"
    path.write_text(text)
    assert cli.main(["run", str(path), "--json"]) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err and captured.out == "" and "Traceback" not in captured.err


def test_a_missing_file_is_a_sentence(tmp_path, capsys):
    assert cli.main(["run", str(tmp_path / "nowhere.json")]) == 2
    assert "nowhere.json: No such file" in capsys.readouterr().err


def test_controls_by_share_in_the_year_at_hand_and_in_years_drawn_anew(tmp_path, capsys):
    """Two months of the blank site; a battery that is not there has no control."""
    scenario = presets()["blank"].scenario.with_({"site.term_months": 2, "grid.outages": []})
    path = tmp_path / "short.json"
    path.write_text(scenario.to_json(), encoding="utf-8")
    assert cli.main(["controls", str(path), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert list(printed) == ["plain", "forecast"]
    for row in printed.values():
        assert list(row) == ["in_sample", "out_of_sample"] and len(row["out_of_sample"]) == 3
        assert all(share <= 1 for share in (row["in_sample"], *row["out_of_sample"]))
    study = evaluate(scenario)
    found = bound(study)
    own = found.share(cost_of_trace(study, 1, found, study.dispatch.trace("hybrid", 1)))
    assert printed["plain"]["in_sample"] == pytest.approx(own)
    path.write_text(scenario.with_({"storage.energy_kwh": 0, "storage.power_kw": 0}).to_json(), encoding="utf-8")
    assert cli.main(["controls", str(path)]) == 2 and "no battery" in capsys.readouterr().err


@pytest.mark.parametrize(
    "place, tariff, currency, co2",
    [
        ("Guangdong", "cn_guangdong_prd_110kv", "CNY", 0.4403),
        ("Johor", "my_tnb_mv_tou", "MYR", 0.758),
        ("Virginia", "us_va_large_proxy", "USD", 0.271),
    ],
)
def test_a_scenario_of_ones_own_has_its_places_tariff_currency_and_co2(place, tariff, currency, co2, tmp_path, capsys):
    """The start card's scenario, and every assumption with its source."""
    words = ["new", "--place", place, "--mw", "12", "--months", "36", "--grid-month", "9", "--start", "2027-01"]
    assert cli.main([*words, "--diesel", "2.5"]) == 0
    printed = capsys.readouterr()
    scenario = scenario_from_json(printed.out)
    start = Start(find_place(place), "2027-01", 36, 12_000.0, ready_month=9)
    assert scenario == scenario_of(start).with_(diesel_at(scenario_of(start), 2.5))
    assert (scenario.tariff.library_id, scenario.site.currency) == (tariff, currency)
    assert scenario.grid.co2_kg_per_kwh == co2
    assert scenario.finance.diesel_per_l + scenario.finance.delivery_per_l == pytest.approx(2.5)
    assert "assumed: Battery energy: 25,080" in printed.err and "5 x 5016 kWh, 2500 kW" in printed.err
    assert "assumed: Grid CO2 factor" in printed.err
    assert cli.main([*words, "-o", str(tmp_path / "own.json")]) == 0
    capsys.readouterr()
    assert cli.main(["run", str(tmp_path / "own.json"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["currency"] == currency
    assert (
        0.5 < answer["alternatives"]["hybrid"]["total_cost"] / answer["alternatives"]["grid_diesel"]["total_cost"] < 1.5
    )


def test_a_meter_file_sizes_the_plant(tmp_path, capsys):
    rows = [f"{t},{9000 + 1000 * (k % 24 == 12)}" for k, t in enumerate(hours_of("2025-01-01", 365))]
    (tmp_path / "load.csv").write_text("\n".join(["time,Load [kW]", *rows]))
    assert cli.main(["new", "--place", "Johor", "--meter", str(tmp_path / "load.csv"), "--months", "36"]) == 0
    scenario = scenario_from_json(capsys.readouterr().out)
    assert (scenario.load.kind, scenario.storage.power_kw, scenario.grid.import_limit_kw) == ("meter", 10_000, 10_500)


def hours_of(first: str, days: int) -> list[str]:
    stamps = np.datetime64(f"{first}T00:00") + np.arange(days * 24) * np.timedelta64(60, "m")
    return [str(stamp).replace("T", " ") for stamp in stamps]


@pytest.mark.parametrize(
    "words, field",
    [
        (("--place", "Nowhere", "--mw", "3"), "place 'Nowhere'"),
        (("--place", "Johor", "--mw", "-3"), "load.peak_kw"),
        (("--place", "Johor", "--gpus", "-3"), "load.gpu_count"),
        (("--place", "Johor", "--mw", "3", "--grid-month", "soon"), "--grid-month soon"),
        (("--place", "Johor", "--mw", "3", "--start", "2027-13"), "site.start"),
        (("--place", "Johor", "--mw", "3", "--diesel", "-1"), "finance.diesel_per_l"),
        (("--place", "Johor", "--meter", "missing.csv"), "missing.csv"),
    ],
)
def test_a_bad_answer_names_its_field(words, field, capsys):
    assert cli.main(["new", *words, "--months", "3"]) == 2
    assert field in capsys.readouterr().err
