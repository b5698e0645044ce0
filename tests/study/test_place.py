"""A place brings its world: tariff, currency, CO2 factor, prices; nothing of another country stays under its label."""

import pytest

from sim.inputs import library
from sim.inputs.bills import RealBill
from sim.inputs.register import register, unverified
from sim.inputs.scenario import Scenario
from sim.problem import Refusal
from study.alerts import alerts
from study.evaluate import evaluate
from study.own_site import Start, moved, scenario_of
from study.place import (
    elsewhere,
    find_place,
    in_currency,
    in_currency_of,
    priced_abroad,
    prices_of,
    taken,
    with_facts,
    world_of,
)
from study.presets import presets

BLANK = presets()["blank"].scenario
MONEY = [path for path, entry in register().items() if entry.is_money and entry.default]


def at(place: str, scenario: Scenario = BLANK) -> Scenario:
    return taken(scenario, world_of(place, scenario))


@pytest.mark.parametrize("place", library.sites())
def test_a_place_brings_its_country_and_nothing_of_chinas_stays_under_another_label(place: str) -> None:
    """No price is still in yuan, what is converted is marked, the tariff is at home or says that it is not."""
    site, scenario = library.sites()[place], at(place)
    facts = library.country(site.country)
    assert (scenario.site.place, scenario.site.country, scenario.site.currency) == (
        place,
        site.country,
        facts["currency"],
    )
    assert scenario.tariff.currency == scenario.site.currency
    assert scenario.grid.co2_kg_per_kwh == library.grid_factor(site).value
    assert scenario.load.utc_offset_h == site.utc_offset_h
    assert scenario.finance.vat_rate == facts["vat_rate"]["value"]
    assert scenario.finance.diesel_per_l == facts["diesel_price_per_litre"]["value"]
    assert priced_abroad(scenario) == ()
    same = [path for path in MONEY if scenario.get(path) == register()[path].default]
    assert same == (MONEY if site.country == "CN" else [])
    converted = [path for path, note in scenario.provenance.items() if "converted at" in note.source]
    assert all(scenario.provenance[path].confidence == "unverified" for path in converted)
    assert {path for path in converted if register()[path].when(scenario)} <= set(unverified(scenario))
    assert (elsewhere(scenario) is None) == bool(site.tariffs)


def test_figures_by_hand() -> None:
    """Johor: the Peninsula's diesel of 3.12 MYR/L; a battery of 210 USD/kWh at 4.2; China's substation of 600 CNY/kVA
    without 13 % VAT at 4.2/7.1. Virginia: 253 USD/kWh and 968 USD/kW over two hours are 737 USD/kWh."""
    johor, virginia = at("Johor"), at("Virginia")
    assert johor.tariff.library_id == "my_tnb_mv_tou" and johor.grid.co2_kg_per_kwh == 0.758
    assert johor.finance.storage_capex_per_kwh == 882
    assert johor.finance.grid_works_per_kva == pytest.approx(600 / 1.13 * 4.2 / 7.1, rel=2e-3)
    assert johor.finance.hardware_repair_cost == pytest.approx(3000 * 4.2, rel=2e-3)
    assert virginia.tariff.library_id == "us_va_large_proxy" and virginia.grid.co2_kg_per_kwh == 0.271
    assert virginia.finance.storage_capex_per_kwh == 737 and virginia.finance.diesel_per_l == 1.05
    guangdong = at("Guangdong", BLANK.with_({"load.peak_kw": 12_000}))
    assert guangdong.tariff.library_id == "cn_guangdong_prd_110kv" and guangdong.grid.co2_kg_per_kwh == 0.4403
    assert at("Guangdong", BLANK.with_({"load.peak_kw": 5_000})).tariff.library_id == "cn_guangdong_prd_10kv"


def test_there_and_back_leaves_no_trace() -> None:
    assert at("shanghai") == BLANK
    for place in ("Johor", "Virginia", "Frankfurt"):
        assert at("shanghai", at(place)) == BLANK


def test_own_figures_stay_and_follow_the_currency() -> None:
    """1,300 CNY/kWh are 769 MYR/kWh at 4.2/7.1; a discount rate of one's own is kept, the VAT of China is not."""
    own = {"finance.storage_capex_per_kwh": 1300, "finance.discount_rate": 0.1, "finance.vat_rate": 0.09}
    scenario = at("Johor", BLANK.with_(own | {"finance.interruption_penalty": 71_000}))
    assert scenario.finance.storage_capex_per_kwh == 769
    assert "finance.storage_capex_per_kwh" not in scenario.provenance  # the user's own still
    assert scenario.finance.interruption_penalty == 42_000
    assert (scenario.finance.discount_rate, scenario.finance.vat_rate) == (0.1, 0.0)
    assert at("Guangdong", BLANK.with_(own)).finance.storage_capex_per_kwh == 1300


def test_bills_of_ones_own_follow_the_currency_and_stay_with_every_answer() -> None:
    """710 k CNY are 420 k MYR at 4.2/7.1, and 100 k USD; they vanished with the next answer on the start card."""
    bill = RealBill(month="2025-01", kwh=1e6, total=710_000.0)
    own = scenario_of(Start()).with_({"bills": (bill,), "finance.shown_currency": "USD", "finance.shown_rate": 0.14})
    assert moved(own, months=24).bills == (bill,)
    assert moved(own, place="johor_bahru").bills[0].total == pytest.approx(420_000)
    dollars = in_currency(own, "USD")
    assert (dollars.bills[0].total, dollars.bills[0].kwh) == (pytest.approx(100_000), 1e6)
    assert (dollars.finance.shown_currency, dollars.finance.shown_rate) == ("", None)
    assert at("Johor", own).bills[0].total == pytest.approx(420_000)


def test_a_tariff_of_another_currency_brings_its_prices() -> None:
    """A US tariff on the blank site left diesel at 7.5 USD/L and a battery at 1,100 USD/kWh."""
    facts = in_currency_of("US", BLANK)
    scenario = with_facts(BLANK, facts, {"tariff": {"library_id": "us_ca_large_tou_proxy"}})
    assert (scenario.finance.diesel_per_l, scenario.finance.storage_capex_per_kwh) == (1.05, 737)
    assert priced_abroad(scenario) == () and scenario.site.place == "shanghai"
    assert elsewhere(scenario).own == "cn_shanghai_35kv"


def test_prices_left_in_yuan_and_a_tariff_of_elsewhere_are_told() -> None:
    scenario = BLANK.with_({"tariff": {"library_id": "us_va_large_proxy"}, "site.currency": "USD"})
    assert "finance.diesel_per_l" in priced_abroad(scenario)
    found = {alert.code: alert for alert in alerts(evaluate(scenario))}
    assert found["priced_abroad"].severity == "high" and found["priced_abroad"].figure.value == len(
        priced_abroad(scenario)
    )
    assert found["tariff_elsewhere"].figure.value == "us_va_large_proxy"
    assert not any(priced_abroad(preset.scenario) or elsewhere(preset.scenario) for preset in presets().values())


def test_a_place_is_found_by_any_of_its_names() -> None:
    names = {"guangzhou": ("Guangdong", "广东", "广州", "guangzhou"), "johor_bahru": ("Johor", "johor bahru", "柔佛")}
    names |= {"ashburn": ("Virginia", "弗吉尼亚"), "frankfurt": ("DE", "Germany", "德国")}
    assert {place: {find_place(name) for name in texts} for place, texts in names.items()} == {
        place: {place} for place in names
    }
    with pytest.raises(Refusal, match="place 'Gangdong' is not in the list; near ones: Guangdong"):
        find_place("Gangdong")


def test_every_tariff_of_a_place_is_in_the_library_and_of_its_country() -> None:
    for site in library.sites().values():
        assert [library.raw_tariffs()[name]["country"] for name, _ in site.tariffs] == [site.country] * len(
            site.tariffs
        )
        limits = [most_mw for _, most_mw in site.tariffs]
        assert limits[-1:] in ([], [None]) and None not in limits[:-1] and limits[:-1] == sorted(limits[:-1])


def test_every_country_has_a_price_for_everything() -> None:
    assert {frozenset(prices_of(code)) for code in library.countries()} == {frozenset(prices_of("CN"))}
