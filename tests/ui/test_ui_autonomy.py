"""The autonomy page runs for every preset, and says what is not there in words."""

from streamlit.testing.v1 import AppTest

from study.presets import presets
from tests.ui.apps import drawn_alone, texts


def run(scenario, language: str = "en") -> AppTest:
    return drawn_alone("autonomy", scenario, language=language)


def test_without_factor_certificates_and_price_the_page_says_so():
    shown = " ".join(texts(run(presets()["case_a"].scenario)))
    assert "its factor is empty" in shown and "No certificates" in shown and "Green certificates, MWh" not in shown


def test_with_them_every_row_is_there():
    rules = {"finance.market_co2_kg_per_kwh": 0.6096, "finance.green_share": 0.8, "finance.carbon_price_per_t": 97.49}
    shown = " ".join(texts(run(presets()["case_b"].scenario.with_(rules))))
    for row in ("Market-based", "Green certificates, MWh", "Cost of certificates", "Cost at the carbon price"):
        assert row in shown


def test_no_battery_no_sets_no_load():
    blank = presets()["blank"].scenario
    none = {"storage.energy_kwh": 0, "storage.power_kw": 0, "genset.last_resort_sets": 0}
    assert "no battery" in run(blank.with_(none)).header[0].value
    run(blank.with_({"load.kind": "flat", "load.peak_kw": 0}))
